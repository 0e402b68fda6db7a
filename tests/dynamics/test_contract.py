"""What the contract says of Dynamics 365, tried at the app's routes with the app's own parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.dynamics import DynamicsSimulator
from tests.actions.world import App
from tests.dynamics.test_with_actions import held, linked, started
from tests.dynamics.world import World as CrmWorld
from tests.dynamics.world import referral
from tests.sync.harness import World

Make = Callable[..., DynamicsSimulator]
MakeWorld = Callable[..., World]
ONE = referral(1)["id"]
STATUS = {
    *("enabled", "reachable", "organisation", "user", "key", "push", "pending", "failed", "conflicts", "lastRun"),
    *("connectorFound", "error"),
}
RUN = {"at", "created", "updated", "unchanged", "pulled", "failed", "requests"}


@pytest.fixture
def crm(make_crm: Make) -> DynamicsSimulator:
    """An environment with the key."""
    return make_crm(with_key=True)


def in_step(make_world: MakeWorld, crm: DynamicsSimulator) -> tuple[World, App, str, str]:
    """A world whose one referral is an opportunity, in step on both sides; its id and the record's."""
    world, app, referral_id = started(make_world, crm)
    app.until(lambda: (linked(app, referral_id) or {}).get("state") == "linked")
    record = str(linked(app, referral_id)["id"])
    app.until(lambda: held(world, referral_id).get("externalReferenceId") == record)
    app.settle()
    return world, app, referral_id, record


def ask(app: App, referral_id: str, action: str, **more: Any) -> Any:
    """Ask something of Dynamics 365 for a referral."""
    return app.call("POST", f"/referrals/{referral_id}/dynamics", {"action": action, **more})


def test_the_names_of_all_answers(make_world: MakeWorld, crm: DynamicsSimulator) -> None:
    world, app, referral_id = started(make_world, crm)
    before = app.call("GET", "/dynamics").body
    assert set(before) >= STATUS
    assert (before["enabled"], before["reachable"], before["key"], before["push"], before["lastRun"]) == (
        *(True, None, "none", "accepted"),
        None,
    )
    plan = app.call("POST", "/dynamics/sync", {"dryRun": True}).body
    assert set(plan) >= RUN | {"plan", "pending"}
    (row,) = plan["plan"]
    assert set(row) == {"referralId", "name", "table", "operation", "fields", "reason"}
    assert (row["referralId"], row["table"], row["operation"]) == (referral_id, "opportunity", "create")
    assert all(set(field) == {"field", "crm", "partnerCenter", "becomes"} for field in row["fields"])
    assert all(field["partnerCenter"] == field["becomes"] for field in row["fields"] if field["field"] != "constant")
    assert crm.store.writes == []
    assert app.call("GET", "/dynamics").body["lastRun"] is None
    ran = app.call("POST", "/dynamics/sync").body
    assert set(ran) >= RUN
    assert "plan" not in ran
    assert (ran["created"], ran["failed"], ran["pending"]) == (1, 0, 0)
    after = app.call("GET", "/dynamics").body
    assert after["lastRun"] == {name: ran[name] for name in RUN}
    link = linked(app, referral_id)
    assert set(link) == {"state", "table", "id", "url", "syncedAt", "error"}
    assert link["error"] is None
    assert world.run().succeeded


@pytest.mark.parametrize("lost", ["prvReadOpportunity", "prvReadAccount", "prvReadTransactionCurrency"])
@pytest.mark.parametrize("asked", ["by the run", "by a person"])
def test_a_role_that_may_not_read_is_named(
    make_world: MakeWorld, crm: DynamicsSimulator, lost: str, asked: str
) -> None:
    if lost == "prvReadOpportunity":
        _, app, referral_id, _ = in_step(make_world, crm)
    else:
        _, app, referral_id = started(make_world, crm)
    crm.switches.denied = [lost]
    answer = app.call("POST", "/dynamics/sync") if asked == "by the run" else ask(app, referral_id, "push")
    assert (answer.status, answer.code) == (502, "dynamics_access_denied")
    assert lost.lower() in answer.body["detail"].lower()
    status = app.call("GET", "/dynamics").body
    assert (status["error"] or {"code": "dynamics_access_denied"})["code"] == "dynamics_access_denied"


def test_a_column_that_is_gone_is_noticed(make_world: MakeWorld, crm: DynamicsSimulator) -> None:
    _, app, referral_id, record = in_step(make_world, crm)
    del crm.store.schemas["opportunity"].columns["hnt_referralstatus"]
    crm.people.change("opportunity", record, estimatedvalue=9)
    assert app.call("POST", "/dynamics/sync").code == "dynamics_unavailable"
    ran = app.call("POST", "/dynamics/sync")
    assert (ran.status, ran.body["pulled"]) == (200, 1)
    assert linked(app, referral_id)["state"] == "pending"


