"""What people do to referrals: once, or said not to be, and never to something unseen.

May import core, model, storage, partner_center and sync.
Begin with preflight.py (what may be done when), then service.py.
"""
