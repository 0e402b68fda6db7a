"""Referrals and companies as files: Excel, CSV and one JSON object a line."""
