"""How rows are read and written: calls, retries, batches, the wire format.

May import core and model.
Begin with tables.py.
"""
