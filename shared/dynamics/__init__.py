"""Dynamics 365 in step: referrals as leads and opportunities, and what the CRM changed back as actions.

May import core, model, storage, read_model and actions.
Begin with run.py, then plan.py (pure).
"""
