"""The query of a request, read strictly: an unknown parameter or a wrong value is ``invalid_parameter`` and is named.

It is read from the address itself, because the Functions worker hands repeated parameters over joined by commas, which a
value may hold too.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from azure.functions import HttpRequest

from shared.read_model import questions
from shared.read_model.questions import CompanyQuery, Given, Paging, ReferralQuery


def given(request: HttpRequest, known: Iterable[str]) -> Given:
    """The parameters of a request that takes these. Raises InvalidParameter."""
    return Given(urlsplit(request.url).query, known)


def referral_query(request: HttpRequest, me: str = "") -> ReferralQuery:
    """Read the query of the list of referrals; ``me`` is the caller's address. Raises InvalidParameter."""
    return questions.referral_query(urlsplit(request.url).query, me)


def company_query(request: HttpRequest) -> CompanyQuery:
    """Read the query of the list of companies. Raises InvalidParameter."""
    return questions.company_query(urlsplit(request.url).query)


def wants_raw(request: HttpRequest) -> bool:
    """Whether one referral is asked for with its payload. Raises InvalidParameter."""
    return bool(given(request, ["raw"]).boolean("raw"))


def no_parameters(request: HttpRequest) -> None:
    """Refuse any parameter. Raises InvalidParameter."""
    given(request, ())


__all__ = [
    "CompanyQuery",
    "Paging",
    "ReferralQuery",
    "company_query",
    "given",
    "no_parameters",
    "referral_query",
    "wants_raw",
]
