"""Small random worlds: few companies and many collisions, so that every kind of merging happens often."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from msgspec.structs import replace

from shared.model.company import Link
from shared.model.summary import ReferralSummary
from shared.model.times import from_datetime, shifted

START = from_datetime(datetime(2026, 1, 1, tzinfo=UTC))
DOMAINS = ("contoso.com", "fabrikam.com", "litware.de")
WEAK = ("duns-123456789", "duns-987654321", "name-tr-contoso", "name-tr-fabrikam", "name-de-litware")
AMOUNTS = (None, "0", "0.1", "0.20", "100", "123456789012345678901234567890.01", "-5.5")


class World:
    """Referrals and links that change at random; every change is later than those before."""

    def __init__(self, random: Random, referrals: int = 8) -> None:
        self.random = random
        self.ids = [f"r{number}" for number in range(referrals)]
        self.referrals: dict[str, ReferralSummary] = {}
        self.links: dict[str, Link] = {}
        self.steps = 0

    def moment(self) -> str:
        """A time that no change had yet."""
        self.steps += 1
        return shifted(START, minutes=self.steps)

    def referral(self, referral_id: str) -> ReferralSummary:
        """A referral as some payload could show it."""
        choose = self.random.choice
        weak = self.random.sample(WEAK, self.random.randint(0, 2))
        keys = [choose(DOMAINS), *weak] if self.random.random() < 0.5 else weak
        status = choose(["New", "Active", "Closed", "None", None])
        amount = choose(AMOUNTS)
        updated = self.moment()
        return ReferralSummary(
            id=referral_id,
            customer_name=choose(["Contoso A.Ş.", "CONTOSO", "Fabrikam", "Litware GmbH", "Northwind", "n/a", None]),
            company_key=keys[0] if keys else None,
            company_mentions=tuple(keys[1:]),
            direction=choose(["Incoming", "Outgoing", None]),
            status=status,
            substatus=choose(["Won", "Lost"]) if status == "Closed" else None,
            country=choose(["TR", "DE", None]),
            city=choose(["Ankara", "Köln", None]),
            deal_value=Decimal(amount) if amount is not None else None,
            currency=choose(["USD", "TRY", None]),
            created_date_time=shifted(updated, days=-self.random.randint(0, 9)),
            updated_date_time=updated,
            expiration_date_time=shifted(updated, days=14) if self.random.random() < 0.7 else None,
            missing_since=updated if self.random.random() < 0.1 else None,
        )

    def change(self) -> tuple[str, ReferralSummary | None, ReferralSummary | None]:
        """A new, changed or removed referral: its id, what it was and what it is."""
        referral_id = self.random.choice(self.ids)
        before = self.referrals.get(referral_id)
        if before and self.random.random() < 0.15:
            del self.referrals[referral_id]
            return referral_id, before, None
        after = self.referral(referral_id)
        if before and self.random.random() < 0.4:
            # Only its figures change: the rows of what it mentions need not be touched.
            after = replace(after, company_key=before.company_key, company_mentions=before.company_mentions)
        self.referrals[referral_id] = after
        return referral_id, before, after

    def relink(self) -> str | None:
        """Link a referral, or take its link back; its id."""
        if not self.referrals:
            return None
        referral_id = self.random.choice(sorted(self.referrals))
        key = self.random.choice([*DOMAINS, "byhand.com", *WEAK, None])
        before = self.links.get(referral_id)
        at = self.moment()
        step = {"at": at, "by": "me", "from": before.key if before else None, "to": key}
        name = self.random.choice([None, "By Hand"]) if key else None
        self.links[referral_id] = Link(key, name, None, "me", at, (step, *(before.history if before else ())))
        return referral_id
