"""The list of referrals over one version of the data: what filters, sorts, searches and counts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from shared.model import times
from shared.model.money import CURRENCIES
from shared.model.summary import OPEN, ReferralSummary
from shared.read_model.belonging import Companies
from shared.read_model.desk import DeskIndex
from shared.read_model.query import Bits, Index, Ranking, Search, Selection, folded, to_bits
from shared.read_model.questions import NONE, PAST, THIS_MONTH, Dates, Days, ReferralQuery

FACETS: Final = ("status", "substatus", "direction", "category", "country", "currency")
COLUMNS: Final = ("sales_stage",)
_MAY_BE_NONE: Final = ("country", "currency", "sales_stage")
"""Columns of which a query may ask for what has no value."""
_END_OF_DAY: Final = "T99"
"""Behind every time of a day, in the order of texts."""


class ReferralList:
    """Immutable but for indexes that it makes once and keeps. What people added (owners, comments) is handed in.

    Args:
        referrals: all of them, in the order of their ids.
        companies: to which companies they belong.
        position_of: the position of a referral by its id, or None.
    """

    def __init__(
        self, referrals: Sequence[ReferralSummary], companies: Companies, position_of: Callable[[str], int | None]
    ) -> None:
        self._referrals, self._companies, self._position_of = referrals, companies, position_of

    def select(self, query: ReferralQuery, desk: DeskIndex, now: datetime) -> Selection:
        """A page of what a query finds, with its facets."""
        return self.index.select(
            self._filters(query, desk, now),
            query.paging.sort,
            descending=query.paging.descending,
            offset=query.paging.offset,
            limit=query.paging.page_size,
            more_facets={"owner": desk.by_mail, **({"dynamics": desk.by_crm_state} if desk.links else {})},
        )

    def fitting(self, query: ReferralQuery, desk: DeskIndex, now: datetime) -> Bits:
        """The referrals that a query finds, on all pages."""
        return self.index.fitting(self._filters(query, desk, now))

    def ordered(self, query: ReferralQuery, desk: DeskIndex, now: datetime) -> Iterator[int]:
        """The positions of the referrals that a query finds, on all pages, in its order."""
        sort, descending = query.paging.sort, query.paging.descending
        return self.index.ordered(self.fitting(query, desk, now), sort, descending=descending)

    def _filters(self, query: ReferralQuery, desk: DeskIndex, now: datetime) -> dict[str, Bits]:
        """For each parameter that filters, the referrals that it lets through."""
        index = self.index
        filters: dict[str, Bits] = {"missing": self._missing(query.missing)}
        for column in (*FACETS, *COLUMNS, "created_month"):
            values = getattr(query, column)
            if values:
                filters[column] = index.having(column, values)
                if column in _MAY_BE_NONE and NONE in map(str.lower, values):
                    filters[column] |= index.without(column)
                    if column == "currency":  # a code that is none is no currency
                        filters[column] |= index.having(column, set(index.values(column)) - CURRENCIES)
        if query.company:
            filters["company"] = to_bits(self._companies.members_of(query.company), index.size)
        if query.owner:
            filters["owner"] = desk.owned_by(query.owner)
        if query.dynamics:
            filters["dynamics"] = desk.in_crm(query.dynamics)
        if query.m365 is not None:
            filters["m365"] = self._in_tenants if query.m365 else index.everything & ~self._in_tenants
        if query.min_value is not None or query.max_value is not None:
            filters["value"] = self._by_value.between(query.min_value, query.max_value)
        if query.waiting is not None:
            filters["waiting"] = self._waiting if query.waiting else index.everything & ~self._waiting
        if query.value:
            valued = self._by_value.between()
            filters["given_value"] = valued if query.value == "given" else index.everything & ~valued
        if query.expiring is not None:
            due = times.from_datetime(now + timedelta(days=query.expiring))
            filters["expiring"] = self._by_deadline.between(most=due)
        if query.words:
            filters["q"] = desk.find(query.words, self._search.find)
        if query.ids is not None:
            places = (place for each in query.ids if (place := self._position_of(each)) is not None)
            filters["ids"] = to_bits(places, index.size)
        return filters | self._dates(query.dates, now)

    def _dates(self, dates: Dates, now: datetime) -> dict[str, Bits]:
        filters = {
            name: self._by_time[name].between(*_bounds(days))
            for name, days in (("created", dates.created), ("accepted", dates.accepted), ("closed", dates.closed))
            if days
        }
        if dates.closing:
            filters["closing"] = self._by_time["closing"].between(*_closing_bounds(dates.closing, now))
        if dates.open_on:
            later = f"{dates.open_on}{_END_OF_DAY}"
            begun = self.index.everything & ~self._by_time["created"].between(later)
            still = self.index.having("status", OPEN) | self._by_time["closed"].between(later)
            filters["open_on"] = begun & still
        return filters

    @cached_property
    def _by_time(self) -> dict[str, Ranking]:
        """Rankings by the times that queries ask for."""
        values: dict[str, Callable[[ReferralSummary], str | None]] = {
            "created": lambda referral: referral.created_date_time,
            "accepted": lambda referral: referral.accepted_date_time,
            "closed": lambda referral: referral.closed_at,
            "closing": lambda referral: referral.closing_date_time,
        }
        return {
            name: Ranking(
                ((time, place) for place, referral in enumerate(self._referrals) if (time := read(referral))),
                len(self._referrals),
            )
            for name, read in values.items()
        }

    def _missing(self, which: str) -> Bits:
        everything = self.index.everything
        if which == "include":
            return everything
        return self._gone if which == "only" else everything & ~self._gone

    @cached_property
    def _gone(self) -> Bits:
        gone = (position for position, referral in enumerate(self._referrals) if referral.missing_since)
        return to_bits(gone, len(self._referrals))

    @cached_property
    def _in_tenants(self) -> Bits:
        return to_bits(self._companies.members_in_tenants(), len(self._referrals))

    @cached_property
    def _waiting(self) -> Bits:
        waiting = (position for position, referral in enumerate(self._referrals) if referral.unanswered)
        return to_bits(waiting, len(self._referrals))

    @cached_property
    def _by_value(self) -> Ranking:
        values = (
            (referral.deal_value, place)
            for place, referral in enumerate(self._referrals)
            if referral.deal_value is not None
        )
        return Ranking(values, len(self._referrals))

    @cached_property
    def _by_deadline(self) -> Ranking:
        deadlines = (
            (deadline, place) for place, referral in enumerate(self._referrals) if (deadline := _deadline(referral))
        )
        return Ranking(deadlines, len(self._referrals))

    @cached_property
    def _search(self) -> Search:
        texts = [referral.search_text for referral in self._referrals]
        groups = []
        for text, members in self._companies.texts_with_members():
            # Mostly a customer's own texts hold the name and the domain of its company already.
            if not all(line in texts[position] for position in members for line in text.split("\n")):
                groups.append((text, members))
        return Search(texts, groups)

    @cached_property
    def index(self) -> Index:
        """The index of the list of referrals, made when it is first asked."""
        rows = self._referrals
        return Index(
            len(rows),
            columns={
                **{column: [getattr(row, column) for row in rows] for column in (*FACETS, *COLUMNS)},
                "created_month": [row.created_date_time and row.created_date_time[:7] for row in rows],
            },
            facets=FACETS,
            sort_values={
                "updatedDateTime": lambda: [row.updated_date_time for row in rows],
                "createdDateTime": lambda: [row.created_date_time for row in rows],
                "closingDateTime": lambda: [row.closing_date_time for row in rows],
                "expirationDateTime": lambda: [row.expiration_date_time for row in rows],
                "dealValue": lambda: [row.deal_value for row in rows],
                "dealValueByCurrency": lambda: [
                    None if row.deal_value is None or not row.currency else (row.currency, row.deal_value)
                    for row in rows
                ],
                "name": lambda: folded(row.name for row in rows),
                "customerName": lambda: folded(row.customer_name for row in rows),
                "companyName": lambda: folded(belonging.name for belonging in self._companies.belongings),
                "status": lambda: folded(row.status for row in rows),
                "country": lambda: folded(row.country for row in rows),
            },
        )


def _bounds(days: Days) -> tuple[str | None, str | None]:
    """The least and the greatest text of a time in these days."""
    return days.first, f"{days.last}{_END_OF_DAY}" if days.last else None


def _closing_bounds(closing: Days | str, now: datetime) -> tuple[str | None, str | None]:
    if isinstance(closing, Days):
        return _bounds(closing)
    today = times.from_datetime(now)[:10]
    if closing == PAST:
        return None, today  # a date alone lies before every time of its day
    assert closing == THIS_MONTH  # noqa: S101 - there is no other word
    return today[:7], f"{today[:7]}-31{_END_OF_DAY}"


def _deadline(referral: ReferralSummary) -> str | None:
    """Until when somebody waits for an answer."""
    return referral.expiration_date_time if referral.unanswered else None
