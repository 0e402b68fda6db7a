"""Promise 5, nothing is deleted: what is gone upstream is marked, after a full walk and a read by id, and never in doubt."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.companies.linker import CompanyLinker
from shared.storage.tables.changes import load_changes
from shared.storage.tables.referrals import read_rows
from shared.storage.tables.sync_state import SyncState
from shared.sync.service import TIMER_SECONDS
from tests.sync.harness import World


def missing(world: World) -> set[str]:
    return {one for one, (_, since) in world.stored().items() if since is not None}


@pytest.mark.parametrize("status", [404, 403, 410])
def test_a_full_walk_and_a_read_by_id_mark_what_is_gone(world: World, status: int) -> None:
    world.run()
    gone = world.sim.data.ids()[3]
    world.sim.data.remove(gone)
    if status == 410:
        world.sim.faults.add(status=410, match="get")
    else:
        world.sim.switches.absent = 403 if status == 403 else 404
    world.clock.advance(600)
    assert world.run().succeeded.missing == 0
    assert not missing(world)
    outcome = world.run(mode="full")

    assert outcome.succeeded.missing == 1
    assert missing(world) == {gone}
    assert [one.path.rpartition("/")[2] for one in outcome.requests if one.kind == "get"] == [gone]
    world.assert_equal_to_upstream()
    assert world.run(mode="full").succeeded.missing == 0  # newly marked ones alone are counted


@pytest.mark.parametrize("how", ["changed", "as it was"])
def test_it_comes_back_when_it_is_met_again(world: World, how: str) -> None:
    world.run()
    gone = world.sim.data.ids()[3]
    payload = world.sim.data.get(gone)
    world.sim.data.remove(gone)
    world.run(mode="full")
    assert missing(world) == {gone}
    world.clock.advance(600)
    world.sim.data.add(payload)
    if how == "changed":
        world.sim.data.change(gone, name="Back again")
        assert world.run().succeeded.updated == 1
    else:
        assert world.run(mode="full").succeeded.updated == 1

    assert not missing(world)
    world.assert_equal_to_upstream()


def test_what_a_walk_skipped_but_a_read_by_id_finds_is_not_missing(world: World) -> None:
    """Offset paging: something is removed from a page that was read, and so the first of the next page is never seen."""
    world.sim.switches.paging = "offset"
    world.run()
    ids = world.sim.data.ids()
    world.clock.advance(600)
    world.sim.data.change(ids[5], name="Skipped, and changed")

    def remove(request: object) -> None:
        if getattr(request, "kind", "") == "next":
            world.sim.before_request = None
            world.sim.data.remove(ids[1])

    world.sim.before_request = remove
    outcome = world.run(mode="full")

    assert {one.path.rpartition("/")[2] for one in outcome.requests if one.kind == "get"} == {ids[5]}
    assert (outcome.succeeded.updated, outcome.succeeded.missing) == (1, 0)
    assert world.run(mode="full").succeeded.missing == 1
    world.assert_equal_to_upstream()


@pytest.mark.parametrize(
    ("stored", "vanished", "doubted"),
    [(100, 20, False), (100, 21, True), (20, 19, False), (20, 20, True), (60, 20, True)],
)
def test_when_many_vanish_at_once_nothing_is_marked_and_the_run_says_so(
    make_world: Callable[..., World], stored: int, vanished: int, doubted: bool
) -> None:
    """More than 20 %, and at least 20: the account's role has probably shrunk."""
    world = make_world(referrals=0, page_size=50, parallel=True)
    for number in range(stored):
        world.sim.data.create(id=f"referral-{number}")
    world.run()
    kept = world.sim.data.get("referral-0")
    for number in range(vanished):
        world.sim.data.remove(f"referral-{number}")
    outcome = world.run(mode="full")

    assert outcome.succeeded.visibility_changed is doubted
    assert outcome.succeeded.missing == (0 if doubted else vanished)
    assert len(missing(world)) == (0 if doubted else vanished)
    assert world.state.load().cursor.visibility_changed is doubted
    assert len(outcome.requests) == (0 if doubted else vanished) + 1 + max(1, -(-(stored - vanished) // 50))
    assert bool(outcome.named("visibility_changed")) is doubted
    if doubted and stored == 100:
        world.sim.data.add(kept)  # back to no more than a fifth: from here on it is believed
        assert world.run(mode="full").succeeded.missing == 20
        assert world.state.load().cursor.visibility_changed is False


def test_a_role_that_shrinks_hides_nothing(make_world: Callable[..., World]) -> None:
    world = make_world(referrals=80, page_size=50, parallel=True)
    world.run()
    world.sim.switches.role = "user"
    run = world.run(mode="full").succeeded

    assert run.visibility_changed
    assert not missing(world)
    world.sim.switches.role = "none"
    outcome = world.run(mode="full")
    assert outcome.error is not None
    assert outcome.error.code == "access_denied"
    assert not missing(world)


def test_a_walk_that_did_not_come_to_its_end_marks_nothing(world: World) -> None:
    world.run()
    world.sim.data.remove(world.sim.data.ids()[0])
    world.sim.faults.add(status=500, match="next", after=1, times=5)
    assert world.run(mode="full").error is not None
    assert not missing(world)
    assert world.run(mode="full").succeeded.missing == 1


def test_an_answer_without_an_id_confirms_nothing_and_counts_as_nothing(world: World) -> None:
    world.run()
    world.sim.data.remove(world.sim.data.ids()[0])
    world.sim.faults.add(status=200, match="get", body={"name": "who am I?"})
    run = world.run(mode="full").succeeded
    assert (run.missing, run.fetched) == (0, len(world.sim.data.ids()))
    assert world.run(mode="full").succeeded.missing == 1


def test_what_there_is_no_time_to_confirm_the_next_full_walk_confirms(make_world: Callable[..., World]) -> None:
    world = make_world(settings_of={"HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "60"}, page_size=50)
    world.run()
    for one in world.sim.data.ids()[:4]:
        world.sim.data.remove(one)
    first = world.run(mode="full").succeeded
    assert 0 < first.missing < 4
    assert world.run(mode="full", budget=TIMER_SECONDS).succeeded.missing == 4 - first.missing
    world.assert_equal_to_upstream()


def test_a_wait_while_confirming_pauses_the_run_and_the_next_confirms_the_rest(world: World) -> None:
    world.run()
    for one in world.sim.data.ids()[:3]:
        world.sim.data.remove(one)
    world.sim.faults.add(status=429, match="get", after=1, retry_after=900)
    paused = world.run(mode="full")
    assert paused.run is not None
    assert (paused.run.state, paused.run.missing) == ("paused", 1)
    world.clock.advance(901)
    outcome = world.run()

    assert [one.kind for one in outcome.requests][:2] == ["get", "get"]
    assert outcome.succeeded.missing == 2
    world.assert_equal_to_upstream()


def test_what_people_entered_is_never_touched(world: World) -> None:
    world.run()
    one = world.sim.data.ids()[3]
    CompanyLinker(world.store).link(one, {"domain": "by-hand.com", "name": "By hand"}, "somebody", world.clock.now())
    links = world.dump()["CompanyLinks"]
    world.clock.advance(600)
    world.sim.data.change(one, customerProfile={"team": [{"email": "ada@elsewhere.com"}]})
    world.run()
    world.sim.data.remove(one)
    world.run(mode="full")

    assert world.dump()["CompanyLinks"] == links
    assert read_rows(world.store.table("Referrals"), [one])[one]["missingSince"]
    world.assert_settled()


def test_going_and_coming_back_leaves_the_history_whole(world: World) -> None:
    world.run()
    one = world.sim.data.ids()[3]
    world.clock.advance(600)
    world.sim.data.change(one, status="Active", substatus="Accepted")
    world.run()
    before = load_changes(world.store, one)
    assert [change["field"] for change in before[0]["changes"]][:2] == ["status", "substatus"]

    payload = world.sim.data.get(one)
    for _ in range(2):
        world.clock.advance(600)
        world.sim.data.remove(one)
        world.run(mode="full")
        world.clock.advance(600)
        world.sim.data.add(payload)
        world.run(mode="full")

    history = load_changes(world.store, one)
    assert history[-1] == before[0]
    marks = [entry["changes"][0] for entry in history[:-1]]
    assert [mark["field"] for mark in marks] == ["missingSince"] * 4
    assert [mark["to"] is None for mark in marks] == [True, False, True, False]  # newest first: it is back
    assert [entry["at"] for entry in history] == sorted((entry["at"] for entry in history), reverse=True)


def test_an_operator_who_knows_better_accepts_that_many_are_gone(make_world: Callable[..., World]) -> None:
    world = make_world(referrals=0, page_size=50)
    for number in range(100):
        world.sim.data.create(id=f"referral-{number}")
    world.run()
    for number in range(25):
        world.sim.data.remove(f"referral-{number}")
    for _ in range(2):
        assert world.run(mode="full").succeeded.visibility_changed
        assert world.state.load().cursor.visibility_changed
    assert world.run().succeeded  # no full walk: it stays so
    assert world.state.load().cursor.visibility_changed
    assert world.state.vanished() == (sorted(f"referral-{number}" for number in range(25)), 25)
    assert not missing(world)
    run = world.run(mode="full", accept_missing=True).succeeded

    assert (run.missing, run.visibility_changed) == (25, False)
    assert missing(world) == {f"referral-{number}" for number in range(25)}
    assert not world.state.load().cursor.visibility_changed
    world.assert_equal_to_upstream()


def test_what_was_accepted_and_there_was_no_time_for_the_next_run_confirms(make_world: Callable[..., World]) -> None:
    world = make_world(referrals=0, page_size=50, settings_of={"HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "10"})
    for number in range(60):
        world.sim.data.create(id=f"referral-{number}")
    world.run()
    for number in range(30):
        world.sim.data.remove(f"referral-{number}")
    assert world.run(mode="full").succeeded.visibility_changed
    first = world.run(mode="full", accept_missing=True).run
    assert first is not None
    assert first.state == "paused"
    assert 0 < first.missing < 30
    assert first.missing + world.run(budget=TIMER_SECONDS).succeeded.missing == 30
    world.assert_equal_to_upstream()


def test_a_walk_of_another_run_survives_tidying_that_comes_late(make_world: Callable[..., World]) -> None:
    """A run has given its lease back and not tidied yet, when another one begins a walk and pauses."""
    world = make_world(referrals=40, settings_of={"HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "40"}, page_size=8)
    world.run("timer", budget=TIMER_SECONDS).succeeded  # noqa: B018 - it has to
    gone = world.sim.data.ids()[30]
    world.sim.data.remove(gone)

    held: list[str] = []
    came: list[str] = []

    def another(call: str) -> None:
        if call in {"before query SyncState", "before delete SyncState"}:
            world.io = lambda _: None
            holder = SyncState(world.store).load().holder(world.clock.now())
            if holder or not held:
                held.extend(filter(None, [holder]))
                world.io = another
                return
            paused = world.sync().run("http", mode="full")
            assert (paused.state, paused.pages) == ("paused", 4)
            came.append(paused.id)

    world.io = another
    world.sync().run("timer", mode="full", budget=TIMER_SECONDS)
    world.io = lambda _: None
    assert came
    run = world.run("timer", budget=TIMER_SECONDS).succeeded
    assert not run.visibility_changed
    assert missing(world) == {gone}
