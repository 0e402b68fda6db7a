"""Texts made comparable: for search, and for the keys of companies that are known by name alone.

Nothing here changes what people see; a folded text is only ever compared.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from functools import lru_cache
from typing import Final

_LETTERS: Final = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ŋ": "n", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take apart, although people type them without their strokes and ligatures."""

_MARKS: Final = (
    (0x0300, 0x036F),  # accents of Latin, Greek and Cyrillic, the dot of İ among them
    (0x0591, 0x05C7),  # Hebrew points
    (0x0610, 0x061A),  # Arabic marks and vowels, which most people leave out
    (0x064B, 0x065F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE20, 0xFE2F),
)
"""Marks that only decorate. Marks of other scripts are vowels (Devanagari, Thai) or sounds (Japanese) and stay."""

UNKNOWN_COUNTRY: Final = "zz"
"""CLDR's code for an unknown region, in keys of companies whose country is not given."""

_KEY_LETTERS: Final = 100
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});", re.ASCII)
_TIMES_ESCAPED: Final = 3
_DIALLED: Final = re.compile(r"[+(]?[0-9][0-9()./-]*")
_PHONE_DIGITS: Final = 7
NO_LETTERS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
"""Control characters, halves of surrogate pairs and the like: no column can hold them, no page shows them."""
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")
_INSIDE_WORDS: Final = re.compile(r"[.'`]")
_END_OF_WORD: Final = re.compile(r"(?<=[^\W_]{2})\.")


def fold(text: str) -> str:
    """A text for comparing: accents stripped, İ I ı i alike, ß as ss, lower case, white space squeezed, any script kept.

    Python's ``casefold`` alone makes of ``İSTANBUL`` eight letters and one mark, and keeps ``ı`` apart from ``i``: it
    follows no language, and Turkish needs the four alike to find a text however it was typed.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    plain = _undecorated(text)
    if plain.isascii():  # as most names of Latin letters are by then
        return " ".join(plain.lower().split())
    folded = plain.casefold()
    latin = folded.translate(_LETTERS)
    if latin.isascii():  # as names with an ı or an ø are
        return " ".join(latin.split())
    # Folding the case can make new letters that come apart again.
    folded = _undecorated(folded).casefold().translate(_LETTERS)
    return " ".join(unicodedata.normalize("NFC", folded).split())


def _undecorated(text: str) -> str:
    return unicodedata.normalize("NFKD", text).translate(_undecorating)


class _Undecorating(dict[int, int | None]):
    """For ``str.translate``: takes decoration out; each letter is looked at when it is first met."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if _is_decoration(chr(code)) else code
        return self[code]


def _is_decoration(letter: str) -> bool:
    code = ord(letter)
    if code < 0x0300:
        return code == 0x00AD  # the soft hyphen
    return any(first <= code <= last for first, last in _MARKS) or unicodedata.category(letter) == "Cf"


_undecorating: Final = _Undecorating()


def digits(text: str) -> str:
    """The digits of a telephone number, however it is written."""
    return "".join(filter(str.isdigit, text))


def search_words(text: str) -> tuple[str, ...]:
    """What a search looks for: folded words, each of which must occur; of a telephone number its digits count alone."""
    return tuple(sorted({_dialled(word) for word in fold(text).split()}))


def _dialled(word: str) -> str:
    number = digits(word)
    return number if _DIALLED.fullmatch(word) and (word[0] in "+(" or len(number) >= _PHONE_DIGITS) else word


def readable(text: str) -> str:
    """A name as people write it: of ``Nehir &amp; Gaz``, which another system made for a web page, ``Nehir & Gaz``.

    Only whole entities are turned back (``AT&T`` and ``Sun&copy`` stay), as often as they were escaped.
    """
    for _ in range(_TIMES_ESCAPED):
        if "&" not in text:
            return text
        plain = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
        if plain == text:
            return text
        text = "".join(
            " " if letter in "\t\n\r\xa0" else letter for letter in plain if letter >= " " or letter in "\t\n\r"
        )
    return text


@lru_cache(maxsize=4_096)
def name_key(name: str | None, country: str | None) -> str | None:
    """The key of a company that is known by name alone: ``name-tr-acme-bilisim``.

    Args:
        name: the customer's name as given.
        country: its ISO 3166 two-letter code; anything else counts as unknown (``zz``).

    Returns:
        Folded letters, digits and hyphens of any script, without the legal form; None when the name says nothing
        (empty, punctuation alone, or a placeholder such as ``N/A``).
    """
    words = name_words(name)
    if not words:
        return None
    text = "-".join(words)
    if len(text) > _KEY_LETTERS:
        text = f"{text[:_KEY_LETTERS]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    code = (country or "").strip().lower()
    return f"name-{code if len(code) == 2 and code.isascii() and code.isalpha() else UNKNOWN_COUNTRY}-{text}"


