"""Several people, instances, Microsoft and syncs at once: promises 7 to 9 hold whatever the order."""

from __future__ import annotations

import threading
from collections import Counter
from multiprocessing.connection import Connection
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shared.actions.service import Ask
from shared.core.clock import SystemClock
from shared.core.errors import HunterError
from shared.model.action import Who
from shared.services import Services
from tests.actions.world import App, applied
from tests.sync.conftest import NIGHTLY
from tests.sync.harness import BEHIND, World
from tests.sync.processes import Token, two_processes

EXAMPLES = 200 if NIGHTLY else 8
STEPS = 20 if NIGHTLY else 8
"""Interleavings that the state machine tries, and the steps of each."""


def test_a_page_that_was_read_before_puts_nothing_back(world: World, app: App) -> None:
    """A walk holds a page, somebody acts, and the walk lets go: the older version stays out."""
    identity = world.sim.data.create()
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    world.sim.data.change(identity, name="renamed")  # so that the page brings another version than ours
    world.clock.advance(5)
    done: list[Any] = []
    asked: list[str] = []

    def act_once(call: str) -> None:
        asked.append(call)
        if asked.count("after request") == 2 and not done:  # the first is for the newest alone, the second is the page
            done.append(None)
            world.io = _nothing
            done.append(app.act(identity, "accept"))

    world.io = act_once
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    assert done[1].status == 200
    for process in (app, App(world)):
        seen = process.call("GET", f"/referrals/{identity}").body
        assert seen["status"] == "Active"
        assert process.call("GET", f"/companies/{seen['companyKey']}").body["byStatus"]["Active"] == 1


def test_a_walk_lets_changes_go_first(world: World, app: App) -> None:
    """While a change is in the lane, a walk asks for no further page."""
    identity = world.sim.data.create()
    for _ in range(12):
        world.sim.data.create()
    world.settings = world.settings_with(HUNTER_WRITE_ENABLED="true")
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    world.sim.requests.clear()
    kinds: list[str] = []

    def walk_inside(info: Any) -> None:
        if info.kind == "get" and not kinds:
            kinds.append("walk")
            walker = threading.Thread(target=lambda: world.run(mode="full"))
            walker.start()
            threads.append(walker)

    threads: list[threading.Thread] = []
    world.sim.before_request = walk_inside
    assert app.act(identity, "accept").status == 200
    for thread in threads:
        thread.join()
    order = [request.kind for request in world.sim.requests]
    assert order.index("patch") < len(order) - 1
    assert order.index("patch") <= 2, order


def _nothing(_: str) -> None:
    pass


ROUNDS = 50


def acting(orders: Connection, environ: dict[str, str], token: str) -> None:
    """A process of the app: acts when it is told to, and answers how that ended."""
    services = Services(environ)
    vars(services)["sign_in"] = Token(token)
    while (wish := orders.recv()) is not None:
        referral, value = wish
        try:
            result = services.actions.act(referral, Ask("update", {"campaignId": value}), Who("somebody", "Somebody"))
            orders.send((result.action.state, result.action.id))
        except HunterError as error:
            orders.send((error.code, None))


def test_two_processes_act_at_once(world: World) -> None:
    """On the same referral and on different ones: each wish is applied once or not at all, one referral has one at a time,
    and none of Partner Center's answers to a change is a conflict that nobody can explain."""
    vars(world.sim.clock)["now"] = lambda: SystemClock().now() - BEHIND
    ids = [world.sim.data.create() for _ in range(ROUNDS)]
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    ends: Counter[str] = Counter()
    done: list[str] = []
    with two_processes(world, acting, HUNTER_WRITE_ENABLED="true") as pipes:
        for number, identity in enumerate(ids):
            wishes = [(identity, f"a{number}"), (identity if number % 2 else ids[number - 1], f"b{number}")]
            for pipe, wish in zip(pipes, wishes, strict=True):
                pipe.send(wish)
            answers = [pipe.recv() for pipe in pipes]
            ends.update(state for state, _ in answers)
            for (referral, value), (state, _) in zip(wishes, answers, strict=True):
                sent = [each for each in applied(world, referral) if each.operations[0]["value"] == value]
                assert state in {"applied", "action_in_progress", "conflict"}, state
                assert len(sent) == (state == "applied"), (number, state)
            done += [identity for state, identity in answers if state == "applied"]
    print(f"{ROUNDS} rounds: {dict(ends)}")
    assert ends["applied"] >= ROUNDS
    assert ends["action_in_progress"]
    kept = App(world)
    kept.tick()
    assert {kept.call("GET", f"/actions/{each}").body["state"] for each in done} == {"applied"}
    for identity in ids:
        upstream = world.sim.data.get(identity)
        shown = App(world).call("GET", f"/referrals/{identity}").body
        assert upstream
        assert (shown["campaignId"], shown["eTag"]) == (upstream.get("campaignId"), upstream["eTag"])


