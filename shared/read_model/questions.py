"""What can be asked of the lists, read strictly from an address's query: an unknown parameter or a wrong value is
``invalid_parameter`` and is named. Views keep such queries, exports and rules ask them again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, field
from decimal import Decimal
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from shared.core.errors import InvalidParameter
from shared.model.category import CATEGORIES
from shared.model.person import mail_key
from shared.model.text import search_words

T = TypeVar("T")

PAGE_SIZE: Final = 50
MOST_ON_A_PAGE: Final = 200
MOST_PAGES: Final = 1_000_000
MOST_DAYS: Final = 365
MOST_PARAMETERS: Final = 300
MOST_VALUES: Final = 50
MOST_IDS: Final = 200
MOST_LETTERS: Final = 400
MOST_LETTERS_OF_Q: Final = 200

MISSING: Final = ("exclude", "include", "only")
ME: Final = "me"
NONE: Final = "none"
"""For owners, countries, currencies, stages and values: those that have none."""
NOBODY_S_MAIL: Final = ""
"""What ``me`` is for somebody without an address: nobody's."""
REFERRAL_SORTS: Final = (
    "updatedDateTime",
    "createdDateTime",
    "name",
    "customerName",
    "companyName",
    "status",
    "country",
    "dealValue",
    "dealValueByCurrency",
    "closingDateTime",
    "expirationDateTime",
)
COMPANY_SORTS: Final = ("name", "referralCount", "lastActivity", "nextDeadline", "openValue", "wonValue")
VALUES: Final = (NONE, "given")
PAGING: Final = ("page", "pageSize")
REFERRAL_PARAMETERS: Final = (
    *("status", "substatus", "direction", "category", "salesStage", "country", "company", "m365", "currency"),
    *(
        "waiting",
        "value",
        "minValue",
        "maxValue",
        "createdMonth",
        "created",
        "accepted",
        "closed",
        "closing",
        "openOn",
        "expiring",
    ),
    *("missing", "owner", "dynamics", "q", "sort"),
)
COMPANY_PARAMETERS: Final = ("q", "country", "m365", "needsReview", "currency", "minValue", "maxValue", "sort")
CRM_STATES: Final = ("linked", "pending", "failed", "conflict", "ignored", "none")
PAST: Final = "past"
THIS_MONTH: Final = "thisMonth"

_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_WHOLE = re.compile(r"[0-9]{1,7}")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list, in which order."""

    sort: str
    descending: bool
    page: int
    page_size: int

    @property
    def offset(self) -> int:
        """How many items lie before the page."""
        return (self.page - 1) * self.page_size


@dataclass(frozen=True, slots=True)
class Days:
    """A range of days in UTC, both of them in it; None leaves that end open."""

    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class Dates:
    """When things happened, or are to happen."""

    created: Days | None = None
    accepted: Days | None = None
    closed: Days | None = None
    closing: Days | str | None = None
    """The estimated closing date: days, ``PAST`` or ``THIS_MONTH``."""
    open_on: str | None = None
    """Created by the end of that day, and not closed by then."""


@dataclass(frozen=True, slots=True)
class ReferralQuery:
    """What is asked of the list of referrals. Several values are alternatives; None and () do not filter."""

    paging: Paging
    status: tuple[str, ...] = ()
    substatus: tuple[str, ...] = ()
    direction: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    company: tuple[str, ...] = ()
    currency: tuple[str, ...] = ()
    sales_stage: tuple[str, ...] = ()
    created_month: tuple[str, ...] = ()
    """Such as 2026-11, in UTC as the overview counts them."""
    owner: tuple[str, ...] = ()
    """Addresses as they are compared, or ``NONE``; ``me`` is told by then."""
    dynamics: tuple[str, ...] = ()
    """States of the link to Dynamics 365, or ``NONE``."""
    dates: Dates = field(default_factory=Dates)
    m365: bool | None = None
    waiting: bool | None = None
    """Whether somebody waits for the partner's answer."""
    value: str | None = None
    """``none``: those without a deal value; ``given``: those with one."""
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    expiring: int | None = None
    """Unanswered and due within so many days, or overdue."""
    missing: str = "exclude"
    words: tuple[str, ...] = ()
    """Folded; each must occur."""
    ids: tuple[str, ...] | None = None
    """These alone; for exports of what somebody ticked."""

    @property
    def canonical(self) -> str:
        """The same text for queries that ask the same, another for others."""
        return repr(("referrals", *astuple(self)))


