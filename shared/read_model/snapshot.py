"""One version of the data, ready to be asked: which company each referral belongs to, and the indexes of both lists."""

from __future__ import annotations

import copy
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

from shared.model import times
from shared.model.company import Company, Link, company_item
from shared.model.domains import display_domain
from shared.model.summary import ReferralSummary
from shared.model.tenant import KnownTenant
from shared.model.text import fold
from shared.read_model import overview as summary
from shared.read_model.desk import EMPTY, Desk
from shared.read_model.query import Bits, Index, Ranking, Search, Selection, SortValue, to_bits
from shared.read_model.questions import NONE, PAST, THIS_MONTH, CompanyQuery, Dates, Days, Paging, ReferralQuery
from shared.web.items import Belonging, referral_item

REFERRAL_FACETS: Final = ("status", "substatus", "direction", "category", "country")
REFERRAL_COLUMNS: Final = ("currency", "sales_stage")
COMPANY_FACETS: Final = ("country", "m365", "needsReview")
_MAY_BE_NONE: Final = ("country", "sales_stage")
"""Columns of which a query may ask for what has no value."""
_OPEN: Final = ("New", "Active")
_END_OF_DAY: Final = "T99"
"""Behind every time of a day, in the order of texts."""
_NOBODY: Final = Belonging(None, None, by_hand=False)