class Crowd(RuleBasedStateMachine):
    """People on two instances, Microsoft, the timer and syncs, in any order."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.world.sim.faults.clear()
        self.apps = [App(self.world), App(self.world)]
        self.ids = [self.world.sim.data.create() for _ in range(2)]
        self.world.run(mode="full")
        self.told: dict[str, tuple[str, str]] = {}
        """Actions that were answered: the referral, and the value that was wanted."""
        self.number = 0

    @rule(app=st.integers(0, 1), which=st.integers(0, 1), stale=st.booleans())
    def change(self, app: int, which: int, stale: bool) -> None:
        """Somebody changes the value, having seen what is there or something older."""
        self.number += 1
        referral = self.ids[which]
        ask: dict[str, Any] = {"changes": {"dealValue": 1_000_000 + self.number, "currency": "USD"}}
        if stale:
            ask["seen"] = {"dealValue": 10_000, "currency": "USD"}
        answer = self.apps[app].act(referral, "update", **ask)
        if "action" in answer.body:
            self.told[answer.action["id"]] = (referral, str(1_000_000 + self.number))

    @rule(app=st.integers(0, 1), which=st.integers(0, 1))
    def accept(self, app: int, which: int) -> None:
        """Somebody accepts."""
        self.apps[app].act(self.ids[which], "accept")

    @rule(which=st.integers(0, 1), value=st.integers(1, 9))
    def microsoft(self, which: int, value: int) -> None:
        """Microsoft's side changes the value."""
        self.world.sim.data.change(self.ids[which], details={"dealValue": value})

    @rule(kind=st.sampled_from(["reset", "html"]), applies=st.sampled_from(["", "first"]))
    def trouble(self, kind: str, applies: str) -> None:
        """The next change meets a fault."""
        self.world.sim.faults.add(match="patch", kind=kind, applies=applies)

    @rule(mode=st.sampled_from(["incremental", "full"]))
    def sync(self, mode: Any) -> None:
        """A sync."""
        self.world.run(mode=mode)

    @rule(app=st.integers(0, 1))
    def minute(self, app: int) -> None:
        """A minute passes."""
        self.world.clock.advance(60)
        self.apps[app].tick()

    @invariant()
    def what_is_said_is_true(self) -> None:
        """Applied means applied once; everything else but what is under way means not at all."""
        for identity, (referral, value) in self.told.items():
            state = self.apps[0].call("GET", f"/actions/{identity}").body["state"]
            times = [
                change
                for change in applied(self.world, referral)
                if any(str(each["value"]) == value for each in change.operations)
            ]
            assert len(times) <= 1
            if state == "applied":
                assert len(times) == 1
            elif state in {"refused", "failed", "cancelled"}:
                assert not times

    @invariant()
    def what_is_done_shows(self) -> None:
        """What an instance shows is never older than the last change that went through from here."""
        for referral in self.ids:
            changes = applied(self.world, referral)
            if changes and not self.apps[0].services.actions.table.under_way():
                shown = self.apps[1].call("GET", f"/referrals/{referral}").body
                assert shown["updatedDateTime"][:19] >= changes[-1].at[:19]


def test_a_crowd(world: World) -> None:
    """Hypothesis looks for an order in which a promise breaks."""
    Crowd.world = world
    run_state_machine_as_test(
        Crowd,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
