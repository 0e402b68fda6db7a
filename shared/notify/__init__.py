"""Telling people: from occasions to cards and mails that arrive once.

May import core, model, storage and read_model.
Begin with rules.py (pure), then sender.py.
"""
