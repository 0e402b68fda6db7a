"""Killed at any request to the CRM or to storage, before or after it was carried out: one record each, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.dynamics import DynamicsSimulator
from shared.dynamics.client import CrmClient
from shared.storage.tables.crm_state import LEASE_SECONDS
from tests.conftest import PROFILE
from tests.dynamics.world import World, referral

Make = Callable[..., DynamicsSimulator]
NewAccount = Callable[[], str]
EVERY, EVERY_OF_FEW = (1, 1) if PROFILE == "nightly" else (3, 2)
"""At each write, or, so that it takes no minutes, at every third: the nightly run tries all of them."""
FIVE = [referral(number) for number in range(5)]


class Killed(BaseException):
    """The process ends here."""


class Killer:
    """Ends the process at the k-th write to either side, before it is sent; so also after the one before was carried out."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        world.store.intercept = self._storage
        original = CrmClient._attempt

        def attempt(client: CrmClient, method: str, *rest: object, **more: object) -> object:
            if method != "GET":
                self._step()
            return original(client, method, *rest, **more)  # type: ignore[arg-type]

        patch.setattr(CrmClient, "_attempt", attempt)
        patch.setattr("shared.dynamics.run.WORKERS", 1)  # so that the steps have an order

    def _storage(self, when: str, operation: str, table: str) -> None:
        if when == "before" and table.startswith("Crm") and operation not in {"query", "get"}:
            self._step()

    def _step(self) -> None:
        if self.left is not None:
            if self.left <= 0:
                raise Killed
            self.left -= 1


def _one_of_each(world: World) -> None:
    rows = world.records()
    assert len(rows) == len(FIVE)
    assert len(world.records("account")) == len(FIVE)
    assert len(world.records("contact")) == len(FIVE)
    assert len({row["name"] for row in rows}) == len(FIVE)
    assert {world.link(one["id"]).record_id for one in FIVE} == {row["opportunityid"] for row in rows}


def _stop_and_go(world: World, left: int) -> bool:
    """A run that is killed after so many writes, and what the next ones make of it. Whether it was killed."""
    with pytest.MonkeyPatch.context() as patch:
        killer = Killer(world, patch)
        killer.left = left
        killed = False
        try:
            world.run()
        except Killed:
            killed = True
        world.store.intercept = None
    world.clock.advance(LEASE_SECONDS + 1)
    world.run()
    world.clock.advance(16 * 60)
    world.pc.send_due()
    world.run()
    return killed


def _quiet(world: World) -> None:
    world.crm.forget()
    world.run()
    assert world.crm.store.writes == []


@pytest.mark.parametrize(("with_key", "step"), [(True, EVERY), (False, 3 * EVERY)], ids=["alternate", "primary"])
def test_a_push_of_five_killed_anywhere(make_crm: Make, new_account: NewAccount, with_key: bool, step: int) -> None:
    crm = make_crm(with_key=with_key)
    left, killed = 0, True
    while killed:
        crm.reset()
        world = World(crm, new_account())
        world.put(*FIVE)
        killed = _stop_and_go(world, left)
        _one_of_each(world)
        _quiet(world)
        left += step
    assert left > 5 * 6


def test_a_pull_of_five_killed_anywhere(make_crm: Make, new_account: NewAccount) -> None:
    crm = make_crm(with_key=True)
    left, killed = 0, True
    while killed:
        crm.reset()
        world = World(crm, new_account())
        world.put(*FIVE)
        world.run()
        world.pc.send_due()
        world.run()
        ids = [str(world.link(one["id"]).record_id) for one in FIVE]
        for number, record_id in enumerate(ids[:3]):
            crm.people.change("opportunity", record_id, estimatedvalue=1000 + number)
        crm.people.win(ids[3])
        crm.people.lose(ids[4], 5)
        begun = len(world.pc.actions)
        killed = _stop_and_go(world, left)
        _one_of_each(world)
        assert len(world.pc.actions) - begun == len(FIVE)
        assert [world.payloads[one["id"]]["details"]["dealValue"] for one in FIVE[:3]] == [1000, 1001, 1002]
        assert [world.payloads[one["id"]]["substatus"] for one in FIVE[3:]] == ["Won", "Lost"]
        assert len(world.records("opportunityclose")) == 2
        _quiet(world)
        left += EVERY_OF_FEW
    assert left > 5


def test_a_lead_killed_while_it_becomes_an_opportunity(make_crm: Make, new_account: NewAccount) -> None:
    crm = make_crm(with_key=True)
    one = referral(1, status="New", substatus="Pending")
    left, killed = 0, True
    while killed:
        crm.reset()
        world = World(crm, new_account(), HUNTER_DYNAMICS_PUSH="all")
        world.put(one)
        world.run()
        world.change(one["id"], status="Active", substatus="Accepted", details={"dealValue": 77})
        killed = _stop_and_go(world, left)
        (row,) = world.records()
        assert len(world.records("lead")) == 1
        assert (row["estimatedvalue"], row["hnt_referralid"]) == (77, one["id"])
        assert world.payloads[one["id"]]["details"]["dealValue"] == 77
        left += EVERY_OF_FEW
    assert left > 5


@pytest.mark.parametrize(
    "lost", [("PATCH", "opportunities"), ("PATCH", "accounts"), ("POST", "WinOpportunity")], ids=lambda one: one[1]
)
def test_an_answer_that_gets_lost_makes_nothing_twice(world: World, lost: tuple[str, str]) -> None:
    world.put(*FIVE)
    world.crm.faults.add(kind="reset", applied=True, method=lost[0], path=lost[1], times=1)
    world.run()
    world.pc.send_due()
    world.run()
    _one_of_each(world)
    world.change(FIVE[0]["id"], status="Closed", substatus="Won")
    world.run()
    world.run()
    assert len(world.records("opportunityclose")) == 1
    assert world.record(FIVE[0]["id"])["statecode"] == 1
    _quiet(world)


def test_many_pushes_at_once_make_one_record(world: World) -> None:
    world.put(FIVE[0])
    with ThreadPoolExecutor(6) as threads:
        done = [threads.submit(world.desk.act, FIVE[0]["id"], {"action": "push"}) for _ in range(6)]
        ended = [one.exception() for one in done]
    assert any(error is None for error in ended)
    assert len(world.records()) == 1
    assert len(world.records("account")) == 1
