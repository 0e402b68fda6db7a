"""A process dies at any call to storage or Partner Center: what it did is applied once or not at all, and said truthfully."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.actions.world import App, applied
from tests.sync.conftest import NIGHTLY
from tests.sync.harness import Killed, World

STEP = 1 if NIGHTLY else 3
"""Every kill point by night, every third by day, which three each time: an offset that depends on the wish."""


def _die_at(world: World, point: int, work: Callable[[App], object]) -> bool:
    """Let a process work and die at its call number ``point``; whether it died."""
    with world.counting(point) as calls, suppress(Killed):
        work(App(world))
    return len(calls) >= point


def _calls(world: World, work: Callable[[App], object]) -> int:
    with world.counting() as calls:
        work(App(world))
    return len(calls)


def _new(world: World, number: int) -> list[str]:
    """So many new referrals, that our copy has."""
    ids = [world.sim.data.create() for _ in range(number)]
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    return ids


@pytest.mark.parametrize(
    ("offset", "ask"),
    [
        (0, {"action": "accept", "changes": {"dealValue": 7, "currency": "EUR"}, "remark": "Called."}),
        (1, {"action": "update", "changes": {"addTeam": [{"email": "ece@partner.example"}]}}),
    ],
)
def test_an_action_that_dies(world: World, offset: int, ask: dict[str, Any]) -> None:
    first, second = _new(world, 2)

    def act(referral: str) -> Callable[[App], object]:
        return lambda app: app.call("POST", f"/referrals/{referral}/actions", ask)

    _calls(world, act(first))  # makes the tables
    total = _calls(world, act(second))
    assert total > 20
    points = range(1 + offset, total + 1, STEP)
    for point, referral in zip(points, _new(world, len(points)), strict=True):
        assert _die_at(world, point, act(referral)), point
        world.clock.advance(130)  # what a dead process held, runs out
        after = App(world)
        after.tick()
        after.settle()
        _holds(world, after, [referral], point)


def test_a_batch_that_dies(world: World) -> None:
    def act(referrals: list[str]) -> Callable[[App], object]:
        return lambda app: app.call("POST", "/actions", {"action": "accept", "ids": referrals, "remark": "Together."})

    _calls(world, act(_new(world, 5)))
    total = _calls(world, act(_new(world, 5)))
    points = range(1, total + 1, 1 if NIGHTLY else max(1, total // 30))
    ids = _new(world, 5 * len(points))
    for number, point in enumerate(points):
        referrals = ids[5 * number : 5 * number + 5]
        assert _die_at(world, point, act(referrals)), point
        world.clock.advance(130)
        after = App(world)
        after.tick()
        after.settle()
        _holds(world, after, referrals, point)


def test_a_timer_that_dies(world: World) -> None:
    """The same while the timer sends what waited."""
    app = App(world)

    def wait(referral: str) -> None:
        assert app.act(referral, "decline", reason="budget").status == 202
        world.clock.advance(25)

    [first] = _new(world, 1)
    wait(first)
    total = _calls(world, lambda process: process.tick())
    points = range(2, total + 1, STEP)
    for point, referral in zip(points, _new(world, len(points)), strict=True):
        wait(referral)
        _die_at(world, point, lambda process: process.tick())
        world.clock.advance(130)
        after = App(world)
        after.settle()
        _holds(world, after, [referral], point, status="Closed")


def _holds(world: World, app: App, referrals: list[str], point: int, status: str = "Active") -> None:
    """Each was applied once or not at all, every instance says so, and nothing is left under way."""
    for referral in referrals:
        upstream = world.sim.data.get(referral)
        assert upstream is not None
        changes = applied(world, referral)
        assert len(changes) <= 1, (point, changes)
        seen = app.call("GET", f"/referrals/{referral}").body
        states = [action["state"] for action in seen["actions"]]
        if changes:
            assert states == ["applied"], (point, seen["actions"])
            assert not seen["actions"][0]["alreadyDone"]
            assert (seen["eTag"], seen["status"]) == (upstream["eTag"], upstream["status"]), point
            [entry] = seen["history"] or [None]
            assert entry is None or entry["by"]["id"] == "local", point
        else:
            assert states in ([], ["failed"]), (point, states)
            assert seen["status"] == "New"
        company = app.call("GET", f"/companies/{seen['companyKey']}").body
        assert company["byStatus"][seen["status"]] == 1, point
        assert app.call("GET", "/referrals?status=" + seen["status"]).body["total"] >= 1
        if changes and "status" in {each["path"].strip("/") for each in changes[0].operations}:
            assert seen["status"] == status
    listed = app.call("GET", f"/actions?referral={referrals[0]}").body
    assert listed["total"] <= 1
