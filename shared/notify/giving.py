"""Gives what was found to those who asked for it: occasions of the outbox, and what deadlines ask for now.

Each step may be repeated: a delivery is inserted under the key of its occasion, and an occasion leaves the outbox only when all
that follow from it are noted and their subscriptions woken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.model import times
from shared.model.action import Action
from shared.model.occasion import Facts, Kind, Occasion, deadline_of, holds
from shared.model.person import same_mail
from shared.model.subscription import Subscription
from shared.notify import rules, wakes
from shared.notify.echo import EXPLAINED, Echo
from shared.notify.scope import Scopes
from shared.notify.wakes import NEVER
from shared.read_model.snapshot import Snapshot
from shared.storage.engine.tables import TableStore
from shared.storage.tables import outbox
from shared.storage.tables.outbox import Deliveries, Delivery
from shared.storage.tables.sync_state import SyncState
from shared.storage.tables.work import WorkTable

WAITS: Final = timedelta(minutes=15)
"""How long an occasion whose referral's row does not show it waits for the row, where their dates can't tell."""
LOOK_AGAIN: Final = timedelta(minutes=1)
KEPT: Final = timedelta(days=30)
_DEADLINES: Final[tuple[Kind, Kind]] = ("due", "expired")
_OF_VERSIONS: Final = frozenset({"new", "expired", "answered", "closed", "changed"})


class Giving:
    """One evaluation of the data.

    Args:
        store: the tables.
        work: what is due.
        subscriptions: those that are switched on.
        snapshot: the data; to be read before the outbox is.
        scopes: what is in a subscription's view.
        now: the time.
        told: by subscription, keys of deadlines that are known to be noted; it grows.
        recent_actions: what people did from here within a day, asked only where a change may be an echo of it.
    """

    def __init__(
        self,
        store: TableStore,
        work: WorkTable,
        subscriptions: Sequence[Subscription],
        snapshot: Snapshot,
        scopes: Scopes,
        *,
        now: datetime,
        told: defaultdict[str, set[str]],
        recent_actions: Callable[[], Iterable[Action]] = tuple,
    ) -> None:
        self._store, self._work, self._subscriptions = store, work, subscriptions
        self._snapshot, self._scopes, self._now, self._told = snapshot, scopes, now, told
        self._recent_actions, self._has_waiting = recent_actions, False

    def run(self) -> datetime:
        """Give out all there is; when to look again, though nothing changes."""
        ready, gone = self._without_echo(*self._sorted_out(outbox.pending(self._store)))
        for subscription in self._subscriptions:
            deliveries = [*self._of_occasions(subscription, ready), *self._of_deadlines(subscription)]
            if deliveries:
                Deliveries(self._store, subscription.id).add(deliveries)
                wakes.message_soon(self._work, subscription.id, self._due(subscription))
                self._told[subscription.id] |= {
                    delivery.row_key for delivery in deliveries if delivery.kind in _DEADLINES
                }
        outbox.remove(self._store, [*ready, *gone])
        return self._next()

    def _next(self) -> datetime:
        steps = {step for each in self._subscriptions if each.wants("due") for step in each.wish.due_days}
        wanted = any(each.wants("due") or each.wants("expired") for each in self._subscriptions)
        turn = rules.next_turn(self._snapshot.referrals, steps, self._now) if wanted else None
        return min(turn or NEVER, self._now + LOOK_AGAIN) if self._has_waiting else turn or NEVER

    # -- occasions

    def _sorted_out(self, occasions: Iterable[Occasion]) -> tuple[list[Occasion], list[Occasion]]:
        """Those that can be given out, and those that are true no more; the rest waits for its referral's row."""
        latest: dict[tuple[str, str, str], Occasion] = {}
        ready, gone = list[Occasion](), list[Occasion]()
        for occasion in occasions:
            verdict = self._judge(occasion)
            if verdict == "wait":
                self._has_waiting = True
            elif verdict == "gone":
                gone.append(occasion)
            elif occasion.kind not in _OF_VERSIONS:
                ready.append(occasion)
            else:
                # Of two that follow the same version only one was ever stored: the later.
                same = (occasion.referral_id, occasion.kind, occasion.origin)
                known = latest.setdefault(same, occasion)
                if known is not occasion:
                    older, latest[same] = sorted((known, occasion), key=lambda each: (each.updated, each.at))
                    gone.append(older)
        return [*ready, *latest.values()], gone

    def _without_echo(self, ready: list[Occasion], gone: list[Occasion]) -> tuple[list[Occasion], list[Occasion]]:
        """The same without what was done from here, and without what may have been, as long as nobody knows."""
        if not any(occasion.kind in EXPLAINED for occasion in ready):
            return ready, gone
        echo = Echo(self._recent_actions())
        verdicts = [(occasion, echo.verdict(occasion)) for occasion in ready]
        self._has_waiting |= any(verdict == "wait" for _, verdict in verdicts)
        told = [occasion for occasion, verdict in verdicts if not verdict]
        return told, [*gone, *(occasion for occasion, verdict in verdicts if verdict == "own")]

    def _judge(self, occasion: Occasion) -> str:
        position = self._snapshot.referral(occasion.referral_id)
        is_old = occasion.at < times.from_datetime(self._now - WAITS)
        if position is None:
            # Its row was never written: the next sync writes it, or another version under the same number.
            return "gone" if occasion.at < times.from_datetime(self._now - KEPT) else "wait"
        referral = self._snapshot.referrals[position]
        if holds(occasion.kind, occasion.facts, referral, self._now):
            return "ready"
        stored = referral.updated_date_time or ""
        if stored > occasion.updated:
            return "gone"
        return "gone" if stored == occasion.updated and is_old else "wait"

    def _of_occasions(self, subscription: Subscription, occasions: Iterable[Occasion]) -> Iterator[Delivery]:
        for occasion in occasions:
            if not subscription.wants(occasion.kind) or occasion.at < subscription.active_since:
                continue
            if occasion.kind == "assigned" and not same_mail(occasion.facts["mail"], subscription.owner.mail):
                continue
            if occasion.referral_id in self._scopes.of(subscription):
                deadline = occasion.facts.get("deadline")
                version = deadline if occasion.kind == "expired" and deadline else occasion.version
                yield self._delivery(subscription, occasion.kind, occasion.referral_id, version, occasion.facts)

    # -- deadlines

    def _of_deadlines(self, subscription: Subscription) -> Iterator[Delivery]:
        """What deadlines ask for and was not noted before."""
        kinds = [kind for kind in _DEADLINES if subscription.wants(kind)]
        if not kinds:
            return
        wish = subscription.wish
        standing = [
            self._delivery(
                subscription,
                each.kind,
                each.referral_id,
                each.version,
                {"deadline": each.deadline, "step": "" if each.step is None else str(each.step)},
            )
            for each in rules.standing(self._snapshot.referrals, kinds, wish.due_days, self._now)
        ]
        told = self._told[subscription.id]
        fresh = [each for each in standing if each.row_key not in told]
        if "expired" in kinds and not self._is_grounded(subscription, standing):
            fresh = [each for each in fresh if each.kind != "expired"]
        fresh = [each for each in fresh if each.referral_id in self._scopes.of(subscription)]
        if fresh:
            told |= Deliveries(self._store, subscription.id).known(_DEADLINES)
            yield from (each for each in fresh if each.row_key not in told)

    def _is_grounded(self, subscription: Subscription, standing: Sequence[Delivery]) -> bool:
        """Whether what had expired before the subscription began is noted as told; does so once the first sync is over."""
        marker = f"!grounded-{subscription.expired_since}"
        if marker in self._told[subscription.id]:
            return True
        deliveries = Deliveries(self._store, subscription.id)
        if deliveries.baseline() != subscription.expired_since:
            if SyncState(self._store).load().cursor.last_full_sync is None:
                return False
            before = [
                each
                for each in standing
                if each.kind == "expired" and each.facts["deadline"] < subscription.expired_since
            ]
            deliveries.add(before, "dropped")
            deliveries.set_baseline(subscription.expired_since)
        self._told[subscription.id].add(marker)
        return True

    def _delivery(
        self, subscription: Subscription, kind: Kind, referral_id: str, version: str, facts: Facts
    ) -> Delivery:
        return Delivery(
            kind=kind,
            referral_id=referral_id,
            version=version,
            found=times.from_datetime(self._now),
            due=times.from_datetime(self._due(subscription)),
            facts=facts,
        )

    def _due(self, subscription: Subscription) -> datetime:
        wish = subscription.wish
        return self._now if wish.when == "now" else rules.next_time(wish.at, wish.time_zone, self._now)


def prune(store: TableStore, subscriptions: Iterable[Subscription], snapshot: Snapshot, now: datetime) -> None:
    """Forget what was told long ago, but for deadlines that still stand: they would be told again."""
    deadlines = {(referral.id, deadline) for referral in snapshot.referrals if (deadline := deadline_of(referral))}
    for subscription in subscriptions:
        Deliveries(store, subscription.id).prune(now - KEPT, _is_standing(deadlines))


def _is_standing(deadlines: set[tuple[str, str]]) -> Callable[[str], bool]:
    keys = {outbox.deadline_key(referral_id, deadline) for referral_id, deadline in deadlines}

    def is_standing(row_key: str) -> bool:
        kind, _, rest = row_key.partition("|")
        return kind in _DEADLINES and rest.partition("~")[0] in keys

    return is_standing
