"""The command line, one module a command group.

May import everything but web.
Begin with __main__.py.
"""
