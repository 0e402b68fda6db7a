"""Records of every kind that went wrong once, with what is right: those of ``inputs/`` and more of the same kinds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

INPUTS: Final = Path(__file__).parent / "inputs"
NAMES: Final = "name-tr-"


@dataclass(frozen=True)
class Case:
    """A customer and the company that it is; ``key`` None for none."""

    kind: str
    customer: dict[str, Any]
    key: str | None


def of_file(name: str) -> list[dict[str, Any]]:
    """The records of a file's page."""
    page = json.loads((INPUTS / name).read_text(encoding="utf-8-sig"))
    return list(page["value"])


def _mail(kind: str, email: str, key: str | None, name: str = "Kunduz Çiçek") -> Case:
    return Case(kind, {"name": name, "team": [{"email": email}]}, key)


def _from_file(name: str, keys: Sequence[str | None]) -> list[Case]:
    kind = name.partition(".")[0]
    records = of_file(name)
    return [Case(kind, record["customerProfile"], key) for record, key in zip(records, keys, strict=True)]


def _duns(number: object, key: str | None) -> Case:
    ids = [{"profileType": "Duns", "id": number}]
    return Case("duns", {"name": None, "address": {"country": "TR"}, "team": [], "ids": ids}, key)


FALLBACK: Final = "name-zz-kunduz-cicek"
"""What a customer of ``_mail`` is when no address says anything."""

