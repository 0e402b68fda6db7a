"""What was done: the list of actions, newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from shared.model.action import Action, stamp_of
from shared.storage.engine.tables import TableStore
from shared.storage.tables.actions import ActionTable

SHOWN: int = 20
"""Actions that one referral shows."""


@dataclass(frozen=True)
class Filter:
    """Which actions; what is empty or None lets all through."""

    referral: str | None = None
    batch: str | None = None
    who: str | None = None
    states: Collection[str] = field(default_factory=tuple)
    kinds: Collection[str] = field(default_factory=tuple)

    def fits(self, action: Action) -> bool:
        """Whether an action is meant."""
        return (
            self.referral in {None, action.referral_id}
            and self.batch in {None, action.batch_id}
            and self.who in {None, action.who.id}
            and (not self.states or action.state in self.states)
            and (not self.kinds or action.action in self.kinds)
        )

    def columns(self) -> dict[str, str]:
        """What storage can sort out by itself."""
        given = {"referralId": self.referral, "batchId": self.batch, "whoId": self.who}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class ActionPage:
    """A part of what a filter lets through, and how much that is in all."""

    actions: list[Action]
    total: int


class ActionRecord:
    """Reads what was done. Raises StorageUnavailable when storage does not answer."""

    def __init__(self, store: TableStore) -> None:
        self._table = ActionTable(store)

    def page(self, wanted: Filter, number: int, size: int) -> ActionPage:
        """A page, counted from 1, of so many actions."""
        kept = {
            row.id
            for row in self._table.kept(**wanted.columns())
            if (not wanted.states or row.state in wanted.states) and (not wanted.kinds or row.action in wanted.kinds)
        }
        under_way, ended = self._table.fresh()
        fresh = {held.action.id: held.action for held in (*ended, *under_way)}
        kept -= fresh.keys()
        fitting = {action.id: action for action in fresh.values() if wanted.fits(action)}
        ids = sorted({*kept, *fitting})
        shown = ids[(number - 1) * size : number * size]
        found = {
            action.id: action for action in self._table.read_kept([each for each in shown if each in kept])
        } | fitting
        return ActionPage([found[each] for each in shown if each in found], len(ids))

    def of_referral(self, referral_id: str) -> list[Action]:
        """The newest actions on a referral, newest first."""
        kept = {action.id: action for action in self._table.newest_of(referral_id, SHOWN)}
        under_way, ended = self._table.fresh()
        for held in (*ended, *under_way):
            if held.action.referral_id == referral_id:
                kept[held.action.id] = held.action
        return sorted(kept.values(), key=lambda action: action.id)[:SHOWN]

    def since(self, moment: datetime) -> list[Action]:
        """All that are under way, and those made since a moment that have ended."""
        under_way, ended = self._table.fresh()
        kept = self._table.read_kept([row.id for row in self._table.kept(last=stamp_of(moment))])
        found = {action.id: action for action in kept} | {held.action.id: held.action for held in (*ended, *under_way)}
        return [*found.values()]

    def is_in_state(self, action_id: str, state: str) -> bool:
        """Whether an action is in this very state."""
        found = self._table.find(action_id)
        return found is not None and found.state == state
