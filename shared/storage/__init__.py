"""Table Storage: engine/ is how rows are read and written, tables/ is one file a table.

May import core and model.
Begin with engine/tables.py.
"""
