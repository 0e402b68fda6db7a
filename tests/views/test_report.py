"""The manager's figures against a recomputation from the items alone, and each figure against the rows it leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.azurite import Azurite
from shared.model.desk import Owner
from shared.model.summary import ReferralSummary
from shared.read_model.desk import Desk
from shared.read_model.questions import referral_query
from shared.read_model.report import Report, weight_of
from shared.read_model.snapshot import Snapshot
from tests.read_model.test_snapshot import NOW, worlds
from tests.read_model.test_snapshot import World as Sets
from tests.views.simulated import fill
from tests.views.world import AYSE, World

TODAY = NOW.date()
WEIGHTS = {
    "10": 10, "20": 20, "40": 40, "60": 60, "80": 80, "100": 100, "Qualify": 20, "Develop": 40, "Propose": 60, "Close": 80,
    "Qualified": 20, "Negotiated": 80,
}  # fmt: skip


class Plain:
    """The figures as somebody would add them up by hand from a referral's own fields."""

    def __init__(self, rows: list[dict[str, Any]], first: str, last: str, today: str, now: str) -> None:
        self.rows = [row for row in rows if not row["missing"]]
        self.first, self.last, self.today, self.now = first, last, today, now

    def figures(self, keep: Callable[[dict[str, Any]], bool] = lambda row: True) -> dict[str, Any]:
        rows = [row for row in self.rows if keep(row)]
        within = [row for row in rows if self._in_days(row["closed"])]
        won = [row for row in within if row["status"] == "Closed" and row["substatus"] == "Won"]
        lost = [row for row in within if row["status"] == "Closed" and row["substatus"] == "Lost"]
        answered = [row for row in rows if row["direction"] == "Incoming" and self._in_days(row["accepted"])]
        hours = [
            max((datetime.fromisoformat(row["accepted"]) - datetime.fromisoformat(row["created"])).total_seconds(), 0)
            / 3600
            for row in answered
            if row["created"]
        ]
        opened = [row for row in rows if self._was_open(row)]
        open_now = [row for row in rows if row["status"] in {"New", "Active"}]
        return {
            "created": self._sum(row for row in rows if self._in_days(row["created"])),
            "won": self._sum(won),
            "lost": self._sum(lost),
            "winRate": round(len(won) / (len(won) + len(lost)), 4) if won or lost else None,
            "answered": len(answered),
            "medianHours": round(median(hours), 1) if hours else None,
            "pipeline": self._sum(opened),
            "weighted": self._weighted(opened),
            "withoutWeight": sum(row["stage"] not in WEIGHTS for row in opened),
            "answer": self._sum(
                row
                for row in rows
                if row["direction"] == "Incoming"
                and row["status"] == "New"
                and row["expires"]
                and row["expires"] <= self.now
            ),
            "close": self._sum(row for row in open_now if row["closing"] and row["closing"][:10] < self.today),
        }

    def stages(self) -> dict[Any, tuple[int, dict[str, Decimal]]]:
        found: dict[Any, list[dict[str, Any]]] = {}
        for row in self.rows:
            if self._was_open(row):
                found.setdefault(row["stage"], []).append(row)
        return {stage: self._sum(rows) for stage, rows in found.items()}

    def _in_days(self, time: str | None) -> bool:
        return bool(time) and self.first <= str(time)[:10] <= self.last

    def _was_open(self, row: dict[str, Any]) -> bool:
        if (row["created"] or "")[:10] > self.last:
            return False
        return row["status"] in {"New", "Active"} or bool(row["closed"] and row["closed"][:10] > self.last)

    @staticmethod
    def _sum(rows: Any) -> tuple[int, dict[str, Decimal]]:
        rows = list(rows)
        sums: dict[str, Decimal] = {}
        for row in rows:
            if row["value"] is not None and row["currency"]:
                sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["value"]
        return len(rows), sums

    @staticmethod
    def _weighted(rows: list[dict[str, Any]]) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = {}
        for row in rows:
            if row["stage"] in WEIGHTS and row["value"] is not None and row["currency"]:
                sums[row["currency"]] = (
                    sums.get(row["currency"], Decimal(0)) + row["value"] * WEIGHTS[row["stage"]] / 100
                )
        return sums