CASES: Final = [
    # files
    *_from_file("duns-decimal.page.json", ["duns-123456780", "name-tr-beta-tekstil", "name-tr-gama-lojistik"]),
    *_from_file(
        "mail-fields.page.json",
        [f"contoso{number}.com" for number in (1, 2, 3, 4, 5, 6, 7, 9, 13)],
    ),
    *_from_file(
        "dotless-i.page.json",
        [NAMES + name for name in ("yildiz-gida", "ege-tekstil", "anadolu-lojistik", "dort", "bes")],
    ),
    *_from_file(
        "free-mail.page.json",
        ["easypost.com", "alibaba.com", "telstra.com"]
        + [NAMES + name for name in ("yildiz-gida", "ege-tekstil", "anadolu-lojistik")],
    ),
    *_from_file(
        "html-names.page.json",
        ["name-ar-nehir-gaz"] * 2 + ["name-fr-lorman"] * 2 + ["name-de-muller"] * 2,
    ),
    *_from_file("placeholder-names.page.json", [None] * 5),
    # numbers: only nine digits, grouped as D&B does, are one
    _duns("123456780.0", "duns-123456780"),
    _duns("12-345-6780", "duns-123456780"),
    _duns("12 345 6780", "duns-123456780"),
    _duns(" 123 456 780 ", "duns-123456780"),
    _duns(123456780, "duns-123456780"),
    _duns(123456780.0, "duns-123456780"),
    _duns("12\u2011345\u20116780", "duns-123456780"),
    _duns("1234567.80", None),
    _duns("1.2345678e8", None),
    _duns("123.456.780", None),
    _duns("1234-56-780", None),
    _duns("-123456780", None),
    _duns("123456780.5", None),
    _duns("0.123456780", None),
    _duns("12345678", None),
    _duns("1234567801", None),
    Case(
        "duns",
        {"name": None, "ids": [{"profileType": "Duns", "id": "6-XXXX"}, {"profileType": "DUNS", "id": "12-345-6780"}]},
        "duns-123456780",
    ),
    # mail fields
    _mail("mail", "“a@tirnak.com.tr”", "tirnak.com.tr"),
    _mail("mail", "„a@gaensefuss.de“", "gaensefuss.de"),
    _mail("mail", "‘a@tek.com.tr’ , ‘b@cift.com.tr’", "tek.com.tr"),
    _mail("mail", "«a@guillemet.fr»", "guillemet.fr"),
    _mail("mail", "Yılmaz, Ayşe <ayse@yilmaz.com.tr>; bob@fabrikam.com", "yilmaz.com.tr"),
    _mail("mail", '"b@adinda.com" <a@asil.com>', "asil.com"),
    _mail("mail", "(eski: b@eski.com) a@yeni.com", "yeni.com"),
    _mail("mail", "Ayşe (ayse@parantez.com.tr)", "parantez.com.tr"),
    _mail("mail", "[a@koseli.com]", "koseli.com"),
    _mail("mail", "{a@suslu.com}", "suslu.com"),
    _mail("mail", "mailto:a@baglanti.com?subject=Teklif&cc=b@fabrikam.com", "baglanti.com"),
    _mail("mail", "a@gmail.com / b@egik.com.tr", "egik.com.tr"),
    _mail("mail", "a@gmail.com|b@dik.com.tr", "dik.com.tr"),
    _mail("mail", "a@gmail.com\nb@satir.com.tr", "satir.com.tr"),
    _mail("mail", "a@gmail.com ve b@kelime.com.tr", "kelime.com.tr"),
    _mail("mail", "a@nokta.com.tr...", "nokta.com.tr"),
    _mail("mail", "a@son.com.tr,;, ", "son.com.tr"),
    _mail("mail", "&lt;a@varlik.com&gt;", "varlik.com"),
    _mail("mail", "a%40yuzde.com", "yuzde.com"),
    _mail("mail", "a [at] yazili [dot] com", "yazili.com"),
    _mail("mail", "a＠genis.com.tr", "genis.com.tr"),
    _mail("mail", "not@anaddress@gercek.com.tr", "gercek.com.tr"),
    _mail("mail", "a@b@", FALLBACK),
    _mail("mail", "; , <>", FALLBACK),
    _mail("mail", "a@con toso.com", FALLBACK),
    # a dotless i, and letters with marks in the names of great services
    _mail("dotless", "a@outlook.com.tr, b@gmaıl.com", FALLBACK),
    _mail("dotless", "a@hotmaıl.com.tr", FALLBACK),
    _mail("dotless", "a@lıve.com", FALLBACK),
    _mail("dotless", "a@msn.com; b@maıl.ru", FALLBACK),
    _mail("dotless", "a@gmáil.com", FALLBACK),
    _mail("dotless", "a@mail.mıcrosoft.com", FALLBACK),
    _mail("dotless", "a@windows.net; b@lınkedın.com", FALLBACK),
    _mail("dotless", "a@fabrıkam-partner.com", FALLBACK),
    _mail("dotless", "a@yaanı.com", FALLBACK),
    _mail("dotless", "bilgi@ışıklar.com.tr", "xn--klar-kzaa53a.com.tr"),
    _mail("dotless", "bilgi@sığır.com.tr", "xn--sr-xna5eb.com.tr"),
    _mail("dotless", "info@bücher.de", "xn--bcher-kva.de"),
    # free mail: companies that only look like it, and mail of Türkiye and Asia that no list had
    *(
        _mail("free mail", f"buyer@{domain}", domain)
        for domain in (
            "clerk.com",
            "name.com",
            "mailinblack.com",
            "facebook.com",
            "frontier.com",
            "telstra.com.au",
            "nus.edu.sg",
        )
    ),
    *(
        _mail("free mail", f"buyer@{domain}", FALLBACK)
        for domain in (
            *("kakao.com", "nate.com", "mynet.com", "naver.com", "docomo.ne.jp", "hinet.net", "sina.com.cn", "bsnl.in"),
            *(
                "ttmail.com",
                "superonline.com",
                "netvigator.com",
                "walla.co.il",
                "vip.163.com",
                "yandex.com.tr",
                "gmail.com",
            ),
            *("orange.fr", "comcast.net", "t-online.de", "sfr.fr"),  # both a company's and its subscribers'
        )
    ),
    # names that another system escaped
    Case("entities", {"name": "AT&T"}, "name-zz-at-t"),
    Case("entities", {"name": "AT&amp;T Inc."}, "name-zz-at-t"),
    Case("entities", {"name": "&Ccedil;i&ccedil;ek &amp;amp; B&ouml;cek"}, "name-zz-cicek-bocek"),
    Case("entities", {"name": "&#199;i&#231;ek &#x26; B&#246;cek A.&#350;."}, "name-zz-cicek-bocek"),
    Case("entities", {"name": "Sun&copy Center"}, "name-zz-sun-copy-center"),
    Case("entities", {"name": "Ben&nbsp;&quot;Jerry&quot;"}, "name-zz-ben-jerry"),
    Case("entities", {"name": "O&rsquo;Neill"}, "name-zz-oneill"),
    # placeholders, with a legal form or in a row
    *(
        Case("placeholder", {"name": name, "address": {"country": "TR"}}, None)
        for name in (
            *(
                "Unknown Corp.",
                "N/A GmbH",
                "Bilinmiyor Ltd. Şti.",
                "TBD LLC",
                "None, Inc.",
                "Test Customer 2",
                "Demo A.Ş.",
            ),
            *(
                "Deneme Firma San. ve Tic. Ltd. Şti.",
                "XXX Ltd",
                "Test1",
                "Null B.V.",
                "Müşteri A.Ş.",
                "Ltd. Şti.",
                "0000 Inc",
            ),
        )
    ),
    Case("placeholder", {"name": "Unknown Worlds Entertainment"}, "name-zz-unknown-worlds-entertainment"),
    Case("placeholder", {"name": "Testo SE"}, "name-zz-testo"),
    Case("placeholder", {"name": "Demokrat Gıda Ltd."}, "name-zz-demokrat-gida"),
    *(
        _mail("placeholder", f"a@{domain}", FALLBACK)
        for domain in (
            "example.com",
            "mail.example.org",
            "example.com.tr",
            "test.com",
            "contoso.example",
            "yourcompany.com",
        )
    ),
]
