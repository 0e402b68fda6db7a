"""The list of companies over one version of the data: what filters, sorts, searches and counts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Final

from shared.model.company import Company
from shared.model.text import fold
from shared.read_model.belonging import Companies
from shared.read_model.query import Bits, Index, Search, Selection, folded, to_bits
from shared.read_model.questions import CompanyQuery

FACETS: Final = ("country", "m365", "needsReview")


class CompanyList:
    """Immutable but for indexes that it makes once and keeps.

    Args:
        companies: all of them.
    """

    def __init__(self, companies: Companies) -> None:
        self._companies = companies

    def select(self, query: CompanyQuery) -> Selection:
        """A page of what a query finds, with its facets."""
        return self.index.select(
            self._filters(query),
            query.paging.sort,
            descending=query.paging.descending,
            offset=query.paging.offset,
            limit=query.paging.page_size,
        )

    def fitting(self, query: CompanyQuery) -> Bits:
        """The companies that a query finds, on all pages."""
        return self.index.fitting(self._filters(query))

    def ordered(self, query: CompanyQuery) -> Iterator[Company]:
        """The companies that a query finds, on all pages, in its order."""
        sort, descending = query.paging.sort, query.paging.descending
        places = self.index.ordered(self.fitting(query), sort, descending=descending)
        return map(self._companies.rows.__getitem__, places)

    def _filters(self, query: CompanyQuery) -> dict[str, Bits]:
        index = self.index
        filters: dict[str, Bits] = {}
        if query.country:
            filters["country"] = index.having("country", query.country)
        for column, wanted in (("m365", query.m365), ("needsReview", query.needs_review)):
            if wanted is not None:
                filters[column] = index.having(column, [_truth(wanted)])
        if query.currency or query.min_value is not None or query.max_value is not None:
            filters["value"] = to_bits(
                (place for place, company in enumerate(self._companies.rows) if _has_open_value(company, query)),
                index.size,
            )
        if query.words:
            filters["q"] = self._search.find(query.words)
        if query.ids is not None:
            places = (place for key in query.ids if (place := self._companies.position_of(key)) is not None)
            filters["ids"] = to_bits(places, index.size)
        return filters

    @cached_property
    def _search(self) -> Search:
        return Search(
            [
                "\n".join((text, *map(fold, (*company.aliases, company.key))))
                for company, text in zip(self._companies.rows, self._companies.texts, strict=True)
            ]
        )

    @cached_property
    def index(self) -> Index:
        """The index of the list of companies, made when it is first asked."""
        rows = self._companies.rows
        return Index(
            len(rows),
            columns={
                "country": [row.country for row in rows],
                "m365": [_truth(self._companies.is_m365(row)) for row in rows],
                "needsReview": [_truth(row.needs_review) for row in rows],
            },
            facets=FACETS,
            sort_values={
                "name": lambda: folded(row.name for row in rows),
                "referralCount": lambda: [row.referral_count for row in rows],
                "lastActivity": lambda: [row.last_activity for row in rows],
                "nextDeadline": lambda: [row.next_deadline for row in rows],
                "openValue": lambda: [_main(row.open_value) for row in rows],
                "wonValue": lambda: [_main(row.won_value) for row in rows],
            },
        )


def _main(values: Mapping[str, Decimal]) -> tuple[str, Decimal] | None:
    """The largest amount with its currency: companies are ranked within a currency, never across currencies."""
    return max(values.items(), key=lambda value: (value[1], value[0]), default=None)


def _has_open_value(company: Company, query: CompanyQuery) -> bool:
    """Whether the open value in one of the currencies asked for (any, when none is) lies in the range."""
    least, most = query.min_value, query.max_value
    return any(
        (least is None or value >= least) and (most is None or value <= most)
        for currency, value in company.open_value.items()
        if not query.currency or currency in query.currency
    )


def _truth(value: bool) -> str:
    return "true" if value else "false"
