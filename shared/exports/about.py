"""What the second sheet of a workbook says, in the reader's language: what it is, of when, and what Excel could not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from shared.exports.xlsx import Titles, Written

TITLES: Final[Mapping[str, Mapping[str, Titles]]] = {
    "en": {"referrals": Titles("Referrals", "About"), "companies": Titles("Companies", "About")},
    "tr": {
        "referrals": Titles("Fırsatlar", "Hakkında", " … [kısaltıldı]"),
        "companies": Titles("Şirketler", "Hakkında", " … [kısaltıldı]"),
    },
}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "what": "What this is",
        "referrals": "Referrals from Hunter Partner Center Sync",
        "companies": "Companies from Hunter Partner Center Sync",
        "filters": "Filters",
        "none": "none: everything but what is missing in Partner Center",
        "sort": "Sorted by",
        "rows": "Rows",
        "at": "Exported at (UTC)",
        "by": "Exported by",
        "fresh": "Last successful sync (UTC)",
        "never": "none yet",
        "link": "The same list on the page",
        "times": "Times",
        "utc": "All times are UTC.",
        "cut": "Cells whose text was cut",
        "cut.why": "Excel holds 32,767 characters in a cell; the CSV and NDJSON files hold all of them.",
        "text": "Numbers and times written as text",
        "text.why": "Excel holds 15 digits of a number, and no time before March 1900.",
    },
    "tr": {
        "what": "Bu nedir",
        "referrals": "Hunter Partner Center Sync'ten fırsatlar",
        "companies": "Hunter Partner Center Sync'ten şirketler",
        "filters": "Filtreler",
        "none": "yok: Partner Center'da kayıp olanlar dışında hepsi",
        "sort": "Sıralama",
        "rows": "Satır sayısı",
        "at": "Dışa aktarıldı (UTC)",
        "by": "Dışa aktaran",
        "fresh": "Son başarılı eşitleme (UTC)",
        "never": "henüz yok",
        "link": "Sayfadaki aynı liste",
        "times": "Zamanlar",
        "utc": "Tüm zamanlar UTC'dir.",
        "cut": "Metni kısaltılan hücreler",
        "cut.why": "Excel bir hücrede 32.767 karakter tutar; CSV ve NDJSON dosyalarında metnin tamamı vardır.",
        "text": "Metin olarak yazılan sayılar ve zamanlar",
        "text.why": "Excel bir sayının 15 basamağını tutar ve Mart 1900 öncesini bilmez.",
    },
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows come from."""

    which: str
    """``referrals`` or ``companies``."""
    filters: str
    """The query, percent-encoded, as the list takes it."""
    sort: str
    at: str
    """A time as answers carry it."""
    by: str
    """The reader's name, or ""."""
    fresh: str | None
    """When the last sync succeeded."""
    link: str
    """The list's address, or ""."""

    def lines(self, written: Written, language: str) -> list[tuple[str, str | int]]:
        """The lines of the second sheet."""
        words = _WORDS[language]
        lines: list[tuple[str, str | int]] = [
            (words["what"], words[self.which]),
            (words["filters"], _filters(self.filters) or words["none"]),
            (words["sort"], self.sort),
            (words["rows"], written.rows),
            (words["at"], _time(self.at)),
            (words["fresh"], _time(self.fresh) if self.fresh else words["never"]),
            (words["times"], words["utc"]),
        ]
        if self.by:
            lines.append((words["by"], self.by))
        if self.link:
            lines.append((words["link"], self.link))
        for name, count in (("cut", written.cut), ("text", written.as_text)):
            if count:
                lines += [(words[name], count), ("", words[f"{name}.why"])]
        return lines


def _filters(query: str) -> str:
    """The filters as people read them: ``status: New, Active; country: TR``."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return "; ".join(f"{name}: {', '.join(given)}" for name, given in values.items())


def _time(text: str) -> str:
    return text.replace("T", " ").removesuffix("Z").partition(".")[0]
