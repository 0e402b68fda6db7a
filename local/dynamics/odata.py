"""The part of OData's query language that is served: $filter with eq, ne, gt, ge, lt, le, and, or, not, contains."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .errors import Refused, column_unknown
from .schema import Row

Test = Callable[[Row], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_]+)?)|(?P<mark>[(),]))"
)
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda have, want: want in have,
    "startswith": lambda have, want: have.startswith(want),
    "endswith": lambda have, want: have.endswith(want),
}


def parse_filter(text: str, table: str, known: set[str]) -> Test:
    """The test that a $filter asks for.

    Args:
        text: the filter, decoded.
        table: for error texts.
        known: the columns that may be named.
    """
    return _Parser(text, table, known).whole()


class _Parser:
    def __init__(self, text: str, table: str, known: set[str]) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        self._table, self._known = table, known
        place = 0
        while place < len(text.rstrip()):
            match = _TOKEN.match(text, place)
            if match is None:
                raise self._malformed()
            self._tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            place = match.end()

    def whole(self) -> Test:
        """The test of the whole text."""
        test = self._either()
        if self._at != len(self._tokens):
            raise self._malformed()
        return test

    def _either(self) -> Test:
        tests = [self._all()]
        while self._word("or"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._single()]
        while self._word("and"):
            tests.append(self._single())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _single(self) -> Test:
        if self._word("not"):
            inner = self._single()
            return lambda row: not inner(row)
        if self._mark("("):
            test = self._either()
            self._expect(")")
            return test
        kind, name = self._next()
        if kind == "word" and name in _FUNCTIONS and self._mark("("):
            column = self._column(self._next()[1])
            self._expect(",")
            wanted = str(self._value()).lower()
            self._expect(")")
            function = _FUNCTIONS[name]
            return lambda row: function(str(row.get(column) or "").lower(), wanted)
        if kind != "word":
            raise self._malformed()
        column = self._column(name)
        operator = self._next()[1]
        return _comparison(column, operator, self._value(), self._malformed)

    def _column(self, name: str) -> str:
        if name not in self._known:
            raise column_unknown(self._table, name)
        return name

    def _value(self) -> Any:
        kind, token = self._next()
        if kind == "text":
            return token[1:-1].replace("''", "'")
        if kind == "number":
            return Decimal(token)
        if kind == "word" and token in {"null", "true", "false"}:
            return {"null": None, "true": True, "false": False}[token]
        if kind in {"guid", "time"}:
            return token
        raise self._malformed()

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._malformed()
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("word", word):
            self._at += 1
            return True
        return False

    def _mark(self, mark: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("mark", mark):
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._mark(mark):
            raise self._malformed()

    def _malformed(self) -> Refused:
        return Refused(400, "0x0", "Syntax error in the $filter.")


def _comparison(column: str, operator: str, wanted: Any, malformed: Callable[[], Refused]) -> Test:
    if operator not in {"eq", "ne", "gt", "ge", "lt", "le"}:
        raise malformed()

    def test(row: Row) -> bool:
        have, want = _comparable(row.get(column)), _comparable(wanted)
        if operator in {"eq", "ne"}:
            return bool(have == want) is (operator == "eq")
        if have is None or want is None or type(have) is not type(want):
            return False
        return bool({"gt": have > want, "ge": have >= want, "lt": have < want, "le": have <= want}[operator])

    return test


def _comparable(value: Any) -> Any:
    """Texts without case (as the database collates), times as times, numbers as decimals."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return Decimal(str(value))
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*", value):
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value.lower() if isinstance(value, str) else value
