"""A manager's figures for a range of days: what came, was answered, won and lost, the pipeline at its end, what is overdue.

Every figure is what its query finds in the list, so whoever follows it meets exactly the rows that were counted.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any, Final
from urllib.parse import urlencode

from shared.model import times
from shared.model.money import percent_of, sums_of
from shared.model.summary import OPEN, ReferralSummary
from shared.read_model.overview import hours_to_answer, value_of
from shared.read_model.query import Bits, positions_of
from shared.read_model.questions import MOST_LETTERS, NOBODY_S_MAIL, NONE, PAST, referral_query
from shared.read_model.snapshot import Snapshot

Pairs = tuple[tuple[str, str], ...]
"""Parameters of the list, in the order in which the query has them."""

STAGES: Final[Mapping[str, int]] = {
    "accepted": 10,
    "qualify": 20,
    "qualified": 20,
    "develop": 40,
    "developed": 40,
    "propose": 60,
    "proposed": 60,
    "negotiated": 80,
    "close": 80,
    "won": 100,
}
"""The weight of a stage in per cent (Microsoft Learn, "Manage co-sell opportunities"); a stage of digits is its own weight."""
MOST_MONTHS: Final = 120
_OPEN: Final[Pairs] = tuple(("status", status) for status in OPEN)
_WON: Final[Pairs] = (("status", "Closed"), ("substatus", "Won"))
_LOST: Final[Pairs] = (("status", "Closed"), ("substatus", "Lost"))
_DECIDED: Final[Pairs] = (("status", "Closed"), ("substatus", "Won"), ("substatus", "Lost"))
_WAITING: Final[Pairs] = (("waiting", "true"),)


def weight_of(stage: str | None) -> int | None:
    """The weight of a sales stage in per cent, or None where it says nothing."""
    text = (stage or "").strip().rstrip("%").strip().casefold()
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100:
        return int(text)
    return STAGES.get(text)


class Report:
    """Figures over one snapshot of the data."""

    def __init__(self, snapshot: Snapshot, now: datetime) -> None:
        self._snapshot = snapshot
        self._now = now
        self._everything = snapshot.referral_list.index.everything
        self._known: dict[Pairs, Bits] = {}

    def of(self, first: date, last: date) -> dict[str, Any]:
        """The report of a range of days in UTC, both of them in it."""
        return {
            "from": first.isoformat(),
            "to": last.isoformat(),
            "generatedAt": times.public(times.from_datetime(self._now)),
            "dataVersion": self._snapshot.version,
            **self._figures(first, last),
            "byStage": self._by_stage(last),
            "byOwner": [
                {"owner": owner, **self._figures(first, last, (("owner", key),))} for owner, key in self._owners()
            ],
            "byCategory": self._grouped("category", first, last),
            "byCountry": self._grouped("country", first, last),
            "byMonth": [
                {"month": start.isoformat()[:7], **self._flow(start, end)} for start, end in _months(first, last)
            ],
        }

    def by_owner(self) -> list[dict[str, Any]]:
        """For each owner, and for what has none: what waits, what is open, what was won and lost, and how fast it was
        answered; over all that is stored."""
        return [
            {
                "owner": owner,
                "waiting": self.figure((*_WAITING, ("owner", key))),
                "open": self.figure((*_OPEN, ("owner", key))),
                "won": self.figure((*_WON, ("owner", key))),
                "lost": self.figure((*_LOST, ("owner", key))),
                "winRate": self._win_rate((("owner", key),)),
                "response": self._response((("direction", "Incoming"), ("accepted", "0001-01-01.."), ("owner", key))),
            }
            for owner, key in self._owners()
        ]

    def figure(self, pairs: Pairs) -> dict[str, Any]:
        """How many referrals a query finds, what they are worth, and the query."""
        found = self._found(pairs)
        return {"count": len(found), "value": value_of(found), "query": urlencode(pairs)}

    def _figures(self, first: date, last: date, group: Pairs = ()) -> dict[str, Any]:
        pipeline = (("openOn", last.isoformat()), *group)
        return {
            **self._flow(first, last, group),
            "pipeline": {**self.figure(pipeline), **_weighed(self._found(pipeline))},
            "overdue": {
                "answer": self.figure((("expiring", "0"), *group)),
                "close": self.figure((*_OPEN, ("closing", PAST), *group)),
            },
        }

    def _flow(self, first: date, last: date, group: Pairs = ()) -> dict[str, Any]:
        """What happened in the days."""
        days = f"{first.isoformat()}..{last.isoformat()}"
        closed = (("closed", days), *group)
        return {
            "created": self.figure((("created", days), *group)),
            "won": self.figure((*_WON, *closed)),
            "lost": self.figure((*_LOST, *closed)),
            "winRate": self._win_rate(closed),
            "response": self._response((("direction", "Incoming"), ("accepted", days), *group)),
        }

    def _win_rate(self, pairs: Pairs) -> dict[str, Any]:
        """Won of won and lost, from 0 to 1."""
        query = (*_DECIDED, *pairs)
        found = self._found(query)
        won = sum(referral.is_won for referral in found)
        return {"rate": round(won / len(found), 4) if found else None, "query": urlencode(query)}

    def _response(self, pairs: Pairs) -> dict[str, Any]:
        """How long incoming referrals waited until they were accepted; those of unknown age count as answered alone."""
        found = self._found(pairs)
        hours = [taken for referral in found if (taken := hours_to_answer(referral)) is not None]
        return {
            "answered": len(found),
            "medianHours": round(median(hours), 1) if hours else None,
            "query": urlencode(pairs),
        }

    def _by_stage(self, last: date) -> list[dict[str, Any]]:
        opened = (("openOn", last.isoformat()),)
        found: dict[str | None, list[ReferralSummary]] = {}
        for referral in self._found(opened):
            found.setdefault(referral.sales_stage, []).append(referral)
        ordered = sorted(
            found.items(), key=lambda group: (weight_of(group[0]) is None, weight_of(group[0]) or 0, group[0] or "~")
        )
        return [
            {
                "stage": stage,
                "weight": weight_of(stage),
                "count": len(members),
                "value": value_of(members),
                "weighted": _weighed(members)["weighted"],
                "query": urlencode((*opened, ("salesStage", stage or NONE))),
            }
            for stage, members in ordered
        ]

    def _grouped(self, column: str, first: date, last: date) -> list[dict[str, Any]]:
        # What no query can ask for - no country is that long - counts in the totals alone.
        values = [value for value in self._snapshot.referral_list.index.values(column) if len(value) <= MOST_LETTERS]
        groups = [{column: value, **self._figures(first, last, ((column, value),))} for value in sorted(values)]
        if self._snapshot.referral_list.index.without(column):
            groups.append({column: None, **self._figures(first, last, ((column, NONE),))})
        return [group for group in groups if _says_something(group)]

    def _owners(self) -> list[tuple[dict[str, str] | None, str]]:
        """Each owner as answers carry it, with the parameter's value; last those without."""
        desk = self._snapshot.desk
        known = {owner.mail: owner for owner in desk.owners.values()}
        shown: list[tuple[dict[str, str] | None, str]] = [
            ({"mail": mail, "name": known[mail].name}, mail) for mail in sorted(desk.by_mail, key=str.casefold)
        ]
        return [*shown, (None, NONE)]

    def _found(self, pairs: Pairs) -> list[ReferralSummary]:
        """The referrals that a query finds."""
        bits = self._everything
        for name in dict.fromkeys(name for name, _ in pairs):
            bits &= self._bits(tuple(pair for pair in pairs if pair[0] == name))
        return [self._snapshot.referrals[position] for position in positions_of(bits, len(self._snapshot.referrals))]

    def _bits(self, pairs: Pairs) -> Bits:
        """What one parameter finds by itself; the same are asked for by figure after figure."""
        if pairs not in self._known:
            query = referral_query(urlencode(pairs), NOBODY_S_MAIL)
            self._known[pairs] = self._snapshot.fitting(query, self._now)
        return self._known[pairs]


