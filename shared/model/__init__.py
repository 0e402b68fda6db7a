"""Pure knowledge: what a referral, a company, a run is. No I/O, no clock.

May import core (its errors).
Begin with referral.py, then summary.py.
"""
