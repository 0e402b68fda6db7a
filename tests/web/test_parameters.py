"""What a query may say, and what it may not."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote

import pytest

from shared.core.errors import InvalidParameter
from shared.web import parameters
from shared.web.parameters import Paging, ReferralQuery
from shared.web.routes import ROUTES
from tests.web.requests import get

REFERRALS = "/api/v1/partner-center/referrals"
COMPANIES = "/api/v1/partner-center/companies"
NEWEST_FIRST = Paging("updatedDateTime", descending=True, page=1, page_size=50)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("?", {}),
        ("?status=New", {"status": ("New",)}),
        ("?status=New&status=Active&status=New", {"status": ("Active", "New")}),
        ("?status=New%2CActive", {"status": ("New,Active",)}),
        ("?status=New,Active", {"status": ("New,Active",)}),
        ("?status=%C4%B0ptal+edildi", {"status": ("İptal edildi",)}),
        ("?substatus=Pending&direction=Incoming", {"substatus": ("Pending",), "direction": ("Incoming",)}),
        ("?category=coSell&category=private", {"category": ("coSell", "private")}),
        ("?country=tr&country=DE", {"country": ("DE", "TR")}),
        ("?currency=eur", {"currency": ("EUR",)}),
        ("?company=name-tr-acme-bili%C5%9Fim", {"company": ("name-tr-acme-bilişim",)}),
        ("?company=a%2Fb%26c", {"company": ("a/b&c",)}),
        ("?m365=true", {"m365": True}),
        ("?m365=false", {"m365": False}),
        ("?minValue=0", {"min_value": Decimal(0)}),
        (
            "?minValue=-10.50&maxValue=99999.999999",
            {"min_value": Decimal("-10.5"), "max_value": Decimal("99999.999999")},
        ),
        ("?expiring=0", {"expiring": 0}),
        ("?expiring=365", {"expiring": 365}),
        ("?salesStage=Propose&salesStage=60", {"sales_stage": ("60", "Propose")}),
        ("?createdMonth=2026-11", {"created_month": ("2026-11",)}),
        ("?missing=only", {"missing": "only"}),
        ("?q=", {}),
        ("?q=%20%20", {}),
        ("?q=%C4%B0STANBUL+bili%C5%9Fim%20istanbul", {"words": ("bilisim", "istanbul")}),
        ("?page=3&pageSize=200", {"paging": Paging("updatedDateTime", descending=True, page=3, page_size=200)}),
        ("?sort=dealValue", {"paging": Paging("dealValue", descending=False, page=1, page_size=50)}),
        ("?sort=-name", {"paging": Paging("name", descending=True, page=1, page_size=50)}),
    ],
)
def test_what_a_list_takes(query: str, expected: dict[str, object]) -> None:
    wanted = {"paging": NEWEST_FIRST, **expected}
    assert parameters.referral_query(get(REFERRALS + query)) == ReferralQuery(**wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("?colour=red", "colour"),
        ("?Status=New", "Status"),
        ("?status[]=New", "status[]"),
        ("?needsReview=true", "needsReview"),
        ("?status=", "status"),
        (f"?status={'x' * 401}", "status"),
        ("?" + "&".join(f"status=s{number}" for number in range(51)), "status"),
        ("?category=cosell", "category"),
        ("?m365=yes", "m365"),
        ("?m365=True", "m365"),
        ("?m365=true&m365=false", "m365"),
        ("?minValue=abc", "minValue"),
        ("?minValue=1e5", "minValue"),
        ("?minValue=NaN", "minValue"),
        ("?minValue=1,5", "minValue"),
        ("?maxValue=", "maxValue"),
        ("?maxValue=1234567890123456", "maxValue"),
        ("?createdMonth=2026-13", "createdMonth"),
        ("?createdMonth=2026-11-01", "createdMonth"),
        ("?salesStage=", "salesStage"),
        ("?expiring=-1", "expiring"),
        ("?expiring=366", "expiring"),
        ("?expiring=1.5", "expiring"),
        ("?expiring=%D9%A3", "expiring"),
        ("?missing=yes", "missing"),
        (f"?q={'x' * 201}", "q"),
        ("?q=a&q=b", "q"),
        ("?sort=colour", "sort"),
        ("?sort=--name", "sort"),
        ("?sort=%2Bname", "sort"),
        ("?sort=", "sort"),
        ("?page=0", "page"),
        ("?page=-1", "page"),
        ("?page=two", "page"),
        ("?page=1000001", "page"),
        ("?page=", "page"),
        ("?pageSize=0", "pageSize"),
        ("?pageSize=201", "pageSize"),
        ("?pageSize=50&pageSize=50", "pageSize"),
    ],
)
def test_what_is_wrong_is_named(query: str, named: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        parameters.referral_query(get(REFERRALS + query))
    assert f"'{named}'" in caught.value.message


@pytest.mark.parametrize("query", ["?q=%FF", "?%FF=1", "?" + "&".join(["status=New"] * 201)])
def test_what_is_no_query_at_all_is_refused(query: str) -> None:
    with pytest.raises(InvalidParameter):
        parameters.referral_query(get(REFERRALS + query))


def test_a_wrong_value_is_never_repeated_to_the_caller() -> None:
    with pytest.raises(InvalidParameter) as caught:
        parameters.referral_query(get(f"{REFERRALS}?page=secret"))
    assert "secret" not in caught.value.message


def test_a_parameter_that_takes_one_word_says_so() -> None:
    given = parameters.given(get("/api/v1/partner-center/actions?who=you"), ["who"])
    with pytest.raises(InvalidParameter) as refused:
        given.one_of("who", ("me",))
    assert str(refused.value) == "Parameter 'who' must be me."


def test_companies_have_parameters_of_their_own() -> None:
    query = parameters.company_query(
        get(f"{COMPANIES}?q=Acme&country=tr&m365=true&needsReview=false&currency=usd&minValue=1&sort=nextDeadline")
    )
    assert query == parameters.CompanyQuery(
        paging=Paging("nextDeadline", descending=False, page=1, page_size=50),
        country=("TR",),
        m365=True,
        needs_review=False,
        currency=("USD",),
        min_value=Decimal(1),
        words=("acme",),
    )
    assert parameters.company_query(get(COMPANIES)).paging == Paging(
        "lastActivity", descending=True, page=1, page_size=50
    )
    for wrong in ("status=New", "sort=dealValue", "needsReview=1"):
        with pytest.raises(InvalidParameter):
            parameters.company_query(get(f"{COMPANIES}?{wrong}"))


def test_one_referral_takes_raw_and_nothing_else() -> None:
    assert parameters.wants_raw(get(f"{REFERRALS}/1?raw=true"))
    assert not parameters.wants_raw(get(f"{REFERRALS}/1?raw=false"))
    assert not parameters.wants_raw(get(f"{REFERRALS}/1"))
    for wrong in ("raw=1", "raw=", "page=1"):
        with pytest.raises(InvalidParameter):
            parameters.wants_raw(get(f"{REFERRALS}/1?{wrong}"))
    with pytest.raises(InvalidParameter, match="It takes none"):
        parameters.no_parameters(get("/api/v1/partner-center/summary?x=1"))


def test_the_same_question_has_one_canonical_form() -> None:
    def canonical(query: str) -> str:
        return parameters.referral_query(get(REFERRALS + query)).canonical

    assert canonical("?status=New&status=Active&minValue=5.0") == canonical("?minValue=5&status=Active&status=New")
    assert canonical("") == canonical("?page=1&missing=exclude&q=")
    assert (
        len({canonical(query) for query in ("", "?page=2", "?status=New", "?q=New", "?m365=true", "?m365=false")}) == 6
    )


@pytest.mark.parametrize(
    "referral_id", ["plain", "a b", "a/b", "a%2Fb", "a%2fb", "50%", "ığü", "x?y#z", "a%252Fb", "a+b"]
)
def test_an_id_in_the_path_is_the_one_that_was_meant(referral_id: str) -> None:
    encoded = quote(referral_id, safe="")
    # The host hands over a segment with everything decoded but %2F.
    decoded = referral_id.replace("/", "%2F")
    request = get(f"{REFERRALS}/{encoded}/company", route={"id": decoded})
    route = next(route for route in ROUTES if route.name == "link_company")
    assert route.exact(request).route_params["id"] == referral_id
