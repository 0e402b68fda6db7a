"""One referral that is looked at, what became of it, and what is noted with its link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.core.errors import HunterError
from shared.dynamics.facts import Facts
from shared.dynamics.records import Row
from shared.dynamics.translate import Normal
from shared.storage.tables.crm_links import Carried, Link, LinkError, Stored

Result = Literal["created", "updated", "pulled", "unchanged", "failed"]
_CARRIED_KEPT: Final = 24


@dataclass(frozen=True, slots=True)
class Work:
    """One referral that is looked at."""

    stored: Stored
    facts: Facts
    row: Row | None
    seen: str
    """Fingerprint of the referral and the mapping."""
    forced: bool = False
    account_id: str | None = None
    contact_id: str | None = None
    moneyless: bool = False
    """Whether the environment refused the referral's currency just now."""

    @property
    def link(self) -> Link:
        """What is known of its record."""
        return self.stored.link


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it."""

    result: Result
    stored: Stored


def told_of(error: HunterError) -> LinkError:
    """What a link says of an error of the whole exchange."""
    details: Any = error.extra.get("details", {})
    phrase = error.extra.get("phrase")
    return LinkError(error.code, None, error.message, phrase=str(phrase) if phrase else None, details=dict(details))


def extra_of(error: LinkError) -> dict[str, object]:
    """The other way round: what an error of the whole exchange carries of a link's."""
    return {"phrase": error.phrase or error.code, "details": error.details}


def with_carried(link: Link, columns: Mapping[str, Normal], now: str) -> tuple[Carried, ...]:
    """What the link's record was last written with or asked for, these columns (at ``now``) among it."""
    fresh = tuple(Carried(column, value, now) for column, value in columns.items())
    return (*link.carried, *fresh)[-_CARRIED_KEPT:]