def test_while_writing_is_off_records_are_in_step_and_little_is_asked(
    crm: DynamicsSimulator, storage_account: str
) -> None:
    world = CrmWorld(crm, storage_account, HUNTER_WRITE_ENABLED="false")
    world.pc.writing = False
    world.put(*(referral(number) for number in range(70)))
    world.run()
    assert world.link(ONE).state == "linked"
    crm.forget()
    assert world.run().run.unchanged == 70
    assert len(crm.asked()) <= 3
    assert world.pc.actions == {}
    writing = CrmWorld(crm, storage_account)
    writing.payloads = world.payloads
    writing.run()
    writing.pc.send_due()
    assert writing.payloads[ONE]["externalReferenceId"] == world.link(ONE).record_id


def test_a_deleted_record_is_made_anew_by_push_alone(make_world: MakeWorld, crm: DynamicsSimulator) -> None:
    _, app, referral_id, record = in_step(make_world, crm)
    crm.people.delete("opportunity", record)
    app.call("POST", "/dynamics/sync")
    for action in (None, "retry"):
        if action:
            ask(app, referral_id, action)
        app.call("POST", "/dynamics/sync")
        assert linked(app, referral_id)["error"]["code"] == "record_deleted"
        assert crm.rows("opportunity") == []
    assert ask(app, referral_id, "push").body["referral"]["dynamics"]["id"]
    assert len(crm.rows("opportunity")) == 1


def test_unlinked_stays_so_until_push_or_link(make_world: MakeWorld, crm: DynamicsSimulator) -> None:
    _, app, referral_id, record = in_step(make_world, crm)
    assert ask(app, referral_id, "unlink").body["referral"]["dynamics"] is None
    app.call("POST", "/dynamics/sync")
    assert linked(app, referral_id) is None
    assert ask(app, referral_id, "retry").status == 400
    assert app.call("GET", "/referrals?missing=include&dynamics=none").body["total"] == 1
    assert ask(app, referral_id, "link", recordId="00000000-0000-4000-8000-000000000000").code == "record_not_found"
    assert ask(app, referral_id, "link", recordId=record).body["referral"]["dynamics"]["id"] == record
    assert len(crm.rows("opportunity")) == 1


@pytest.mark.parametrize("how", ["at its time", "by a person who does not wait"])
def test_a_win_whose_opportunity_is_open_again_is_never_sent(
    make_world: MakeWorld, crm: DynamicsSimulator, how: str
) -> None:
    world, app, referral_id, record = in_step(make_world, crm)
    crm.people.win(record)
    app.call("POST", "/dynamics/sync")
    (action,) = app.call("GET", "/actions?state=waiting").body["items"]
    app.tick()
    crm.people.reopen("opportunity", record)
    if how == "at its time":
        app.services.work.put("dynamics", "sync", world.clock.now().replace(year=2100), "later")
        world.clock.advance(15 * 60)
        app.tick()
    else:
        assert app.call("POST", f"/actions/{action['id']}/send").action["state"] == "cancelled"
    assert app.call("GET", f"/actions/{action['id']}").body["state"] == "cancelled"
    assert held(world, referral_id)["status"] == "Active"


def test_a_win_is_not_sent_while_the_crm_can_not_be_asked(make_world: MakeWorld, crm: DynamicsSimulator) -> None:
    world, app, referral_id, record = in_step(make_world, crm)
    crm.people.win(record)
    app.call("POST", "/dynamics/sync")
    (action,) = app.call("GET", "/actions?state=waiting").body["items"]
    crm.faults.add(kind="reset", times=0)
    world.clock.advance(15 * 60)
    app.tick()
    assert app.call("GET", f"/actions/{action['id']}").body["state"] == "waiting"
    crm.faults.clear()
    world.clock.advance(60)
    app.until(lambda: held(world, referral_id)["substatus"] == "Won", most=5)


