"""How referrals find their companies: links, names and merges by hand, the companies' rows, tenants.

May import core, model, storage and partner_center.
Begin with book.py.
"""
