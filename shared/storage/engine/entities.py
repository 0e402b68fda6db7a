"""How our values fit into an entity: keys that Table Storage takes, and long values in pieces.

Limits (Microsoft, "Understanding the Table service data model"): keys hold no ``/ \\ # ?`` and no control characters and
at most 1 KiB; a string property holds 64 KiB, that is 32 Ki UTF-16 units, a binary one 64 KiB; an entity has 1 MiB and
252 properties of its own. Azurite enforces few of them, so the guards are here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

Entity = dict[str, Any]
"""PartitionKey, RowKey and own properties (str, bool, int, float, bytes); an entity that was read also has ``etag``."""

TEXT_UNITS = 32_000
"""UTF-16 units of a long text in one property; a little under the limit of 32,768."""
BYTES_IN_PROPERTY = 63_000
"""Bytes of long data in one property; a little under the limit, as texts are."""
ENTITY_BYTES = 1_000_000
"""What we allow an entity to weigh, counted as Azure counts; its limit is 1,048,576."""

TYPE = "@odata.type"
"""What the name of a column is followed by in JSON to say its type."""
_KEYS = frozenset({"PartitionKey", "RowKey"})
_KEY_UNITS = 400
_ESCAPE = "="
_AS_IT_IS = re.compile(r"[0-9A-Za-z._|-]{0,400}")
"""Nearly every key: nothing in it to escape."""


def key(text: str) -> str:
    """A key for any text: readable where it can be, reversible by ``unkey`` unless it is very long.

    Forbidden characters, and the escape itself, become ``=XX`` of their UTF-8 bytes. A text too long for a key is cut
    and ends in its SHA-256, so that different texts never share a key.
    """
    if _AS_IT_IS.fullmatch(text):
        return text
    escaped = "".join(letter if _fits(letter) else _escape(letter) for letter in text)
    if utf16_units(escaped) <= _KEY_UNITS:
        return escaped
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{escaped[: _KEY_UNITS // 4]}{_ESCAPE}~{digest}"


def unkey(row: str) -> str:
    """The text that ``key`` was given, unless it was too long (then the key itself)."""
    if _ESCAPE not in row or f"{_ESCAPE}~" in row:
        return row
    out, position = bytearray(), 0
    while position < len(row):
        if row[position] == _ESCAPE:
            out.append(int(row[position + 1 : position + 3], 16))
            position += 3
        else:
            out += row[position].encode("utf-8", "surrogatepass")
            position += 1
    return out.decode("utf-8", "surrogatepass")


def _fits(letter: str) -> bool:
    code = ord(letter)
    return letter not in "/\\#?%'+=" and code >= 0x20 and not 0x7F <= code <= 0x9F and not 0xD800 <= code <= 0xDFFF


def _escape(letter: str) -> str:
    return "".join(f"{_ESCAPE}{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))


def utf16_units(text: str) -> int:
    """The length of a text as Table Storage counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_text(text: str, units: int = TEXT_UNITS) -> list[str]:
    """Cut a text into pieces of at most ``units`` UTF-16 units; joined they are the text."""
    if 2 * len(text) <= units:
        return [text]
    if text.isascii():
        return [text[start : start + units] for start in range(0, len(text), units)] or [""]
    # Half the units as letters always fit, since no letter takes more than two.
    step = units if utf16_units(text) == len(text) else units // 2
    return [text[start : start + step] for start in range(0, len(text), step)]


def put_text(entity: Entity, name: str, text: str) -> None:
    """Store a text of any length under ``name``, ``name_1``, ``name_2`` …"""
    for number, piece in enumerate(split_text(text)):
        entity[f"{name}_{number}" if number else name] = piece


def get_text(entity: Mapping[str, Any], name: str) -> str:
    """The text that ``put_text`` stored; empty when there is none."""
    return "".join(_pieces(entity, name))


def put_bytes(entity: Entity, name: str, data: bytes) -> None:
    """Store bytes of any length under ``name``, ``name_1`` …"""
    for number, start in enumerate(range(0, max(len(data), 1), BYTES_IN_PROPERTY)):
        entity[f"{name}_{number}" if number else name] = data[start : start + BYTES_IN_PROPERTY]


def get_bytes(entity: Mapping[str, Any], name: str) -> bytes:
    """The bytes that ``put_bytes`` stored; empty when there are none."""
    return b"".join(_pieces(entity, name))


def _pieces(entity: Mapping[str, Any], name: str) -> Sequence[Any]:
    pieces: list[Any] = []
    while (piece := entity.get(f"{name}_{len(pieces)}" if pieces else name)) is not None:
        pieces.append(piece)
    return pieces


_TEXTS: Final = (str, bytes)


def fits(entity: Mapping[str, Any], most: int = ENTITY_BYTES) -> bool:
    """Whether an entity weighs no more than so many bytes."""
    letters = sum(map(len, [value for value in entity.values() if isinstance(value, _TEXTS)]))
    # No letter takes more than four bytes, and nothing else of a column, its name included, more than a hundred.
    return 4 * letters + 100 * len(entity) <= most or weight(entity) <= most


def weight(entity: Mapping[str, Any]) -> int:
    """The bytes of an entity as Azure counts them: 4, the keys, and each property with its name in UTF-16."""
    total = 4
    for name, value in entity.items():
        if value is None or name == "etag":
            continue
        if name not in _KEYS:
            total += 8 + 2 * len(name)
        if isinstance(value, str):
            total += 4 + 2 * (len(value) if value.isascii() else utf16_units(value))
        elif isinstance(value, bytes):
            total += 4 + len(value)
        else:
            total += 8
    return total


def encode(entity: Mapping[str, Any]) -> bytes:
    """A row as the service takes it, JSON: without our ETag and without None, integers with 64 bits.

    Raises:
        TypeError: a value of a type that no column has, or an integer of more than 64 bits.
    """
    sent = dict(entity)
    sent.pop("etag", None)
    for name, value in entity.items():
        if type(value) is not str and name in sent:
            _put(sent, name, value)
    try:
        text = msgspec.json.encode(sent)
    except UnicodeEncodeError:  # half a pair of surrogates, which only an escape can carry
        return json.dumps(sent).encode()
    if b"\xe2\x80" in text:
        # Unicode's separators of lines and paragraphs end a line for some readers (JavaScript's patterns, so Azurite).
        text = text.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
    return text


def _put(sent: Entity, name: str, value: Any) -> None:
    """A value that is not text, with its type where JSON does not show it."""
    if value is None:
        del sent[name]
    elif isinstance(value, int) and not isinstance(value, bool):
        if not -(2**63) <= value < 2**63:
            raise TypeError(f"{name} has more than 64 bits")
        sent[name], sent[name + TYPE] = str(value), "Edm.Int64"
    elif isinstance(value, bytes):
        sent[name], sent[name + TYPE] = base64.b64encode(value).decode(), "Edm.Binary"
    elif isinstance(value, float):
        sent[name], sent[name + TYPE] = _double(value), "Edm.Double"
    elif not isinstance(value, str | bool):
        raise TypeError(f"{name} is a {type(value).__name__}")


def _double(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