@dataclass(frozen=True, slots=True)
class CompanyQuery:
    """What is asked of the list of companies."""

    paging: Paging
    country: tuple[str, ...] = ()
    m365: bool | None = None
    needs_review: bool | None = None
    currency: tuple[str, ...] = ()
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    """Of the open value, in one of the currencies (any, when none is given)."""
    words: tuple[str, ...] = ()
    ids: tuple[str, ...] | None = None
    """The companies of these keys alone."""

    @property
    def canonical(self) -> str:
        """The same text for queries that ask the same, another for others."""
        return repr(("companies", *astuple(self)))


def referral_query(query: str, me: str, *, also: Sequence[str] = PAGING) -> ReferralQuery:
    """Read the query of the list of referrals.

    Args:
        query: as in the address, percent-encoded.
        me: the address that ``owner=me`` stands for, or "".
        also: which parameters there are beside the list's filters and ``sort``.

    Raises:
        InvalidParameter: a parameter is unknown, or has a value that it can't have.
    """
    return referral_query_of(Given(query, (*REFERRAL_PARAMETERS, *also)), me)


def referral_query_of(given: Given, me: str) -> ReferralQuery:
    """The same of parameters that were taken apart already."""
    return ReferralQuery(
        paging=given.paging(REFERRAL_SORTS, "-updatedDateTime"),
        status=given.several("status"),
        substatus=given.several("substatus"),
        direction=given.several("direction"),
        category=given.several("category", CATEGORIES),
        country=given.codes("country"),
        company=given.several("company"),
        currency=given.codes("currency"),
        sales_stage=given.several("salesStage"),
        created_month=given.months("createdMonth"),
        owner=given.owners("owner", me),
        dynamics=given.several("dynamics", CRM_STATES),
        dates=Dates(
            created=given.days("created"),
            accepted=given.days("accepted"),
            closed=given.days("closed"),
            closing=given.closing("closing"),
            open_on=given.day("openOn"),
        ),
        m365=given.boolean("m365"),
        waiting=given.boolean("waiting"),
        value=given.one_of("value", VALUES),
        min_value=given.amount("minValue"),
        max_value=given.amount("maxValue"),
        expiring=given.whole("expiring", 0, MOST_DAYS),
        missing=given.one_of("missing", MISSING) or "exclude",
        words=given.words("q"),
        ids=given.ids("ids"),
    )


def company_query(query: str, *, also: Sequence[str] = PAGING) -> CompanyQuery:
    """Read the query of the list of companies; as ``referral_query``."""
    return company_query_of(Given(query, (*COMPANY_PARAMETERS, *also)))


def company_query_of(given: Given) -> CompanyQuery:
    """The same of parameters that were taken apart already."""
    return CompanyQuery(
        paging=given.paging(COMPANY_SORTS, "-lastActivity"),
        country=given.codes("country"),
        m365=given.boolean("m365"),
        needs_review=given.boolean("needsReview"),
        currency=given.codes("currency"),
        min_value=given.amount("minValue"),
        max_value=given.amount("maxValue"),
        words=given.words("q"),
        ids=given.ids("ids"),
    )


