"""What lists, figures, views and exports are answered from: all rows in memory, indexed.

May import core, model and storage.
Begin with current.py, then snapshot.py.
"""
