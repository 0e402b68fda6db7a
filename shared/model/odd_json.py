"""JSON that is valid but that fast readers refuse: halves of surrogate pairs, and nesting without end.

A note cut in the middle of an emoji leaves ``\\ud83d`` alone, and then msgspec refuses the whole page. One such record must
not hide the others, so what msgspec refuses is looked at again here, slowly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

_TOKEN: Final = re.compile(rb'\s*("(?:[^"\\\x00-\x1f]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+)\s*')
_NO_NUMBERS: Final = frozenset({b"NaN", b"Infinity", b"-Infinity"})
"""What JavaScript and Python write for floats that JSON has no number for."""
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_CLOSES: Final = {b"]": b"[", b"}": b"{"}
_HALF: Final = re.compile("[\ud800-\udfff]")
_exact: Final = msgspec.json.Decoder(float_hook=Decimal)
_MOST_DIGITS: Final = 20
"""Longer whole numbers are decimals: Python reads an integer of thousands of digits slowly, or not at all."""
DEEPEST: Final = 100
"""Levels that are read of a record; what lies deeper is null to us, and kept in the payload."""


def prune(raw: bytes, deepest: int = DEEPEST) -> bytes:
    """The same JSON with null for every list and object that lies deeper than ``deepest`` levels.

    Raises:
        ValueError: brackets and strings do not match; other mistakes are left for whoever reads the result.
    """
    kept: list[bytes] = []
    for token, _, depth in _tokens(raw):
        if depth <= deepest:
            kept.append(token)
        elif depth == deepest + 1 and token in (b"[", b"{"):
            kept.append(b"null")
    return b" ".join(kept)


def loads(raw: bytes, **options: Any) -> Any:
    """``json.loads`` without what lies too deep.

    Raises:
        ValueError: it is no JSON.
    """
    return json.loads(prune(raw), **options)


def exact(raw: bytes) -> Any:
    """What a JSON text holds, whole, numbers with the digits they have.

    Raises:
        RecursionError: it is nested too deep; ``prune`` helps.
        ValueError: it is no JSON.
    """
    try:
        return _exact.decode(raw)
    except (msgspec.DecodeError, RecursionError, ValueError):  # half surrogates, numbers of thousands of digits
        return json.loads(raw, parse_float=Decimal, parse_int=integer)


def usable(raw: bytes) -> Any:
    """What a JSON text holds, fit to be compared and sent back: without what lies too deep, and with U+FFFD for halves of
    pairs, which no JSON can be made of.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return _exact.decode(raw)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return _without_halves(loads(raw, parse_float=Decimal, parse_int=integer, parse_constant=str))


def integer(digits: str) -> int | Decimal:
    """A whole number of any length."""
    return int(digits) if len(digits) < _MOST_DIGITS else Decimal(digits)


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_halves(item) for item in value]
    if isinstance(value, dict):
        return {_without_halves(name): _without_halves(item) for name, item in value.items()}
    return value


def strict(text: str) -> bytes:
    """What was received as JSON that every reader takes: as it is, wherever it is that already.

    ``NaN`` and its like become texts, a byte order mark goes, and what is no JSON at all becomes one text.
    """
    plain = text.removeprefix("\ufeff")
    raw = plain.encode("utf-8", "replace")
    if _is_strict(raw):
        return raw
    try:
        quoted = b" ".join(b'"%s"' % token if token in _NO_NUMBERS else token for token, _, _ in _tokens(raw))
    except ValueError:
        quoted = b""
    return quoted if _is_strict(quoted) else json.dumps(plain).encode()


def _is_strict(raw: bytes) -> bool:
    try:
        json.loads(raw, parse_int=len, parse_float=len, parse_constant=_refuse)
    except ValueError:
        return False
    except RecursionError:
        return True  # brackets without end are JSON, and whoever sent them was read before
    return True


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def split_page(body: bytes) -> tuple[list[bytes], str | None]:
    """The records of a page as received, and its next link.

    Raises:
        ValueError: it is not a page of referrals.
    """
    page = loads(body, parse_int=float)  # Python reads no number of that many digits
    if not isinstance(page, dict) or not isinstance(page.get("value"), list):
        raise ValueError("no page")
    link = page.get("@odata.nextLink")
    if link is not None and not isinstance(link, str):
        raise ValueError("no link")
    records: list[bytes] = []
    name, before, start, inside = b"", b"", 0, False
    for token, place, depth in _tokens(body):
        if depth == 1 and token == b":":
            name = before
        elif depth == 2 and token == b"[" and before == b":" and json.loads(name) == "value":
            records, inside, start = [], True, place + 1
        elif inside and depth == 2 and token in (b",", b"]"):
            record = body[start:place].strip()
            if record:
                records.append(record)
            start, inside = place + 1, token == b","
        before = token
    return records, link


Path = tuple[str | None, ...]
"""Where a value stands: the names of the members that lead there, None for any item of a list."""


def blanked(raw: bytes, paths: Collection[Path]) -> bytes:
    """The same JSON, byte for byte, with null for the values at these paths; empty texts stay.

    Raises:
        ValueError: it is no JSON.
    """
    depths = {len(path) for path in paths}
    names: list[str | None] = []
    objects: list[bool] = []
    pieces: list[bytes] = []
    kept = hidden = 0
    is_name = False
    for token, place, depth in _tokens(raw):
        if hidden:
            if depth == hidden and token in _CLOSES:
                kept, hidden = place + 1, 0
        elif token in _CLOSES:
            if not names:
                raise ValueError("not JSON")
            names.pop()
            objects.pop()
        elif token in (b",", b":"):
            is_name = token == b"," and bool(objects) and objects[-1]
        elif is_name:
            names[-1], is_name = json.loads(token), False
        else:
            opens = token in (b"[", b"{")
            if len(names) in depths and tuple(names) in paths and token != b'""':
                pieces += (raw[kept:place], b"null")
                kept, hidden = place + len(token), depth if opens else 0
            elif opens:
                is_name = token == b"{"
                names.append(None)
                objects.append(is_name)
    return b"".join((*pieces, raw[kept:]))


def _tokens(raw: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each token, where it begins, and how deep it lies; a bracket lies as deep as what it holds."""
    open_brackets: list[bytes] = []
    place = 0
    while place < len(raw):
        match = _TOKEN.match(raw, place)
        if match is None:
            raise ValueError("not JSON")
        token = match[1]
        if token in (b"[", b"{"):
            open_brackets.append(token)
        yield token, match.start(1), len(open_brackets)
        if token in _CLOSES and (not open_brackets or open_brackets.pop() != _CLOSES[token]):
            raise ValueError("not JSON")
        place = match.end()
    if open_brackets:
        raise ValueError("not JSON")
