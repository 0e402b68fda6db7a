"""Dynamics 365 in step: referrals as leads and opportunities, and what the CRM changed back as actions."""
