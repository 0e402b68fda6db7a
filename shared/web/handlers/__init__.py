"""What answers each route: one file a room, thin.

May import what web may.
Begin with reading.py.
"""
