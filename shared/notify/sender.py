"""Sends what waits: takes a target on, looks at the facts once more, sends, notes.

Only between the sending and the note can a process die so that a message comes twice. One process at a time sends to a target,
one message a second; a target that fails rests, and holds up nothing else: each has a thread of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import wait
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from shared.core import events
from shared.core.clock import Clock
from shared.core.context import ContextExecutor
from shared.core.errors import HunterError
from shared.core.log import get_logger, location
from shared.model import times
from shared.model.subscription import Subscription
from shared.notify import letter, rules, wakes
from shared.notify.letter import Letter
from shared.notify.rules import Failure, Limits
from shared.notify.scope import Scopes
from shared.notify.truth import Bundle, Truth
from shared.storage.engine.tables import TableStore
from shared.storage.tables import outbox
from shared.storage.tables.outbox import Deliveries, Delivery, Status, TargetState
from shared.storage.tables.subscriptions import target_id
from shared.storage.tables.work import WorkItem, WorkTable

log = get_logger(__name__)

AT_ONCE: Final = 32
"""Targets that are served side by side."""
LEASE: Final = timedelta(seconds=60)
PACE: Final = timedelta(seconds=1)
"""Between two messages to one target."""
SHORT: Final = timedelta(seconds=2)
"""A rest that is waited for; longer ones are left to a later tick."""
_KEPT_RECENT: Final = 60


class Courier(Protocol):
    """Who carries messages."""

    def limits(self, subscription: Subscription) -> Limits:
        """From when on many become one."""

    def send(self, subscription: Subscription, letter: Letter, key: str) -> Failure | None:
        """Send a message; None when it was taken."""


class Sender:
    """One for each process; thread-safe.

    Args:
        store: the tables.
        work: what is due.
        courier: who carries messages.
        public_url: where the page is.
        parallel: whether targets are served side by side; tests serve them in turn to count calls.
    """

    def __init__(
        self, store: TableStore, work: WorkTable, courier: Courier, public_url: str, *, parallel: bool = True
    ) -> None:
        self._store, self._work, self._courier = store, work, courier
        self._public_url, self._parallel = public_url, parallel
        self._serving = set[str]()
        """Targets that a thread of this process is busy with, perhaps since an earlier tick."""
        self._lock = threading.Lock()

    @property
    def _clock(self) -> Clock:
        return self._store.clock

    def run(
        self, items: Iterable[WorkItem], subscriptions: Mapping[str, Subscription], truth: Truth, seconds: float
    ) -> None:
        """Send what is due. Waits no longer than so many seconds for targets; those that are slow go on beside.

        Args:
            items: rows of the Work table, one a subscription.
            subscriptions: by id.
            truth: what holds now.
            seconds: the most to wait.
        """
        groups: dict[str, list[tuple[Subscription, WorkItem]]] = {}
        for item in items:
            subscription = subscriptions.get(item.id)
            if subscription is None or not subscription.wish.enabled:
                self._work.finish(item)  # what it has collected is told no more
                continue
            groups.setdefault(target_id(subscription), []).append((subscription, item))
        if not self._parallel:
            for target, members in groups.items():
                self._serve(target, members, truth)
        elif groups:
            pool = ContextExecutor(min(AT_ONCE, len(groups)), thread_name_prefix="notify")
            serving = [pool.submit(self._guarded, target, members, truth) for target, members in groups.items()]
            wait(serving, seconds)
            pool.shutdown(wait=False, cancel_futures=True)

    def _guarded(self, target: str, members: Sequence[tuple[Subscription, WorkItem]], truth: Truth) -> None:
        """Serve a target unless this process is at it; nothing that goes wrong there may trouble the others."""
        with self._lock:
            if target in self._serving:
                return
            self._serving.add(target)
        try:
            self._serve(target, members, truth)
        except HunterError as error:
            log.warning(events.WORK_FAILED, worker="notify", code=error.code)
        except Exception as error:  # noqa: BLE001 - a thread of its own has nobody else to tell
            log.error(events.UNEXPECTED_ERROR, kind=type(error).__name__, at=location(error), worker="notify")
        finally:
            with self._lock:
                self._serving.discard(target)

    def _serve(self, target: str, members: Sequence[tuple[Subscription, WorkItem]], truth: Truth) -> None:
        state = self._claim(target, members)
        if state is None:
            return
        line = _Line(self._store, state)
        failure: Failure | None = None
        for number, (subscription, item) in enumerate(members):
            failure = self._tell(subscription, item, line, truth)
            if failure:
                line.fail(failure, subscription)
                for _, later in members[number + 1 :]:
                    self._work.move(later, line.not_before)
                break
        if failure is None:
            line.release()

    def _claim(self, target: str, members: Sequence[tuple[Subscription, WorkItem]]) -> TargetState | None:
        """Take a target on, if it is free and does not rest."""
        state, now = outbox.load_target(self._store, target), self._clock.now()
        rests = _moment(state.not_before)
        if rests and now < rests <= now + SHORT:
            self._clock.sleep((rests - now).total_seconds())
            now = self._clock.now()
        elif rests and now < rests:
            for _, item in members:
                self._work.move(item, rests)
            return None
        busy = _moment(state.claimed_until)
        if busy and now < busy:
            return None
        return outbox.save_target(
            self._store, msgspec.structs.replace(state, claimed_until=times.from_datetime(now + LEASE))
        )

    def _tell(self, subscription: Subscription, item: WorkItem, line: _Line, truth: Truth) -> Failure | None:
        """Tell one subscription all that waits and is due; the failure that ended it, if any."""
        now = self._clock.now()
        token = wakes.take(self._work, item, now + LEASE)
        if token is None:
            return None
        deliveries = Deliveries(self._store, subscription.id)
        bundles, gone = truth.sort(subscription, deliveries.waiting(), now)
        if gone:
            deliveries.mark(gone, "dropped", now, None)
        status = deliveries.status() if bundles else Status()
        sent = [times.to_datetime(at) for at in status.recent]
        limits = self._courier.limits(subscription)
        form = rules.arrangement(len(bundles), sent, now, limits)
        if subscription.wish.when == "daily" and bundles:
            form = "digest"
        if form == "later":
            wakes.put_off(self._work, wakes.MESSAGE, item.id, token, sent[-1] + limits.pause)
            return None
        messages = [bundles] if form == "digest" else [[bundle] for bundle in bundles]
        for message in messages:
            failure, status = self._send(subscription, message, line, truth.scopes, (deliveries, status))
            if failure:
                wakes.put_off(self._work, wakes.MESSAGE, item.id, token, line.next_after(failure))
                return failure
        wakes.end(self._work, wakes.MESSAGE, item.id, token)
        return None

    def _send(
        self,
        subscription: Subscription,
        bundles: Sequence[Bundle],
        line: _Line,
        scopes: Scopes,
        noted: tuple[Deliveries, Status],
    ) -> tuple[Failure | None, Status]:
        """Send one message, and note it."""
        deliveries, status = noted
        line.keep_pace()
        now = self._clock.now()
        members = [delivery for bundle in bundles for delivery in bundle.deliveries]
        made = letter.compose(
            subscription, scopes.link_of(subscription), [bundle.telling for bundle in bundles], self._public_url, now
        )
        failure = self._courier.send(subscription, made, _key_of(subscription, [each for each, _ in members]))
        if failure:
            return failure, status
        at = times.from_datetime(self._clock.now())
        status = Status(at, (*status.recent, at)[-_KEPT_RECENT:])
        deliveries.mark(members, "sent", self._clock.now(), status)
        log.info(events.NOTIFICATION_SENT, channel=subscription.wish.channel, occasions=len(members))
        return None, status


class _Line:
    """A target that is taken on: its pace, and how it did."""

    def __init__(self, store: TableStore, state: TargetState) -> None:
        self._store, self._state = store, state
        self._last: datetime | None = None

    def keep_pace(self) -> None:
        """Wait until the next message may go, and keep the target for as long as that one may take."""
        clock = self._store.clock
        if self._last is not None:
            clock.sleep((self._last + PACE - clock.now()).total_seconds())
            lease = times.from_datetime(clock.now() + LEASE)
            self._state = (
                outbox.save_target(self._store, msgspec.structs.replace(self._state, claimed_until=lease))
                or self._state
            )
        self._last = clock.now()

    @property
    def not_before(self) -> datetime:
        """Until when it rests."""
        return times.to_datetime(self._state.not_before)

    def next_after(self, failure: Failure) -> datetime:
        """When it may be tried again after this failure."""
        return self._store.clock.now() + rules.pause(failure, self._state.failures + 1)

    def fail(self, failure: Failure, subscription: Subscription) -> None:
        """Note a failure, and let the target rest."""
        now, state = self._store.clock.now(), self._state
        failures = state.failures + 1
        shown = rules.is_shown(failure, failures)
        self._state = msgspec.structs.replace(
            state,
            failures=failures,
            failing_since=state.failing_since or times.from_datetime(now),
            not_before=times.from_datetime(now + rules.pause(failure, failures)),
            code=failure.code if shown else state.code,
            message=failure.message if shown else state.message,
            failed_at=times.from_datetime(now) if shown else state.failed_at,
            asked_until=times.from_datetime(now + failure.asked) if failure.asked else "",
            claimed_until="",
        )
        outbox.save_target(self._store, self._state)
        record = log.error if shown else log.warning
        record(
            events.NOTIFICATION_FAILED,
            channel=subscription.wish.channel,
            code=failure.code,
            failures=failures,
            shown=shown,
        )

    def release(self) -> None:
        """Give the target back; it does well, if anything was sent."""
        state = self._state
        if self._last is not None:
            rest = times.from_datetime(self._last + PACE)
            state = TargetState(state.id, not_before=rest, etag=state.etag)
        outbox.save_target(self._store, msgspec.structs.replace(state, claimed_until=""))


def _key_of(subscription: Subscription, deliveries: Sequence[Delivery]) -> str:
    """The same for the same message, however often it is sent."""
    return "\n".join([subscription.id, *sorted(delivery.row_key for delivery in deliveries)])


def _moment(text: str) -> datetime | None:
    return times.to_datetime(text) if text else None
