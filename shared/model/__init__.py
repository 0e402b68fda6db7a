"""Pure knowledge: what a referral, a company, a run is. No I/O, no clock.

May import core.
Begin with referral.py, then summary.py.
"""
