"""What the reading routes answer for 739 referrals, by HTTP through the real host, held against docs/openapi.yaml."""

from __future__ import annotations

import gzip
import json
import statistics
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
import requests

from local.simulator import Simulator
from tests.hosting import HostProcess
from tests.web import contract
from tests.web.contract import API


def answer(host: HostProcess, path: str, route: str, **options: Any) -> Any:
    """A 200 that the contract allows, with amounts as exact decimals."""
    response = host.get(API + path, **options)
    assert response.status_code == 200, response.text
    body = json.loads(response.content, parse_float=Decimal, parse_int=int)
    contract.check(API + route, "get", 200, media_type(response), json.loads(response.content))
    return body


def media_type(response: requests.Response) -> str:
    return response.headers["Content-Type"].partition(";")[0]


def timeless(item: dict[str, Any]) -> dict[str, Any]:
    """An item without the days that are left, which may become fewer between two answers."""
    return {name: value for name, value in item.items() if name != "expiresInDays"}


@pytest.fixture(scope="module")
def every(app_host: HostProcess) -> list[dict[str, Any]]:
    """All items, those that are missing too, a page at a time."""
    items: list[dict[str, Any]] = []
    while True:
        page = answer(app_host, f"/referrals?missing=include&pageSize=200&page={len(items) // 200 + 1}", "/referrals")
        items += page["items"]
        if len(page["items"]) < 200:
            assert len(items) == page["total"]
            return items


@pytest.fixture(scope="module")
def companies(app_host: HostProcess) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    while True:
        page = answer(app_host, f"/companies?pageSize=200&page={len(items) // 200 + 1}", "/companies")
        items += page["items"]
        if len(page["items"]) < 200:
            assert len(items) == page["total"]
            return items


def test_every_referral_is_there_once_or_in_quarantine(
    app_host: HostProcess, simulator: Simulator, every: list[dict[str, Any]]
) -> None:
    quarantine = answer(app_host, "/quarantine", "/quarantine")
    assert len({item["id"] for item in every}) == len(every)
    assert len(every) + quarantine["total"] == 739
    assert quarantine["total"] == len(quarantine["items"]) > 0


def test_the_default_list_is_the_newest_fifty(app_host: HostProcess, every: list[dict[str, Any]]) -> None:
    page = answer(app_host, "/referrals", "/referrals")
    present = [item for item in every if item["missingSince"] is None]
    assert (page["page"], page["pageSize"], page["total"]) == (1, 50, len(present))
    moments = [datetime.fromisoformat(item["updatedDateTime"]) for item in page["items"] if item["updatedDateTime"]]
    assert moments == sorted(moments, reverse=True)
    for facet, counted in page["facets"].items():
        assert counted == Counter(item[facet] for item in present if item[facet]), facet


@pytest.mark.parametrize(
    "query",
    [
        "status=New&status=Active&sort=-dealValue",
        "direction=Incoming&category=coSell&category=private",
        "country=TR&sort=customerName",
        "substatus=Won&currency=EUR&minValue=1000&sort=dealValue",
        "maxValue=0&sort=name",
        "status=Closed&direction=Outgoing&sort=-companyName&pageSize=7&page=3",
    ],
)
def test_filters_facets_and_order(app_host: HostProcess, every: list[dict[str, Any]], query: str) -> None:
    page = answer(app_host, f"/referrals?{query}", "/referrals")
    wanted: dict[str, list[str]] = defaultdict(list)
    for name, _, value in (part.partition("=") for part in query.split("&")):
        wanted[name].append(value)

    def fits(item: dict[str, Any], ignoring: str = "") -> bool:
        for name in ("status", "substatus", "direction", "category", "country", "currency"):
            if name != ignoring and wanted[name] and item[name] not in wanted[name]:
                return False
        value = item["dealValue"]
        if wanted["minValue"] and (value is None or value < int(wanted["minValue"][0])):
            return False
        if wanted["maxValue"] and (value is None or value > int(wanted["maxValue"][0])):
            return False
        return item["missingSince"] is None

    fitting = [item for item in every if fits(item)]
    assert page["total"] == len(fitting)
    assert {item["id"] for item in page["items"]} <= {item["id"] for item in fitting}
    for facet, counted in page["facets"].items():
        assert counted == Counter(item[facet] for item in every if item[facet] and fits(item, facet)), facet


