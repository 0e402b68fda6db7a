"""The sign-in to Partner Center: MSAL, Entra's answers, the token cache.

May import core, model and storage.
Begin with sign_in.py.
"""
