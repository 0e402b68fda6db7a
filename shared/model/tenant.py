"""What is known of a domain's Entra tenant, and when to ask again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.model.times import from_datetime

TenantState = Literal["found", "unknown", "refused", "failed"]

KEPT: Final = timedelta(days=30)
"""How long an answer is taken for true."""
_FIRST_WAIT: Final = timedelta(hours=1)
_LONGEST_WAIT: Final = timedelta(days=1)
_PROMPT_FAILURES: Final = 2
"""So many failures in a row are followed by another try at the next occasion; from then on waits double."""


@dataclass(frozen=True, slots=True)
class TenantAnswer:
    """What Entra says of a domain: ``found`` with the tenant's id, ``unknown`` (no tenant), or that it did not say."""

    state: TenantState
    tenant_id: str | None = None

    @property
    def says_something(self) -> bool:
        """Whether it is an answer to the question."""
        return self.state in {"found", "unknown"}


@dataclass(frozen=True, slots=True)
class KnownTenant:
    """The last real answer about a domain, and what has failed since."""

    state: TenantState
    """``found`` or ``unknown``; ``refused`` or ``failed`` while there has never been an answer."""
    tenant_id: str | None = None
    checked_at: str | None = None
    """When the answer was given, text of ``model.times``; None while there has never been one."""
    failures: int = 0
    """Attempts in a row since then that were refused or failed."""
    tried_at: str = ""
    """When it was last asked for, text of ``model.times``."""

    @property
    def is_m365(self) -> bool:
        """Whether the domain belongs to an Entra tenant."""
        return self.state == "found"

    def after(self, answer: TenantAnswer, now: datetime) -> KnownTenant:
        """What is known once this was answered; an answer that says nothing takes nothing away."""
        at = from_datetime(now)
        if answer.says_something:
            return KnownTenant(answer.state, answer.tenant_id, at, 0, at)
        state = self.state if self.checked_at else answer.state
        return KnownTenant(state, self.tenant_id, self.checked_at, self.failures + 1, at)

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to ask again."""
        if not self.failures:
            return from_datetime(now - KEPT) >= (self.checked_at or "")
        if self.failures <= _PROMPT_FAILURES:
            return True
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(self.failures - _PROMPT_FAILURES - 1, 10))
        return from_datetime(now - wait) >= self.tried_at


NEVER_ASKED: Final = KnownTenant("failed")
