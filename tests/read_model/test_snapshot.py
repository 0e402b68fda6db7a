"""Lists against the plainest implementation of what the contract says: loops over what the items themselves show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model import times
from shared.model.category import CATEGORIES
from shared.model.company import Company, Link, company_of, entry_of, home_of
from shared.model.desk import Owner
from shared.model.summary import Problem, ReferralSummary
from shared.model.tenant import KnownTenant
from shared.model.text import fold
from shared.read_model import items as listed
from shared.read_model import questions
from shared.read_model.desk import Desk
from shared.read_model.snapshot import Snapshot
from shared.web import items, parameters
from tests.web.requests import get

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KEYS = ("contoso.com", "fabrikam.com", "duns-123456789", "name-tr-acme-bilisim")
NAMES = ("Contoso A.Ş.", "fabrikam", "Acme Bilişim", "ISPARTA Un", "ığdır İplik", None)
FOUND = KnownTenant("found", "t1", "2026-11-24T08:00:00.0000000Z")
UNKNOWN = KnownTenant("unknown", None, "2026-11-24T08:00:00.0000000Z")
OWNERS = (Owner("Ayse@partner.com", "Ayşe"), Owner("bora@partner.com", "Bora"))
SAID = ("Isparta'ya gidilecek", "zzz, said nobody", "acme")
DAYS = [f"{(NOW - timedelta(days=days)):%Y-%m-%d}" for days in (300, 90, 0)]
RANGES = [
    f"{first}..{last}"
    for first in ("", *DAYS)
    for last in ("", *DAYS)
    if (first or last) and (not last or first <= last)
]
ME = "ayse@partner.com"
WORDS = ("isparta", "İPLİK", "IĞDIR", "con", "com", "bilisim", "acme", "zzz", "a")


def at(**ago: float) -> str:
    return times.from_datetime(NOW - timedelta(**ago))


moments = st.none() | st.integers(-30 * 24, 400 * 24).map(lambda hours: at(hours=hours))
referral_values = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "customer_name": st.sampled_from(NAMES),
        "company_key": st.none() | st.sampled_from(KEYS),
        "category": st.sampled_from(CATEGORIES),
        "direction": st.sampled_from(["Incoming", "Outgoing", None]),
        "status": st.sampled_from(["New", "Active", "Closed", None]),
        "substatus": st.sampled_from(["Pending", "Won", None]),
        "country": st.sampled_from(["TR", "DE", None]),
        "deal_value": st.none() | st.sampled_from([Decimal(0), Decimal("10.50"), Decimal("10.5"), Decimal(900)]),
        "currency": st.sampled_from(["USD", "EUR", None]),
        "sales_stage": st.sampled_from(["Propose", "60", None]),
        "created_date_time": moments,
        "updated_date_time": moments,
        "accepted_date_time": moments,
        "closed_date_time": moments,
        "closing_date_time": moments,
        "expiration_date_time": moments,
        "missing_since": st.none() | st.just(at(days=1)),
        "engagement_id": st.sampled_from(["e1", "e2", None]),
    }
)


@dataclass
class World:
    snapshot: Snapshot
    referrals: dict[str, ReferralSummary]
    companies: dict[str, Company]
    links: dict[str, str]
    tenants: set[str]
    comments: dict[str, list[str]]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    referrals = {}
    drawn: list[dict[str, Any]] = draw(st.lists(referral_values, max_size=25))
    for number, values in enumerate(drawn):
        words = [fold(text) for text in (values["name"], values["customer_name"], f"r{number:02}") if text]
        referrals[f"r{number:02}"] = ReferralSummary(id=f"r{number:02}", search_text="\n".join(words), **values)
    linked = draw(st.dictionaries(st.sampled_from(sorted(referrals) or ["r00"]), st.sampled_from(KEYS), max_size=5))
    links = {one: Link(key, None, None, "somebody", at(days=1)) for one, key in linked.items() if one in referrals}
    tenants = draw(st.sets(st.sampled_from(["contoso.com", "fabrikam.com"])))
    companies = {}
    for key in KEYS:
        members = [one for one in referrals.values() if home_of(one, links.get(one.id)) == key]
        company = company_of(key, [entry_of(one, links.get(one.id)) for one in members])
        if company:
            companies[key] = company
    snapshot = Snapshot(
        "v1",
        list(reversed(referrals.values())),
        companies.values(),
        merged={},
        links=links,
        tenants={domain: FOUND if domain in tenants else UNKNOWN for domain in ("contoso.com", "fabrikam.com")},
        quarantined=3,
    )
    ids = st.sampled_from(["r00", "r01", "r02", "r03", "gone"])
    owned = draw(st.dictionaries(ids, st.sampled_from(OWNERS)))
    comments = draw(st.dictionaries(ids, st.lists(st.sampled_from(SAID), min_size=1, max_size=2)))
    desk = Desk(owned, [(one, text) for one, texts in comments.items() for text in texts])
    return World(
        snapshot.with_desk("v1", desk),
        referrals,
        companies,
        {one: str(link.key) for one, link in links.items()},
        tenants,
        comments,
    )


def several(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=2)


queries = st.fixed_dictionaries(
    {},
    optional={
        "status": several("New", "Active", "Gone"),
        "substatus": several("Pending", "Won"),
        "direction": several("Incoming", "Outgoing"),
        "category": several("coSell", "private", "other"),
        "country": several("TR", "de", "none"),
        "currency": several("USD", "EUR", "none"),
        "value": st.sampled_from(["none", "given"]),
        "waiting": st.sampled_from(["true", "false"]),
        "salesStage": several("Propose", "60", "Gone", "none"),
        "owner": several("me", "none", "AYSE@partner.com", "bora@partner.com", "nobody@partner.com"),
        "created": st.sampled_from(RANGES),
        "accepted": st.sampled_from(RANGES),
        "closed": st.sampled_from(RANGES),
        "closing": st.sampled_from([*RANGES, "past", "thisMonth"]),
        "openOn": st.sampled_from(DAYS),
        "createdMonth": several(*(at(hours=hours)[:7] for hours in (0, 31 * 24, 400 * 24))),
        "company": several(*KEYS),
        "m365": st.sampled_from(["true", "false"]),
        "minValue": st.sampled_from(["0", "10.5", "11"]),
        "maxValue": st.sampled_from(["0", "10.5", "1000"]),
        "expiring": st.integers(0, 30).map(str),
        "missing": st.sampled_from(questions.MISSING),
        "q": st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join),
        "sort": st.sampled_from([sign + sort for sort in questions.REFERRAL_SORTS for sign in ("", "-")]),
        "page": st.integers(1, 3).map(str),
        "pageSize": st.integers(1, 10).map(str),
    },
)


def sort_value(item: Mapping[str, Any], sort: str) -> Any:
    """What an item is sorted by."""
    field = sort.removeprefix("-")
    if field == "dealValueByCurrency":
        priced = item["dealValue"] is not None and item["currency"]
        return (item["currency"], item["dealValue"]) if priced else None
    value = item[field]
    if field in {"openValue", "wonValue"}:
        amount, currency = max(((amount, currency) for currency, amount in value.items()), default=(None, ""))
        return None if amount is None else (currency, amount)
    if isinstance(value, str):
        return datetime.fromisoformat(value) if sort.endswith(("DateTime", "Activity", "Deadline")) else fold(value)
    return value


def in_order(items: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """Sorted by one field: empty ones last, equal ones as they were (by id or key)."""
    full = [item for item in items if sort_value(item, sort) is not None]
    full.sort(key=lambda item: sort_value(item, sort), reverse=sort.startswith("-"))
    return full + [item for item in items if sort_value(item, sort) is None]


def fits_dates(referral: ReferralSummary, item: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """The parameters that are days, all of them in UTC."""
    closed = referral.closed_date_time or referral.updated_date_time if item["status"] == "Closed" else None
    times_of = {
        "created": item["createdDateTime"],
        "accepted": referral.accepted_date_time,
        "closed": closed,
        "closing": item["closingDateTime"],
    }
    for name, time in times_of.items():
        wanted = query.get(name)
        if not wanted:
            continue
        day = (time or "")[:10]
        if wanted == "past":
            fitting = day < f"{NOW:%Y-%m-%d}"
        elif wanted == "thisMonth":
            fitting = day[:7] == f"{NOW:%Y-%m}"
        else:
            first, _, last = wanted.partition("..")
            fitting = first <= day <= (last or "9999")
        if not day or not fitting:
            return False
    if "openOn" in query:
        if (item["createdDateTime"] or "")[:10] > query["openOn"]:
            return False
        return item["status"] in {"New", "Active"} or bool(closed and closed[:10] > query["openOn"])
    return True


def fits(world: World, item: Mapping[str, Any], query: Mapping[str, Any], ignoring: str = "") -> bool:
    """What design and OpenAPI say of each parameter, read off the item."""
    referral = world.referrals[item["id"]]
    for name in ("status", "substatus", "direction", "category", "country", "currency"):
        wanted = [value.upper() if name in {"country", "currency"} else value for value in query.get(name, [])]
        if name != ignoring and wanted and (item[name] or "NONE") not in wanted:
            return False
    if query.get("salesStage") and (item["salesStage"] or "none") not in query["salesStage"]:
        return False
    owner = item["owner"]["mail"].lower() if item["owner"] else "none"
    if (
        ignoring != "owner"
        and query.get("owner")
        and owner not in [ME if one == "me" else one.lower() for one in query["owner"]]
    ):
        return False
    if not fits_dates(referral, item, query):
        return False
    if query.get("createdMonth") and (item["createdDateTime"] or "")[:7] not in query["createdMonth"]:
        return False
    if query.get("company") and item["companyKey"] not in query["company"]:
        return False
    if "m365" in query and (item["companyKey"] in world.tenants) is not (query["m365"] == "true"):
        return False
    value = item["dealValue"]
    if "waiting" in query and referral.unanswered is not (query["waiting"] == "true"):
        return False
    if "value" in query and (value is None) is not (query["value"] == "none"):
        return False
    if "minValue" in query and (value is None or value < Decimal(query["minValue"])):
        return False
    if "maxValue" in query and (value is None or value > Decimal(query["maxValue"])):
        return False
    if "expiring" in query:
        due = item["expirationDateTime"]
        if item["direction"] != "Incoming" or item["status"] != "New" or due is None:
            return False
        if datetime.fromisoformat(due) > NOW + timedelta(days=int(query["expiring"])):
            return False
    missing = query.get("missing", "exclude")
    if missing != "include" and (item["missingSince"] is not None) is not (missing == "only"):
        return False
    domain = item["companyKey"] if item["companyKey"] and "." in item["companyKey"] else ""
    company = fold(item["companyName"] or "") + " " + domain if item["companyName"] else ""
    said = " ".join(map(fold, world.comments.get(item["id"], ())))
    haystack = f"{referral.search_text} {company} {said}"
    return all(word in haystack for word in fold(query.get("q", "")).split())


@settings(max_examples=150, deadline=None)
@given(world=worlds(), query=queries)
def test_a_list_is_what_a_loop_finds(world: World, query: dict[str, Any]) -> None:
    request = get(f"/api/v1/partner-center/referrals?{urlencode(query, doseq=True)}")
    answer = items.referral_page(world.snapshot, parameters.referral_query(request, ME), NOW)
    every = [listed.item(world.snapshot, place, NOW) for place in range(len(world.referrals))]
    fitting = [item for item in every if fits(world, item, query)]
    page, size = int(query.get("page", 1)), int(query.get("pageSize", 50))
    ordered = in_order(fitting, query.get("sort", "-updatedDateTime"))
    assert [item["id"] for item in answer["items"]] == [item["id"] for item in ordered[(page - 1) * size : page * size]]
    assert answer["items"] == ordered[(page - 1) * size : page * size]
    assert answer["total"] == len(fitting)
    assert (answer["page"], answer["pageSize"], answer["dataVersion"]) == (page, size, "v1")
    assert answer["facets"] == {
        facet: Counter(
            item[facet]["mail"] if facet == "owner" else item[facet]
            for item in every
            if item[facet] and fits(world, item, query, ignoring=facet)
        )
        for facet in ("status", "substatus", "direction", "category", "country", "currency", "owner")
    }
    asked = parameters.referral_query(request, ME)
    assert [listed.item(world.snapshot, place, NOW) for place in world.snapshot.ordered(asked, NOW)] == ordered
    assert world.snapshot.fitting(asked, NOW).bit_count() == len(fitting)
    assert {item["id"]: item["commentCount"] for item in every} == {
        item["id"]: len(world.comments.get(item["id"], ())) for item in every
    }


@settings(max_examples=150, deadline=None)
@given(world=worlds())
def test_items_show_where_a_referral_belongs(world: World) -> None:
    for place, (referral_id, referral) in enumerate(sorted(world.referrals.items())):
        item = listed.item(world.snapshot, place, NOW)
        key = world.links.get(referral_id) or referral.company_key
        assert item["companyKey"] == key
        assert item["companyName"] == (world.companies[key].name if key else None)
        assert item["linkedByHand"] is (referral_id in world.links)
        assert world.snapshot.referral(referral_id) == place
        assert [other.id for other in world.snapshot.related(place)] == [
            one
            for one, other in sorted(world.referrals.items())
            if referral.engagement_id and other.engagement_id == referral.engagement_id and one != referral_id
        ]


@settings(max_examples=80, deadline=None)
@given(
    world=worlds(),
    query=st.fixed_dictionaries(
        {},
        optional={
            "country": several("TR", "DE"),
            "m365": st.sampled_from(["true", "false"]),
            "needsReview": st.sampled_from(["true", "false"]),
            "currency": several("USD", "EUR"),
            "minValue": st.sampled_from(["0", "11"]),
            "maxValue": st.sampled_from(["10.5", "900"]),
            "q": st.sampled_from(WORDS),
            "sort": st.sampled_from([sign + sort for sort in questions.COMPANY_SORTS for sign in ("", "-")]),
            "page": st.integers(1, 2).map(str),
            "pageSize": st.integers(1, 4).map(str),
        },
    ),
)
def test_companies_are_what_a_loop_finds(world: World, query: dict[str, Any]) -> None:
    request = get(f"/api/v1/partner-center/companies?{urlencode(query, doseq=True)}")
    answer = items.company_page(world.snapshot, parameters.company_query(request))
    every = [listed.company_item(world.snapshot, company) for _, company in sorted(world.companies.items())]

    def has(item: dict[str, Any], ignoring: str = "") -> bool:
        if ignoring != "country" and query.get("country") and item["country"] not in query["country"]:
            return False
        if ignoring != "m365" and "m365" in query and item["isM365"] is not (query["m365"] == "true"):
            return False
        wanted = query.get("needsReview") if ignoring != "needsReview" else None
        if wanted and item["needsReview"] is not (wanted == "true"):
            return False
        if set(query) & {"currency", "minValue", "maxValue"} and (
            query.get("currency") or set(query) & {"minValue", "maxValue"}
        ):
            least, most = Decimal(query.get("minValue", "-Infinity")), Decimal(query.get("maxValue", "Infinity"))
            currencies = query.get("currency") or list(item["openValue"])
            if not any(least <= item["openValue"][one] <= most for one in currencies if one in item["openValue"]):
                return False
        texts = [item["name"], *item["aliases"], item["domain"] or "", item["key"]]
        return all(word in "\n".join(map(fold, texts)) for word in fold(query.get("q", "")).split())

    found = [item for item in every if has(item)]
    sort = query.get("sort", "-lastActivity")

    ordered = in_order(found, sort)
    page, size = int(query.get("page", 1)), int(query.get("pageSize", 50))
    assert answer["items"] == ordered[(page - 1) * size : page * size]
    assert answer["total"] == len(found)
    assert answer["facets"] == {
        "country": Counter(item["country"] for item in every if item["country"] and has(item, "country")),
        "m365": Counter(str(item["isM365"]).lower() for item in every if has(item, "m365")),
        "needsReview": Counter(str(item["needsReview"]).lower() for item in every if has(item, "needsReview")),
    }


def one(**values: Any) -> ReferralSummary:
    return ReferralSummary(**{"id": "r1", "direction": "Incoming", "status": "New", **values})


def snapshot_of(*referrals: ReferralSummary, **more: Any) -> Snapshot:
    given = {"companies": (), "merged": {}, "links": {}, "tenants": {}, "quarantined": 0, **more}
    return Snapshot("v1", referrals, **given)


@pytest.mark.parametrize(
    ("expires", "days"),
    [
        (timedelta(days=3), 3),
        (timedelta(days=3, microseconds=-1), 2),
        (timedelta(hours=1), 0),
        (timedelta(0), 0),
        (timedelta(microseconds=-1), -1),
        (timedelta(days=-2), -2),
        (timedelta(days=-2, hours=-1), -3),
    ],
)
def test_days_left_are_whole_and_rounded_down(expires: timedelta, days: int) -> None:
    snapshot = snapshot_of(one(expiration_date_time=times.from_datetime(NOW + expires)))
    assert listed.item(snapshot, 0, NOW)["expiresInDays"] == days


@pytest.mark.parametrize(
    "values", [{"direction": "Outgoing"}, {"status": "Active"}, {"status": None}, {"expiration_date_time": None}]
)
def test_nobody_waits_for_what_is_answered(values: dict[str, Any]) -> None:
    snapshot = snapshot_of(one(**{"expiration_date_time": at(days=-3), **values}))
    assert listed.item(snapshot, 0, NOW)["expiresInDays"] is None


def test_items_carry_times_in_microseconds_and_problems() -> None:
    snapshot = snapshot_of(
        one(
            created_date_time="2020-10-30T21:03:00.1234567Z",
            updated_date_time="2020-10-30T21:03:00.0000000Z",
            problems=(Problem("details.dealValue", "not a number"),),
        )
    )
    item = listed.item(snapshot, 0, NOW)
    assert item["createdDateTime"] == "2020-10-30T21:03:00.123456Z"
    assert item["updatedDateTime"] == "2020-10-30T21:03:00Z"
    assert item["problems"] == [{"field": "details.dealValue", "reason": "not a number"}]


def test_the_moment_moves_whenever_time_alone_changes_an_answer() -> None:
    deadlines = [NOW + timedelta(days=2, hours=3), NOW - timedelta(hours=5)]
    referrals = [
        one(id=f"r{n}", expiration_date_time=times.from_datetime(deadline)) for n, deadline in enumerate(deadlines)
    ]
    snapshot = snapshot_of(*referrals)
    query = parameters.referral_query(get("/x?expiring=1&missing=include"))
    seen: dict[str, Any] = {}
    for minutes in range(-3 * 24 * 60, 4 * 24 * 60, 7):
        now = NOW + timedelta(minutes=minutes)
        answer = (
            [listed.item(snapshot, place, now)["expiresInDays"] for place in range(2)],
            [item["id"] for item in items.referral_page(snapshot, query, now)["items"]],
        )
        assert seen.setdefault(snapshot.moment(now), answer) == answer
    assert len(seen) <= 8 * 3


def test_a_merged_company_is_found_under_its_old_key() -> None:
    referral = one(company_key="name-tr-acme")
    company = Company(key="acme.com.tr", name="Acme", domain="acme.com.tr")
    snapshot = snapshot_of(referral, companies=[company], merged={"name-tr-acme": "acme.com.tr"})
    assert listed.item(snapshot, 0, NOW)["companyKey"] == "acme.com.tr"
    assert listed.item(snapshot, 0, NOW)["companyName"] == "Acme"
    assert snapshot.company("name-tr-acme") is company
    assert list(snapshot.companies.members(company)) == [0]
    for key in ("name-tr-acme", "acme.com.tr"):
        query = parameters.referral_query(get(f"/x?company={key}"))
        assert items.referral_page(snapshot, query, NOW)["total"] == 1


def test_a_link_of_a_referral_that_is_not_stored_or_back_to_its_own_company_moves_nothing() -> None:
    links = {
        "r0": Link("northwind.com", None, None, "somebody", at(days=1)),
        "r1": Link(None, None, None, "somebody", at(days=1)),
        "r2": Link("northwind.com", None, None, "somebody", at(days=1)),
    }
    snapshot = snapshot_of(one(company_key="acme.com.tr"), links=links)
    item = listed.item(snapshot, 0, NOW)
    assert (item["companyKey"], item["linkedByHand"]) == ("acme.com.tr", False)
    assert len(snapshot.referrals) == 1


def test_a_linked_referral_is_found_by_its_companys_name() -> None:
    link = Link("northwind.com", None, None, "somebody", at(days=1))
    company = Company(key="northwind.com", name="Northwind Işık", domain="northwind.com")
    snapshot = snapshot_of(one(search_text="contoso"), companies=[company], links={"r1": link})
    for words in ("northwind", "isik", "ışık contoso", "northwind.com"):
        query = parameters.referral_query(get("/x?" + urlencode({"q": words})))
        assert items.referral_page(snapshot, query, NOW)["total"] == 1, words
    assert listed.item(snapshot, 0, NOW)["linkedByHand"] is True


@pytest.mark.parametrize(
    "typed", ["İSTANBUL", "istanbul", "ISTANBUL", "ıstanbul", "İstanbul ışık", "ISIK", "Çelik", "celik"]
)
def test_search_knows_no_difference_between_the_four_is(typed: str) -> None:
    snapshot = snapshot_of(one(search_text=fold("İSTANBUL IŞIK Çelik")))
    query = parameters.referral_query(get("/x?" + urlencode({"q": typed})))
    assert items.referral_page(snapshot, query, NOW)["total"] == 1


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (0, ["overdue", "now"]),
        (2, ["overdue", "now"]),
        (3, ["overdue", "now", "three"]),
        (4, ["overdue", "now", "three", "just-over-three"]),
    ],
)
def test_expiring_means_due_within_so_many_days_or_overdue(days: int, found: list[str]) -> None:
    dues = {"overdue": -5.0, "now": 0.0, "three": 3.0, "just-over-three": 3.0001, "far": 20.0}
    waiting = [one(id=name, expiration_date_time=at(days=-due)) for name, due in dues.items()]
    others = [
        one(id="answered", status="Active", expiration_date_time=at()),
        one(id="ours", direction="Outgoing", expiration_date_time=at()),
        one(id="open-ended"),
    ]
    query = parameters.referral_query(get(f"/x?expiring={days}&sort=expirationDateTime"))
    answer = items.referral_page(snapshot_of(*waiting, *others), query, NOW)
    assert [item["id"] for item in answer["items"]] == found


def test_the_figures_follow_the_time() -> None:
    snapshot = snapshot_of(one(created_date_time=at(), expiration_date_time=at(days=-4)))

    def figures(**later: float) -> tuple[int, str]:
        summary = items.summary(snapshot, NOW + timedelta(**later))
        return summary["unanswered"]["dueSoon"], summary["byMonth"][-1]["month"]

    assert figures() == (0, "2026-11")
    assert figures(days=1) == (1, "2026-11")
    assert figures(days=7) == (1, "2026-12")
    assert items.summary(snapshot, NOW) is not items.summary(snapshot, NOW + timedelta(days=1))
