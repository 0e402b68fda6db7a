"""Promise 1 under a service that is alive: referrals are created, changed and vanish between any two requests.

Hypothesis chooses what happens, when, and what fails; it shrinks what breaks the promise. The normal form tries the same
interleavings each time, HYPOTHESIS_PROFILE=nightly thousands of others each night; HYPOTHESIS_SEED=n repeats a night.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from local.simulator import RequestInfo
from shared.core.errors import SyncRunning
from shared.storage.tables import quarantine
from tests.sync.conftest import NIGHTLY
from tests.sync.harness import Dump, Outcome, World

SEED = 1
EVENTS = st.tuples(
    st.integers(1, 6),  # before which of the next requests
    st.sampled_from(["create", "change", "change", "change", "change", "change", "remove", "unusable", "mend"]),
    st.integers(0, 30),  # of which referral
)
BUDGETS = st.sampled_from([200.0, 200.0, 200.0, 11.5])
Plan = list[tuple[int, str, int]]
PLANS = st.lists(EVENTS, min_size=3, max_size=8)
FAULTS: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 429, "retry_after": 5},
    {"kind": "reset"},
    {"status": 400, "match": "next"},
    {"status": 500, "times": 5},
    {"status": 429, "retry_after": 900},
    {"kind": "cut"},
]


class LivePartnerCenter(RuleBasedStateMachine):
    """Upstream lives, runs come and go, and after each that succeeded promise 1 holds."""

    world: World
    empty: Dump
    paging: Any
    counts: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        world = self.world
        world.sim.before_request = None
        world.sim.faults.clear()
        world.sim.data.clear()
        world.sim.switches.paging = self.paging
        world.restore(self.empty)
        world.outlast_lease()
        self.plan: Plan = []
        self.asked = 0
        self.removed_in_this_run = False
        self.may_have_skipped = False
        self.versions: dict[str, str] = {}

    @initialize(number=st.integers(3, 9), page_size=st.sampled_from([1, 1, 2, 3]))
    def some_referrals(self, number: int, page_size: int) -> None:
        # The smaller the pages, the more can happen between them, and the less is read that nobody asked for.
        self.world.sim.switches.page_size = page_size
        for _ in range(number):
            self._do("create", 0)

    # Every step ends in a run during which things happen.

    @rule(plan=PLANS, full=st.booleans(), budget=BUDGETS)
    def things_happen(self, plan: Plan, full: bool, budget: float) -> None:
        self._run(full, plan, budget)

    @rule(
        what=st.sampled_from(["create", "change", "remove"]), which=st.integers(0, 30), plan=PLANS, full=st.booleans()
    )
    def something_happened_before(self, what: str, which: int, plan: Plan, full: bool) -> None:
        self._do(what, which)
        self._run(full, plan)

    @rule(fault=st.sampled_from(FAULTS), plan=PLANS, full=st.booleans())
    def something_fails(self, fault: dict[str, Any], plan: Plan, full: bool) -> None:
        self.world.sim.faults.add(**fault)
        self._run(full, plan)

    @rule(plan=PLANS, full=st.booleans())
    def links_expire_while_paused(self, plan: Plan, full: bool) -> None:
        self._run(full, plan[:1], 11.5)
        self.world.sim.expire_links()
        self._run(full, plan[1:])

    @rule(plan=PLANS, point=st.integers(1, 120), full=st.booleans())
    def a_run_is_killed(self, plan: Plan, point: int, full: bool) -> None:
        self.plan, self.asked = plan[:1], 0
        self.world.sim.before_request = self._before_request
        self.world.kill_quietly(point, mode="full" if full else "incremental")
        self.world.sim.before_request = None
        self.world.outlast_lease()
        self.counts["kills"] += 1
        self._run(full, plan[1:])

    def _do(self, what: str, which: int) -> None:
        self.world.clock.advance(1)
        data = self.world.sim.data
        ids = data.ids()
        if what == "create":
            data.create(name=f"New {len(data)}")
        elif what == "unusable" and data.unusable() == 0:
            data.add({"id": None, "which": which})
        elif what == "mend" and data.unusable():
            kept = [one for one in data.payloads() if one.get("id")]
            data.clear()
            for one in kept:
                data.add(one)
        elif ids and what == "change":
            data.change(ids[which % len(ids)], details={"dealValue": which}, name=f"Changed {self.world.clock.now()}")
        elif ids and what == "remove":
            data.remove(ids[which % len(ids)])

    def _before_request(self, request: RequestInfo) -> None:
        self.asked += 1
        for event in [one for one in self.plan if one[0] == self.asked]:
            self.plan.remove(event)
            self._do(*event[1:])
            self.counts["events between requests"] += 1
            if self.paging == "offset" and event[1] in {"remove", "mend"}:
                self.may_have_skipped = self.removed_in_this_run = True

    def _run(self, full: bool, plan: Plan, budget: float = 200.0) -> Outcome:
        world = self.world
        self.plan, self.asked, self.removed_in_this_run = list(plan), 0, False
        began = world.upstream()
        before = self.counts["events between requests"]
        world.sim.before_request = self._before_request
        outcome = world.run(mode="full" if full else "incremental", budget=budget)
        world.sim.before_request = None
        self.counts["runs"] += 1
        self.counts["interleavings"] += self.counts["events between requests"] > before
        assert not isinstance(outcome.error, SyncRunning)
        if outcome.error is None and outcome.run is not None and outcome.run.state == "succeeded":
            self.counts["succeeded"] += 1
            began_full = any("createdDateTime" in one.query.get("$orderby", "") for one in outcome.requests)
            if began_full and not self.removed_in_this_run:
                self.may_have_skipped = False
            self._nothing_is_lost(began)
        else:
            world.clock.advance(901)
        self._nothing_goes_backwards()
        return outcome

    def _nothing_is_lost(self, began: dict[str, str]) -> None:
        """What was visible when the run began and did not change since is stored in that version."""
        if self.may_have_skipped:
            return  # what offset paging skipped, the next full walk has that nothing is removed from
        now, stored = self.world.upstream(), self.world.stored()
        for one, version in began.items():
            if now.get(one) == version:
                assert stored.get(one) == (version, None), one

    def _nothing_goes_backwards(self) -> None:
        for row in self.world.store.table("Referrals").query(None, select=["id", "updatedDateTime"]):
            assert self.versions.get(row["id"], "") <= row["updatedDateTime"]
            self.versions[row["id"]] = row["updatedDateTime"]

    def teardown(self) -> None:
        """The changes stop: one incremental run and one full walk bring the tables to equality with upstream."""
        self.world.sim.faults.clear()
        self.world.clock.advance(901)
        self._run(False, []).succeeded  # noqa: B018 - it has to
        self._run(True, []).succeeded  # noqa: B018 - it has to
        self.world.assert_equal_to_upstream()
        assert quarantine.count(self.world.store) == self.world.sim.data.unusable()
        self.counts["examples"] += 1


@pytest.mark.parametrize("paging", ["key", "offset"])
def test_nothing_is_lost_while_upstream_lives(make_world: Callable[..., World], paging: str) -> None:
    counts: Counter[str] = Counter()
    world = make_world(referrals=0, page_size=2, settings_of={"HUNTER_PARTNER_CENTER_OVERLAP_MINUTES": "0"})
    empty = world.dump()
    number = int(os.environ.get("HYPOTHESIS_SEED") or (random.randrange(2**32) if NIGHTLY else SEED))
    print(f"HYPOTHESIS_SEED={number}")
    machine = seed(number)(
        type("Live", (LivePartnerCenter,), {"world": world, "empty": empty, "paging": paging, "counts": counts})
    )
    run_state_machine_as_test(machine, settings=settings(max_examples=1_000 if NIGHTLY else 24, stateful_step_count=5))
    print(f"{paging}: {dict(counts)}")
    assert counts["interleavings"] >= (2_000 if NIGHTLY else 50)
