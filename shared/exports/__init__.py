"""Referrals and companies as files: Excel, CSV and one JSON object a line.

May import core, model and read_model.
Begin with export.py.
"""