class Snapshot:
    """Immutable but for what it computes once and keeps; shared by all requests."""

    def __init__(
        self,
        version: str,
        referrals: Iterable[ReferralSummary],
        companies: Iterable[Company],
        merged: Mapping[str, str],
        links: Mapping[str, Link],
        tenants: Mapping[str, KnownTenant],
        quarantined: int,
    ) -> None:
        """Take what was read.

        Args:
            version: the data version under which it was read.
            referrals: all of them.
            companies: all of them, none that is merged into another.
            merged: company keys that are merged, each with the key of the company that shows its referrals.
            links: by referral id, the company that a person chose.
            tenants: by domain, what Entra knows of it.
            quarantined: how many records are in quarantine.
        """
        self.version = version
        self.referrals = sorted(referrals, key=attrgetter("id"))
        self.companies = sorted(companies, key=attrgetter("key"))
        self.quarantined = quarantined
        self._merged = merged
        self._tenants = tenants
        self._company_at = {company.key: position for position, company in enumerate(self.companies)}
        self._belongings = self._belong(links)
        self._deadlines = sorted(
            deadline[10:] for one in self.referrals if (deadline := one.expiration_date_time) and one.unanswered
        )
        self.desk = EMPTY.laid_over(len(self.referrals), self.referral)
        """Owners and comments."""
        self._figures: tuple[str, dict[str, Any]] | None = None

    def with_desk(self, version: str, desk: Desk) -> Snapshot:
        """The same data under another version, with these owners and comments; what was computed of it is shared."""
        other = copy.copy(self)
        other.version, other._figures = version, None
        other.desk = desk.laid_over(len(self.referrals), self.referral)
        return other

    def _belong(self, links: Mapping[str, Link]) -> list[Belonging]:
        """Where each referral belongs; referrals of one company share one object."""
        homes = [referral.company_key for referral in self.referrals]
        of_home = {home: self._belonging(home, by_hand=False) for home in {*homes}}
        belongings = [of_home[home] for home in homes]
        for referral_id, link in links.items():
            position = self.referral(referral_id)
            if position is not None and link.key:
                belongings[position] = self._belonging(link.key, by_hand=True)
        return belongings

    def _belonging(self, home: str | None, *, by_hand: bool) -> Belonging:
        if not home:
            return _NOBODY
        company = self.company(home)
        key = company.key if company else self._merged.get(home, home)
        return Belonging(key, company.name if company else None, by_hand=by_hand)

    @cached_property
    def _members(self) -> dict[str, list[int]]:
        """The positions of each company's referrals."""
        return _grouped(one.key for one in self._belongings)

    def moment(self, now: datetime) -> str:
        """A text that changes whenever, by time alone, any answer does.

        That is at midnight, when the months of the figures may change, and whenever a deadline is another whole day
        nearer or further past: at the deadline's time of day.
        """
        text = times.from_datetime(now)
        return f"{text[:10]}.{bisect_left(self._deadlines, text[10:])}"

    # --- referrals

    def referral(self, referral_id: str) -> int | None:
        """The position of a referral by its id."""
        position = bisect_left(self.referrals, referral_id, key=lambda referral: referral.id)
        found = position < len(self.referrals) and self.referrals[position].id == referral_id
        return position if found else None

    def item(self, position: int, now: datetime) -> dict[str, Any]:
        """The item of the referral at a position."""
        owner = self.desk.owners.get(position)
        return {
            **referral_item(self.referrals[position], self._belongings[position], now),
            "owner": owner.public() if owner else None,
            "commentCount": len(self.desk.comments.get(position, ())),
        }

    def related(self, position: int) -> list[ReferralSummary]:
        """The other referrals of the same engagement, in the order of their ids."""
        engagement = self.referrals[position].engagement_id
        if not engagement:
            return []
        return [
            other
            for place, other in enumerate(self.referrals)
            if other.engagement_id == engagement and place != position
        ]

    def list_referrals(self, query: ReferralQuery, now: datetime) -> dict[str, Any]:
        """A page of referrals with its facets."""
        selection = _select(
            self.referral_index, self._filters(query, now), query.paging, more_facets={"owner": self.desk.by_mail}
        )
        return self._page([self.item(position, now) for position in selection.positions], selection, query.paging)

    def fitting(self, query: ReferralQuery, now: datetime) -> Bits:
        """The referrals that a query finds, on all pages."""
        return self.referral_index.fitting(self._filters(query, now))

    def ordered(self, query: ReferralQuery, now: datetime) -> Iterator[int]:
        """The positions of the referrals that a query finds, on all pages, in its order."""
        sort, descending = query.paging.sort, query.paging.descending
        return self.referral_index.ordered(self.fitting(query, now), sort, descending=descending)

    def _filters(self, query: ReferralQuery, now: datetime) -> dict[str, Bits]:
        """For each parameter that filters, the referrals that it lets through."""
        index = self.referral_index
        filters: dict[str, Bits] = {"missing": self._missing(query.missing)}
        for column in (*REFERRAL_FACETS, *REFERRAL_COLUMNS, "created_month"):
            values = getattr(query, column)
            if values:
                filters[column] = index.having(column, values)
                if column in _MAY_BE_NONE and NONE in map(str.lower, values):
                    filters[column] |= index.without(column)
        if query.company:
            keys = {self._merged.get(key, key) for key in query.company}
            members = [position for key in keys for position in self._members.get(key, ())]
            filters["company"] = to_bits(members, index.size)
        if query.owner:
            filters["owner"] = self.desk.owned_by(query.owner)
        if query.m365 is not None:
            filters["m365"] = self._in_tenants if query.m365 else index.everything & ~self._in_tenants
        if query.min_value is not None or query.max_value is not None:
            filters["value"] = self._by_value.between(query.min_value, query.max_value)
        if query.expiring is not None:
            due = times.from_datetime(now + timedelta(days=query.expiring))
            filters["expiring"] = self._by_deadline.between(most=due)
        if query.words:
            filters["q"] = self.desk.find(query.words, self._referral_search.find)
        if query.ids is not None:
            places = (place for one in query.ids if (place := self.referral(one)) is not None)
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
            begun = self.referral_index.everything & ~self._by_time["created"].between(later)
            still = self.referral_index.having("status", _OPEN) | self._by_time["closed"].between(later)
            filters["open_on"] = begun & still
        return filters

    @cached_property
    def _by_time(self) -> dict[str, Ranking]:
        """Rankings by the times that queries ask for."""
        values: dict[str, Callable[[ReferralSummary], str | None]] = {
            "created": lambda one: one.created_date_time,
            "accepted": lambda one: one.accepted_date_time,
            "closed": lambda one: one.closed_at,
            "closing": lambda one: one.closing_date_time,
        }
        return {
            name: Ranking(
                ((time, place) for place, one in enumerate(self.referrals) if (time := read(one))), len(self.referrals)
            )
            for name, read in values.items()
        }

    def _missing(self, which: str) -> Bits:
        everything = self.referral_index.everything
        if which == "include":
            return everything
        return self._gone if which == "only" else everything & ~self._gone

    @cached_property
    def _gone(self) -> Bits:
        gone = (position for position, referral in enumerate(self.referrals) if referral.missing_since)
        return to_bits(gone, len(self.referrals))

    @cached_property
    def _in_tenants(self) -> Bits:
        positions = (
            position
            for company in self.companies
            if self.is_m365(company)
            for position in self._members.get(company.key, ())
        )
        return to_bits(positions, len(self.referrals))

    @cached_property
    def _by_value(self) -> Ranking:
        values = ((one.deal_value, place) for place, one in enumerate(self.referrals) if one.deal_value is not None)
        return Ranking(values, len(self.referrals))

    @cached_property
    def _by_deadline(self) -> Ranking:
        deadlines = ((deadline, place) for place, one in enumerate(self.referrals) if (deadline := _deadline(one)))
        return Ranking(deadlines, len(self.referrals))

    @cached_property
    def _referral_search(self) -> Search:
        texts = [referral.search_text for referral in self.referrals]
        groups = []
        for company, text in zip(self.companies, self._company_texts, strict=True):
            members = self._members.get(company.key, ())
            # Mostly a customer's own texts hold the name and the domain of its company already.
            if not all(line in texts[position] for position in members for line in text.split("\n")):
                groups.append((text, members))
        return Search(texts, groups)

    @cached_property
    def referral_index(self) -> Index:
        """The index of the list of referrals, made when it is first asked."""
        rows = self.referrals
        return Index(
            len(rows),
            columns={
                **{column: [getattr(row, column) for row in rows] for column in (*REFERRAL_FACETS, *REFERRAL_COLUMNS)},
                "created_month": [row.created_date_time and row.created_date_time[:7] for row in rows],
            },
            facets=REFERRAL_FACETS,
            sort_values={
                "updatedDateTime": lambda: [row.updated_date_time for row in rows],
                "createdDateTime": lambda: [row.created_date_time for row in rows],
                "closingDateTime": lambda: [row.closing_date_time for row in rows],
                "expirationDateTime": lambda: [row.expiration_date_time for row in rows],
                "dealValue": lambda: [row.deal_value for row in rows],
                "name": lambda: _folded(row.name for row in rows),
                "customerName": lambda: _folded(row.customer_name for row in rows),
                "companyName": lambda: _folded(one.name for one in self._belongings),
                "status": lambda: _folded(row.status for row in rows),
                "country": lambda: _folded(row.country for row in rows),
            },
        )

    # --- companies

    def company(self, key: str) -> Company | None:
        """The company under a key, or the one that it is merged into."""
        position = self._company_at.get(self._merged.get(key, key))
        return self.companies[position] if position is not None else None

    def is_m365(self, company: Company) -> bool:
        """Whether the company's domain belongs to a Microsoft tenant."""
        tenant = self._tenants.get(company.domain or "")
        return tenant is not None and tenant.is_m365

    def company_item(self, company: Company) -> dict[str, Any]:
        """A company as lists carry it."""
        tenant = self._tenants.get(company.domain or "")
        return company_item(
            company,
            tenant.tenant_id if tenant else None,
            tenant.checked_at if tenant else None,
            is_m365=self.is_m365(company),
        )

    def members(self, company: Company) -> Sequence[int]:
        """The positions of a company's referrals, those that are missing too, in the order of their ids."""
        return self._members.get(company.key, ())

    def list_companies(self, query: CompanyQuery) -> dict[str, Any]:
        """A page of companies with its facets."""
        selection = _select(self.company_index, self._company_filters(query), query.paging)
        items = [self.company_item(self.companies[position]) for position in selection.positions]
        return self._page(items, selection, query.paging)

    def fitting_companies(self, query: CompanyQuery) -> Bits:
        """The companies that a query finds, on all pages."""
        return self.company_index.fitting(self._company_filters(query))

    def ordered_companies(self, query: CompanyQuery) -> Iterator[Company]:
        """The companies that a query finds, on all pages, in its order."""
        sort, descending = query.paging.sort, query.paging.descending
        places = self.company_index.ordered(self.fitting_companies(query), sort, descending=descending)
        return map(self.companies.__getitem__, places)

    def _company_filters(self, query: CompanyQuery) -> dict[str, Bits]:
        index = self.company_index
        filters: dict[str, Bits] = {}
        if query.country:
            filters["country"] = index.having("country", query.country)
        for column, wanted in (("m365", query.m365), ("needsReview", query.needs_review)):
            if wanted is not None:
                filters[column] = index.having(column, [_truth(wanted)])
        if query.currency or query.min_value is not None or query.max_value is not None:
            filters["value"] = to_bits(
                (place for place, company in enumerate(self.companies) if _has_open_value(company, query)), index.size
            )
        if query.words:
            filters["q"] = self._company_search.find(query.words)
        if query.ids is not None:
            keys = {self._merged.get(key, key) for key in query.ids}
            filters["ids"] = to_bits((self._company_at[key] for key in keys if key in self._company_at), index.size)
        return filters

    @cached_property
    def _company_texts(self) -> list[str]:
        """What finds each company, and its referrals: its name and domain, folded."""
        return [_company_text(company) for company in self.companies]

    @cached_property
    def _company_search(self) -> Search:
        return Search(
            [
                "\n".join((text, *map(fold, (*company.aliases, company.key))))
                for company, text in zip(self.companies, self._company_texts, strict=True)
            ]
        )

    @cached_property
    def company_index(self) -> Index:
        """The index of the list of companies, made when it is first asked."""
        rows = self.companies
        return Index(
            len(rows),
            columns={
                "country": [row.country for row in rows],
                "m365": [_truth(self.is_m365(row)) for row in rows],
                "needsReview": [_truth(row.needs_review) for row in rows],
            },
            facets=COMPANY_FACETS,
            sort_values={
                "name": lambda: _folded(row.name for row in rows),
                "referralCount": lambda: [row.referral_count for row in rows],
                "lastActivity": lambda: [row.last_activity for row in rows],
                "nextDeadline": lambda: [row.next_deadline for row in rows],
            },
        )

    # --- both

    def summary(self, now: datetime) -> dict[str, Any]:
        """The figures of the overview."""
        moment = self.moment(now)
        known = self._figures
        if known is None or known[0] != moment:
            known = self._figures = (moment, self._compute_summary(now))
        return known[1]

    def _compute_summary(self, now: datetime) -> dict[str, Any]:
        figures = summary.figures(self.referrals, now)
        places = [self.referral(referral.id) for referral in figures["unanswered"]["next"]]
        figures["unanswered"]["next"] = [self.item(place, now) for place in places if place is not None]
        return {
            "dataVersion": self.version,
            "generatedAt": times.public(times.from_datetime(now)),
            **figures,
            "quarantined": self.quarantined,
            "needsReview": sum(company.needs_review for company in self.companies),
            "companies": {"total": len(self.companies), "m365": sum(map(self.is_m365, self.companies))},
        }

    def _page(self, items: list[dict[str, Any]], selection: Selection, paging: Paging) -> dict[str, Any]:
        return {
            "items": items,
            "total": selection.total,
            "facets": selection.facets,
            "page": paging.page,
            "pageSize": paging.page_size,
            "dataVersion": self.version,
        }


