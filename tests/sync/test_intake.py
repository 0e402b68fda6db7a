"""A record that Partner Center answered outside a run enters once, and no page that a walk read before puts it back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from shared.core.errors import StorageUnavailable
from shared.model.changes import Author
from shared.model.run import Mode
from shared.storage.tables.changes import load_changes
from shared.storage.tables.companies import load_all
from shared.storage.tables.data_version import read_versions
from shared.sync import handover
from shared.sync.intake import Entered, Intake
from shared.sync.service import own_domains
from tests.sync.conftest import NIGHTLY
from tests.sync.harness import Killed, World

AYSE = Author("11111111-0000-4000-8000-000000000001", "Ayşe Yılmaz")


def intake_of(world: World) -> Intake:
    return Intake(world.store, lambda: own_domains(world.settings, world.sign_in))


def answer(world: World, referral_id: str) -> bytes:
    """What a read by id gives now."""
    record = world.sim.data.record(referral_id)
    assert record is not None
    return record.body


def act(world: World, referral_id: str, *, touch: bool = True, by: Author | None = AYSE, **changes: Any) -> Entered:
    """A person changes a referral at Partner Center, and the answer enters."""
    intake = intake_of(world)
    before = intake.before(referral_id)
    world.sim.data.change(referral_id, touch=touch, **changes)
    return intake.enter(answer(world, referral_id), before, ask=lambda: answer(world, referral_id), by=by)


def value_of(world: World, referral_id: str) -> Any:
    """The value that lists and the company's row show."""
    [row] = [row for row in world.store.table("Referrals").query() if row["id"] == referral_id]
    return row["dealValue"]


def test_it_shows_in_row_history_company_and_version(world: World) -> None:
    world.run().succeeded  # noqa: B018 - it has to
    one = world.sim.data.ids()[3]
    world.clock.advance(600)
    version = read_versions(world.store)
    entered = act(world, one, status="Active", substatus="Accepted", details={"dealValue": 4711, "currency": "USD"})

    assert (entered.outcome, entered.record) == ("updated", answer(world, one))
    assert read_versions(world.store) != version
    [entry] = load_changes(world.store, one)
    assert entry["by"] == {"id": AYSE.id, "name": AYSE.name}
    assert {change["field"] for change in entry["changes"]} >= {"status", "dealValue"}
    world.assert_equal_to_upstream()

    again = act(world, one, touch=False)
    assert again.outcome == "unchanged"
    run = world.run().succeeded
    assert (run.updated, run.inserted) == (0, 0)
    assert load_changes(world.store, one) == [entry]


def test_a_new_referral_enters_too(world: World) -> None:
    world.run().succeeded  # noqa: B018 - it has to
    intake = intake_of(world)
    before = intake.before("created-by-us")
    world.sim.data.create(id="created-by-us")
    entered = intake.enter(answer(world, "created-by-us"), before, ask=lambda: answer(world, "created-by-us"))
    assert entered.outcome == "inserted"
    world.assert_equal_to_upstream()


def test_it_takes_few_requests(world: World) -> None:
    world.run().succeeded  # noqa: B018 - it has to
    one = world.sim.data.ids()[3]
    world.clock.advance(600)
    with world.counting() as calls:
        act(world, one, details={"dealValue": 1, "currency": "USD"})
    asked = [call for call in calls if call.startswith("before")]
    assert len(asked) <= 13, asked
    with world.counting() as calls:
        act(world, one, touch=False)
    assert len([call for call in calls if call.startswith("before")]) == 3  # row, lease, and the entry of the history