def test_pages_make_up_the_list_in_order(app_host: HostProcess) -> None:
    whole = answer(app_host, "/referrals?status=New&sort=-dealValue&pageSize=200", "/referrals")["items"]
    pieces = [
        item
        for number in range(1, len(whole) // 17 + 3)
        for item in answer(app_host, f"/referrals?status=New&sort=-dealValue&pageSize=17&page={number}", "/referrals")[
            "items"
        ]
    ]
    assert [item["id"] for item in pieces] == [item["id"] for item in whole]
    values = [item["dealValue"] for item in whole]
    full = [value for value in values if value is not None]
    assert values == sorted(full, reverse=True) + [None] * (len(values) - len(full))


def test_every_referral_is_found_by_its_own_id(app_host: HostProcess, every: list[dict[str, Any]]) -> None:
    for item in every[::25]:
        found = answer(app_host, f"/referrals?missing=include&q={quote(item['id'], safe='')}", "/referrals")
        assert item["id"] in {one["id"] for one in found["items"]}


def test_one_referral_with_its_payload_as_received(
    app_host: HostProcess, simulator: Simulator, every: list[dict[str, Any]]
) -> None:
    stored = [payload for payload in simulator.data.payloads() if isinstance(payload, dict)]
    payloads = {str(payload["id"]): payload for payload in stored if payload.get("id")}
    assert set(payloads) >= {item["id"] for item in every}
    seen_contacts = 0
    for item in every[::20]:
        path = f"/referrals/{quote(item['id'], safe='')}"
        plain = answer(app_host, path, "/referrals/{id}")
        assert "raw" not in plain
        assert {name: plain[name] for name in timeless(item)} == timeless(item)
        raw = answer(app_host, f"{path}?raw=true", "/referrals/{id}")["raw"]
        sent = json.loads(json.dumps(payloads[item["id"]]), parse_float=Decimal)
        assert {name: value for name, value in raw.items() if not name.startswith("@")} == sent
        people = (
            (sent.get("customerProfile") or {}).get("team") if isinstance(sent.get("customerProfile"), dict) else None
        )
        if isinstance(people, list) and all(isinstance(one, dict) for one in people) and not item["problems"]:
            assert [one["email"] for one in plain["contacts"]] == [one.get("email") for one in people]
            seen_contacts += len(people)
    assert seen_contacts > 0


def test_related_referrals_are_those_of_the_engagement(app_host: HostProcess, every: list[dict[str, Any]]) -> None:
    details = [answer(app_host, f"/referrals/{quote(item['id'], safe='')}", "/referrals/{id}") for item in every[:60]]
    engagements = {detail["id"]: detail["engagementId"] for detail in details}
    for detail in details:
        related = {one["id"] for one in detail["related"]}
        assert detail["id"] not in related
        for other, engagement in engagements.items():
            if other != detail["id"] and engagement:
                assert (other in related) is (engagement == detail["engagementId"])


def test_companies_carry_their_referrals(
    app_host: HostProcess, every: list[dict[str, Any]], companies: list[dict[str, Any]]
) -> None:
    members: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in every:
        if item["companyKey"]:
            members[item["companyKey"]].append(item)
    assert {company["key"] for company in companies} == set(members)
    for company in companies:
        counted = [item for item in members[company["key"]] if item["missingSince"] is None]
        assert company["referralCount"] == len(counted)
        assert all(item["companyName"] == company["name"] for item in counted)
        open_value: dict[str, Decimal] = defaultdict(Decimal)
        for item in counted:
            if item["status"] in {"New", "Active"} and item["dealValue"] is not None and item["currency"]:
                open_value[item["currency"]] += item["dealValue"]
        assert company["openValue"] == open_value
    odd = [company for company in companies if not company["key"].isascii()]
    for company in [*companies[::20], *odd[:5]]:
        path = f"/companies/{quote(company['key'], safe='')}"
        detail = answer(app_host, path, "/companies/{key}")
        assert {name: detail[name] for name in company} == company
        assert {item["id"] for item in detail["referrals"]} == {item["id"] for item in members[company["key"]]}
        listed = answer(app_host, f"/referrals?missing=include&company={quote(company['key'], safe='')}", "/referrals")
        assert listed["total"] == len(members[company["key"]])


def test_the_summary_adds_up(
    app_host: HostProcess, simulator: Simulator, every: list[dict[str, Any]], companies: list[dict[str, Any]]
) -> None:
    summary = answer(app_host, "/summary", "/summary")
    present = [item for item in every if item["missingSince"] is None]
    assert summary["total"] == len(present)
    assert summary["missing"] == len(every) - len(present)
    assert summary["incoming"] == sum(item["direction"] == "Incoming" for item in present)
    assert summary["outgoing"] == sum(item["direction"] == "Outgoing" for item in present)
    assert summary["quarantined"] == answer(app_host, "/quarantine", "/quarantine")["total"]
    assert summary["companies"]["total"] == len(companies)
    assert summary["companies"]["m365"] == sum(company["isM365"] for company in companies)
    assert summary["needsReview"] == sum(company["needsReview"] for company in companies)

    def value(items: list[dict[str, Any]]) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for item in items:
            if item["dealValue"] is not None and item["currency"]:
                sums[item["currency"]] += item["dealValue"]
        return dict(sums)

    is_open = [item for item in present if item["status"] in {"New", "Active"}]
    assert summary["openValue"] == value(is_open)
    assert summary["wonValue"] == value(
        [item for item in present if (item["status"], item["substatus"]) == ("Closed", "Won")]
    )
    groups = {(one["status"], one["substatus"]): one for one in summary["byStatus"]}
    assert len(groups) == len(summary["byStatus"])
    for (status, substatus), group in groups.items():
        members = [item for item in present if (item["status"], item["substatus"]) == (status, substatus)]
        assert (group["count"], group["value"]) == (len(members), value(members))
    assert sum(group["count"] for group in groups.values()) == len(present)
    for group in summary["bySalesStage"]:
        members = [item for item in is_open if item["salesStage"] == group["salesStage"]]
        assert (group["count"], group["value"]) == (len(members), value(members))
    assert sum(group["count"] for group in summary["bySalesStage"]) == len(is_open)

    no_answer = {
        one["id"]
        for one in simulator.data.payloads()
        if isinstance(one, dict) and one.get("callToAction") == "GetItNow"
    }
    assert all(item["expiresInDays"] is None for item in present if item["id"] in no_answer)
    waiting = [
        item
        for item in present
        if item["direction"] == "Incoming" and item["status"] == "New" and item["id"] not in no_answer
    ]
    assert summary["unanswered"]["count"] == len(waiting)
    now = datetime.fromisoformat(summary["generatedAt"])
    soon = now + timedelta(days=3)
    due = [datetime.fromisoformat(item["expirationDateTime"]) for item in waiting if item["expirationDateTime"]]
    assert summary["unanswered"]["dueSoon"] == sum(moment <= soon for moment in due)
    following = [datetime.fromisoformat(item["expirationDateTime"]) for item in summary["unanswered"]["next"]]
    assert following == sorted(due)[:5]

    months = [one["month"] for one in summary["byMonth"]]
    assert months == sorted(months)
    assert months[-1] == f"{now:%Y-%m}"
    for month in summary["byMonth"]:
        created = [item for item in present if (item["createdDateTime"] or "").startswith(month["month"])]
        assert month["incoming"] == sum(item["direction"] == "Incoming" for item in created)
        assert month["outgoing"] == sum(item["direction"] == "Outgoing" for item in created)


def test_the_median_answer_time(app_host: HostProcess, simulator: Simulator, every: list[dict[str, Any]]) -> None:
    created = {
        item["id"]: datetime.fromisoformat(item["createdDateTime"])
        for item in every
        if item["direction"] == "Incoming" and item["missingSince"] is None and item["createdDateTime"]
    }
    hours = []
    for payload in simulator.data.payloads():
        if isinstance(payload, dict) and payload.get("id") in created:
            accepted = payload.get("acceptedDateTime")
            if isinstance(accepted, str) and accepted[:4].isdigit():
                waited = datetime.fromisoformat(accepted) - created[payload["id"]]
                hours.append(max(waited, timedelta()) / timedelta(hours=1))
    response = answer(app_host, "/summary", "/summary")["response"]
    assert response["answered"] == len(hours) > 0
    assert float(response["medianHours"]) == pytest.approx(statistics.median(hours), abs=0.06)


@pytest.mark.parametrize(
    "path", ["/referrals?status=New", "/companies", "/summary", "/referrals/{id}", "/companies/{key}"]
)
def test_what_did_not_change_is_not_sent_again(
    app_host: HostProcess, every: list[dict[str, Any]], companies: list[dict[str, Any]], path: str
) -> None:
    path = path.format(id=quote(every[0]["id"], safe=""), key=quote(companies[0]["key"], safe=""))
    first = app_host.get(API + path)
    again = app_host.get(API + path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = app_host.get(API + path, headers={"If-None-Match": 'W/"other"'})
    assert (other.status_code, other.json()) == (200, first.json())


def test_different_questions_have_different_tags(app_host: HostProcess) -> None:
    queries = ["", "?page=2", "?status=New", "?status=Active", "?q=New", "?sort=name", "?sort=-name", "?missing=only"]
    tags = {app_host.get(f"{API}/referrals{query}").headers["ETag"] for query in queries}
    assert len(tags) == len(queries)
    assert app_host.get(f"{API}/companies").headers["ETag"] not in tags


@pytest.mark.parametrize(
    ("path", "route", "status", "code"),
    [
        ("/referrals?colour=red", "/referrals", 400, "invalid_parameter"),
        ("/referrals?page=0", "/referrals", 400, "invalid_parameter"),
        ("/companies?sort=dealValue", "/companies", 400, "invalid_parameter"),
        ("/summary?x=1", "/summary", 400, "invalid_parameter"),
        ("/quarantine?page=1", "/quarantine", 400, "invalid_parameter"),
        ("/referrals/none-such", "/referrals/{id}", 404, "not_found"),
        ("/referrals/a%2Fb%20c", "/referrals/{id}", 404, "not_found"),
        ("/referrals/none-such?raw=maybe", "/referrals/{id}", 400, "invalid_parameter"),
        ("/companies/none-such.example", "/companies/{key}", 404, "not_found"),
        ("/companies/%C4%B1%C4%9F?page=1", "/companies/{key}", 400, "invalid_parameter"),
    ],
)
def test_what_cannot_be_answered_is_said(app_host: HostProcess, path: str, route: str, status: int, code: str) -> None:
    response = app_host.get(API + path)
    assert (response.status_code, response.json()["code"]) == (status, code)
    contract.check(API + route, "get", status, media_type(response), response.json())


@pytest.mark.parametrize("path", ["/companies/none-such.example", "/referrals/none-such"])
def test_what_is_not_there_is_not_unchanged_either(app_host: HostProcess, path: str) -> None:
    assert app_host.get(API + path, headers={"If-None-Match": "*"}).status_code == 404


def test_health_says_that_it_serves(app_host: HostProcess) -> None:
    response = app_host.get("/api/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    head = app_host.request("HEAD", "/api/health")  # what Front Door and other load balancers send
    assert (head.status_code, head.content) == (200, b"")


def test_lists_are_compressed(app_host: HostProcess) -> None:
    response = app_host.get(f"{API}/referrals?pageSize=200", headers={"Accept-Encoding": "gzip"}, stream=True)
    body = response.raw.read(decode_content=False)
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(body) * 3 < len(gzip.decompress(body))
