"""What of that which waits is still true, just before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.model import times
from shared.model.occasion import Facts, holds
from shared.model.person import same_mail
from shared.model.subscription import Subscription
from shared.model.summary import ReferralSummary
from shared.notify import rules
from shared.notify.letter import Telling
from shared.notify.scope import Scopes
from shared.read_model.snapshot import Snapshot
from shared.storage.tables.outbox import Delivery

Noted = tuple[Delivery, str]
"""A delivery with its row's ETag."""


@dataclass(frozen=True)
class Bundle:
    """What is told together of one referral, and the deliveries that are done with it."""

    telling: Telling
    deliveries: list[Noted]


class Truth:
    """Judges by one state of the data.

    Args:
        snapshot: the data.
        scopes: what is in a subscription's view.
        owner_of: a referral's owner's address, "" for none.
        still_failing: whether what is told of an action is so still; by its facts.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        scopes: Scopes,
        owner_of: Callable[[str], str],
        still_failing: Callable[[Facts], bool],
    ) -> None:
        self._snapshot, self.scopes = snapshot, scopes
        self._owner_of, self._still_failing = owner_of, still_failing

    def sort(
        self, subscription: Subscription, deliveries: Sequence[Noted], now: datetime
    ) -> tuple[list[Bundle], list[Noted]]:
        """What is to be told, and what is true no more or has waited too long."""
        bundles, gone = list[Bundle](), list[Noted]()
        changes: dict[str, list[Noted]] = {}
        assigned: dict[str, Bundle] = {}
        for noted in deliveries:
            delivery = noted[0]
            referral = self._referral(subscription, delivery, now)
            if referral is None:
                gone.append(noted)
            elif delivery.kind == "changed":
                changes.setdefault(delivery.referral_id, []).append(noted)
            elif self._holds(subscription, delivery, referral, now):
                bundle = Bundle(Telling(delivery.kind, delivery.facts, referral), [noted])
                same = assigned.setdefault(referral.id, bundle) if delivery.kind == "assigned" else bundle
                if same is bundle:
                    bundles.append(bundle)
                else:
                    same.deliveries.append(noted)  # given away and back again: it is theirs, that is all
            else:
                gone.append(noted)
        for referral_id, members in changes.items():
            # Several changes of one referral are one: from what was there before the first to what is there now.
            first = min(members, key=lambda noted: (noted[0].found, noted[0].version))[0]
            referral = self._find(referral_id)
            if referral and holds("changed", first.facts, referral, now):
                bundles.append(Bundle(Telling("changed", first.facts, referral), members))
            else:
                gone += members
        return bundles, gone

    def _referral(self, subscription: Subscription, delivery: Delivery, now: datetime) -> ReferralSummary | None:
        """The referral, if the subscription is still to be told of it."""
        is_old = times.to_datetime(delivery.due) < now - rules.GIVE_UP
        is_former = delivery.found < subscription.active_since
        if is_old or is_former or not subscription.wants(delivery.kind):
            return None
        if delivery.referral_id not in self.scopes.of(subscription):
            return None
        return self._find(delivery.referral_id)

    def _find(self, referral_id: str) -> ReferralSummary | None:
        position = self._snapshot.referral(referral_id)
        return None if position is None else self._snapshot.referrals[position]

    def _holds(self, subscription: Subscription, delivery: Delivery, referral: ReferralSummary, now: datetime) -> bool:
        facts: Mapping[str, str] = delivery.facts
        if not holds(delivery.kind, facts, referral, now):
            return False
        match delivery.kind:
            case "due":
                return str(rules.step_of(facts["deadline"], subscription.wish.due_days, now)) == facts["step"]
            case "assigned":
                return same_mail(self._owner_of(referral.id), subscription.owner.mail)
            case "actionFailed":
                return self._still_failing(facts)
            case _:
                return True