@pytest.mark.parametrize("touch", [True, False], ids=["later", "the same updatedDateTime"])
@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_no_page_read_before_puts_the_older_version_back(
    make_world: Callable[..., World], mode: Mode, touch: bool
) -> None:
    """At any call of a run that stores an older version of the same referral, somebody acts."""
    world = make_world(referrals=8)
    world.run().succeeded  # noqa: B018 - it has to
    world.clock.advance(600)
    one, other = world.sim.data.ids()[2:4]
    for each in (one, other):
        world.sim.data.change(each, details={"dealValue": 1, "currency": "USD"})
    kept, before = {each: world.sim.data.get(each) for each in (one, other)}, world.dump()
    with world.counting() as calls:
        assert world.run(mode=mode).succeeded.updated == 2
    for point in range(5, len(calls), 1 if NIGHTLY else 3 if mode == "incremental" else 7):
        world.restore(before)
        for each, payload in kept.items():
            world.sim.data.change(each, touch=False, **(payload or {}))
        world.clock.advance(600)
        interrupt(world, point, lambda: act(world, one, touch=touch, details={"dealValue": 4711}))
        world.sync().run("http", mode=mode)
        assert value_of(world, one) == "4711", f"acted at call {point} of the run"
        assert [entry["by"]["name"] for entry in load_changes(world.store, one) if "by" in entry] == [AYSE.name]
        world.assert_settled()
        world.clock.advance(600)
        world.sync().run("http")
        world.assert_equal_to_upstream()


def interrupt(world: World, point: int, act: Callable[[], object]) -> None:
    """Do something once, at the n-th call of what runs next."""
    count = 0

    def hook(_: str) -> None:
        nonlocal count
        count += 1
        if count == point:
            world.io = lambda _: None
            act()

    world.io = hook