class Given:
    """The parameters of one address."""

    def __init__(self, query: str, known: Iterable[str]) -> None:
        """Take a query apart.

        Args:
            query: as in the address, percent-encoded.
            known: the names that there are.

        Raises:
            InvalidParameter: it has another, or can't be read.
        """
        try:
            pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
        except UnicodeDecodeError:
            raise InvalidParameter("The query is not percent-encoded UTF-8.") from None
        except ValueError:
            raise InvalidParameter(f"The query has more than {MOST_PARAMETERS} parameters.") from None
        self._values: dict[str, list[str]] = {}
        names = tuple(known)
        for name, value in pairs:
            if name not in names:
                takes = f"It takes {', '.join(names)}." if names else "It takes none."
                raise InvalidParameter(f"This address has no parameter {_shown(name)}. {takes}")
            self._values.setdefault(name, []).append(value)

    def several(self, name: str, allowed: Sequence[str] = (), most: int = MOST_VALUES) -> tuple[str, ...]:
        """All values of a parameter, sorted."""
        values = self._values.get(name, [])
        if len(values) > most:
            raise InvalidParameter(f"Parameter '{name}' may be given at most {most} times.")
        for value in values:
            if not value or len(value) > MOST_LETTERS:
                raise InvalidParameter(f"Parameter '{name}' must have a value of at most {MOST_LETTERS} characters.")
            if allowed and value not in allowed:
                raise InvalidParameter(f"Parameter '{name}' must be {_alternatives(allowed)}.")
        return tuple(sorted(set(values)))

    def codes(self, name: str) -> tuple[str, ...]:
        """Countries and currencies are stored in capital letters."""
        return tuple(sorted({value.strip().upper() for value in self.several(name)}))

    def months(self, name: str) -> tuple[str, ...]:
        """Months such as 2026-11."""
        values = self.several(name)
        if not all(_MONTH.fullmatch(value) for value in values):
            raise InvalidParameter(f"Parameter '{name}' must be a year and a month, such as 2026-11.")
        return values

    def owners(self, name: str, me: str) -> tuple[str, ...]:
        """Addresses, ``none``, and ``me`` as the address that it stands for."""
        return tuple(sorted({mail_key(me) if value == ME else mail_key(value) for value in self.several(name)}))

    def ids(self, name: str) -> tuple[str, ...] | None:
        """Ids, or None where the parameter is not given."""
        return self.several(name, most=MOST_IDS) if name in self._values else None

    def one_of(self, name: str, allowed: Sequence[str]) -> str | None:
        """One of these words."""
        return self._one(name, lambda text: text if text in allowed else None, f"be {_alternatives(allowed)}")

    def boolean(self, name: str) -> bool | None:
        """A yes or no."""
        return self._one(name, {"true": True, "false": False}.get, "be true or false")

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number."""

        def read(text: str) -> int | None:
            number = int(text) if _WHOLE.fullmatch(text) else -1
            return number if least <= number <= most else None

        return self._one(name, read, f"be a whole number from {least} to {most}")

    def amount(self, name: str) -> Decimal | None:
        """An amount; 5 and 5.0 ask the same."""
        form = "be a number of at most 15 digits and 6 decimals, such as 1000 or 99.50"
        amount = self._one(name, lambda text: Decimal(text) if _AMOUNT.fullmatch(text) else None, form)
        return None if amount is None else Decimal(0) if amount == 0 else amount.normalize()

    def day(self, name: str) -> str | None:
        """A day, such as 2026-11-30."""
        return self._one(name, _day, "be a day, such as 2026-11-30")

    def days(self, name: str) -> Days | None:
        """A range of days, such as 2026-11-01..2026-11-30."""
        return self._one(name, _days, "be two days, such as 2026-11-01..2026-11-30; one of them may be left out")

    def closing(self, name: str) -> Days | str | None:
        """A range of days, or a word for one that goes with the calendar."""
        values = self._values.get(name, [])
        if values in ([PAST], [THIS_MONTH]):
            return values[0]
        form = f"be two days, such as 2026-11-01..2026-11-30, or {THIS_MONTH} or {PAST}"
        return self._one(name, _days, form)

    def words(self, name: str) -> tuple[str, ...]:
        """The folded words of a search."""
        text = self._one(
            name,
            lambda text: text if len(text) <= MOST_LETTERS_OF_Q else None,
            f"have at most {MOST_LETTERS_OF_Q} characters",
        )
        return search_words(text or "")

    def paging(self, sorts: Sequence[str], default: str) -> Paging:
        """Order and page."""
        ways = [*sorts, *(f"-{sort}" for sort in sorts)]
        sort = self._one(
            "sort",
            lambda text: text if text in ways else None,
            f"be {_alternatives(sorts)}, with - before it for the largest first",
        )
        sort = sort or default
        return Paging(
            sort=sort.removeprefix("-"),
            descending=sort.startswith("-"),
            page=self.whole("page", 1, MOST_PAGES) or 1,
            page_size=self.whole("pageSize", 1, MOST_ON_A_PAGE) or PAGE_SIZE,
        )

    def _one(self, name: str, read: Callable[[str], T | None], must: str) -> T | None:
        values = self._values.get(name)
        if values is None:
            return None
        if len(values) > 1:
            raise InvalidParameter(f"Parameter '{name}' may be given only once.")
        value = read(values[0])
        if value is None:
            raise InvalidParameter(f"Parameter '{name}' must {must}.")
        return value


def _day(text: str) -> str | None:
    return text if _DAY.fullmatch(text) else None


def _days(text: str) -> Days | None:
    """Days are compared as texts, so the 31st of any month is its last, and a range that ends before it begins is empty."""
    first, separator, last = text.partition("..")
    if not separator or not all(_DAY.fullmatch(day) for day in (first, last) if day):
        return None
    return Days(first or None, last or None)


def _alternatives(allowed: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(allowed[:-1]), allowed[-1])))


def _shown(name: str) -> str:
    """A name from the caller, fit for a sentence."""
    return f"'{name[:40]}'" if name.isprintable() else "of that name"
