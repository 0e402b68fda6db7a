"""Hunter Partner Center Sync: the app.

Arrows run one way: ``function_app -> web -> sync -> {partner_center, storage} -> model``.
"""
