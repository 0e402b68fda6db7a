"""What a tick does for notifications: give out what was found, send what is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from shared.model.action import Action
from shared.model.occasion import Facts
from shared.model.subscription import Subscription
from shared.notify import giving, wakes
from shared.notify.giving import Giving
from shared.notify.scope import Scopes
from shared.notify.sender import Sender
from shared.notify.truth import Truth
from shared.read_model.current import ReadModel
from shared.storage.engine.tables import TableStore
from shared.storage.tables import outbox
from shared.storage.tables.outbox import EVALUATE, NOTIFY
from shared.storage.tables.subscriptions import Subscriptions
from shared.storage.tables.work import Board, WorkTable

TAKEN: Final = timedelta(seconds=60)
DAY: Final = timedelta(days=1)


class Notifier:
    """One for each process; thread-safe.

    Args:
        store: the tables.
        subscriptions: who is told what.
        read_model: the data.
        sender: sends what is due.
        still_failing: whether what is told of an action is so still; by the facts of its occasion.
        recent_actions: what people did from here within a day.
    """

    def __init__(
        self,
        store: TableStore,
        subscriptions: Subscriptions,
        read_model: ReadModel,
        sender: Sender,
        *,
        still_failing: Callable[[Facts], bool] = lambda _: True,
        recent_actions: Callable[[], Iterable[Action]] = tuple,
    ) -> None:
        self._store, self._subscriptions, self._read_model = store, subscriptions, read_model
        self._sender, self._still_failing, self._recent_actions = sender, still_failing, recent_actions
        self._work = WorkTable(store)
        self._told: defaultdict[str, set[str]] = defaultdict(set)

    def tick(self, board: Board, seconds: float) -> None:
        """Do what is due. Where nothing is, it costs one point read, of the data's version.

        Args:
            board: what the Work table holds.
            seconds: the most to wait for targets.

        Raises:
            StorageUnavailable: storage does not answer; the next tick goes on.
        """
        if self._evaluate(board):
            board = self._work.load()
        if board.due(wakes.MESSAGE, self._store.clock.now()):
            self._send(board, seconds)
        self._prune(board)

    def _evaluate(self, board: Board) -> bool:
        """Give out what was found, if anything may have been; whether it did."""
        now, item = self._store.clock.now(), board.find(NOTIFY, EVALUATE)
        version = str(board.versions)
        if item is None:
            self._work.add(NOTIFY, EVALUATE, now)
            item = self._work.get(NOTIFY, EVALUATE)
        elif item.data == version and item not in board.due(NOTIFY, now):
            return False
        token = wakes.take(self._work, item, now + TAKEN) if item else None
        if token is None:
            return False
        version, turn = self._give(version, now)
        # One that finds the data changed since it began is due at once: its version is the older one.
        wakes.put_off(self._work, NOTIFY, EVALUATE, token, turn, data=version)
        return True

    def _give(self, version: str, now: datetime) -> tuple[str, datetime]:
        """Give out; the version of the data that was looked at, and when time alone asks for another look."""
        subscriptions = [each for each in self._subscriptions.load_all() if each.wish.enabled]
        if not subscriptions:
            outbox.remove(self._store, outbox.pending(self._store))
            return version, wakes.NEVER
        snapshot = self._read_model.snapshot()
        scopes = Scopes(self._store, snapshot, now)
        found = Giving(
            self._store,
            self._work,
            subscriptions,
            snapshot,
            scopes,
            now=now,
            told=self._told,
            recent_actions=self._recent_actions,
        ).run()
        return snapshot.version, found

    def _prune(self, board: Board) -> None:
        """Once a day forget what was told long ago."""
        now, item = self._store.clock.now(), board.find(NOTIFY, wakes.PRUNE)
        if item is None:
            self._work.add(NOTIFY, wakes.PRUNE, now + DAY)
        elif item in board.due(NOTIFY, now) and self._work.move(item, now + DAY):
            giving.prune(self._store, self._subscriptions.load_all(), self._read_model.snapshot(), now)

    def _send(self, board: Board, seconds: float) -> None:
        now = self._store.clock.now()
        subscriptions: dict[str, Subscription] = {each.id: each for each in self._subscriptions.load_all()}
        snapshot = self._read_model.snapshot()

        def owner_of(referral_id: str) -> str:
            position = snapshot.referral(referral_id)
            owner = snapshot.desk.owners.get(position) if position is not None else None
            return owner.mail if owner else ""

        truth = Truth(snapshot, Scopes(self._store, snapshot, now), owner_of, self._still_failing)
        self._sender.run(board.due(wakes.MESSAGE, now), subscriptions, truth, seconds)
