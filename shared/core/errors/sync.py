"""What keeps a run of the sync from taking place or from ending."""

from __future__ import annotations

from shared.core.errors.base import HunterError


class SyncRunning(HunterError):
    """Another run holds the lease; the answer carries it."""

    code = "sync_running"
    status = 409
    default = "A sync is already running."


class RunInterrupted(HunterError):
    """In a run only: its process ended, or another run took its lease over."""

    code = "run_interrupted"
    default = "The sync was interrupted. What it had stored is kept, and the next sync continues from there."
