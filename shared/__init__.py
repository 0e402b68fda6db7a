"""Hunter Partner Center Sync: the app.

docs/architecture.md draws the rooms and their arrows; begin with services.py, the wiring.
"""
