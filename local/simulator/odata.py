"""The OData options that Microsoft documents for the list of referrals (docs/partner-center-api.md), and nothing more.

Everything else is an `ODataError`, which the API answers with 400: whether the service knows more is unknown, and a
client that relies on more must not find out in production.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from .store import Order
from .times import sortable

Predicate = Callable[[Mapping[str, Any]], bool]

EQUALITY_PATHS = frozenset(
    {"engagementId", "status", "substatus", "qualification", "type", "direction", "customerProfile/address/country"}
)
DATE_PATHS = frozenset({"createdDateTime", "updatedDateTime"})
OPTIONS = frozenset({"$filter", "$orderby", "$select", "$top", "$skiptoken"})

_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_TOKEN = re.compile(rf"\s*('(?:[^']|'')*'|{_GUID}|[A-Za-z_][\w/]*|\d[\w:.+-]*|[():])")


class ODataError(ValueError):
    """An option or expression that the documentation does not show; the message says which."""


@dataclass(frozen=True)
class Query:
    """One list query, as read from the options."""

    filter: str = ""
    order: Order = "createdDateTime"
    descending: bool = True
    select: tuple[str, ...] = ()
    top: int | None = None


def read_query(options: Mapping[str, str]) -> Query:
    """The query that the options of a first request ask for. Raises ODataError."""
    for name in options:
        if name.startswith("$") and name not in OPTIONS:
            raise ODataError(f"The query option '{name}' is not supported.")
    query = Query()
    order, descending = query.order, query.descending
    if "$orderby" in options:
        words = options["$orderby"].split()
        if not 1 <= len(words) <= 2 or words[0] not in DATE_PATHS or words[1:] not in ([], ["asc"], ["desc"]):
            raise ODataError("$orderby takes createdDateTime or updatedDateTime, asc or desc.")
        order, descending = cast(Order, words[0]), words[1:] == ["desc"]
    top = None
    if "$top" in options:
        if not re.fullmatch(r"\d{1,6}", options["$top"]):
            raise ODataError("$top takes a number.")
        top = int(options["$top"])
    select: tuple[str, ...] = ()
    if "$select" in options:
        select = tuple(name.strip() for name in options["$select"].split(","))
        if not all(re.fullmatch(r"[A-Za-z]+", name) for name in select):
            raise ODataError("$select takes names of properties.")
    return Query(options.get("$filter", ""), order, descending, select, top)


def compile_filter(text: str, *, dates: bool) -> Predicate | None:
    """The predicate of a $filter, None for an empty one. `dates` allows comparisons of the two dates.

    Raises ODataError.
    """
    return _Parser(text, dates).parse() if text.strip() else None


class _Parser:
    def __init__(self, text: str, dates: bool) -> None:
        self._dates = dates
        self._tokens: list[str] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise ODataError(f"Syntax error at position {place} in $filter.")
            self._tokens.append(found[1])
            place = found.end()

    def parse(self) -> Predicate:
        predicate = self._conjunction()
        if self._tokens:
            raise ODataError(f"'{self._tokens[0]}' is not supported in $filter.")
        return predicate

    def _take(self, expected: str | None = None) -> str:
        if not self._tokens:
            raise ODataError("$filter ends too early.")
        token = self._tokens.pop(0)
        if expected is not None and token != expected:
            raise ODataError(f"'{expected}' was expected in $filter where '{token}' is.")
        return token

    def _conjunction(self) -> Predicate:
        parts = [self._term()]
        while self._tokens and self._tokens[0] == "and":
            self._take()
            parts.append(self._term())
        return lambda payload: all(part(payload) for part in parts)

    def _term(self) -> Predicate:
        token = self._take()
        if token == "(":
            inner = self._conjunction()
            self._take(")")
            return inner
        if token == "team/any":
            return self._team()
        operator = self._take()
        if token in DATE_PATHS and operator in ("ge", "gt", "le", "lt"):
            return self._date(token, operator)
        if token not in EQUALITY_PATHS or operator != "eq":
            raise ODataError(f"'{token} {operator}' is not supported in $filter.")
        wanted = _literal(self._take())
        path = token.split("/")
        return lambda payload: _value(payload, path) == wanted

    def _team(self) -> Predicate:
        self._take("(")
        name = self._take()
        self._take(":")
        self._take(f"{name}/email")
        self._take("eq")
        wanted = _literal(self._take()).lower()
        self._take(")")
        return lambda payload: has_member(payload, wanted)

    def _date(self, path: str, operator: str) -> Predicate:
        if not self._dates:
            raise ODataError(f"'{path} {operator}' is not supported in $filter.")
        limit = sortable(self._take())
        if limit is None:
            raise ODataError(f"A date was expected behind '{path} {operator}' in $filter.")
        tests: dict[str, Callable[[str], bool]] = {
            "ge": lambda value: value >= limit,
            "gt": lambda value: value > limit,
            "le": lambda value: value <= limit,
            "lt": lambda value: value < limit,
        }
        test = tests[operator]

        def compare(payload: Mapping[str, Any]) -> bool:
            value = sortable(payload.get(path))
            return value is not None and test(value)

        return compare


def has_member(payload: Mapping[str, Any], email: str) -> bool:
    """Whether the partner's own team holds this address (lower case)."""
    team = payload.get("team")
    members = team if isinstance(team, list) else []
    return any(isinstance(member, dict) and str(member.get("email")).lower() == email for member in members)


def _literal(token: str) -> str:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    if re.fullmatch(_GUID, token):
        return token  # the service's own links write guids without quotes (docs/partner-center-api.md, "Lists")
    raise ODataError(f"'{token}' is no literal that $filter takes.")


def _value(payload: Mapping[str, Any], path: list[str]) -> Any:
    value: Any = payload
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
