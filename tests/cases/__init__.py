"""Inputs that went wrong elsewhere, each kind through the real route: what Partner Center sends, and what our API answers."""
