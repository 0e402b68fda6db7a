"""Summaries read straight from the answers are those that rows hold, by both lanes and for every kind of value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest

from shared.core.settings import load
from shared.model.summary import Problem, ReferralSummary
from shared.storage.engine.tables import Insert, Replace, Table, TableStore
from shared.storage.tables.referrals import (
    PARTITIONS,
    SUMMARY_COLUMNS,
    Repeated,
    from_row,
    partition_of,
    scan,
    scan_summaries,
    to_row,
)
from tests.storage.sdk_lane import by_the_sdk

_TEXTS: Final[dict[str, Any]] = {
    field: f"{field} İı '\"\\ 😀\u2028"
    for field in ReferralSummary.__struct_fields__
    if field not in {"id", "company_mentions", "deal_value", "search_text", "problems"}
}
SUMMARIES: Final = (
    ReferralSummary("whole", **_TEXTS, search_text="a\nb", company_mentions=("duns-1", "name-x")),
    ReferralSummary("nothing"),
    ReferralSummary("empty", name="", city="", company_key=""),
    ReferralSummary("half a pair", name="a \ud83d", search_text="\ud83d", city="plain"),
    ReferralSummary("a / key \\ that # is ? escaped ışıl"),
    ReferralSummary("x" * 1_200, name="its key holds a hash"),
    ReferralSummary("one mention", company_mentions=("name-y",)),
    ReferralSummary("the same", **_TEXTS, company_mentions=("duns-1", "name-x"), deal_value=Decimal("1.10")),
    ReferralSummary("problems", problems=(Problem("a.b", 'is "no" number'), Problem("c", "ğ"))),
    ReferralSummary("a note of a type", name='{"name@odata.type": "Edm.Int64"}'),
    *(
        ReferralSummary(f"amount {amount}", deal_value=Decimal(amount), currency="USD")
        for amount in ("0", "0.00", "-5", "1E+3", "1.10", "1.1", "9" * 38 + ".01")
    ),
)


@pytest.fixture(params=[True, False], ids=["lane", "sdk"])
def table(connection_string: str, request: pytest.FixtureRequest) -> Table:
    store = TableStore.from_settings(load({"HUNTER_STORAGE": connection_string}))
    return (store if request.param else by_the_sdk(store)).table("Referrals")


def store_all(table: Table, summaries: tuple[ReferralSummary, ...] = SUMMARIES) -> None:
    for summary in summaries:
        table.transact([Insert(to_row(summary, "{}", "h", "h", 1)[0])])


def read_all(table: Table, repeated: Repeated | None = None) -> dict[str, ReferralSummary]:
    return {one.id: one for partition in PARTITIONS for one in scan_summaries(table, partition, repeated)}


def exact(summary: ReferralSummary) -> tuple[object, ...]:
    """A summary with its amount as text: Decimals that are written differently are equal."""
    return (summary, str(summary.deal_value))


@pytest.mark.parametrize("keeping", [False, True], ids=["anew", "kept"])
def test_every_summary_comes_back_as_it_was(table: Table, keeping: bool) -> None:
    store_all(table)
    found = read_all(table, Repeated() if keeping else None)
    assert {name: exact(one) for name, one in found.items()} == {one.id: exact(one) for one in SUMMARIES}
    rows = [row for partition in PARTITIONS for row in scan(table, partition, SUMMARY_COLUMNS)]
    assert [exact(from_row(row)) for row in rows] == [exact(one) for one in found.values()]


def test_what_repeats_is_kept_once(table: Table) -> None:
    store_all(table)
    repeated = Repeated()
    found = read_all(table, repeated)
    one, other = found["whole"], found["the same"]
    for field in ("status", "city", "company_key", "customer_name", "company_mentions"):
        assert getattr(one, field) is getattr(other, field)
    assert found["amount 1.10"].deal_value is other.deal_value
    again = read_all(table, repeated)
    assert again["whole"].status is one.status


def test_a_row_of_others_making_does_not_stop_the_list(table: Table) -> None:
    """Columns that hold no text are none; a row without an id has that of its key; the other rows are as ever."""
    plain = ReferralSummary("plain", name="plain", status="New")
    row, _ = to_row(plain, "{}", "h", "h", 1)
    strange = {"PartitionKey": row["PartitionKey"], "RowKey": "a=2Fb", "name": 2**40, "status": True, "city": b"x"}
    table.transact([Insert(row), Insert({**strange, "country": "TR"})])
    assert list(scan_summaries(table, row["PartitionKey"])) == [ReferralSummary("a/b", country="TR"), plain]


def test_partitions_of_many_pages(table: Table) -> None:
    ids = [one for number in range(40_000) if partition_of(one := f"{number:05}") == "a"][:2_100]
    for start in range(0, len(ids), 100):
        table.transact(
            [
                Replace(to_row(ReferralSummary(one, name=f"name {one}", status="New"), "{}", "h", "h", 1)[0], None)
                for one in ids[start : start + 100]
            ]
        )
    found = list(scan_summaries(table, "a", Repeated()))
    assert [(one.id, one.name) for one in found] == [(one, f"name {one}") for one in ids]
    assert len({id(one.status) for one in found}) == 1
    assert list(scan_summaries(table, "b")) == []