def told(figures: dict[str, Any]) -> dict[str, Any]:
    """The same of a report's answer."""

    def pair(figure: dict[str, Any]) -> tuple[int, dict[str, Decimal]]:
        return figure["count"], {name: Decimal(str(amount)) for name, amount in figure["value"].items()}

    return {
        **{name: pair(figures[name]) for name in ("created", "won", "lost", "pipeline")},
        "winRate": None if figures["winRate"]["rate"] is None else float(figures["winRate"]["rate"]),
        "answered": figures["response"]["answered"],
        "medianHours": None
        if figures["response"]["medianHours"] is None
        else float(figures["response"]["medianHours"]),
        "weighted": {name: Decimal(str(amount)) for name, amount in figures["pipeline"]["weighted"].items()},
        "withoutWeight": figures["pipeline"]["withoutWeight"],
        "answer": pair(figures["overdue"]["answer"]),
        "close": pair(figures["overdue"]["close"]),
    }


def queries_of(report: Any) -> Iterator[tuple[int | None, str]]:
    """Every query of a report with the count that stands beside it."""
    if isinstance(report, dict):
        if "query" in report:
            yield report.get("count", report.get("answered")), report["query"]
        for part in report.values():
            yield from queries_of(part)
    elif isinstance(report, list):
        for part in report:
            yield from queries_of(part)


def row_of(referral: ReferralSummary, owner: str | None) -> dict[str, Any]:
    closed = (referral.closed_date_time or referral.updated_date_time) if referral.status == "Closed" else None
    return {
        "missing": referral.missing_since,
        "direction": referral.direction,
        "status": referral.status,
        "substatus": referral.substatus,
        "created": referral.created_date_time,
        "accepted": referral.accepted_date_time,
        "closed": closed,
        "closing": referral.closing_date_time,
        "expires": referral.expiration_date_time,
        "stage": referral.sales_stage,
        "value": referral.deal_value,
        "currency": referral.currency,
        "category": referral.category,
        "country": referral.country,
        "owner": owner,
    }


def check(report: dict[str, Any], plain: Plain) -> None:
    """The report is what adding up by hand gives, in all and in each group."""
    assert told(report) == plain.figures()
    stages = {
        one["stage"]: (one["count"], {k: Decimal(str(v)) for k, v in one["value"].items()}) for one in report["byStage"]
    }
    assert stages == plain.stages()
    for group, name in (("byOwner", "owner"), ("byCategory", "category"), ("byCountry", "country")):
        told_of = {
            (one[name]["mail"] if name == "owner" and one[name] else one[name]): told(one) for one in report[group]
        }
        nothing = Plain([], plain.first, plain.last, plain.today, plain.now).figures()
        for value in {row[name] for row in plain.rows}:
            expected = plain.figures(lambda row, name=name, value=value: row[name] == value)  # type: ignore[misc]
            assert told_of.get(value, nothing) == expected, (group, value)
    counts = [one["created"]["count"] for one in report["byMonth"]]
    assert sum(counts) == report["created"]["count"]


@settings(max_examples=25, deadline=None)
@given(sets=worlds(), back=st.integers(0, 400), days=st.integers(0, 200))
def test_random_sets(sets: Sets, back: int, days: int) -> None:
    first = TODAY - timedelta(days=back)
    last = first + timedelta(days=days)
    now = f"{NOW:%Y-%m-%dT%H:%M:%S}.0000000Z"
    owners = {position: owner.mail for position, owner in sets.snapshot.desk.owners.items()}
    rows = [row_of(referral, owners.get(place)) for place, referral in enumerate(sets.snapshot.referrals)]
    report = Report(sets.snapshot, NOW).of(first, last)
    check(report, Plain(rows, first.isoformat(), last.isoformat(), TODAY.isoformat(), now))
    for count, query in queries_of(report):
        found = sets.snapshot.fitting(referral_query(query, "nobody"), NOW).bit_count()
        assert count is None or found == count, query


@pytest.fixture(scope="module")
def world(azurite: Azurite, _unused_accounts: Iterator[str]) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        made = World(azurite.connection_string_of(next(_unused_accounts)), patch)
        fill(made.services.store, 739, made.clock.time)
        yield made


