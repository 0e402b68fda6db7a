"""What a run and a tick report as metrics; ``core.telemetry`` says what each means."""

from __future__ import annotations

from datetime import datetime

from shared.core import telemetry
from shared.model import times
from shared.model.run import Run


def run_ended(run: Run, last_success: str | None, now: datetime) -> None:
    """Report a run that ended; ``last_success`` is text of ``model.times``."""
    values: dict[str, float] = {
        "hunter.sync.fetched": run.fetched,
        "hunter.sync.changed": run.inserted + run.updated,
        "hunter.sync.quarantined": run.quarantined,
        "hunter.sync.pages": run.pages,
        "hunter.sync.retries": run.retries,
        "hunter.sync.duration": _seconds_since(run.started_at, now),
    }
    if last_success:
        values["hunter.sync.freshness"] = _seconds_since(last_success, now)
    telemetry.record(values, {"mode": run.mode, "trigger": run.trigger, "state": run.state})


def sign_in_age(last_renewed: str | None, now: datetime) -> None:
    """Report how many days ago the sign-in was renewed; ``last_renewed`` is text of ``model.times``."""
    if last_renewed:
        telemetry.record({"hunter.sign_in.age": _seconds_since(last_renewed, now) / 86_400})


def _seconds_since(moment: str, now: datetime) -> float:
    return (now - times.to_datetime(moment)).total_seconds()
