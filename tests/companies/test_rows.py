"""Companies changed step by step equal companies computed at once, whatever the order of things."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.companies.ledger import Ledger
from shared.model.company import is_domain
from shared.model.company_rows import (
    CompanyRow,
    Touched,
    change,
    compress,
    decompress,
    keys_touched,
    merge,
    targets_touched,
)
from tests.companies import reckoning
from tests.companies.worlds import World


class Shelf:
    """The rows of companies in a dict, changed as the app changes them in storage."""

    def __init__(self) -> None:
        self.packed: dict[str, bytes] = {}

    def row(self, key: str) -> CompanyRow:
        return CompanyRow.unpack(key, self.packed[key]) if key in self.packed else CompanyRow(key)

    def apply(self, world: World, touched: Sequence[Touched]) -> set[str]:
        keys = {key for one in touched for key in keys_touched(one, world.links.get(one.id))}
        rows = {key: self.row(key) for key in keys}
        before = {key: row.shown_in for key, row in rows.items()}
        change(rows, touched, world.links)
        rows |= {key: self.row(key) for key in targets_touched(rows, before) - keys}
        merge(rows, keys, before)
        for key, row in rows.items():
            if row.empty:
                self.packed.pop(key, None)
            else:
                self.packed[key] = row.pack()
        return set(rows)


def check(shelf: Shelf, world: World) -> None:
    with closing(Ledger(world.links)) as ledger:
        for summary in world.referrals.values():
            ledger.add(summary)
        ledger.complete()
        assert shelf.packed == {row.key: row.pack() for row in ledger.rows()}
        assert shelf.packed == {key: ledger.row(key).pack() for key in shelf.packed}
        assert ledger.row("nobody.example").empty
    truth = reckoning.reckon(world.referrals.values(), world.links)
    rows = [shelf.row(key) for key in shelf.packed]
    assert {row.key: row.shown_in for row in rows if row.shown_in} == truth.merged
    shown = {row.key: company for row in rows if (company := row.company())}
    assert {key: reckoning.of(company) for key, company in shown.items()} == truth.companies
    for key, company in shown.items():
        assert company.key == key
        assert company.name
        assert company.domain == (key if is_domain(key) else None)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 6))
def test_steps_equal_a_computation_from_scratch(seed: int, steps: int, at_once: int) -> None:
    world, shelf = World(Random(seed)), Shelf()
    for _ in range(steps):
        if world.random.random() < 0.25 and (referral_id := world.relink()):
            now = world.referrals[referral_id]
            shelf.apply(world, [Touched(referral_id, now, now)])
        else:
            shelf.apply(world, [Touched(*world.change()) for _ in range(at_once)])
        check(shelf, world)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_repeating_a_step_changes_nothing(seed: int) -> None:
    world, shelf = World(Random(seed)), Shelf()
    touched = [Touched(*world.change()) for _ in range(12)]
    shelf.apply(world, touched)
    once = dict(shelf.packed)
    # Each referral's last state is what a repeated page brings.
    latest = {one.id: one for one in touched}
    shelf.apply(world, list(latest.values()))
    assert shelf.packed == once
    check(shelf, world)


def test_an_update_touches_the_row_of_its_company_alone() -> None:
    world, shelf = World(Random(1)), Shelf()
    before = world.referral("r1")
    while not (before.company_key == "contoso.com" and len(before.company_mentions) == 2):
        before = world.referral("r1")
    assert shelf.apply(world, [Touched("r1", None, before)]) == {"contoso.com", *before.company_mentions}
    assert shelf.apply(world, [Touched("r1", before, before)]) == {"contoso.com"}


def test_an_older_version_replaces_no_newer_one() -> None:
    world, shelf = World(Random(2)), Shelf()
    older = world.referral("r1")
    while older.company_key != "contoso.com":
        older = world.referral("r1")
    newer = world.referral("r1")
    while newer.company_key != "contoso.com":
        newer = world.referral("r1")
    shelf.apply(world, [Touched("r1", None, newer)])
    packed = dict(shelf.packed)
    shelf.apply(world, [Touched("r1", None, older)])
    assert shelf.row("contoso.com").entries["r1"].updated == newer.updated_date_time
    assert packed["contoso.com"] == shelf.packed["contoso.com"]


def test_rows_are_small() -> None:
    world = World(Random(3))
    with closing(Ledger({})) as ledger:
        for _ in range(2_000):
            summary = world.referral(f"{world.random.getrandbits(128):032x}")
            if summary.company_key == "contoso.com":
                ledger.add(summary)
        ledger.complete()
        row = ledger.row("contoso.com")
    packed = row.pack()
    assert decompress(compress(packed)) == packed
    assert CompanyRow.unpack("contoso.com", packed) == row
    assert len(compress(packed)) / len(row.entries) < 75