def test_what_a_full_look_did_not_come_to_is_looked_at_in_the_next_minute(
    make_world: MakeWorld, crm: DynamicsSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, app, _, record = in_step(make_world, crm)
    crm.people.change("opportunity", record, estimatedvalue=1234)
    run, scopes = app.services.dynamics.run, []

    def stopped(scope: Any = "all", **options: Any) -> Any:
        scopes.append(scope)
        return run(scope, **{**options, "budget": -1.0 if len(scopes) == 1 else 60.0})

    monkeypatch.setattr(app.services.dynamics, "run", stopped)
    world.clock.advance(11 * 60)
    app.tick()
    world.clock.advance(60)
    app.tick()
    assert scopes == ["all", "all"]


def test_a_tick_with_nothing_due_makes_at_most_two_table_requests(
    make_world: MakeWorld, crm: DynamicsSimulator
) -> None:
    world, app, _, _ = in_step(make_world, crm)
    for _ in range(3):
        world.clock.advance(60)
        app.tick()
    asked: list[str] = []
    app.services.store.intercept = lambda when, operation, table: (
        asked.append(f"{operation} {table}") if when == "before" else None
    )
    crm.forget()
    world.clock.advance(60)
    app.tick()
    assert len(asked) <= 2, asked
    assert crm.asked() == []


def test_the_detail_says_what_differs_and_the_list_counts(make_world: MakeWorld, crm: DynamicsSimulator) -> None:
    world, app, referral_id, record = in_step(make_world, crm)
    assert app.call("GET", f"/referrals/{referral_id}").body["differences"] == []
    crm.people.change("opportunity", record, estimatedvalue=6100.5, description="x" * 300)
    crm.people.win(record)
    plan = app.call("POST", "/dynamics/sync", {"dryRun": True}).body["plan"]
    assert [(row["operation"], [field["field"] for field in row["fields"]]) for row in plan] == [
        ("pull", ["dealValue", "currency", "status", "substatus"])
    ]
    status = next(field for field in plan[0]["fields"] if field["field"] == "substatus")
    assert status == {"field": "substatus", "crm": "Won", "partnerCenter": "Accepted", "becomes": "Won"}
    app.call("POST", "/dynamics/sync")
    detail = app.call("GET", f"/referrals/{referral_id}").body
    found = {each["field"]: each for each in detail["differences"]}
    assert set(found) == {"dealValue", "notes"}
    value = {"field": "dealValue", "crm": 6100.5, "partnerCenter": 5000, "agreed": 5000, "goesTo": "partnerCenter"}
    assert found["dealValue"] == value
    assert (found["notes"]["goesTo"], len(found["notes"]["crm"])) == (None, 200)
    facets = app.call("GET", "/referrals?missing=include&dynamics=pending").body["facets"]["dynamics"]
    assert facets == {"pending": 1}
    crm.forget()
    before = app.services.dynamics.state.status().runs
    app.call("POST", "/dynamics/sync")
    assert crm.store.writes == []
    assert len(app.services.dynamics.state.status().runs) == len(before) + 1
    assert world.run().succeeded


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("/dynamics/sync?dryRun=true", {}),
    ("/dynamics/sync", {"dryRun": "true"}),
    ("/dynamics/sync", {"dryRun": None}),
    ("/dynamics/sync", {"scope": "all"}),
    ("/referrals/{id}/dynamics", {}),
    ("/referrals/{id}/dynamics", {"action": ["push"]}),
    ("/referrals/{id}/dynamics", {"action": "push", "force": True}),
    ("/referrals/{id}/dynamics", {"action": "push", "accountId": ["x"]}),
    ("/referrals/{id}/dynamics", {"action": "push", "contactId": "x"}),
    ("/referrals/{id}/dynamics", {"action": "link"}),
    ("/referrals/{id}/dynamics", {"action": "link", "recordId": {"id": ONE}}),
    ("/referrals/{id}/dynamics", {"action": "link", "recordId": ONE, "table": "account"}),
    ("/referrals/{id}/dynamics", {"action": "link", "recordId": ONE, "table": ["lead"]}),
    ("/referrals/{id}/dynamics", {"action": "link", "recordId": ONE, "table": {"lead": 1}}),
    ("/referrals/{id}/dynamics?action=push", {"action": "push"}),
]


def test_what_makes_no_sense_is_refused_and_does_nothing(make_world: MakeWorld, crm: DynamicsSimulator) -> None:
    _, app, referral_id = started(make_world, crm)
    for path, body in WRONG:
        answer = app.call("POST", path.format(id=referral_id), body)
        assert (answer.status, answer.code) in {(400, "invalid_request"), (400, "invalid_parameter")}, (path, body)
    assert (crm.asked(), crm.store.writes, linked(app, referral_id)) == ([], [], None)


def test_one_run_at_a_time(make_world: MakeWorld, crm: DynamicsSimulator) -> None:
    _, app, referral_id = started(make_world, crm)
    lease = app.services.dynamics.state.take()
    assert lease is not None
    with lease:
        for body in ({}, {"dryRun": True}):
            answer = app.call("POST", "/dynamics/sync", body)
            assert (answer.status, answer.code) == (409, "dynamics_running")
        assert crm.asked() == []
        assert ask(app, referral_id, "push").status == 200
    assert app.call("POST", "/dynamics/sync", {}).status == 200
    assert len(crm.rows("opportunity")) == 1