def name_words(name: str | None) -> list[str]:
    """The folded words of a company's name without its legal form; empty when the name is none or a placeholder."""
    words = _words(fold(readable(name))) if name else []
    if _says_nothing(words):
        return []
    rest = _without_legal_form(words)
    if (not rest and len(words) > 1) or _stands_for_a_name(rest):
        return []
    # "AG" may be all there is, and one letter alone would collect strangers: then the legal form stays.
    return rest if sum(map(len, rest)) > 1 else words


def is_placeholder(name: str) -> bool:
    """Whether a name is one of the words that people and forms put where a name is missing, with a legal form or without."""
    return not name_words(name)


def _says_nothing(words: list[str]) -> bool:
    text = "".join(words)
    # A single Latin letter or a row of digits' worth of nothing; a single Chinese character can be a name.
    return not text or (len(text) == 1 and text.isascii()) or _stands_for_a_name(words)


def _stands_for_a_name(words: list[str]) -> bool:
    """``unknown``, ``000``, and any row of such words: ``test customer 2``."""
    if not words:
        return False
    if " ".join(words) in _PLACEHOLDERS or set("".join(words)) == {"0"}:
        return True
    bare = [word.rstrip("0123456789") for word in words]
    return any(word in _NO_NAMES for word in bare) and all(
        word in _NO_NAMES or word in _FILLING or not word for word in bare
    )


def _words(folded: str) -> list[str]:
    """Runs of letters and digits; points and apostrophes inside a word belong to it (``a.s.`` is ``as``)."""
    if folded.isascii():
        return _ASCII_WORD.findall(_INSIDE_WORDS.sub("", _spaced(folded)))
    kept = "".join(
        letter if letter.isalnum() or unicodedata.category(letter) in {"Mn", "Mc"} else "" if letter in ".'’`´" else " "
        for letter in _spaced(folded)
    )
    return [word.strip() for word in kept.split() if any(letter.isalnum() for letter in word)]


def _spaced(folded: str) -> str:
    """Points after whole words are spaces (``ltd.sti.``), points after single letters are not (``a.s.``)."""
    return _END_OF_WORD.sub(" ", folded)


def _without_legal_form(words: list[str]) -> list[str]:
    rest = list(words)
    while rest and (length := _ending(rest)):
        del rest[-length:]
    while rest and rest[0] in _LEADING:
        del rest[0]
    if rest:
        # Written without spaces: 株式会社東京, 北京科技有限公司.
        for form in _ATTACHED:
            rest[0] = rest[0].removeprefix(form) or rest[0]
            rest[-1] = rest[-1].removesuffix(form) or rest[-1]
    return rest


def _ending(words: list[str]) -> int:
    """How many of the last words are a legal form."""
    for length in range(min(_LONGEST, len(words)), 0, -1):
        if " ".join(words[-length:]) in _LEGAL_FORMS:
            return length
    return 0


