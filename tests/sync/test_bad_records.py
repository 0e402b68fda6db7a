"""Promise 4, one bad record stops nothing: with an id it is stored whatever else is in it, without one it is put aside."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.simulator.seed_broken import BREAKERS
from shared.storage.tables import quarantine
from shared.storage.tables.referrals import from_row, payload_of
from tests.sync.harness import World

OLD = "2026-01-02T03:04:05Z"
WITHOUT_ID: list[Any] = [
    {},
    {"id": None},
    {"id": ""},
    {"id": "   "},
    {"id": ["a"]},
    {"id": {"a": 1}},
    {"id": True},
    {"id": 1.5},
    {"name": "A lead without an id"},
    [],
    ["x"],
    "a text",
    7,
    True,
    None,
]


def rows(world: World) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in world.store.table("Referrals").query()}


def problems(row: dict[str, Any]) -> dict[str, str]:
    return {one.field: one.reason for one in from_row(row).problems}


def test_every_way_of_being_broken_is_stored_with_its_problems(world: World) -> None:
    template = world.sim.data.template
    for number, breaker in enumerate(BREAKERS):
        payload = template(world.sim.clock.ticks())
        payload["id"] = f"broken-{number}"
        breaker(payload)
        world.sim.data.add(payload)
    world.sim.switches.page_size = 100
    run = world.run().succeeded

    assert run.inserted == 14 + len(BREAKERS)
    assert run.quarantined == 0
    world.assert_equal_to_upstream()
    stored = rows(world)
    for number, breaker in enumerate(BREAKERS):
        row = stored[f"broken-{number}"]
        assert json.loads(payload_of(world.store, row)) == world.sim.data.get(f"broken-{number}"), breaker
    assert sum(bool(problems(row)) for row in stored.values()) >= 15


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"details": {"dealValue": "about 50k"}}, "details.dealValue", "not a number"),
        ({"details": {"dealValue": {"amount": 5}}}, "details.dealValue", "not a number"),
        ({"details": {"dealValue": "NaN"}}, "details.dealValue", "not a number"),
        ({"details": {"dealValue": 10**60}}, "details.dealValue", "not an amount"),
        ({"details": {"closingDateTime": "soon"}}, "details.closingDateTime", "not a time"),
        ({"details": {"closingDateTime": 17}}, "details.closingDateTime", "not a time"),
        ({"details": "none"}, "details", "not an object"),
        ({"customerProfile": ["x"]}, "customerProfile", "not an object"),
        ({"customerProfile": {"team": {"firstName": "A"}}}, "customerProfile.team", "not a list"),
        ({"customerProfile": {"team": ["text"]}}, "customerProfile.team[0]", "not an object"),
        ({"name": {"text": "x"}}, "name", "not a text"),
        ({"createdDateTime": "2026-02-30T00:00:00Z"}, "createdDateTime", "can't be read"),
    ],
)
def test_what_cannot_be_read_is_null_and_named(world: World, fields: dict[str, Any], field: str, reason: str) -> None:
    world.sim.data.add({"id": "bad", "status": "Active", "updatedDateTime": OLD, **fields})
    assert world.run().succeeded.inserted == 15
    row = rows(world)["bad"]

    assert set(problems(row)) == {field}
    if reason != "can't be read":
        assert problems(row)[field] == reason
    assert row["status"] == "Active"
    world.assert_equal_to_upstream()


def test_a_record_without_an_id_is_put_aside_seen_and_let_go(world: World) -> None:
    for number, record in enumerate(WITHOUT_ID):
        world.sim.data.create(id=f"before-{number}")
        world.sim.data.create(id=f"again-{number}")
        world.sim.data.add(record)
    run = world.run().succeeded

    assert run.quarantined == len(WITHOUT_ID)
    assert run.inserted == 14 + 2 * len(WITHOUT_ID)
    entries = quarantine.load(world.store)
    assert quarantine.count(world.store) == len(entries) == len(WITHOUT_ID)
    as_received = [json.loads(entry.received) for entry in entries]
    assert sorted(map(repr, as_received)) == sorted(map(repr, WITHOUT_ID))
    assert {entry.reason for entry in entries} == {"The record has no id.", "The record is not an object."}
    # An incremental run meets some of them again: no second entry, nothing let go.
    world.clock.advance(600)
    world.sim.data.create(id="later")
    assert world.run().succeeded.quarantined > 0
    assert quarantine.count(world.store) == len(WITHOUT_ID)
    # They are mended upstream.
    kept = [one for one in world.sim.data.payloads() if isinstance(one, dict) and isinstance(one.get("id"), str)]
    kept = [one for one in kept if one["id"].strip()]
    world.sim.data.clear()
    for record in [*kept[:5], WITHOUT_ID[8], *kept[5:]]:
        world.sim.data.add(record)
    assert world.run().succeeded
    assert quarantine.count(world.store) == len(WITHOUT_ID)
    assert world.run(mode="full").succeeded.quarantined == 1
    [left] = quarantine.load(world.store)
    assert left.first_seen_at < left.last_seen_at
    world.assert_equal_to_upstream()


def test_a_page_where_most_have_no_id_fails_the_run_and_nothing_of_it_is_stored(
    make_world: Callable[..., World],
) -> None:
    world = make_world(referrals=15)
    world.run()
    world.clock.advance(600)
    for number in range(3):
        world.sim.data.add({"number": number})
    good = [world.sim.data.create(), world.sim.data.create()]
    outcome = world.run()

    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.status) == ("partner_center_contract_changed", 502)
    assert outcome.run is not None
    assert outcome.run.fetched == 0
    assert not set(good) & set(rows(world))
    assert quarantine.count(world.store) == 0
    assert world.run(mode="full").error is not None
    # With half of them readable again all goes on.
    world.sim.data.create()
    assert world.run().succeeded
    world.assert_equal_to_upstream()


def test_a_single_record_without_an_id_that_is_a_whole_page_stops_nothing(world: World) -> None:
    world.sim.data.create()
    world.sim.data.add({"alone": "on the last page"})
    run = world.run().succeeded

    assert (run.inserted, run.quarantined, run.pages) == (15, 1, 4)


def test_the_same_bad_bytes_many_times_are_one_entry(world: World) -> None:
    for number in range(6):
        world.sim.data.create(id=f"between-{number}")
        world.sim.data.create(id=f"again-{number}")
        world.sim.data.add({"id": None, "name": "the same"})
    assert world.run().succeeded.quarantined == 6
    assert quarantine.count(world.store) == 1
