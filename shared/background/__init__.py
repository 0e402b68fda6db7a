"""What goes on without anybody asking: the minute timer, and what follows a sync.

May import services, the rooms it drives and what lies below them.
Begin with tick.py.
"""