_LEGAL_FORMS: Final = frozenset(
    fold(form)
    for form in (
        # Turkish, as abbreviated in a hundred ways
        *("A.Ş.", "AŞ", "A Ş", "Anonim Şirketi", "Anonim Şti", "Ltd", "Ltd Şti", "Limited", "Limited Şirketi"),
        *("Limited Şti", "Ltd Şirketi", "Şti", "Şirketi", "San", "Sanayi", "Sanayii", "Tic", "Ticaret", "San ve Tic"),
        *("San Tic", "Sanayi ve Ticaret", "Sanayii ve Ticaret", "Sanayi Ticaret", "Tic ve San", "Ticaret ve Sanayi"),
        *("San ve Ticaret", "Sanayi ve Tic", "Paz", "Pazarlama", "Paz ve Tic", "Pazarlama ve Ticaret"),
        *("Dış Tic", "Dış Ticaret", "İth İhr", "İthalat İhracat", "Koll Şti", "Kom Şti"),
        # German
        *("GmbH", "gGmbH", "GmbH & Co", "GmbH Co KG", "mbH", "AG", "KG", "KGaA", "OHG", "UG", "eK", "e K", "eV", "e V", "eG"),
        *("GbR", "UG haftungsbeschränkt", "haftungsbeschränkt", "AG & Co KG", "SE", "SE Co KG"),
        # English
        *("Inc", "Incorporated", "LLC", "L L C", "LLP", "LP", "Corp", "Corporation", "Co", "Company", "Ltd", "PLC", "Pty"),
        *("Pty Ltd", "Pvt", "Pvt Ltd", "Private Limited", "Public Limited Company", "Co Ltd", "PC", "PLLC", "Pte", "Sdn Bhd"),
        *("Bhd", "FZE", "FZCO", "FZ LLC", "WLL", "W L L", "PJSC", "JSC", "OJSC", "CJSC"),
        # Romance
        *("SA", "S A", "SAS", "SASU", "SARL", "EURL", "SpA", "S p A", "Srl", "S r l", "Srls", "SL", "S L", "SLU", "SAU"),
        *("SA de CV", "S de RL de CV", "SAB de CV", "Ltda", "Lda", "EIRELI", "SNC", "SAPI de CV"),
        # Benelux, Nordic, Baltic
        *("BV", "B V", "NV", "N V", "BVBA", "VOF", "CVBA", "Oy", "Oyj", "AB", "ApS", "AS", "A S", "ASA", "HB", "KB", "ehf", "hf"),
        *("UAB", "SIA", "OÜ"),
        # Central and eastern Europe, Greece
        *("sro", "s r o", "spol s r o", "spol sro", "a s", "Sp z o o", "Sp zoo", "Sp z oo", "Kft", "Zrt", "Nyrt", "Bt", "doo"),
        *("d o o", "dd", "d d", "EOOD", "OOD", "EAD", "AD", "ООО", "ОАО", "ЗАО", "ПАО", "АО", "ТОО", "ЕООД", "ООД"),
        *("ΑΕ", "Α Ε", "ΕΠΕ", "ΙΚΕ", "AE"),
        # written apart
        *("株式会社", "有限会社", "合同会社", "有限公司", "股份有限公司", "주식회사", "주", "株"),
    )
)  # fmt: skip
_LONGEST: Final = max(form.count(" ") + 1 for form in _LEGAL_FORMS)
_LEADING: Final = frozenset(
    fold(form)
    for form in ("ООО", "ОАО", "ЗАО", "ПАО", "АО", "ТОО", "PT", "株式会社", "有限会社", "주식회사", "주", "株")
)
_ATTACHED: Final = tuple(
    fold(form) for form in ("株式会社", "有限会社", "合同会社", "股份有限公司", "有限责任公司", "有限公司", "주식회사")
)

_PLACEHOLDERS: Final = frozenset(
    " ".join(_words(fold(name)))
    for name in (
        *("n/a", "na", "n a", "none", "null", "nil", "nan", "unknown", "undefined", "not available", "not applicable"),
        *("not specified", "not provided", "tbd", "tba", "to be defined", "test", "test test", "testing", "demo", "sample"),
        *("example", "customer", "client", "company", "company name", "customer name", "my company", "no company"),
        *("organization", "organisation", "business", "individual", "personal", "private", "self", "self employed"),
        *("freelance", "freelancer", "anonymous", "confidential", "hidden", "redacted", "lead", "new lead", "asdf", "qwerty"),
        *("abc", "xxx", "xx", "aaa", "aaaa", "123", "1234", "12345", "website", "web sitesi", "other", "default"),
        *("yok", "bilinmiyor", "belirtilmemiş", "belirtilmedi", "müşteri", "firma", "şirket", "deneme", "şahıs", "bireysel"),
        *("unbekannt", "keine", "kunde", "firma unbekannt", "inconnu", "aucun", "desconocido", "ninguno"),
    )
)  # fmt: skip
_NO_NAMES: Final = frozenset(
    fold(word)
    for word in (
        *(
            "test",
            "tests",
            "testing",
            "tester",
            "demo",
            "dummy",
            "sample",
            "example",
            "unknown",
            "undefined",
            "null",
            "none",
        ),
        *(
            "tbd",
            "tba",
            "asdf",
            "asdasd",
            "qwerty",
            "xxx",
            "xxxx",
            "placeholder",
            "noname",
            "deneme",
            "örnek",
            "bilinmiyor",
        ),
        *("belirtilmemiş", "belirtilmedi", "bilinmeyen", "unbekannt", "inconnu", "desconocido", "sconosciuto"),
    )
)
"""Words that make no name of what stands beside them, when that is filling too."""
_FILLING: Final = frozenset(
    fold(word)
    for word in (
        *(
            "company",
            "customer",
            "client",
            "account",
            "organization",
            "organisation",
            "business",
            "name",
            "user",
            "lead",
        ),
        *(
            "partner",
            "contact",
            "referral",
            "deal",
            "new",
            "no",
            "not",
            "the",
            "a",
            "my",
            "our",
            "do",
            "use",
            "please",
            "ignore",
        ),
        *(
            "firma",
            "şirket",
            "şirketi",
            "müşteri",
            "müşterisi",
            "kullanıcı",
            "hesap",
            "hesabı",
            "yeni",
            "kunde",
            "client",
        ),
    )
)