def _select(
    index: Index,
    filters: Mapping[str, Bits],
    paging: Paging,
    more_facets: Mapping[str, Mapping[str, Bits]] | None = None,
) -> Selection:
    return index.select(
        filters,
        paging.sort,
        descending=paging.descending,
        offset=paging.offset,
        limit=paging.page_size,
        more_facets=more_facets,
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


def _has_open_value(company: Company, query: CompanyQuery) -> bool:
    """Whether the open value in one of the currencies asked for (any, when none is) lies in the range."""
    least, most = query.min_value, query.max_value
    return any(
        (least is None or value >= least) and (most is None or value <= most)
        for currency, value in company.open_value.items()
        if not query.currency or currency in query.currency
    )


def _company_text(company: Company) -> str:
    domain = display_domain(company.domain) if company.domain else ""
    return "\n".join({fold(company.name), fold(domain), company.domain or ""})


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _folded(texts: Iterable[str | None]) -> Sequence[SortValue]:
    """Texts as they sort; an empty one is none. Names repeat, and folding is slow, so each is folded once."""
    known: dict[str, str | None] = {}
    folded = []
    for text in texts:
        if text is not None and text not in known:
            known[text] = fold(text) or None
        folded.append(known[text] if text is not None else None)
    return folded


def _grouped(keys: Iterable[str | None]) -> dict[str, list[int]]:
    """The positions of each key."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    for position, key in enumerate(keys):
        if key is not None:
            members[key].append(position)
    return dict(members)
