"""A referral as lists, companies and figures need it: what a row of the Referrals table holds besides the payload."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from shared.model.category import is_answerable

STATUSES: Final = ("New", "Active", "Closed")
"""Those that Partner Center documents, in the order of the pipeline."""
OPEN: Final = ("New", "Active")
"""Those that count as pipeline."""


class Problem(msgspec.Struct, frozen=True, gc=False):
    """A field that could not be read: its path in the payload and why."""

    field: str
    reason: str


class ReferralSummary(msgspec.Struct, frozen=True, gc=False):
    """One referral in brief. Times are texts of ``model.times``; every field but ``id`` may be missing upstream.

    A struct and no dataclass, since lists hold a hundred thousand: it is made seven times faster, and the garbage collector
    need not look at it.
    """

    id: str
    name: str | None = None
    customer_name: str | None = None
    company_key: str | None = None
    """The company derived from the payload; what people linked by hand is kept elsewhere."""
    company_mentions: tuple[str, ...] = ()
    """Weaker keys (``duns-…``, ``name-…``) that the same payload also shows; a company known by one of them merges."""
    tenant_hint: str | None = None
    """An ``onmicrosoft.com`` domain among the customer's addresses."""
    category: str | None = None
    type: str | None = None
    qualification: str | None = None
    direction: str | None = None
    status: str | None = None
    substatus: str | None = None
    country: str | None = None
    city: str | None = None
    size: str | None = None
    duns: str | None = None
    deal_value: Decimal | None = None
    currency: str | None = None
    closing_date_time: str | None = None
    created_date_time: str | None = None
    updated_date_time: str | None = None
    accepted_date_time: str | None = None
    closed_date_time: str | None = None
    expiration_date_time: str | None = None
    """As given, else 14 days after creation for an incoming one that nobody has answered."""
    sales_stage: str | None = None
    engagement_id: str | None = None
    organization_name: str | None = None
    search_text: str = ""
    """Everything that ``q`` searches, folded by ``model.text.fold``, one entry a line."""
    problems: tuple[Problem, ...] = ()
    missing_since: str | None = None
    call_to_action: str | None = None

    @property
    def answerable(self) -> bool:
        """Whether it is of a kind that can be accepted or declined; some leads are for information alone."""
        return is_answerable(self.call_to_action)

    @property
    def unanswered(self) -> bool:
        """Whether it is incoming and waits for an answer."""
        return self.direction == "Incoming" and self.status == "New" and is_answerable(self.call_to_action)

    @property
    def is_open(self) -> bool:
        """Whether it counts as pipeline: New or Active."""
        return self.status in OPEN

    @property
    def is_won(self) -> bool:
        """Whether it was closed as won."""
        return self.status == "Closed" and self.substatus == "Won"

    @property
    def closed_at(self) -> str | None:
        """When it was closed: as given, else (old payloads do not say) when it was last changed; None while it is not."""
        if self.status != "Closed":
            return None
        return self.closed_date_time or self.updated_date_time