@pytest.mark.parametrize(
    "days", [("2026-11-01", "2026-11-30"), ("2026-01-01", "2026-06-30"), ("2025-05-05", "2025-05-05")]
)
def test_the_739(world: World, days: tuple[str, str]) -> None:
    report = world.get(AYSE, f"/report?from={days[0]}&to={days[1]}")
    snapshot = world.services.read_model.snapshot()
    owners = {position: owner.mail for position, owner in snapshot.desk.owners.items()}
    rows = [row_of(referral, owners.get(place)) for place, referral in enumerate(snapshot.referrals)]
    check(report, Plain(rows, *days, "2026-11-24", "2026-11-24T09:00:00.0000000Z"))
    for count, query in list(queries_of(report))[::7]:
        total = world.get(AYSE, f"/referrals?pageSize=1&{query}")["total"]
        assert count is None or total == count, query


def test_the_days_that_are_meant(world: World) -> None:
    def days(query: str) -> tuple[str, str]:
        report = world.get(AYSE, f"/report?{query}")
        return report["from"], report["to"]

    assert days("") == ("2026-11-01", "2026-11-30")
    assert days("from=2026-02-10") == ("2026-02-10", "2026-02-28")
    assert days("to=2026-02-10") == ("2026-02-01", "2026-02-10")
    assert days("from=9999-12-05") == ("9999-12-05", "9999-12-31")  # the calendar's last month and its first
    assert days("to=9999-12-31") == ("9999-12-01", "9999-12-31")
    assert days("to=0001-01-01") == ("0001-01-01", "0001-01-01")
    assert [one["month"] for one in world.get(AYSE, "/report?from=2025-12-15&to=2026-02-10")["byMonth"]] == [
        "2025-12",
        "2026-01",
        "2026-02",
    ]
    for wrong in ("from=2026-02-30", "from=x", "from=2026-03-01&to=2026-02-01", "month=2026-02", "from="):
        got = world.ask(AYSE, "GET", f"/report?{wrong}")
        assert (got.status, got.code) == (400, "invalid_parameter"), wrong


def test_an_unchanged_report_is_not_computed_again(world: World) -> None:
    first = world.ask(AYSE, "GET", "/report")
    again = world.ask(AYSE, "GET", "/report", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.content) == (304, b"")


def test_the_overview_says_how_it_goes_for_each_owner(world: World) -> None:
    summary = world.get(AYSE, "/summary")
    assert [one["owner"] and one["owner"]["mail"] for one in summary["byOwner"]] == [
        "ayse@partner.com",
        "bora@partner.com",
        None,
    ]
    for one in summary["byOwner"]:
        mail = one["owner"]["mail"] if one["owner"] else "none"
        for name in ("waiting", "open", "won", "lost"):
            total = world.get(AYSE, f"/referrals?pageSize=1&{one[name]['query']}")["total"]
            assert total == one[name]["count"], (mail, name)
        decided = one["won"]["count"] + one["lost"]["count"]
        rate = one["winRate"]["rate"]
        assert (rate is None) is (decided == 0)
        assert rate is None or abs(float(rate) - one["won"]["count"] / decided) < 1e-4
    assert (
        sum(one["open"]["count"] for one in summary["byOwner"])
        == world.get(AYSE, "/referrals?pageSize=1&status=New&status=Active")["total"]
    )


@pytest.mark.parametrize(
    ("stage", "weight"),
    [("40", 40), ("100", 100), ("0", 0), ("60%", 60), (" 60 % ", 60), ("101", None), ("-5", None), ("4.5", None), ("Qualify", 20),
     ("PROPOSE", 60), ("Negotiated", 80), ("Won", 100), ("", None), (None, None), ("soon", None), ("١٠", None)],
)  # fmt: skip
def test_the_weight_of_a_stage(stage: str | None, weight: int | None) -> None:
    assert weight_of(stage) == weight


def test_a_range_of_many_years_has_no_months() -> None:
    snapshot = Snapshot("v", [], [], merged={}, links={}, tenants={}, quarantined=0).with_desk(
        "v", Desk({"gone": Owner("a@b.c", "A")}, [])
    )
    report = Report(snapshot, NOW).of(TODAY - timedelta(days=40_000), TODAY)
    assert report["byMonth"] == []
    ten_years = Report(snapshot, NOW).of(date(2017, 1, 31), date(2026, 12, 1))
    assert [month["month"] for month in ten_years["byMonth"]][::119] == ["2017-01", "2026-12"]
    assert Report(snapshot, NOW).of(date(2016, 12, 31), date(2026, 12, 1))["byMonth"] == []
    assert report["byCountry"] == report["byCategory"] == []
