"""One action on many referrals, through the routes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.actions.runner import Runner, Start
from tests.actions.world import App, applied
from tests.sync.harness import World

BATCH = {"id", "action", "who", "at", "total", "states", "items"}


def _some(world: World, number: int, **fields: Any) -> list[str]:
    ids = [world.sim.data.create(**fields) for _ in range(number)]
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    world.sim.requests.clear()
    return ids


def test_what_may_not_is_refused_and_stops_nothing(world: World, app: App) -> None:
    closed = _some(world, 1, status="Closed", substatus="Lost")
    ids = _some(world, 3)

    answer = app.call("POST", "/actions", {"action": "accept", "ids": [ids[0], "nobody", *closed, *ids[1:], ids[0]]})

    assert answer.status == 202, answer.body
    assert set(answer.body) == {"batch"}
    batch = answer.body["batch"]
    assert set(batch) == BATCH
    assert answer.headers["Location"].endswith(f"/batches/{batch['id']}")
    assert (batch["total"], batch["states"]) == (5, {"applied": 3, "refused": 2})
    by_referral = {each["referralId"]: each for each in batch["items"]}
    assert by_referral["nobody"]["error"]["code"] == "not_found"
    assert by_referral[closed[0]]["error"]["code"] == "action_not_allowed"
    assert {each["batchId"] for each in batch["items"]} == {batch["id"]}
    assert [len(applied(world, each)) for each in ids] == [1, 1, 1]
    assert app.call("GET", f"/batches/{batch['id']}").body == batch
    app.tick()
    assert app.call("GET", f"/batches/{batch['id']}").body == batch  # put away by now
    listed = app.call("GET", f"/actions?batch={batch['id']}&state=refused").body
    assert listed["total"] == 2


def test_what_is_final_waits_and_is_cancelled_as_one(world: World, app: App) -> None:
    ids = _some(world, 3)
    batch = app.call("POST", "/actions", {"action": "decline", "ids": ids, "reason": "spam"}).body["batch"]
    assert batch["states"] == {"waiting": 3}
    busy = app.act(ids[1], "accept")
    assert (busy.status, busy.code, busy.action["batchId"]) == (409, "action_in_progress", batch["id"])
    sent = app.call("POST", f"/actions/{batch['items'][0]['id']}/send")
    assert sent.action["state"] == "applied"

    cancelled = app.call("POST", f"/batches/{batch['id']}/cancel")

    assert (cancelled.status, set(cancelled.body)) == (200, BATCH)
    assert cancelled.body["states"] == {"applied": 1, "cancelled": 2}
    world.clock.advance(60)
    app.tick()
    assert sum(len(applied(world, each)) for each in ids) == 1
    assert app.call("GET", f"/batches/{batch['id']}").body["states"] == {"applied": 1, "cancelled": 2}


def test_a_repeated_key_makes_no_second_batch(world: World, app: App) -> None:
    ids = _some(world, 2)
    ask = {"action": "accept", "ids": ids}
    first = app.call("POST", "/actions", ask, **{"Idempotency-Key": "k"})
    second = App(world).call("POST", "/actions", ask, **{"Idempotency-Key": "k"})
    assert first.body == second.body
    assert [len(applied(world, each)) for each in ids] == [1, 1]
    other = app.call("POST", "/actions", {**ask, "ids": ids[:1]}, **{"Idempotency-Key": "k"})
    assert (other.status, other.code) == (422, "idempotency_key_reused")


def test_one_that_cannot_be_worked_off_stops_no_other(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ids = _some(world, 3)
    waiting = app.call("POST", "/actions", {"action": "decline", "ids": ids, "reason": "spam"}).body["batch"]["items"]
    bad = waiting[0]["referralId"]
    run = Runner.run

    def broken(self: Runner, start: Start, **options: Any) -> Any:
        if start.action.referral_id == bad:
            raise RuntimeError("secret words")
        return run(self, start, **options)

    monkeypatch.setattr(Runner, "run", broken)
    world.clock.advance(30)
    app.tick()

    assert {each: len(applied(world, each)) for each in ids} == {each: int(each != bad) for each in ids}
    assert "unexpected_error" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        ({"action": "accept", "ids": []}, 400, "invalid_parameter"),
        ({"action": "accept", "ids": [f"r{number}" for number in range(201)]}, 400, "invalid_parameter"),
        ({"action": "accept", "ids": "x"}, 400, "invalid_parameter"),
        ({"action": "accept"}, 400, "invalid_parameter"),
        ({"action": "dance", "ids": ["x"]}, 400, "invalid_parameter"),
        ({"action": "accept", "ids": ["x"], "seen": {}}, 400, "invalid_parameter"),
        ({"action": "accept", "ids": ["x"], "dryRun": True}, 400, "invalid_parameter"),
        ({"action": "decline", "ids": ["x"]}, 422, "action_not_allowed"),
    ],
)
def test_what_is_no_batch(app: App, ask: dict[str, Any], status: int, code: str) -> None:
    answer = app.call("POST", "/actions", ask)
    assert (answer.status, answer.code) == (status, code)
    assert app.call("GET", "/actions").body["total"] == 0


def test_what_is_not_there_is_not_found(app: App) -> None:
    for path in ("/batches/x", "/batches/00000000000000000000-000000000000"):
        assert app.call("GET", path).status == 404
        assert app.call("POST", f"{path}/cancel").status == 404
