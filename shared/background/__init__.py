"""What goes on without anybody asking: the minute timer, and what follows a sync.

May import core, model, storage, sync and services.
Begin with tick.py.
"""
