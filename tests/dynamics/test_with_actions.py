"""The whole way with the app's own parts: a referral goes to the CRM by the timer, and what the CRM changed comes to Partner
Center as an action whose actor is Dynamics 365."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.dynamics import DynamicsSimulator
from tests.actions.world import App
from tests.dynamics.world import GivenToken
from tests.sync.harness import World

Make = Callable[..., DynamicsSimulator]


@pytest.fixture
def crm(make_crm: Make) -> DynamicsSimulator:
    """An environment with the key."""
    return make_crm(with_key=True)


def started(make_world: Callable[..., World], crm: DynamicsSimulator, push: str = "accepted") -> tuple[World, App, str]:
    """A world with one accepted referral, synced, and the app that keeps Dynamics 365 in step."""
    world = make_world()
    referral = world.sim.data.create(
        name="Firewall for two sites",
        status="Active",
        substatus="Accepted",
        details={
            "dealValue": 5000,
            "currency": "EUR",
            "closingDateTime": "2027-03-31T10:30:00Z",
            "notes": "Call back.",
        },
    )
    assert world.run(mode="full").succeeded
    app = App(
        world,
        None,
        **crm.settings(),
        HUNTER_DYNAMICS_PUSH=push,
    )
    app.services.dynamics._given_tokens = GivenToken(crm)
    return world, app, str(referral)


def held(world: World, referral: str) -> dict[str, Any]:
    """The referral as Partner Center has it."""
    payload = world.sim.data.get(referral)
    assert payload is not None
    return payload


def linked(app: App, referral: str) -> Any:
    """The referral's link as its item has it."""
    return app.call("GET", f"/referrals/{referral}").body["dynamics"]


def test_both_ways_by_the_timer(make_world: Callable[..., World], crm: DynamicsSimulator) -> None:
    world, app, referral = started(make_world, crm)
    app.until(lambda: bool(linked(app, referral)) and linked(app, referral)["state"] == "linked")
    link = linked(app, referral)
    assert link["url"].endswith(f"etn=opportunity&id={link['id']}")
    app.until(lambda: held(world, referral).get("externalReferenceId") == link["id"])
    crm.people.change("opportunity", link["id"], estimatedvalue=7500)
    app.until(lambda: held(world, referral)["details"]["dealValue"] == 7500)
    action = app.call("GET", "/actions").body["items"][0]
    assert action["who"] == {"id": "dynamics365", "name": "Dynamics 365"}
    crm.people.win(link["id"])
    app.until(lambda: held(world, referral)["substatus"] == "Won")
    app.until(lambda: linked(app, referral)["state"] == "linked")
    assert len(crm.rows("opportunityclose")) == 1
    status = app.call("GET", "/dynamics").body
    assert (status["key"], status["reachable"], status["failed"]) == ("alternate", True, 0)
    assert status["lastRun"]["requests"] > 0


def test_people_push_and_see_what_went_wrong(make_world: Callable[..., World], crm: DynamicsSimulator) -> None:
    _, app, referral = started(make_world, crm, "manual")
    assert linked(app, referral) is None
    plan = app.call("POST", "/dynamics/sync", {"dryRun": True}).body
    assert (plan["plan"], plan["pending"]) == ([], 0)
    crm.faults.add(status=400, code="0x80040265", message="No cost centre.", method="PATCH", path="opportunities")
    answer = app.call("POST", f"/referrals/{referral}/dynamics", {"action": "push"})
    assert answer.status == 200
    error = answer.body["referral"]["dynamics"]["error"]
    assert (error["code"], "No cost centre." in error["message"]) == ("refused_by_rule", True)
    answer = app.call("POST", f"/referrals/{referral}/dynamics", {"action": "retry"})
    assert answer.body["referral"]["dynamics"]["state"] in {"linked", "pending"}
    assert app.call("POST", f"/referrals/{referral}/dynamics", {"action": "dance"}).status == 400
    assert app.call("POST", "/referrals/nobody/dynamics", {"action": "push"}).status == 404
    assert app.call("GET", "/referrals?missing=include&dynamics=linked&dynamics=pending").body["total"] == 1
