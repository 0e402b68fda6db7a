"""One file a table: its rows, its keys, what reads and writes them.

May import core, model and storage.engine.
Begin with referrals.py.
"""
