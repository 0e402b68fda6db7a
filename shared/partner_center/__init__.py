"""Microsoft's referrals API: client, retry table, next links, tenant discovery.

May import core, model and storage.
Begin with client.py.
"""
