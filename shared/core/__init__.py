"""The foundation: errors, settings, clock, logs and their events, telemetry, retries, limits.

May import nothing of ours.
Begin with errors/ and settings.py.
"""
