"""Acting on one referral through the routes: what is sent, what comes back, and what shows afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.actions.service import Ask
from shared.model.action import Who
from tests.actions.world import App, applied
from tests.sync.harness import World


def _new(world: World, **fields: Any) -> str:
    """A referral in Partner Center that our copy has."""
    identity = world.sim.data.create(**fields)
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    world.sim.requests.clear()
    return identity


ACTIVE = {"status": "Active", "substatus": "Accepted"}


def test_accepting_takes_two_requests_and_shows_at_once(world: World, app: App) -> None:
    identity = _new(world)
    other = App(world)
    assert other.call("GET", f"/referrals/{identity}").body["status"] == "New"

    answer = app.act(identity, "accept", changes={"dealValue": 42000.5, "currency": "EUR"}, remark="Called Sue.")

    assert answer.status == 200, answer.body
    assert [request.kind for request in world.sim.requests] == ["get", "patch"]
    [change] = applied(world, identity)
    assert [(each["op"], each["path"]) for each in change.operations] == [
        ("replace", "/status"),
        ("replace", "/substatus"),
        ("replace", "/details/dealValue"),
        ("replace", "/details/currency"),
        ("replace", "/details/notes"),
    ]
    action = answer.action
    assert action["state"] == "applied"
    assert (action["tries"], action["alreadyDone"], action["error"]) == (1, False, None)
    assert action["who"] == {"id": "local", "name": "Developer"}
    assert action["request"] == change.operations
    assert answer.body["referral"]["status"] == "Active"
    assert answer.body["referral"]["notes"] == "[2026-11-24] Called Sue."

    for process in (app, other):
        seen = process.call("GET", f"/referrals/{identity}").body
        assert (seen["status"], seen["substatus"], seen["dealValue"], seen["currency"]) == (
            "Active",
            "Accepted",
            42000.5,
            "EUR",
        )
        assert [each["id"] for each in seen["actions"]] == [action["id"]]
        assert process.call("GET", "/referrals?status=Active").body["total"] == 1
        assert process.call("GET", f"/companies/{seen['companyKey']}").body["byStatus"]["Active"] == 1
        assert process.call("GET", "/summary").body["unanswered"]["count"] == 0
    assert seen["can"]["accept"]["code"] == "already_accepted"
    assert seen["can"]["win"] is None
    assert app.call("GET", f"/actions/{action['id']}").body == action


def test_what_is_final_waits_and_can_be_cancelled(world: World, app: App) -> None:
    identity = _new(world)

    answer = app.act(identity, "decline", reason="budget")

    assert answer.status == 202
    assert answer.headers["Location"].endswith(f"/actions/{answer.action['id']}")
    assert answer.action["state"] == "waiting"
    assert world.sim.requests == []
    busy = app.act(identity, "accept")
    assert (busy.status, busy.code, busy.action["id"]) == (409, "action_in_progress", answer.action["id"])
    cancelled = app.call("POST", f"/actions/{answer.action['id']}/cancel")
    assert (cancelled.status, cancelled.action["state"]) == (200, "cancelled")
    world.clock.advance(60)
    app.tick()
    assert applied(world, identity) == []
    again = app.call("POST", f"/actions/{answer.action['id']}/cancel")
    assert (again.status, again.code) == (409, "action_too_late")
    assert app.act(identity, "accept").status == 200


def test_what_waits_is_sent_by_the_timer(world: World, app: App) -> None:
    identity = _new(world)
    waiting = app.act(identity, "decline", reason="noResponse", remark="Three calls.").action
    app.tick()
    assert world.sim.requests == []

    world.clock.advance(21)
    app.tick()

    [change] = applied(world, identity)
    assert [each["value"] for each in change.operations[:3]] == ["Closed", "Declined", "Customer did not respond"]
    done = app.call("GET", f"/actions/{waiting['id']}").body
    assert (done["state"], done["tries"]) == ("applied", 1)
    app.tick()
    assert app.call("GET", f"/actions/{waiting['id']}").body == done
    assert app.call("GET", "/actions").body["items"] == [done]


def test_sending_waits_no_longer(world: World, app: App) -> None:
    identity = _new(world, **ACTIVE)
    waiting = app.act(identity, "win").action
    sent = app.call("POST", f"/actions/{waiting['id']}/send")
    assert (sent.status, sent.action["state"], sent.body["referral"]["substatus"]) == (200, "applied", "Won")
    assert app.call("POST", f"/actions/{waiting['id']}/send").code == "action_too_late"


def test_without_undo_nothing_waits(world: World) -> None:
    app = App(world, HUNTER_UNDO_SECONDS="0")
    identity = _new(world, **ACTIVE)
    assert app.act(identity, "lose", reason="otherVendor").status == 200


@pytest.mark.parametrize(
    ("fields", "ask", "status", "code"),
    [
        ({}, {"action": "win"}, 422, "status:not_accepted"),
        (ACTIVE, {"action": "accept", "changes": {"dealValue": -1}}, 422, "dealValue:negative"),
        ({"status": "Closed", "substatus": "Lost"}, {"action": "update", "remark": "x"}, 422, "status:closed"),
        ({}, {"action": "decline"}, 422, "reason:required"),
        ({"callToAction": "Get it now"}, {"action": "accept"}, 422, "status:no_answer_needed"),
        ({**ACTIVE, "details": {"dealValue": 0}}, {"action": "win"}, 422, "dealValue:value_required"),
        (
            {**ACTIVE, "details": {"currency": None}},
            {"action": "update", "changes": {"dealValue": 5}},
            422,
            "currency:required",
        ),
        (ACTIVE, {"action": "update", "changes": {"name": "x"}}, 400, "invalid_parameter"),
        (ACTIVE, {"action": "update", "remark": "x", "seen": {"nonsense": 1}}, 400, "invalid_parameter"),
        (ACTIVE, {"action": "update", "remark": "x", "seen": {"dealValue": "1"}}, 400, "invalid_parameter"),
        (ACTIVE, {"action": "update", "remark": "x", "more": 1}, 400, "invalid_parameter"),
    ],
)
def test_what_may_not_be_done_is_said_and_leaves_nothing(
    world: World, app: App, fields: dict[str, Any], ask: dict[str, Any], status: int, code: str
) -> None:
    identity = _new(world, **fields)
    answer = app.call("POST", f"/referrals/{identity}/actions", ask)
    assert answer.status == status, answer.body
    if status == 422:
        assert answer.code == "action_not_allowed"
        assert code in [f"{each['field']}:{each['code']}" for each in answer.body["reasons"]]
        assert "action" not in answer.body
    else:
        assert answer.code == code
    assert world.sim.requests == []
    assert app.call("GET", "/actions").body["total"] == 0


def test_who_may_not_write_is_told_so(world: World) -> None:
    identity = _new(world)
    app = App(world, HUNTER_WRITE_ENABLED="false")
    assert (app.act(identity, "accept").status, app.act(identity, "accept").code) == (403, "writing_disabled")
    can = app.call("GET", f"/referrals/{identity}").body["can"]
    assert {each["code"] for each in can.values()} == {"writing_disabled"}
    assert App(world).act("nobody", "accept").status == 404


def test_with_the_sync_off_no_action_is_offered(world: World) -> None:
    identity = _new(world)
    app = App(world, HUNTER_PARTNER_CENTER_ENABLED="false")
    refused = app.act(identity, "accept")
    can = app.call("GET", f"/referrals/{identity}").body["can"]
    assert (refused.status, refused.code) == (403, "feature_disabled")
    assert {(each["code"], each["message"]) for each in can.values()} == {("feature_disabled", refused.body["detail"])}


def test_a_dry_run_shows_the_request_and_keeps_nothing(world: World, app: App) -> None:
    identity = _new(world)
    answer = app.act(identity, "decline", reason="spam", dryRun=True)
    assert (answer.status, answer.action["state"]) == (200, "waiting")
    assert [each["value"] for each in answer.action["request"]] == ["Closed", "Declined", "Abuse, spam or phishing"]
    assert world.sim.requests == []
    assert app.call("GET", "/actions").body["total"] == 0


def test_what_was_so_already_is_said_to_be(world: World, app: App) -> None:
    identity = _new(world)
    world.sim.data.change(identity, status="Active", substatus="Accepted")
    answer = app.act(identity, "accept")
    assert (answer.status, answer.action["alreadyDone"], answer.action["tries"]) == (200, True, 0)
    assert applied(world, identity) == []
    assert app.call("GET", f"/referrals/{identity}").body["status"] == "Active"
    assert app.act(identity, "accept").action["alreadyDone"]


@pytest.mark.parametrize("seen", [None, {"status": "Closed", "substatus": "Lost"}])
def test_what_is_final_and_was_so_already_waits_for_nothing(
    world: World, app: App, seen: dict[str, str] | None
) -> None:
    identity = _new(world, status="Closed", substatus="Lost")
    ask = {"reason": "other", **({"seen": seen} if seen else {})}
    dry = app.act(identity, "lose", **ask, dryRun=True)
    assert (dry.status, dry.action["state"], dry.action["alreadyDone"]) == (200, "applied", True)
    answer = app.act(identity, "lose", **ask)
    assert (answer.status, answer.action["state"], answer.action["alreadyDone"]) == (200, "applied", True)
    assert applied(world, identity) == []


def test_who_claims_to_have_seen_it_done_sends_nothing_without_the_time_to_cancel(world: World, app: App) -> None:
    identity = _new(world, **ACTIVE)
    answer = app.act(identity, "lose", reason="other", seen={"status": "Closed", "substatus": "Lost"})
    assert (answer.status, answer.action["state"]) == (409, "conflict")
    assert applied(world, identity) == []


def test_send_that_loses_to_cancel_is_too_late(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = _new(world, **ACTIVE)
    action = app.act(identity, "lose", reason="other").action["id"]
    held = app.services.actions._open(action)
    monkeypatch.setattr(app.services.actions, "_open", lambda _: held)  # read before it was cancelled
    assert App(world).call("POST", f"/actions/{action}/cancel").status == 200
    sent = app.call("POST", f"/actions/{action}/send")
    assert (sent.status, sent.code) == (409, "action_too_late")
    assert applied(world, identity) == []


def test_a_dry_run_shows_the_conflict_that_it_would_be(world: World, app: App) -> None:
    identity = _new(world, **ACTIVE)
    answer = app.act(identity, "update", changes={"notes": "mine"}, seen={"notes": "gone"}, dryRun=True)
    assert (answer.status, answer.action["state"], len(answer.action["conflicts"])) == (200, "conflict", 1)
    assert app.call("GET", "/actions").body["total"] == 0


def test_a_conflict_shows_three_values(world: World, app: App) -> None:
    identity = _new(world, **ACTIVE)
    world.sim.data.change(identity, details={"dealValue": 777})
    answer = app.act(identity, "update", changes={"dealValue": 500}, seen={"dealValue": 10000, "currency": "USD"})
    assert (answer.status, answer.code) == (409, "action_conflict")
    assert answer.action["conflicts"] == [{"field": "dealValue", "seen": 10000, "theirs": 777, "yours": 500}]
    assert applied(world, identity) == []
    assert app.call("GET", f"/referrals/{identity}").body["dealValue"] == 777
    mine = app.act(identity, "update", changes={"dealValue": 500}, seen={"dealValue": 777, "currency": "USD"})
    assert mine.status == 200


def test_a_repeated_key_gets_the_first_answer(world: World, app: App) -> None:
    identity = _new(world)
    first = app.act(identity, "accept", key="k1")
    second = App(world).act(identity, "accept", key="k1")
    assert (first.status, second.status) == (200, 200)
    assert first.action == second.action
    assert len(applied(world, identity)) == 1
    other = app.act(identity, "accept", key="k1", remark="x")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    world.clock.advance(24 * 3600 + 60)
    app.tick()
    assert app.act(identity, "accept", key="k1", remark="x").status == 200


def test_a_repeated_key_of_what_could_not_be_done_is_looked_at_again(world: World, app: App) -> None:
    identity = _new(world, **ACTIVE)
    world.sim.data.change(identity, status="Closed", substatus="Lost")  # our copy does not know yet
    ask = {"changes": {"dealValue": 5, "currency": "EUR"}, "key": "k1"}
    answers = [app.act(identity, "update", **ask) for _ in range(2)]
    assert [(each.status, each.code) for each in answers] == [(422, "action_not_allowed")] * 2, answers
    assert [each.body["reasons"][0]["code"] for each in answers] == ["closed"] * 2
    assert app.call("GET", "/actions").body["total"] == 0
    assert applied(world, identity) == []


def test_of_what_is_begun_by_the_app_the_caller_says_how_long_it_waits(world: World, app: App) -> None:
    identity = _new(world)
    begun = app.services.actions.begin(identity, Ask("decline", reason="budget"), Who("x", "X"), wait=timedelta(0))
    assert begun.not_before == begun.created_at
    app.tick()
    assert len(applied(world, identity)) == 1


def test_history_names_who_did_it(world: World, app: App) -> None:
    identity = _new(world)
    app.act(identity, "accept")
    history = app.call("GET", f"/referrals/{identity}").body["history"]
    assert [each.get("by") for each in history] == [{"id": "local", "name": "Developer"}]
    world.sim.data.change(identity, details={"dealValue": 3})
    world.clock.advance(60)
    world.run()
    history = app.call("GET", f"/referrals/{identity}").body["history"]
    assert [each.get("by") for each in history] == [None, {"id": "local", "name": "Developer"}]


def test_an_expired_wait_fails_and_can_be_retried(world: World, app: App) -> None:
    identity = _new(world, **ACTIVE)
    waiting = app.act(identity, "win").action
    world.clock.advance(16 * 60)
    app.tick()
    failed = app.call("GET", f"/actions/{waiting['id']}").body
    assert (failed["state"], failed["error"]["code"]) == ("failed", "action_too_late")
    assert applied(world, identity) == []
    again = app.call("POST", f"/actions/{waiting['id']}/retry")
    assert (again.status, again.action["id"], again.action["state"]) == (200, waiting["id"], "applied")
    assert app.call("POST", f"/actions/{waiting['id']}/retry").code == "action_not_failed"
    assert app.call("GET", "/actions").body["total"] == 1
