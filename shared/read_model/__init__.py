"""What lists, figures, views and exports are answered from: all rows in memory, indexed.

May import core, model, storage and companies.
Begin with current.py, then snapshot.py.
"""
