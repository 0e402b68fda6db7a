"""The command line, one module a command group.

May import core, model, storage, partner_center, read_model, sync, exports, webhook, actions, dynamics and services.
Begin with __main__.py.
"""
