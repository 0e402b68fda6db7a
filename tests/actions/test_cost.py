"""What an action costs: two requests to Partner Center, at most ten to storage; and a minute with nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.actions.test_acting import ACTIVE
from tests.actions.world import App
from tests.sync.harness import World

MOST = 10


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """The requests to storage made inside."""
    calls: list[str] = []
    with world.counting() as noted:
        yield calls
    calls += [call.removeprefix("before ") for call in noted if call.startswith("before ") and "request" not in call]


@pytest.mark.parametrize(
    ("fields", "ask"),
    [
        ({}, {"action": "accept"}),
        ({}, {"action": "accept", "changes": {"dealValue": 7, "currency": "EUR"}, "remark": "x"}),
        (ACTIVE, {"action": "update", "changes": {"dealValue": 7}}),
        (ACTIVE, {"action": "update", "changes": {"notes": "n"}}),
    ],
)
def test_a_plain_action(world: World, app: App, fields: dict[str, Any], ask: dict[str, Any]) -> None:
    first, identity = world.sim.data.create(**fields), world.sim.data.create(**fields)
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    app.call("GET", "/referrals")
    app.call("POST", f"/referrals/{first}/actions", ask)
    world.sim.requests.clear()

    with counted(world) as calls:
        answer = app.call("POST", f"/referrals/{identity}/actions", ask, **{"Idempotency-Key": "k"})

    assert answer.status == 200, answer.body
    assert [request.kind for request in world.sim.requests] == ["get", "patch"]
    assert len(calls) <= MOST, calls


def test_a_minute_with_nothing_to_do(world: World, app: App) -> None:
    identity = world.sim.data.create()
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    app.act(identity, "accept")
    app.tick()
    app.tick()
    with counted(world) as calls:
        app.tick()
    assert len(calls) <= 2, calls
    app.act(world.sim.data.create(), "accept")
    waiting = world.sim.data.create(status="Active", substatus="Accepted")
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    assert app.act(waiting, "win").status == 202
    app.tick()
    with counted(world) as calls:
        app.tick()
    assert len(calls) <= 2, "what waits is no work yet"
