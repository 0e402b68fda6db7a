"""The sync: which walk, the lease, pages to rows, companies, cursor.

May import core, model, storage, partner_center and companies.
Begin with service.py.
"""
