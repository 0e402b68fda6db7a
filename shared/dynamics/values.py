"""Values as a column holds them: cut, rounded, and comparable, so that what differs by form alone is no difference."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from html.parser import HTMLParser
from typing import Any, Final

from shared.model import times

MARK: Final = "…"
"""What a text ends in that was too long for its column."""
EARLIEST, LATEST = "1753-01-01", "9999-12-30"
"""Dates that Dataverse can hold (Microsoft Learn, "DateTime column behavior")."""
_NO_DATE_BEFORE: Final = "1900-01-01"
"""Year 1 and 1899 mean "no date" in Partner Center's data."""
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_MARKUP: Final = re.compile(
    r"</?(?:p|div|br|span|b|i|u|strong|em|ul|ol|li|a|h[1-6]|table|tr|td|tbody|font)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_BLOCKS: Final = frozenset({"p", "div", "br", "li", "tr", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6"})


def tidy(text: str | None) -> str | None:
    """A text without what a column refuses (control characters, half surrogates), trimmed; None when nothing is left."""
    if text is None:
        return None
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return plain.strip() or None


def readable(text: str | None) -> str | None:
    """A name that came through an HTML page, without its ``&amp;`` and line breaks."""
    plain = tidy(html.unescape(text)) if text else None
    return " ".join(plain.split()) if plain else None


def plain_text(text: str | None) -> str | None:
    """A note without markup, where it has some: a rich text editor wraps what people type into tags."""
    if not text or not _MARKUP.search(text):
        return tidy(text)
    reader = _TextOf()
    reader.feed(text)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return tidy(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)))


class _TextOf(HTMLParser):
    """The text of a piece of HTML; blocks begin new lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A block begins a line."""
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """And ends one."""
        if tag in _BLOCKS and tag != "br":
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        """Text stays."""
        self.pieces.append(data)


def units(text: str) -> int:
    """The length of a text as Dataverse counts it: in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """A text that fits a column; what is cut ends in the mark, and no letter is halved."""
    if units(text) <= most:
        return text
    kept = text[: most - 1]
    while units(kept) > most - 1:
        kept = kept[:-1]
    return kept.rstrip() + MARK


def amount(value: Any) -> Decimal | None:
    """A number of any kind as an exact one; None for what is none."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def rounded(value: Decimal, precision: int) -> Decimal:
    """An amount as the currency rounds it, half to even (dynamics reference: the server rounds to the precision)."""
    return value.quantize(Decimal(1).scaleb(-precision), ROUND_HALF_EVEN)


def number_text(value: Decimal) -> str:
    """A number as it is compared and kept: without trailing zeros or exponent."""
    plain = f"{value:f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"


def day(text: Any) -> str | None:
    """The UTC day of a time or date, ``2027-03-31``; None for none, and for the dates that mean none."""
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        found = times.parse_time(text)[:10]
    except ValueError:
        return None
    return found if _NO_DATE_BEFORE <= found <= LATEST else None


def midnight(date: str) -> str:
    """A day as Partner Center holds it: midnight UTC."""
    return f"{date}T00:00:00Z"


def today(now: datetime) -> str:
    """The UTC day of a moment."""
    return now.astimezone(UTC).date().isoformat()


def money_words(value: Decimal, currency: str | None) -> str:
    """An amount as a sentence holds it: ``12,000.00 CHF``."""
    shown = f"{value:,.2f}"
    return f"{shown} {currency}" if currency else f"{shown} (no currency given)"
