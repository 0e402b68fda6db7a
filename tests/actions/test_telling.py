"""What did not go through is told: noted before it is put away, again when it fails again, and doubts after ten minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.inbox import Inbox
from shared.actions import telling
from shared.actions.reconcile import Reconciler
from shared.actions.record import ActionRecord
from shared.core.clock import Deadline
from shared.core.settings import load
from shared.model import times
from shared.model.action import Action, ActionFault, ActionState, Who, new_id
from shared.storage.engine.tables import TableStore
from shared.storage.tables import actions, outbox
from shared.storage.tables.work import WorkTable
from tests.actions.world import App
from tests.sync.harness import ManualClock, World

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def action(state: ActionState = "failed", **fields: Any) -> Action:
    at = times.from_datetime(NOW)
    usual: dict[str, Any] = {
        "id": new_id(NOW),
        "referral_id": "r-1",
        "action": "accept",
        "state": state,
        "who": Who("deniz", "Deniz"),
        "created_at": at,
        "not_before": at,
        "finished_at": at,
        "error": ActionFault("partner_center_unavailable", "It does not answer."),
        "intent": "i",
    }
    return Action(**{**usual, **fields})


@pytest.mark.parametrize(
    ("state", "told"), [("failed", 1), ("refused", 1), ("conflict", 1), ("applied", 0), ("cancelled", 0)]
)
def test_what_did_not_do_what_was_asked_is_told(state: ActionState, told: int) -> None:
    found = telling.of_ended([action(state)])
    assert len(found) == told
    assert [each.facts["state"] for each in found] == [state] * told


def test_one_that_fails_again_after_a_retry_is_told_again() -> None:
    first = action()
    again = action(id=first.id, finished_at=times.from_datetime(NOW + timedelta(minutes=9)))
    assert len({each.version for each in telling.of_ended([first, first, again])}) == 2


def test_doubts_are_told_after_ten_minutes() -> None:
    doubtful = action("unconfirmed", finished_at=None)
    assert telling.of_doubtful([doubtful, action("sending")], NOW + timedelta(minutes=9)) == []
    [told] = telling.of_doubtful([doubtful, action("sending")], NOW + timedelta(minutes=10))
    assert told.facts["state"] == "unconfirmed"


def test_it_is_noted_before_it_is_put_away_and_known_by_its_state(storage_account: str) -> None:
    settings = load({"HUNTER_STORAGE": storage_account})
    store = TableStore.from_settings(settings, ManualClock(NOW))
    table, failed = actions.ActionTable(store), action()
    table.transact(actions.end(None, failed, NOW))
    reconciler = Reconciler(settings, store, None)  # type: ignore[arg-type] # nothing is sent
    reconciler.work(WorkTable(store).load(), Deadline(store.clock, 50))
    [noted] = outbox.pending(store)
    assert (noted.kind, noted.referral_id, noted.facts["actionId"]) == ("actionFailed", "r-1", failed.id)
    assert WorkTable(store).load().due(outbox.NOTIFY, NOW)
    assert table.ended() == []
    record = ActionRecord(store)
    assert record.is_in_state(failed.id, "failed")
    assert not record.is_in_state(failed.id, "applied")
    assert [each.id for each in record.since(NOW - timedelta(hours=1))] == [failed.id]
    assert record.since(NOW + timedelta(hours=1)) == []


def test_one_tick_tells_of_what_failed_before_it(world: World) -> None:
    identity = world.sim.data.create()
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    with Inbox() as inbox:
        app = App(world, HUNTER_TEAMS_HOSTS="127.0.0.1")
        wish = {"name": "", "events": ["actionFailed"], "channel": "teams", "target": inbox.teams_url("sales")}
        assert app.call("POST", "/subscriptions", wish).status == 201
        app.tick()
        assert app.act(identity, "update", changes={"notes": "mine"}, seen={"notes": "gone"}).status == 409
        app.tick()
        assert len(inbox.to("sales")) == 1
