"""Events in: Partner Center says that something changed, and only Microsoft's signature is believed.

May import core, model, storage, sign_in and partner_center.
Begin with gate.py.
"""
