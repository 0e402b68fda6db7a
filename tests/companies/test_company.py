"""What referrals add up to: names, figures, deadlines, and when a person should look."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from shared.model.company import Company, Link, company_of, entry_of
from shared.model.summary import ReferralSummary
from shared.model.tenant import KnownTenant
from shared.read_model.items import company_item
from shared.read_model.snapshot import Snapshot

BASE = ReferralSummary(
    id="r",
    customer_name="Contoso A.Ş.",
    company_key="contoso.com",
    direction="Incoming",
    status="New",
    country="TR",
    city="Ankara",
    created_date_time="2026-01-01T00:00:00.0000000Z",
    updated_date_time="2026-01-02T00:00:00.0000000Z",
)


def company(*summaries: ReferralSummary, key: str = "contoso.com") -> Company:
    entries = [entry_of(replace(one, id=f"{one.id}{number}"), None) for number, one in enumerate(summaries)]
    made = company_of(key, entries)
    assert made is not None
    return made


def day(number: int) -> str:
    return f"2026-01-{number:02d}T00:00:00.0000000Z"


def named(*names: str | None, key: str = "contoso.com") -> Company:
    """A company whose customers had these names, the oldest first."""
    ones = [replace(BASE, customer_name=name, updated_date_time=day(n)) for n, name in enumerate(names, 1)]
    return company(*ones, key=key)


@pytest.mark.parametrize(
    ("names", "name", "aliases"),
    [
        (["Contoso"], "Contoso", ()),
        (["Contoso", "Contoso Bilişim A.Ş."], "Contoso Bilişim A.Ş.", ("Contoso",)),
        (["CONTOSO BİLİŞİM", "Contoso Bilişim"], "Contoso Bilişim", ()),  # differ in case alone
        (["Contoso", "n/a", "test", None], "Contoso", ()),
        (["n/a"], "contoso.com", ()),
        ([None], "contoso.com", ()),
    ],
)
def test_the_most_recent_good_name_is_the_company_s(
    names: list[str | None], name: str, aliases: tuple[str, ...]
) -> None:
    made = named(*names)
    assert (made.name, made.aliases) == (name, aliases)


def test_companies_without_a_name_are_called_by_what_is_known() -> None:
    assert named(None, key="xn--mller-kva.de").name == "müller.de"
    assert named(None, key="duns-123456789").name == "DUNS 123456789"
    assert named(None, key="duns-123456789").duns == "123456789"


def test_a_name_given_by_a_person_stands_first() -> None:
    link = Link("contoso.com", "Contoso Holding", "contoso.com", "me", day(1))
    made = company_of("contoso.com", [entry_of(BASE, link), entry_of(replace(BASE, id="b", customer_name="X Y"), None)])
    assert made is not None
    assert (made.name, set(made.aliases)) == ("Contoso Holding", {"Contoso A.Ş.", "X Y"})


def test_a_referral_moved_here_by_hand_does_not_rename_the_company() -> None:
    link = Link("contoso.com", None, None, "me", day(9))
    own = replace(BASE, customer_name="Contoso", updated_date_time=day(1))
    moved = replace(BASE, id="b", customer_name="Misnamed", updated_date_time=day(9))
    made = company_of("contoso.com", [entry_of(own, None), entry_of(moved, link)])
    assert made is not None
    assert (made.name, made.aliases) == ("Contoso", ("Misnamed",))


def test_amounts_are_exact_and_currencies_apart() -> None:
    made = company(
        replace(BASE, deal_value=Decimal("0.1"), currency="USD"),
        replace(BASE, deal_value=Decimal("0.2"), currency="USD", status="Active"),
        replace(BASE, deal_value=Decimal("9" * 35 + ".01"), currency="TRY"),
        replace(BASE, deal_value=Decimal("1"), currency="TRY"),
        replace(BASE, deal_value=Decimal("0"), currency="EUR"),
        replace(BASE, deal_value=Decimal("7"), currency=None),
        replace(BASE, deal_value=None, currency="GBP"),
        replace(BASE, deal_value=Decimal("5"), currency="USD", status="Closed", substatus="Won"),
        replace(BASE, deal_value=Decimal("6"), currency="USD", status="Closed", substatus="Lost"),
    )
    assert made.open_value == {"EUR": Decimal(0), "TRY": Decimal("1" + "0" * 35 + ".01"), "USD": Decimal("0.3")}
    assert made.won_value == {"USD": Decimal(5)}
    assert made.referral_count == 9


def test_what_is_missing_stays_and_counts_in_no_figure() -> None:
    gone = replace(BASE, missing_since=day(9), deal_value=Decimal(1), currency="USD", expiration_date_time=day(3))
    assert company(gone) == Company(
        key="contoso.com",
        name="Contoso A.Ş.",
        domain="contoso.com",
        country="TR",
        city="Ankara",
        by_status={"New": 0, "Active": 0, "Closed": 0},
        by_direction={"Incoming": 0, "Outgoing": 0},
    )


def test_the_next_deadline_is_the_soonest_of_the_unanswered() -> None:
    made = company(
        replace(BASE, expiration_date_time=day(20)),
        replace(BASE, expiration_date_time=day(15)),
        replace(BASE, expiration_date_time=day(3), status="Active"),
        replace(BASE, expiration_date_time=day(2), direction="Outgoing"),
    )
    assert made.next_deadline == day(15)


def test_city_and_country_belong_together() -> None:
    made = company(
        replace(BASE, country="TR", city="Ankara"),
        replace(BASE, country="DE", city=None, updated_date_time=day(9)),
    )
    assert (made.country, made.city) == ("DE", None)


@pytest.mark.parametrize(
    ("domain", "names", "flagged"),
    [
        ("danisman.com", ["Yıldız Gıda", "Ege Tekstil", "Anadolu Lojistik"], True),
        ("danisman.com", ["Yıldız Gıda", "Ege Tekstil"], False),
        ("danisman.com", ["Yıldız Gıda", "YILDIZ GIDA A.Ş.", "Yildiz Gida Ltd. Şti."], False),  # one customer
        ("danisman.com", ["Danışman A.Ş.", "Yıldız Gıda", "Ege Tekstil", "Anadolu Lojistik"], True),
        ("contoso.com", ["Contoso A.Ş.", "Contoso Bilişim", "Contoso Gıda", "Contoso Lojistik"], False),
        ("isbank.com.tr", ["Türkiye İş Bankası", "İş Bankası A.Ş.", "T. İş Bankası"], False),
        ("danisman.com", ["n/a", "test", "-", "Yıldız Gıda"], False),
    ],
)
def test_a_domain_that_collects_unrelated_customers_is_flagged(domain: str, names: list[str], flagged: bool) -> None:
    assert named(*names, key=domain).needs_review is flagged


def test_what_a_person_linked_is_not_doubted() -> None:
    names = ["Yıldız Gıda", "Ege Tekstil", "Anadolu Lojistik"]
    link = Link("danisman.com", None, None, "me", day(1))
    entries = [entry_of(replace(BASE, id=name, customer_name=name), link) for name in names]
    made = company_of("danisman.com", entries)
    assert made is not None
    assert not made.needs_review


def test_names_without_a_domain_are_never_doubted() -> None:
    assert not named("Yıldız Gıda", "Ege Tekstil", "Anadolu Lojistik", key="duns-123456789").needs_review


def test_an_entry_is_the_same_from_a_payload_and_from_a_stored_row() -> None:
    long = replace(BASE, customer_name="  " + "a" * 2_000, city="b" * 2_000, duns="12-345-6789")
    stored = replace(long, customer_name="  " + "a" * 998, city="b" * 1_000)
    assert entry_of(long, None) == entry_of(stored, None)


def test_the_public_form() -> None:
    made = company(
        replace(
            BASE,
            company_key="xn--mller-kva.de",
            deal_value=Decimal("12.50"),
            currency="EUR",
            expiration_date_time="2026-01-15T10:00:00.1234567Z",
            duns="123456789",
            size="1to9employees",
        ),
        key="xn--mller-kva.de",
    )
    found = KnownTenant("found", "tenant", day(5))
    snapshot = Snapshot("v", [], [made], merged={}, links={}, tenants={"xn--mller-kva.de": found}, quarantined=0)
    assert company_item(snapshot, made) == {
        "key": "xn--mller-kva.de",
        "name": "Contoso A.Ş.",
        "aliases": [],
        "domain": "müller.de",
        "country": "TR",
        "city": "Ankara",
        "size": "1to9employees",
        "duns": "123456789",
        "tenantId": "tenant",
        "isM365": True,
        "tenantCheckedAt": "2026-01-05T00:00:00Z",
        "needsReview": False,
        "referralCount": 1,
        "byStatus": {"New": 1, "Active": 0, "Closed": 0},
        "byDirection": {"Incoming": 1, "Outgoing": 0},
        "openValue": {"EUR": Decimal("12.50")},
        "wonValue": {},
        "firstActivity": "2026-01-01T00:00:00Z",
        "lastActivity": "2026-01-02T00:00:00Z",
        "nextDeadline": "2026-01-15T10:00:00.123456Z",
    }
