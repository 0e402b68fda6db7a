"""The query of a request, read strictly: an unknown parameter or a wrong value is ``invalid_parameter`` and is named.

It is read from the address itself, because the Functions worker hands repeated parameters over joined by commas, which a
value may hold too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from decimal import Decimal
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from azure.functions import HttpRequest

from shared.core.errors import InvalidParameter
from shared.model.text import fold

T = TypeVar("T")

PAGE_SIZE: Final = 50
MOST_ON_A_PAGE: Final = 200
MOST_PAGES: Final = 1_000_000
MOST_DAYS: Final = 365
MOST_PARAMETERS: Final = 200
MOST_VALUES: Final = 50
MOST_LETTERS: Final = 400
MOST_LETTERS_OF_Q: Final = 200

CATEGORIES: Final = ("marketplaceLead", "qualifiedLead", "coSell", "private", "partnerLed", "other")
MISSING: Final = ("exclude", "include", "only")
REFERRAL_SORTS: Final = (
    "updatedDateTime",
    "createdDateTime",
    "name",
    "customerName",
    "companyName",
    "status",
    "country",
    "dealValue",
    "closingDateTime",
    "expirationDateTime",
)
COMPANY_SORTS: Final = ("name", "referralCount", "lastActivity", "nextDeadline")

_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_WHOLE = re.compile(r"[0-9]{1,7}")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


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
    m365: bool | None = None
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    expiring: int | None = None
    """Unanswered and due within so many days, or overdue."""
    missing: str = "exclude"
    words: tuple[str, ...] = ()
    """Folded; each must occur."""

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

    @property
    def canonical(self) -> str:
        """The same text for queries that ask the same, another for others."""
        return repr(("companies", *astuple(self)))


def referral_query(request: HttpRequest) -> ReferralQuery:
    """Read the query of the list of referrals. Raises InvalidParameter."""
    given = _Given(
        request,
        "status substatus direction category salesStage country company m365 currency minValue maxValue createdMonth "
        "expiring missing q sort page pageSize",
    )
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
        m365=given.boolean("m365"),
        min_value=given.amount("minValue"),
        max_value=given.amount("maxValue"),
        expiring=given.whole("expiring", 0, MOST_DAYS),
        missing=given.one_of("missing", MISSING) or "exclude",
        words=given.words("q"),
    )


def company_query(request: HttpRequest) -> CompanyQuery:
    """Read the query of the list of companies. Raises InvalidParameter."""
    given = _Given(request, "q country m365 needsReview currency minValue maxValue sort page pageSize")
    return CompanyQuery(
        paging=given.paging(COMPANY_SORTS, "-lastActivity"),
        country=given.codes("country"),
        m365=given.boolean("m365"),
        needs_review=given.boolean("needsReview"),
        currency=given.codes("currency"),
        min_value=given.amount("minValue"),
        max_value=given.amount("maxValue"),
        words=given.words("q"),
    )


def wants_raw(request: HttpRequest) -> bool:
    """Whether one referral is asked for with its payload. Raises InvalidParameter."""
    return bool(_Given(request, "raw").boolean("raw"))


def no_parameters(request: HttpRequest) -> None:
    """Refuse any parameter. Raises InvalidParameter."""
    _Given(request, "")


class _Given:
    """The parameters of one request."""

    def __init__(self, request: HttpRequest, known: str) -> None:
        query = urlsplit(request.url).query
        try:
            pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
        except UnicodeDecodeError:
            raise InvalidParameter("The query is not percent-encoded UTF-8.") from None
        except ValueError:
            raise InvalidParameter(f"The query has more than {MOST_PARAMETERS} parameters.") from None
        self._values: dict[str, list[str]] = {}
        names = known.split()
        for name, value in pairs:
            if name not in names:
                takes = f"It takes {', '.join(names)}." if names else "It takes none."
                raise InvalidParameter(f"This address has no parameter {_shown(name)}. {takes}")
            self._values.setdefault(name, []).append(value)

    def several(self, name: str, allowed: Sequence[str] = ()) -> tuple[str, ...]:
        values = self._values.get(name, [])
        if len(values) > MOST_VALUES:
            raise InvalidParameter(f"Parameter '{name}' may be given at most {MOST_VALUES} times.")
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
        values = self.several(name)
        if not all(_MONTH.fullmatch(value) for value in values):
            raise InvalidParameter(f"Parameter '{name}' must be a year and a month, such as 2026-11.")
        return values

    def one_of(self, name: str, allowed: Sequence[str]) -> str | None:
        return self._one(name, lambda text: text if text in allowed else None, f"be {_alternatives(allowed)}")

    def boolean(self, name: str) -> bool | None:
        return self._one(name, {"true": True, "false": False}.get, "be true or false")

    def whole(self, name: str, least: int, most: int) -> int | None:
        def read(text: str) -> int | None:
            number = int(text) if _WHOLE.fullmatch(text) else -1
            return number if least <= number <= most else None

        return self._one(name, read, f"be a whole number from {least} to {most}")

    def amount(self, name: str) -> Decimal | None:
        form = "be a number of at most 15 digits and 6 decimals, such as 1000 or 99.50"
        amount = self._one(name, lambda text: Decimal(text) if _AMOUNT.fullmatch(text) else None, form)
        # 5 and 5.0 ask the same.
        return None if amount is None else Decimal(0) if amount == 0 else amount.normalize()

    def words(self, name: str) -> tuple[str, ...]:
        text = self._one(
            name,
            lambda text: text if len(text) <= MOST_LETTERS_OF_Q else None,
            f"have at most {MOST_LETTERS_OF_Q} characters",
        )
        return tuple(sorted({*fold(text or "").split()}))

    def paging(self, sorts: Sequence[str], default: str) -> Paging:
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


def _alternatives(allowed: Sequence[str]) -> str:
    return f"{', '.join(allowed[:-1])} or {allowed[-1]}"


def _shown(name: str) -> str:
    """A name from the caller, fit for a sentence."""
    return f"'{name[:40]}'" if name.isprintable() else "of that name"


__all__ = [
    "CompanyQuery",
    "Paging",
    "ReferralQuery",
    "company_query",
    "no_parameters",
    "referral_query",
    "wants_raw",
]
