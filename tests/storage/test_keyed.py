"""Rows by their keys: whatever the keys are, the answer is that of reading them one by one, within Azure's limits."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.core.settings import load
from shared.storage.engine import keyed
from shared.storage.engine.entities import key
from shared.storage.engine.tables import Insert, Table, TableStore
from shared.storage.tables.referrals import PARTITIONS, partition_of, read_rows
from tests.sync import azure_limits

ODD = "aAzZ09-._|~ '\"%@&+,;:=()!*İışğéߞا漢한\ud7ff\ue000\ufeff\uffee😀𐀀"
"""Letters that quote, escape, and sort differently by code points and by UTF-16 units."""
TEXTS = st.text(ODD, max_size=6) | st.text(max_size=3)
KEYS = st.tuples(st.sampled_from("0123"), TEXTS)
numbers = itertools.count()


def pair(partition: str) -> int:
    return int(partition[-1]) // 2


@pytest.fixture
def store(storage_account: str) -> TableStore:
    return TableStore.from_settings(load({"HUNTER_STORAGE": storage_account}))


@pytest.fixture
def table(store: TableStore) -> Table:
    return store.table("Things")


@pytest.fixture(scope="module")
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def keep(table: Table, keys: set[keyed.Key]) -> None:
    for _, group in itertools.groupby(sorted(keys), key=lambda one: one[0]):
        rows = [{"PartitionKey": partition, "RowKey": row, "text": row, "more": 1} for partition, row in group]
        for start in range(0, len(rows), 100):
            table.transact([Insert(row) for row in rows[start : start + 100]])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(KEYS, max_size=60), st.sets(KEYS, max_size=10), st.integers(1, 100), st.booleans(), st.booleans())
@example({("0", "\ue000"), ("0", "😀"), ("0", "a")}, set(), 100, False, False)
@example({("0", "x"), ("1", "a"), ("1", "x")}, set(), 60, False, True)
@example({("0", "it's"), ("0", "it''s"), ("1", "' or RowKey ne '"), ("1", "@k0")}, {("0", "it")}, 100, True, True)
def test_any_keys_are_answered_as_if_they_were_read_one_by_one(
    table: Table,
    executor: ThreadPoolExecutor,
    stored: set[keyed.Key],
    absent: set[keyed.Key],
    share: int,
    side_by_side: bool,
    in_pairs: bool,
) -> None:
    number = next(numbers)
    kept = {(f"{number:06}-{partition}", key(text)) for partition, text in stored}
    others = {(f"{number:06}-{partition}", key(text)) for partition, text in absent}
    keep(table, kept)
    asked = {*sorted(kept)[: len(kept) * share // 100 + 1], *others}
    found = {
        (row["PartitionKey"], row["RowKey"]): row
        for row in keyed.read(
            table,
            asked,
            executor=executor if side_by_side else None,
            together=pair if in_pairs else str,
        )
    }
    assert found == {one: row for one in asked if (row := table.get(*one))}


def asked_of(table: Table, monkeypatch: pytest.MonkeyPatch) -> tuple[Counter[str], list[Mapping[str, Any]]]:
    """Calls of each kind from now on, and the parameters of the queries; each is held to Azure's limits."""
    counts = azure_limits.enforce(monkeypatch)
    asked: list[Mapping[str, Any]] = []
    query = Table.query

    def noted(self: Table, filter: str, parameters: Mapping[str, Any], *rest: Any) -> Any:
        asked.append(parameters)
        return query(self, filter, parameters, *rest)

    monkeypatch.setattr(Table, "query", noted)
    return counts, asked


@pytest.mark.parametrize(("rows", "queries", "points"), [(1, 0, 1), (3, 0, 3), (4, 1, 0), (47, 4, 0), (49, 4, 1)])
def test_a_dozen_keys_are_one_question(
    table: Table, monkeypatch: pytest.MonkeyPatch, rows: int, queries: int, points: int
) -> None:
    keys = {("p", f"name-tr-{number}") for number in range(rows)}
    keep(table, keys)
    counts, _ = asked_of(table, monkeypatch)
    assert len(list(keyed.read(table, keys, points=3))) == rows
    assert (counts["query"], counts["get"]) == (queries, points)


def test_questions_read_no_part_of_a_partition_twice(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {("p", key(f"{letter}{number}")) for letter in "aZé漢" for number in range(40)}
    keep(table, keys)
    _, asked = asked_of(table, monkeypatch)
    assert len(list(keyed.read(table, keys))) == len(keys)
    ends = [(each["k0"], max(value for name, value in each.items() if name.startswith("k"))) for each in asked]
    assert len(ends) == 14
    assert all(before[1] < after[0] for before, after in itertools.pairwise(ends))


@pytest.mark.parametrize("letter", ["a", "'", "ş", "漢", "😀"])
def test_long_keys_fit_an_address(table: Table, monkeypatch: pytest.MonkeyPatch, letter: str) -> None:
    keys = {("p", key(f"{letter * (390 // len(key(letter)) - 4)}{number}")) for number in range(30)}
    keep(table, keys)
    asked_of(table, monkeypatch)
    assert len(list(keyed.read(table, keys))) == 30


def test_a_selection_is_what_comes_back(table: Table) -> None:
    keys = {("p", f"{number}") for number in range(20)}
    keep(table, keys)
    rows = list(keyed.read(table, keys, ["text"]))
    assert {tuple(sorted(row)) for row in rows} == {("PartitionKey", "RowKey", "etag", "text")}


@pytest.mark.parametrize(("ids", "requests"), [(1, 1), (16, 16), (50, 8), (100, 16)])
def test_referrals_are_asked_for_in_few_requests(
    store: TableStore, monkeypatch: pytest.MonkeyPatch, ids: int, requests: int
) -> None:
    table = store.table("Referrals")
    names = [f"{number:08x}-referral" for number in range(200)]
    keep(table, {(partition_of(one), key(one)) for one in names})
    counts, _ = asked_of(table, monkeypatch)
    wanted = names[:ids]
    rows = read_rows(table, [*wanted, *wanted, "nobody"][: 2 * ids], ["text"])
    assert sorted(rows) == sorted(wanted)
    assert all(rows[one]["RowKey"] == key(one) for one in wanted)
    assert counts.total() <= requests
    assert len({partition_of(one) for one in names[:50]}) == len(PARTITIONS)
