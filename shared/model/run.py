"""One run of the sync, as it is stored and as answers carry it."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Literal

import msgspec

from shared.model import times

Mode = Literal["incremental", "full"]
Trigger = Literal["http", "timer", "cli", "event"]
State = Literal["running", "succeeded", "paused", "failed"]
Count = Literal[
    "pages",
    "fetched",
    "inserted",
    "updated",
    "unchanged",
    "repeated",
    "quarantined",
    "missing",
    "companies_inserted",
    "companies_updated",
    "retries",
    "not_blanked",
]
"""What a run counts."""

_STAMP = "%Y%m%dT%H%M%S"
_LARGEST = 10**17 - 1


class RunError(msgspec.Struct, rename="camel"):
    """Why a run failed or paused: a stable code, a sentence, and the id under which the log has the details."""

    code: str
    message: str
    correlation_id: str | None = None


class Run(msgspec.Struct, rename="camel", kw_only=True):
    """A run. Counts are of this run alone: ``fetched = inserted + updated + unchanged + repeated + quarantined``."""

    id: str
    mode: Mode
    dry_run: bool = False
    trigger: Trigger
    state: State = "running"
    started_at: str
    finished_at: str | None = None
    pages: int = 0
    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    quarantined: int = 0
    missing: int = 0
    companies_inserted: int = 0
    companies_updated: int = 0
    retries: int = 0
    watermark: str | None = None
    visibility_changed: bool = False
    not_blanked: int = 0
    """Referrals whose contacts should have been blanked (HUNTER_RETENTION_MONTHS) and could not be."""
    error: RunError | None = None

    @classmethod
    def start(cls, mode: Mode, trigger: Trigger, now: datetime, *, dry_run: bool = False) -> Run:
        """A new run. Its id begins with the time, so that it can be found by its id alone."""
        stamp = f"{now:{_STAMP}}{now.microsecond // 1000:03d}"
        return cls(
            id=f"{stamp}-{secrets.token_hex(4)}",
            mode=mode,
            trigger=trigger,
            dry_run=dry_run,
            started_at=times.from_datetime(now),
        )

    def count(self, what: Count, number: int = 1) -> None:
        """So many more of something."""
        setattr(self, what, getattr(self, what) + number)

    def end(self, state: State, at: datetime, error: RunError | None = None) -> None:
        """It is over, or waits to be gone on with."""
        self.state, self.finished_at, self.error = state, times.from_datetime(at), error

    def count_what_was_taken(self) -> None:
        """Leave out of ``fetched`` what was read but not dealt with before the run ended: the next run reads it again."""
        self.fetched = self.inserted + self.updated + self.unchanged + self.repeated + self.quarantined

    def log_fields(self) -> dict[str, object]:
        """What the log says of a run: ids, codes, counts and seconds."""
        fields = msgspec.to_builtins(self)
        error = fields.pop("error") or {}
        finished = self.finished_at or self.started_at
        seconds = (times.to_datetime(finished) - times.to_datetime(self.started_at)).total_seconds()
        fields["runId"] = fields.pop("id")
        return {**fields, "code": error.get("code"), "durationSeconds": round(seconds, 3)}


def run_row_key(run_id: str) -> str | None:
    """The row key of a run: the newest sorts first. None when it is not a run's id."""
    stamp, separator, tail = run_id.partition("-")
    digits = stamp.replace("T", "", 1)
    if (
        not separator
        or len(digits) != 17
        or not (digits + tail).isalnum()
        or not digits.isascii()
        or not digits.isdigit()
    ):
        return None
    return f"run|{_LARGEST - int(digits):017d}|{run_id}"
