"""From addresses, DUNS numbers and names to companies: what counts, what does not, and how it is written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.domains import (
    CompanyIdentity,
    company_domain,
    derive_identity,
    display_domain,
    hostname,
    registrable,
    resembles,
    valid_duns,
)
from shared.model.mail_field import hosts_in
from shared.model.text import fold, is_placeholder, name_key

OWN = ("fabrikam-partner.com", "mail.hunterpartner.com.tr", "fabrikam.onmicrosoft.com")

BY_ADDRESS = [
    # the domain is reduced to what can be registered
    (["ayse@contoso.com"], "contoso.com"),
    (["ayse@mail.contoso.com"], "contoso.com"),
    (["ayse@a.b.c.contoso.com.tr"], "contoso.com.tr"),
    (["sue@mail.contoso.co.uk"], "contoso.co.uk"),
    (["it@ankara.bel.tr"], "ankara.bel.tr"),
    (["it@cs.metu.edu.tr"], "metu.edu.tr"),
    (["it@bilgi.acme.gov.tr"], "acme.gov.tr"),
    (["x@shop.azurewebsites.net"], "shop.azurewebsites.net"),
    (["x@acme.newtld"], "acme.newtld"),
    # however it is written
    (["AYSE@CONTOSO.COM"], "contoso.com"),
    (["  ayse@contoso.com  "], "contoso.com"),
    (["Ayşe Yılmaz <ayse@contoso.com>"], "contoso.com"),
    (["mailto:ayse@contoso.com"], "contoso.com"),
    (["ayse@contoso.com."], "contoso.com"),
    (["odd@name@contoso.com"], "contoso.com"),
    (["info@müller.de"], "xn--mller-kva.de"),
    (["info@MÜLLER.de"], "xn--mller-kva.de"),
    (["info@xn--mller-kva.de"], "xn--mller-kva.de"),
    (["bilgi@ışıklar.com.tr"], "xn--klar-kzaa53a.com.tr"),
    (["INFO@CONTOSOBİLİŞİM.COM.TR"], "xn--contosobiliim-stc.com.tr"),
    (["INFO@CONTOSO-BİLGİ.COM"], "contoso-bilgi.com"),
    (["почта@пример.рф"], "xn--e1afmkfd.xn--p1ai"),
    (["info@日本企業.jp"], "xn--hoqw17cb2a86d.jp"),
    # the first usable address decides
    (["me@gmail.com", "ayse@contoso.com", "bob@fabrikam.com"], "contoso.com"),
    (["nonsense", "", "@", "a@", "bob@fabrikam.com"], "fabrikam.com"),
    (["seller@microsoft.com", "bob@fabrikam.com"], "fabrikam.com"),
    (["us@fabrikam-partner.com", "bob@litware.com"], "litware.com"),
    (["us@eu.fabrikam-partner.com"], None),
    (["us@hunterpartner.com.tr"], None),
    (["us@other.hunterpartner.com.tr"], None),
    # free mail, of every country
    (["a@gmail.com"], None),
    (["a@googlemail.com"], None),
    (["a@hotmail.com.tr"], None),
    (["a@outlook.com.tr"], None),
    (["a@live.com.tr"], None),
    (["a@yandex.com.tr"], None),
    (["a@yahoo.co.uk"], None),
    (["a@gmx.de"], None),
    (["a@web.de"], None),
    (["a@t-online.de"], None),
    (["a@mynet.com"], None),
    (["a@ttmail.com"], None),
    (["a@superonline.com"], None),
    (["a@mail.ru"], None),
    (["a@vip.qq.com"], None),
    (["a@proton.me"], None),
    (["a@icloud.com"], None),
    (["a@privaterelay.appleid.com"], None),
    (["a@mailinator.com"], None),
    (["contoso@hs01.kep.tr"], None),  # everybody's registered mailbox
    (["a@livestock.com"], "livestock.com"),  # a company that only begins like one
    (["a@yahoo-bilisim.com.tr"], "yahoo-bilisim.com.tr"),
    (["a@outlook.company"], "outlook.company"),
    # Microsoft
    (["a@microsoft.com"], None),
    (["a@europe.corp.microsoft.com"], None),
    (["a@microsoft.com.tr"], None),
    (["a@contoso.onmicrosoft.com"], None),
    (["a@contoso.mail.onmicrosoft.com"], None),
    # no domains at all
    (["a@localhost"], None),
    (["a@server.local"], None),
    (["a@contoso"], None),
    (["a@10.0.0.1"], None),
    (["a@[10.0.0.1]"], None),
    (["a@con toso.com"], None),
    (["a@-contoso-.com"], None),
    (["a@com.tr"], None),
    (["a@xn--a.com"], None),
    (["a@" + "x" * 64 + ".com"], None),
    (["a@" + "x." * 130 + "com"], None),
    (["@contoso.com"], None),
    ([], None),
]


@pytest.mark.parametrize(("emails", "key"), BY_ADDRESS)
def test_the_first_usable_address_gives_the_domain(emails: list[str], key: str | None) -> None:
    identity = derive_identity(emails, None, None, None, OWN)
    assert (identity.key, identity.domain) == (key, key)


BY_NAME = [
    ("Acme Bilişim A.Ş.", "TR", "name-tr-acme-bilisim"),
    ("Acme Bilişim AŞ", "TR", "name-tr-acme-bilisim"),
    ("ACME BİLİŞİM", "tr", "name-tr-acme-bilisim"),
    ("acme bilisim", " TR ", "name-tr-acme-bilisim"),
    ("Acme Bilişim San. ve Tic. Ltd. Şti.", "TR", "name-tr-acme-bilisim"),
    ("Acme Bilişim San.ve Tic.Ltd.Şti.", "TR", "name-tr-acme-bilisim"),
    ("ACME BİLİŞİM SANAYİ VE TİCARET ANONİM ŞİRKETİ", "TR", "name-tr-acme-bilisim"),
    ("Acme Bilişim Limited Şirketi", "TR", "name-tr-acme-bilisim"),
    ("İSTANBUL ULAŞIM", "TR", "name-tr-istanbul-ulasim"),
    ("istanbul ulasım", "TR", "name-tr-istanbul-ulasim"),
    ("ISPARTA Gül", "TR", "name-tr-isparta-gul"),
    ("ısparta gül", "TR", "name-tr-isparta-gul"),
    ("IĞDIR Gıda", "TR", "name-tr-igdir-gida"),
    ("ığdır gıda", "TR", "name-tr-igdir-gida"),
    ("Müller GmbH & Co. KG", "DE", "name-de-muller"),
    ("Straße e.V.", "DE", "name-de-strasse"),
    ("L'Oréal S.A.", "FR", "name-fr-loreal"),
    ("L’Oréal SA", "FR", "name-fr-loreal"),
    ("Ben & Jerry's S.p.A.", "IT", "name-it-ben-jerrys"),
    ("Ålesund Sjømat AS", "NO", "name-no-alesund-sjomat"),
    ("Novo A/S", "DK", "name-dk-novo"),
    ("Philips B.V.", "NL", "name-nl-philips"),
    ("Nokia Oyj", "FI", "name-fi-nokia"),
    ("Contoso, Inc.", "US", "name-us-contoso"),
    ("Contoso Pty Ltd", "AU", "name-au-contoso"),
    ("Contoso Sp. z o.o.", "PL", "name-pl-contoso"),
    ("ООО Ромашка", "RU", "name-ru-ромашка"),
    ("株式会社東京", "JP", "name-jp-東京"),
    ("北京科技有限公司", "CN", "name-cn-北京科技"),
    ("شركة الأمل", "SA", "name-sa-شركة-الامل"),
    ("ΑΘΗΝΑ Α.Ε.", "GR", "name-gr-αθηνα"),
    ("हिन्दी", "IN", "name-in-हिन्दी"),
    ("3M", "US", "name-us-3m"),
    ("U.S. Steel Corp.", "US", "name-us-us-steel"),
    ("X Corp", "US", "name-us-x-corp"),
    ("AG", "DE", "name-de-ag"),  # all there is
    ("Ünye Ticaret", "TR", "name-tr-unye"),
    ("Acme", None, "name-zz-acme"),
    ("Acme", "Turkey", "name-zz-acme"),
    ("Acme", "T1", "name-zz-acme"),
    ("  Acme \t\n Bilişim ", "TR", "name-tr-acme-bilisim"),
    ("Acme\u200b Bilişim", "TR", "name-tr-acme-bilisim"),
    ("Ａｃｍｅ", "JP", "name-jp-acme"),
    ("", "TR", None),
    (None, "TR", None),
    ("-", "TR", None),
    ("...", "TR", None),
    ("N/A", "TR", None),
    ("n.a.", "TR", None),
    ("Unknown", "US", None),
    ("BİLİNMİYOR", "TR", None),
    ("bilinmıyor", "TR", None),
    ("Müşteri", "TR", None),
    ("test", "US", None),
    ("x", "US", None),
    ("0000", "US", None),
    ("🙂", "US", None),
]


@pytest.mark.parametrize(("name", "country", "key"), BY_NAME)
def test_a_name_gives_a_key_without_its_legal_form(name: str | None, country: str | None, key: str | None) -> None:
    assert name_key(name, country) == key
    assert derive_identity(["a@gmail.com"], None, name, country, OWN).key == key


@pytest.mark.parametrize(
    ("duns", "valid"),
    [
        ("123456789", "123456789"),
        ("12-345-6789", "123456789"),
        (" 123 456 789 ", "123456789"),
        ("000000000", None),
        ("111111111", None),
        ("6-XXXX", None),
        ("12345678", None),
        ("1234567890", None),
        ("١٢٣٤٥٦٧٨٩", None),
        ("", None),
        (None, None),
    ],
)
def test_a_duns_number_has_nine_digits_that_are_not_all_alike(duns: str | None, valid: str | None) -> None:
    assert valid_duns(duns) == valid


def test_domain_then_duns_then_name_and_the_weaker_ones_are_mentioned() -> None:
    def identity(emails: list[str], duns: str | None, name: str | None) -> CompanyIdentity:
        return derive_identity(emails, duns, name, "TR", OWN)

    assert identity(["a@contoso.com"], "123456789", "Contoso A.Ş.") == CompanyIdentity(
        "contoso.com", ("duns-123456789", "name-tr-contoso"), "contoso.com", None
    )
    assert identity(["a@gmail.com"], "12-345-6789", "Contoso") == CompanyIdentity(
        "duns-123456789", ("name-tr-contoso",), None, None
    )
    assert identity([], "000000000", "Contoso") == CompanyIdentity("name-tr-contoso", (), None, None)
    assert identity([], None, "n/a") == CompanyIdentity(None, (), None, None)


@pytest.mark.parametrize(
    ("email", "hint"),
    [
        ("a@contoso.onmicrosoft.com", "contoso.onmicrosoft.com"),
        ("a@contoso.mail.onmicrosoft.com", "contoso.onmicrosoft.com"),
        ("a@CONTOSO.onmicrosoft.de", "contoso.onmicrosoft.de"),
        ("a@contoso.partner.onmschina.cn", "contoso.partner.onmschina.cn"),
        ("a@onmicrosoft.com", None),
        ("a@notonmicrosoft.com", None),
    ],
)
def test_a_tenants_first_domain_is_kept_as_a_hint_beside_the_company(email: str, hint: str | None) -> None:
    identity = derive_identity(["b@fabrikam.com", email], None, None, None, OWN)
    assert (identity.key, identity.tenant_hint) == ("fabrikam.com", hint)


@pytest.mark.parametrize(
    ("domain", "shown"),
    [
        ("contoso.com", "contoso.com"),
        ("xn--mller-kva.de", "müller.de"),
        ("xn--klar-kzaa53a.com.tr", "ışıklar.com.tr"),
        ("xn--e1afmkfd.xn--p1ai", "пример.рф"),
        ("xn--hoqw17cb2a86d.jp", "日本企業.jp"),
        ("xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),  # Cyrillic letters that read as "apple"
        ("xn--pypal-4ve.com", "xn--pypal-4ve.com"),  # one Cyrillic letter among Latin ones
        ("xn--zz.com", "xn--zz.com"),
    ],
)
def test_domains_are_readable_unless_they_could_pose_as_others(domain: str, shown: str) -> None:
    assert display_domain(domain) == shown


@pytest.mark.parametrize(
    ("name", "domain", "alike"),
    [
        ("Contoso Ltd", "contoso.com", True),
        ("CONTOSO BİLİŞİM", "contosobilisim.com.tr", True),
        ("Türkiye İş Bankası A.Ş.", "isbank.com.tr", True),
        ("Türk Ekonomi Bankası", "teb.com.tr", True),
        ("Müller", "xn--mller-kva.de", True),
        ("Yıldız Gıda", "consult.com", False),
        ("", "consult.com", False),
    ],
)
def test_a_name_resembles_the_domain_of_its_owner(name: str, domain: str, alike: bool) -> None:
    assert resembles(name, domain) is alike


@pytest.mark.parametrize("text", ["İstanbul", "ISTANBUL", "ıstanbul", "i\u0307stanbul", "Istanbul", "İSTANBUL"])
def test_turkish_letters_fold_alike(text: str) -> None:
    assert fold(text) == "istanbul"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Straße", "strasse"),
        ("ŒUVRE Æsop", "oeuvre aesop"),
        ("Łódź", "lodz"),
        ("  a \t b\u00a0c ", "a b c"),
        ("ﬁn", "fin"),
        ("が", "が"),
        ("한국", "한국"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing_and_composition_does_not_matter(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded
    assert fold(unicodedata.normalize("NFC", text)) == folded


@given(st.text(), st.text())
def test_a_name_key_holds_letters_digits_and_hyphens_alone(name: str, country: str) -> None:
    key = name_key(name, country)
    if key is not None:
        assert key.startswith("name-")
        assert all(letter.isalnum() or letter == "-" or unicodedata.category(letter)[0] == "M" for letter in key)
        assert len(key) <= 120
    assert not (is_placeholder(name) and key)


@given(st.lists(st.text() | st.emails()), st.text() | st.none(), st.text() | st.none(), st.text() | st.none())
def test_no_input_breaks_it(emails: list[str], duns: str | None, name: str | None, country: str | None) -> None:
    identity = derive_identity(emails, duns, name, country, OWN)
    assert identity.key is None or identity.key not in identity.mentions
    if identity.domain:
        assert registrable(identity.domain) == identity.domain == identity.key
        assert company_domain(identity.domain) == identity.domain
    for email in emails:
        for host in map(hostname, hosts_in(email)):
            assert host is None or (host.isascii() and host == host.lower())