def _weighed(referrals: Iterable[ReferralSummary]) -> dict[str, Any]:
    """Deal values by their stage's weight, in each currency; what has no known stage is counted and weighs nothing."""
    weighed: list[tuple[str | None, Decimal]] = []
    unknown = 0
    for referral in referrals:
        weight = weight_of(referral.sales_stage)
        if weight is None:
            unknown += 1
        elif referral.deal_value is not None:
            weighed.append((referral.currency, percent_of(referral.deal_value, weight)))
    return {"weighted": sums_of(weighed), "withoutWeight": unknown}


def _says_something(group: Mapping[str, Any]) -> bool:
    """Whether any figure of a group counts anything."""
    overdue = group["overdue"].values()
    figures = (group["created"], group["won"], group["lost"], group["pipeline"], *overdue)
    return any(figure["count"] for figure in figures) or bool(group["response"]["answered"])


def _months(first: date, last: date) -> list[tuple[date, date]]:
    """The months of a range, the first and the last cut to it; none where they would be too many."""
    months: list[tuple[date, date]] = []
    start = first
    while len(months) < MOST_MONTHS:
        end = last_of_month(start)
        months.append((start, min(end, last)))
        if end >= last:
            return months
        start = end + timedelta(days=1)
    return []


def last_of_month(day: date) -> date:
    """The last day of a day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])