@pytest.mark.parametrize("many", [False, True], ids=["from what it wrote", "from the rows"])
def test_during_a_first_sync_companies_follow_all_the_same(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    if many:
        monkeypatch.setattr(handover, "MOST_TOUCHED", 3)
    world = make_world(referrals=8)
    empty = world.dump()
    one = world.sim.data.ids()[0]
    with world.counting() as calls:
        world.run().succeeded  # noqa: B018 - it has to
    first = next(number for number, call in enumerate(calls, 1) if call == "after transact Referrals")
    for point in range(first, len(calls), 1 if NIGHTLY else 6):
        world.restore(empty)
        world.sim.data.change(one, touch=False, details={"dealValue": 1, "currency": "USD"})
        interrupt(world, point, lambda: act(world, one, touch=False, details={"dealValue": 4711}))
        world.sync().run("http")
        assert value_of(world, one) == "4711", f"acted at call {point} of the run"
        world.assert_settled()


def test_a_later_change_under_the_same_time_is_met_by_the_next_run(world: World) -> None:
    world.run().succeeded  # noqa: B018 - it has to
    one = world.sim.data.ids()[3]
    world.clock.advance(600)
    act(world, one, details={"dealValue": 4711, "currency": "USD"})
    world.sim.data.change(one, touch=False, details={"dealValue": 4712})
    assert world.run().succeeded.updated == 1
    world.assert_equal_to_upstream()


def test_a_run_that_read_the_later_version_does_not_hide_it_from_the_next(world: World) -> None:
    """The walk under way reads what somebody changed after our action, under the same time; it must not win, for it might
    be an older page as well, and must not be remembered as stored either."""
    world.run().succeeded  # noqa: B018 - it has to
    one = world.sim.data.ids()[3]
    world.clock.advance(600)

    def then_another(request: Any) -> None:
        world.sim.before_request = None
        act(world, one, details={"dealValue": 4711, "currency": "USD"})
        world.sim.data.change(one, touch=False, details={"dealValue": 4712})

    world.sim.before_request = then_another
    world.run().succeeded  # noqa: B018 - it has to
    assert value_of(world, one) == "4711"
    assert world.run().succeeded.updated == 1
    world.assert_equal_to_upstream()


@pytest.mark.parametrize("touch", [True, False], ids=["later", "the same updatedDateTime"])
def test_an_answer_that_was_overtaken_replaces_nothing_newer(world: World, touch: bool) -> None:
    world.run().succeeded  # noqa: B018 - it has to
    one = world.sim.data.ids()[3]
    world.clock.advance(600)
    intake = intake_of(world)
    before = intake.before(one)
    world.sim.data.change(one, details={"dealValue": 4711, "currency": "USD"})
    late = answer(world, one)
    world.sim.data.change(one, touch=touch, details={"dealValue": 4712})
    world.run().succeeded  # noqa: B018 - it has to
    asked: list[bytes] = []

    def ask() -> bytes:
        asked.append(answer(world, one))
        return asked[-1]

    entered = intake.enter(late, before, ask=ask, by=AYSE)
    assert entered.outcome == "unchanged"
    assert len(asked) == (0 if touch else 1)
    assert value_of(world, one) == "4712"
    world.assert_equal_to_upstream()


def test_who_acted_is_named_also_when_a_walk_stores_the_version_first(world: World) -> None:
    world.run().succeeded  # noqa: B018 - it has to
    one = world.sim.data.ids()[3]
    world.clock.advance(600)
    intake = intake_of(world)
    before = intake.before(one)
    world.sim.data.change(one, details={"dealValue": 4711, "currency": "USD"})
    assert world.run().succeeded.updated == 1
    assert "by" not in load_changes(world.store, one)[0]
    assert intake.enter(answer(world, one), before, ask=lambda: answer(world, one), by=AYSE).outcome == "unchanged"
    [entry] = load_changes(world.store, one)
    assert entry["by"]["name"] == AYSE.name


def test_killed_at_any_point_the_next_run_brings_it_to_its_end(make_world: Callable[..., World]) -> None:
    world = make_world(referrals=6)
    world.run().succeeded  # noqa: B018 - it has to
    world.clock.advance(600)
    one = world.sim.data.ids()[2]
    payload, before = world.sim.data.get(one), world.dump()
    with world.counting() as calls:
        act(world, one, details={"dealValue": 4711, "currency": "USD"})
    for point in range(1, len(calls) + 1):
        world.restore(before)
        world.sim.data.change(one, touch=False, **(payload or {}))
        with world.counting(point), suppress(Killed):
            act(world, one, details={"dealValue": 4711, "currency": "USD"})
        stored, version = value_of(world, one), read_versions(world.store)
        world.sync().run("http")
        world.assert_equal_to_upstream()
        if stored == "4711" and point < len(calls):
            assert read_versions(world.store) != version, f"killed at call {point}: nobody is told"


def test_a_row_that_keeps_changing_is_given_up(world: World) -> None:
    world.run().succeeded  # noqa: B018 - it has to
    one = world.sim.data.ids()[3]
    intake = intake_of(world)
    table = world.store.table("Referrals")
    before, numbers = intake.before(one), iter(range(100))

    def another() -> bytes:
        [row] = [row for row in table.query() if row["id"] == one]
        table.replace({**row, "contentHash": f"other-{next(numbers)}"}, row["etag"])
        world.sim.data.change(one, touch=False, name=f"name {next(numbers)}")
        return answer(world, one)

    def hook(call: str) -> None:
        if call == "after get SyncState":
            another()

    world.io = hook
    with pytest.raises(StorageUnavailable):
        intake.enter(another(), before, ask=another)
    world.io = lambda _: None


def test_companies_of_a_referral_that_moved_forget_it(world: World) -> None:
    """The answer shows another company, while a run writes what it read before."""
    world.run().succeeded  # noqa: B018 - it has to
    world.clock.advance(600)
    one = world.sim.data.ids()[3]
    world.sim.data.change(one, customerProfile={"name": "Old", "team": [{"email": "ada@old-home.com"}]})

    def move(call: str) -> None:
        if call == "before transact Companies":
            world.io = lambda _: None
            act(world, one, touch=False, customerProfile={"name": "New", "team": [{"email": "ada@new-home.com"}]})

    world.io = move
    world.run().succeeded  # noqa: B018 - it has to
    world.io = lambda _: None
    keys = {company.key for company in load_all(world.store).companies}
    assert "new-home.com" in keys
    assert "old-home.com" not in keys
    world.assert_equal_to_upstream()
