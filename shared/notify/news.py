"""The rows that are stored before a new version of a referral is: what there is to tell of it. The sync's row writer asks."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.model import times
from shared.model.occasion import Occasion, between
from shared.model.summary import ReferralSummary
from shared.storage.engine.entities import Entity
from shared.storage.tables.outbox import occasion_row


class NewVersion(Protocol):
    """A version that is about to be stored, as the row writer describes it."""

    @property
    def before(self) -> ReferralSummary | None:
        """The version it replaces."""

    @property
    def after(self) -> ReferralSummary:
        """The version itself."""

    @property
    def version(self) -> str:
        """What tells it from all others of the referral, beginning with how many were stored before, and a hyphen."""

    @property
    def by(self) -> object | None:
        """Who made it, where it is known to be made from here."""


def rows_of(version: NewVersion, now: datetime) -> list[Entity]:
    """What is to be told of a version; nothing of what was made from here. Where a walk met that first, nobody knows yet whose
    it is: ``echo.py`` finds out later."""
    if version.by is not None:
        return []
    found = times.from_datetime(now)
    return [
        occasion_row(
            Occasion(
                kind=kind,
                referral_id=version.after.id,
                version=version.version,
                origin=version.version.partition("-")[0],
                updated=version.after.updated_date_time or "",
                at=found,
                facts=facts,
            )
        )
        for kind, facts in between(version.before, version.after)
    ]
