"""The fault table: what Partner Center or the network does, what becomes of the action, and how often it was applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.actions.test_acting import ACTIVE
from tests.actions.world import App, applied
from tests.sync.harness import World

Fault = dict[str, Any]
FOREIGN: Fault = {"details": {"notes": "of somebody else"}}
EXPIRED: Fault = {"status": "Closed", "substatus": "Expired"}


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    faults: list[Fault]
    status: int
    """Of the answer."""
    state: str
    """In the answer."""
    tries: int
    applied: int
    """How often it was, in the end."""
    finally_: str = ""
    """The state once the timer has settled it, where that is another."""
    code: str = ""
    ask: Fault = field(default_factory=lambda: {"action": "accept"})


def patch(**fault: Any) -> Fault:
    return {"match": "patch", **fault}


TABLE = [
    Case("plain", [], 200, "applied", 1, 1),
    Case("answer lost after applying", [patch(kind="reset", applies="first")], 200, "applied", 1, 1),
    Case("answer lost before applying", [patch(kind="reset")], 200, "applied", 2, 1),
    Case("applied late", [patch(kind="reset", applies="late", late=0.3)], 200, "applied", 2, 1),
    Case("every answer lost after applying", [patch(kind="reset", applies="first", times=0)], 200, "applied", 1, 1),
    Case(
        "every answer lost before applying",
        [patch(kind="reset", times=5)],
        202,
        "unconfirmed",
        5,
        1,
        finally_="applied",
        code="partner_center_unavailable",
    ),
    Case("cut answer", [patch(kind="cut")], 200, "applied", 1, 1),
    Case("no JSON in the answer", [patch(kind="wrong_type", applies="first")], 200, "applied", 1, 1),
    Case("foreign edit of another field", [patch(kind="foreign", change=FOREIGN)], 200, "applied", 2, 1),
    Case(
        "foreign edit of the same field",
        [patch(kind="foreign", change={"details": {"dealValue": 7}})],
        409,
        "conflict",
        1,
        0,
        code="action_conflict",
        ask={"action": "accept", "changes": {"dealValue": 9, "currency": "USD"}},
    ),
    Case("412 once", [patch(status=412)], 200, "applied", 2, 1),
    Case("412 always", [patch(status=412, times=0)], 409, "conflict", 4, 0, code="action_conflict"),
    Case("409 once", [patch(status=409)], 200, "applied", 2, 1),
    Case("428 once", [patch(status=428)], 200, "applied", 2, 1),
    Case("400 about the eTag", [patch(status=400, body={"code": 2055})], 200, "applied", 2, 1),
    Case("423 once", [patch(status=423)], 200, "applied", 2, 1),
    Case("429 before applying", [patch(status=429, retry_after=3)], 200, "applied", 2, 1),
    Case("429 after applying", [patch(status=429, retry_after=3, applies="first")], 200, "applied", 1, 1),
    Case("429 without Retry-After", [patch(status=429)], 200, "applied", 2, 1),
    Case(
        "429 for long",
        [patch(status=429, retry_after=300)],
        202,
        "unconfirmed",
        1,
        1,
        finally_="applied",
        code="partner_center_throttled",
    ),
    Case(
        "429 always",
        [patch(status=429, times=5)],
        503,
        "failed",
        5,
        0,
        code="partner_center_throttled",
    ),
    Case("500 after applying", [patch(status=500, applies="first")], 200, "applied", 1, 1),
    Case("500 always", [patch(status=500, times=0)], 502, "failed", 5, 0, code="partner_center_unavailable"),
    Case("501", [patch(status=501)], 200, "applied", 2, 1),
    Case("HTML instead", [patch(kind="html")], 200, "applied", 2, 1),
    Case("HTML after applying", [patch(kind="html", applies="first")], 200, "applied", 1, 1),
    Case(
        "202 and applied later",
        [patch(status=202, shape="empty", applies="late", late=0.3)],
        202,
        "unconfirmed",
        1,
        1,
        finally_="applied",
    ),
    Case(
        "202 and never applied",
        [patch(status=202, shape="empty")],
        202,
        "unconfirmed",
        1,
        0,
        finally_="failed",
    ),
    Case("403", [patch(status=403)], 502, "failed", 1, 0, code="access_denied"),
    Case("404", [patch(status=404)], 502, "refused", 1, 0, code="partner_center_rejected"),
    Case("400", [patch(status=400)], 502, "refused", 1, 0, code="partner_center_rejected"),
    Case("413", [patch(status=413)], 502, "refused", 1, 0, code="partner_center_rejected"),
    Case("302", [patch(kind="redirect")], 502, "refused", 1, 0, code="partner_center_rejected"),
    Case("401 once", [patch(status=401)], 200, "applied", 1, 1),
    Case("401 always", [patch(status=401, times=0)], 503, "failed", 1, 0, code="sign_in_required"),
    Case(
        "expired meanwhile",
        [patch(kind="foreign", change=EXPIRED)],
        409,
        "conflict",
        1,
        0,
        code="action_conflict",
    ),
    Case("reading fails for a while", [{"match": "get", "status": 503, "times": 2}], 200, "applied", 1, 1),
    Case(
        "reading fails",
        [{"match": "get", "status": 503, "times": 0}],
        502,
        "failed",
        0,
        0,
        code="partner_center_unavailable",
    ),
    Case("not there to read", [{"match": "get", "status": 404}], 502, "refused", 0, 0, code="partner_center_rejected"),
    Case("not to be read", [{"match": "get", "status": 403}], 502, "failed", 0, 0, code="access_denied"),
    Case(
        "lost, and then nothing can be read",
        [patch(kind="reset", applies="first"), {"match": "get", "status": 503, "after": 1, "times": 5}],
        202,
        "unconfirmed",
        1,
        1,
        finally_="applied",
    ),
]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name.replace(" ", "-"))
def test_the_fault_table(world: World, app: App, case: Case) -> None:
    identity = world.sim.data.create()
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    for fault in case.faults:
        world.sim.faults.add(**fault)

    answer = app.call("POST", f"/referrals/{identity}/actions", case.ask)

    assert answer.status == case.status, answer.body
    action = answer.action
    assert (action["state"], action["tries"]) == (case.state, case.tries), action
    if case.code:
        assert action["error"]["code"] == case.code if case.status == 202 else answer.code == case.code
    assert ("Retry-After" in answer.headers) == (case.status == 503 and case.code == "partner_center_throttled")
    if case.state == "conflict":
        assert action["conflicts"]
    world.sim.wait_for_late()
    world.sim.faults.clear()
    app.settle()
    settled = app.call("GET", f"/actions/{action['id']}").body
    assert settled["state"] == (case.finally_ or case.state)
    assert len(applied(world, identity)) == case.applied
    upstream = world.sim.data.get(identity)
    assert upstream is not None
    assert (upstream["status"] == "Active") == (settled["state"] == "applied") == (case.applied == 1)
    if settled["state"] in {"applied", "conflict"}:
        assert app.call("GET", f"/referrals/{identity}").body["status"] == upstream["status"]
    assert not settled["alreadyDone"]


def test_requests_of_one_wish_carry_one_id(world: World, app: App) -> None:
    identity = world.sim.data.create()
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    world.sim.faults.add(match="patch", kind="reset", times=2)
    app.act(identity, "accept")
    sent = [request.headers for request in world.sim.requests_of("patch")]
    assert len(sent) == 3
    ids = {request[name] for request in sent for name in ("ms-requestid", "client-request-id", "ms-correlationid")}
    assert len(ids) == 1
    assert {request["prefer"] for request in sent} == {"return=representation"}
    assert len({request["if-match"] for request in sent}) == 1


def test_an_answer_without_a_body_is_read(world: World, app: App) -> None:
    identity = world.sim.data.create()
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    world.sim.requests.clear()
    world.sim.switches.representation = False
    assert app.act(identity, "accept").status == 200
    assert [request.kind for request in world.sim.requests] == ["get", "patch", "get"]


def test_a_member_that_is_null_may_have_to_be_added(world: World, app: App) -> None:
    identity = world.sim.data.create(**ACTIVE)
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    world.sim.faults.add(match="patch", status=400)
    answer = app.act(identity, "update", changes={"notes": "first"})
    assert (answer.status, answer.action["tries"]) == (200, 2)
    assert [each["op"] for each in applied(world, identity)[0].operations] == ["add"]


def test_one_pause_holds_for_walks_and_actions(world: World, app: App) -> None:
    identity = world.sim.data.create()
    other = world.sim.data.create()
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    world.sim.faults.add(match="patch", status=429, retry_after=120)
    assert app.act(identity, "accept").status == 202
    world.sim.requests.clear()
    assert world.run().error is not None
    paused = app.act(other, "accept")
    assert (paused.status, paused.code, paused.action["state"]) == (503, "partner_center_throttled", "failed")
    assert int(paused.headers["Retry-After"]) > 60
    assert world.sim.requests == []
    world.clock.advance(121)
    assert app.call("POST", f"/actions/{paused.action['id']}/retry").status == 200
    world.sim.faults.add(match="list", status=429, retry_after=600)
    world.run()
    world.sim.requests.clear()
    assert app.act(other, "update", remark="x").code == "partner_center_throttled"
    assert world.sim.requests == []
