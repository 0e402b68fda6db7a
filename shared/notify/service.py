"""What people do with subscriptions: list, make, change, remove, try out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from shared.core.errors import Forbidden, InvalidParameter, InvalidTarget, InvalidView, NotFound
from shared.core.settings import Settings
from shared.model import times
from shared.model.person import Person, same_mail
from shared.model.subscription import Subscription, Wish, read_wish, shown_target
from shared.notify import letter, rules, targets, wakes
from shared.notify.rules import Failure
from shared.notify.sender import PACE, Courier
from shared.read_model.views import load_view
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables import outbox
from shared.storage.tables.outbox import Deliveries, Status, TargetState
from shared.storage.tables.subscriptions import Subscriptions, target_id
from shared.storage.tables.work import WorkTable

MOST: Final = 50
"""Subscriptions of one person."""
_NO_VIEW: Final = "The view is gone, or is somebody else's own by now. Choose another."


@dataclass(frozen=True, slots=True)
class Fault:
    """Why messages do not arrive."""

    code: str
    message: str
    at: str
    """Text of ``model.times``; "" where nobody knows."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription and how it is doing."""

    subscription: Subscription
    last_sent_at: str
    """Text of ``model.times``; "" where nothing was sent yet."""
    last_error: Fault | None


class SubscriptionService:
    """One for each process; thread-safe.

    Args:
        store: the tables.
        subscriptions: their rows.
        settings: the app's settings.
        courier: who carries a message that is tried out.
    """

    def __init__(self, store: TableStore, subscriptions: Subscriptions, settings: Settings, courier: Courier) -> None:
        self._store, self._subscriptions, self._settings, self._courier = store, subscriptions, settings, courier
        self._work = WorkTable(store)

    def list(self, person: Person, *, operates: bool) -> list[Subscribed]:
        """A person's own, an operator's all: by owner and name."""
        seen = [each for each in self._subscriptions.load_all() if operates or each.owner.id == person.id]
        seen.sort(key=lambda each: (each.owner.id != person.id, each.owner.name, each.wish.name, each.id))
        statuses = outbox.statuses(self._store, [each.id for each in seen])
        states = outbox.load_targets(self._store) if seen else {}
        return [self._shown(each, statuses.get(each.id), states.get(target_id(each))) for each in seen]

    def get(self, subscription_id: str, person: Person, *, operates: bool) -> Subscribed:
        """One. Raises NotFound for what is not there, or is not theirs to see."""
        return self._answer(self._find(subscription_id, person, operates=operates)[0])

    def create(self, body: Mapping[str, Any], person: Person, *, operates: bool) -> Subscribed:
        """Make one.

        Raises:
            InvalidParameter, InvalidTarget, InvalidView: the body can't be.
            Forbidden: another target than the person's own address, without the role for that.
        """
        wish = self._checked(read_wish(body), person, operates=operates)
        if sum(each.owner.id == person.id for each in self._subscriptions.load_all()) >= MOST:
            raise InvalidParameter(f"Nobody has more than {MOST} subscriptions. Remove one, or let one tell of more.")
        now = times.from_datetime(self._store.clock.now())
        made = Subscription(
            id=str(uuid.uuid4()),
            wish=wish,
            owner=person,
            created_at=now,
            updated_at=now,
            active_since=now,
            expired_since=now,
        )
        self._subscriptions.insert(made)
        wakes.evaluate_soon(self._work, self._store.clock.now())
        return self._answer(made)

    def change(self, subscription_id: str, body: Mapping[str, Any], person: Person, *, operates: bool) -> Subscribed:
        """Change one; its owner stays, and so does its target where the body has none, or the one that was shown.

        Raises:
            NotFound: as for ``get``.
            InvalidParameter, InvalidTarget, InvalidView: as for ``create``.
            Forbidden: a new target, other than the owner's address, without the role for that.
        """
        before, etag = self._find(subscription_id, person, operates=operates)
        wish = read_wish(body, before.wish)
        kept = wish.channel == before.wish.channel and wish.target in ("", shown_target(before.wish))
        if kept:
            wish = msgspec.structs.replace(wish, target=before.wish.target)
        # A target that stays was an operator's decision already; whoever has the subscription may change the rest of it.
        wish = self._checked(wish, before.owner, operates=operates or kept)
        moment = self._store.clock.now()
        now, switched_on = times.from_datetime(moment), wish.enabled and not before.wish.enabled
        asks_anew = "expired" in wish.events and "expired" not in before.wish.events
        after = msgspec.structs.replace(
            before,
            wish=wish,
            updated_at=now,
            active_since=now if switched_on else before.active_since,
            expired_since=now if switched_on or asks_anew else before.expired_since,
        )
        try:
            self._subscriptions.replace(after, etag)
        except RowConflict:
            return self.change(subscription_id, body, person, operates=operates)
        if before.wish.enabled != wish.enabled:
            Deliveries(self._store, before.id).forget_waiting()
        elif self._work.get(wakes.MESSAGE, before.id):
            due = moment if wish.when == "now" else rules.next_time(wish.at, wish.time_zone, moment)
            self._work.put(wakes.MESSAGE, before.id, due)
        wakes.evaluate_soon(self._work, moment)
        return self._answer(after)

    def delete(self, subscription_id: str, person: Person, *, operates: bool) -> None:
        """Remove one and all that it was to tell. Raises NotFound as for ``get``."""
        subscription, etag = self._find(subscription_id, person, operates=operates)
        try:
            self._subscriptions.delete(subscription.id, etag)
        except RowConflict:
            return self.delete(subscription_id, person, operates=operates)
        self._work.done(wakes.MESSAGE, subscription.id)
        return Deliveries(self._store, subscription.id).remove()

    def test(self, subscription_id: str, person: Person, *, operates: bool) -> Failure | None:
        """Send a message now; what went wrong, or None. Raises NotFound as for ``get``."""
        subscription = self._find(subscription_id, person, operates=operates)[0]
        target = target_id(subscription)
        state, now = outbox.load_target(self._store, target), self._store.clock.now()
        if state.asked_until and times.to_datetime(state.asked_until) > now:
            failure: Failure | None = Failure(
                "target_throttled", f"The target asks to be left alone until {times.public(state.asked_until)}."
            )
        else:
            view_id = subscription.wish.view_id
            view = load_view(self._store, view_id, subscription.owner) if view_id else None
            link = letter.ViewLink(view.name, view.query) if view else None
            made = letter.compose_test(subscription, link, self._settings.public_url)
            failure = self._courier.send(subscription, made, f"test-{uuid.uuid4()}")
            self._note_test(subscription, state, failure)
        return failure

    def _note_test(self, subscription: Subscription, state: TargetState, failure: Failure | None) -> None:
        """A success ends a target's rest; a pause that it asks for holds for all that is sent there."""
        now = self._store.clock.now()
        if failure is None and state.failures:
            rested = TargetState(state.id, not_before=times.from_datetime(now + PACE), etag=state.etag)
            if outbox.save_target(self._store, rested) and self._work.get(wakes.MESSAGE, subscription.id):
                self._work.put(wakes.MESSAGE, subscription.id, now)
        elif failure and failure.asked:
            until = times.from_datetime(now + min(failure.asked, rules.MOST_ASKED))
            outbox.save_target(self._store, msgspec.structs.replace(state, not_before=until, asked_until=until))

    def _find(self, subscription_id: str, person: Person, *, operates: bool) -> tuple[Subscription, str]:
        found = self._subscriptions.load(subscription_id)
        if found is None or not (operates or found[0].owner.id == person.id):
            raise NotFound("There is no subscription with this id.")
        return found

    def _checked(self, wish: Wish, owner: Person, *, operates: bool) -> Wish:
        """A wish that may be: its target allowed, its view one that its owner can see."""
        if wish.channel == "teams":
            if not operates:
                raise Forbidden("Only operators can let messages go to Teams. Choose mail to your own address.")
            if not wish.target:
                raise InvalidTarget("Give the address of a Teams workflow.")
            targets.check_teams(wish.target, self._settings.teams_hosts)
        else:
            wish = msgspec.structs.replace(wish, target=targets.check_mail(wish.target or owner.mail))
            if not operates and not same_mail(wish.target, owner.mail):
                raise Forbidden("Only operators can let mail go to another address than their own.")
        if wish.view_id is not None:
            view = load_view(self._store, wish.view_id, owner)
            if view is None or view.list != "referrals":
                raise InvalidView
        return wish

    def _answer(self, subscription: Subscription) -> Subscribed:
        status = Deliveries(self._store, subscription.id).status()
        return self._shown(subscription, status, outbox.load_target(self._store, target_id(subscription)))

    def _shown(self, subscription: Subscription, status: Status | None, state: TargetState | None) -> Subscribed:
        last_sent = status.last_sent_at if status else ""
        return Subscribed(subscription, last_sent, self._last_error(subscription, state))

    def _last_error(self, subscription: Subscription, state: TargetState | None) -> Fault | None:
        wish = subscription.wish
        if wish.view_id and load_view(self._store, wish.view_id, subscription.owner) is None:
            return Fault(InvalidView.code, _NO_VIEW, subscription.updated_at)
        if not wish.target:
            text = "The address can't be read any more, since the app's key was changed. Enter it again."
            return Fault(InvalidTarget.code, text, subscription.updated_at)
        if state and state.code:
            return Fault(state.code, state.message, state.failed_at)
        return None
