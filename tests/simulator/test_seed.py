"""The data that everybody gets: the same each time, as varied and as broken as the real one."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from publicsuffixlist import PublicSuffixList

from local.simulator.seed import Seeded, seed
from local.simulator.seed_companies import PARTNER_DOMAIN
from local.simulator.seed_names import CONSULTANTS, FREE_MAIL
from local.simulator.store import decode

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ACCOUNT = f"sales@{PARTNER_DOMAIN}"


@pytest.fixture(scope="module")
def seeded() -> Seeded:
    return seed(739, 1, NOW, ACCOUNT)


@pytest.fixture(scope="module")
def payloads(seeded: Seeded) -> list[dict[str, Any]]:
    records = [decode(item.body) for item in seeded.items]
    return [record for record in records if isinstance(record, dict) and record.get("id")]


def test_the_same_size_seed_and_time_give_the_same_data(seeded: Seeded) -> None:
    assert seed(739, 1, NOW, ACCOUNT) == seeded
    assert seed(739, 2, NOW, ACCOUNT) != seeded


def test_739_records_of_which_three_have_no_usable_id(seeded: Seeded, payloads: list[dict[str, Any]]) -> None:
    unusable = [decode(item.body) for item in seeded.items]
    unusable = [record for record in unusable if not isinstance(record, dict) or not record.get("id")]

    assert len(seeded.items) == 739
    assert len({record["id"] for record in payloads}) == 736
    assert sorted(type(record).__name__ for record in unusable) == ["dict", "dict", "str"]


def test_no_page_of_either_order_has_more_than_a_few_unusable_records(seeded: Seeded) -> None:
    for key in (lambda item: item.created, lambda item: item.updated):
        ordered = [decode(item.body) for item in sorted(seeded.items, key=key)]
        places = [place for place, record in enumerate(ordered) if not isinstance(record, dict) or not record.get("id")]
        assert max(places) < 739 - 100, "the newest page is one that every walk reads"
        assert max(Counter(place // 100 for place in places).values()) <= 3


@pytest.mark.parametrize("referrals", [60, 120, 739])
def test_every_date_that_can_be_read_is_in_its_place_in_the_list(referrals: int) -> None:
    """Or an incremental walk of a small set would not believe the order, and read everything each time."""
    for name, key in (("createdDateTime", lambda item: item.created), ("updatedDateTime", lambda item: item.updated)):
        records = [decode(item.body) for item in sorted(seed(referrals, 1, NOW, ACCOUNT).items, key=key)]
        moments = [moment for record in records if isinstance(record, dict) and (moment := _moment(record.get(name)))]
        assert len(moments) > referrals * 0.9
        assert moments == sorted(moments)
    assert any("+03:00" in str(record.get("updatedDateTime")) for record in records if isinstance(record, dict))


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).replace(microsecond=0)
    except ValueError:
        return None


@pytest.mark.parametrize(("referrals", "number"), [(739, 1), (739, 2), (739, 77)])
def test_exactly_17_company_domains_are_tenants(referrals: int, number: int) -> None:
    seeded = seed(referrals, number, NOW, ACCOUNT)
    domains = {_company_domain(decode(item.body)) for item in seeded.items}

    assert len(seeded.tenants) == 17
    assert len(domains & set(seeded.tenants)) == 17
    assert not set(seeded.tenants) & {domain for domain, _ in CONSULTANTS}
    assert PARTNER_DOMAIN not in seeded.tenants


def test_other_sizes_have_tenants_in_proportion_and_small_ones_are_whole() -> None:
    assert [len(seed(size, 1, NOW, ACCOUNT).tenants) for size in (1, 10, 100, 1478)] == [1, 1, 2, 34]
    assert [_unusable(seed(size, 1, NOW, ACCOUNT)) for size in (0, 10, 99, 100, 3000)] == [0, 0, 0, 3, 3]


def test_everything_documented_occurs(payloads: list[dict[str, Any]]) -> None:
    def values(name: str) -> Counter[Any]:
        return Counter(record.get(name) for record in payloads if not isinstance(record.get(name), dict | list))

    incoming = values("direction")["Incoming"] / len(payloads)
    assert 0.5 < incoming < 0.65
    assert {"New", "Active", "Closed"} <= set(values("status"))
    assert {"Pending", "Received", "Accepted", "Won", "Lost", "Declined", "Expired", "Error"} <= set(
        values("substatus")
    )
    assert {"None", "Direct", "SalesQualified", "MarketingQualified"} <= set(values("qualification"))
    assert {"Qualify", "Close", "10", "100", None} <= set(values("salesStage"))
    assert all(values("status")[odd] == 1 for odd in ("active", "Suspended"))
    engagements = Counter(record.get("engagementId") for record in payloads)
    assert sum(count > 1 for count in engagements.values()) > 20
    currencies = Counter(str(_details(record).get("currency")) for record in payloads)
    assert {"USD", "EUR", "TRY", "GBP", "None", ""} <= set(currencies)
    kinds = Counter(type(_details(record).get("dealValue")) for record in payloads)
    assert all(kinds[kind] > 10 for kind in (int, float, str, type(None)))
    assert all(kinds[kind] >= 1 for kind in (dict, list, bool))
    assert any(_details(record).get("dealValue") == 0 for record in payloads)


def test_dates_are_of_the_last_18_months_in_every_written_form(seeded: Seeded, payloads: list[dict[str, Any]]) -> None:
    assert min(item.created for item in seeded.items) > "2025-05-20"
    assert max(item.updated for item in seeded.items) <= "2026-11-24T09:00:00.0000000Z"
    assert all(item.created <= item.updated for item in seeded.items)
    forms = Counter(len(str(record.get("createdDateTime"))) for record in payloads)
    assert {20, 28} <= set(forms)
    assert any(24 <= length < 28 for length in forms)


def test_unanswered_ones_are_due_within_14_days_and_a_few_are_overdue(
    seeded: Seeded, payloads: list[dict[str, Any]]
) -> None:
    ages = {str(decode(item.body).get("id")): item.age for item in seeded.items if b'"New"' in item.body}
    days = [
        14 - timedelta(microseconds=ages[record["id"]] / 10) / timedelta(days=1)
        for record in payloads
        if record.get("status") == "New" and record.get("direction") == "Incoming"
    ]

    assert len(days) > 25
    assert 1 <= sum(day < 0 for day in days) <= 3
    assert {1, 5, 10, 13} <= {int(day) for day in days if day > 0}


def test_customers_are_known_by_all_kinds_of_addresses(payloads: list[dict[str, Any]]) -> None:
    addresses = [
        (str(record["customerProfile"].get("name")), str(member.get("email")))
        for record in payloads
        if isinstance(record.get("customerProfile"), dict)
        for member in record["customerProfile"].get("team") or []
        if isinstance(member, dict)
    ]
    hosts = Counter(address.rpartition("@")[2].lower() for _, address in addresses if "@" in address)

    assert sum(hosts[domain] for domain in FREE_MAIL) > 20
    assert sum(count for host, count in hosts.items() if host.endswith(".onmicrosoft.com")) > 5
    assert any(host.startswith("mail.") and host.endswith(".com.tr") for host in hosts)
    assert any(host.startswith("xn--") for host in hosts)
    assert any(not host.isascii() for host in hosts)
    assert hosts[PARTNER_DOMAIN] == 2
    assert hosts["microsoft.com"] == 1
    for domain, customers in CONSULTANTS:
        unlike = {name for name, address in addresses if address.endswith(f"@{domain}")}
        assert len(unlike) >= min(customers, 3)
    names = " ".join(name for name, _ in addresses) + " ".join(
        str((record.get("customerProfile") or {}).get("name"))
        for record in payloads
        if isinstance(record.get("customerProfile"), dict)
    )
    assert all(text in names for text in ("<script>", "İ", "ı", "ş", "A.Ş.", "Ltd. Şti.", "شركة", "\u202e"))


def test_one_note_is_very_long_and_one_team_is_large(payloads: list[dict[str, Any]]) -> None:
    assert sum(len(str(_details(record).get("notes"))) > 190_000 for record in payloads) == 1
    assert sum(isinstance(record.get("team"), list) and len(record["team"]) >= 500 for record in payloads) == 1


def _details(record: dict[str, Any]) -> dict[str, Any]:
    details = record.get("details")
    return details if isinstance(details, dict) else {}


def _unusable(seeded: Seeded) -> int:
    records = [decode(item.body) for item in seeded.items]
    return sum(not isinstance(record, dict) or not record.get("id") for record in records)


_SUFFIXES = PublicSuffixList()


def _company_domain(record: Any) -> str | None:
    """The rule that companies are known by, written once more: first usable address, registrable domain."""
    if not isinstance(record, dict) or not record.get("id") or not isinstance(record.get("customerProfile"), dict):
        return None
    team = record["customerProfile"].get("team")
    for member in team if isinstance(team, list) else []:
        address = member.get("email") if isinstance(member, dict) else None
        if not isinstance(address, str) or address.count("@") != 1 or " " in address:
            continue
        domain = _SUFFIXES.privatesuffix(address.rpartition("@")[2].lower())
        shared = (*FREE_MAIL, "onmicrosoft.com", "microsoft.com", PARTNER_DOMAIN)
        if address[0] != "@" and domain is not None and "." in domain and domain not in shared:
            return domain
    return None
