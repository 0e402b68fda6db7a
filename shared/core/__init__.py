"""The foundation: errors, settings, clock, logs and their events, telemetry, retries, limits.

May import nothing of ours (telemetry knows the model's run).
Begin with errors.py and settings.py.
"""
