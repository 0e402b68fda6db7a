"""The list as Microsoft documents it: envelope, links, filters, orders (docs/partner-center-api.md, "Lists")."""

import json
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.simulator import Simulator

from .client import Client


def test_739_records_come_on_eight_pages_whose_count_is_the_page_s_own(sim: Simulator, api: Client) -> None:
    pages = list(api.pages(orderby="createdDateTime asc"))

    assert [len(page["value"]) for page in pages] == [100] * 7 + [39]
    assert [page["@odata.count"] for page in pages] == [100] * 7 + [39]
    assert pages[0]["@odata.context"] == "http://api.partner.microsoft.com/v1.0/$metadata#Referrals"
    assert [record for page in pages for record in page["value"]] == sim.data.payloads()


def test_the_next_link_is_the_odd_one_of_the_sample_with_a_token_of_its_length(api: Client) -> None:
    link = api.get().json()["@odata.nextLink"]

    assert link.startswith("http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=")
    assert 950 <= len(urlsplit(link).query) <= 1200


@pytest.mark.parametrize(
    ("form", "host"),
    [
        ("well_formed", "127.0.0.1"),
        ("public", "api.partner.microsoft.com"),
        ("evil", "partner-center.evil.example"),
        ("evil_userinfo", "evil.example"),
        ("evil_suffix", "api.partner.microsoft.com.evil.example"),
    ],
)
def test_other_forms_of_the_next_link(sim: Simulator, api: Client, form: str, host: str) -> None:
    sim.switches.update({"next_link": form})
    link = urlsplit(api.get().json()["@odata.nextLink"])

    assert (link.hostname, link.path) == (host, "/v1.0/engagements/referrals")


def test_a_repeating_link_repeats(sim: Simulator, api: Client) -> None:
    sim.switches.next_link = "repeating"
    first = api.get().json()["@odata.nextLink"]
    second = api.follow(first).json()["@odata.nextLink"]

    assert first == second


def test_both_orders_go_both_ways_through_everything(api: Client) -> None:
    for name in ("createdDateTime", "updatedDateTime"):
        up = api.all(orderby=f"{name} asc")
        assert up == api.all(orderby=name)
        assert [json.dumps(record) for record in up] == [
            json.dumps(r) for r in reversed(api.all(orderby=f"{name} desc"))
        ]
        dates = [_comparable(record[name]) for record in up if isinstance(record, dict) and _is_date(record.get(name))]
        assert dates == sorted(dates)
        assert len(dates) > 700


@pytest.mark.parametrize(
    "text",
    [
        "status eq 'New' and qualification eq 'SalesQualified'",
        "customerProfile/address/country eq 'US' and direction eq 'Incoming'",
        "(type eq 'Shared' and direction eq 'Incoming')",
        "(direction eq 'Incoming' and substatus eq 'Pending')",
        "status eq 'Active' and direction eq 'Outgoing' and type eq 'Shared' "
        "and team/any(t:t/email eq 'sales@fabrikam-partner.com')",
    ],
)
def test_the_documented_filters_choose_what_they_say(sim: Simulator, api: Client, text: str) -> None:
    found = api.all(filter=text, orderby="createdDateTime asc")
    team = "sales@fabrikam-partner.com"
    wanted = [
        record
        for record in sim.data.payloads()
        if isinstance(record, dict)
        and all(
            _at(record, part.split(" eq ")[0].strip(" (")) == part.split(" eq ")[1].strip(" )").strip("'")
            for part in text.split(" and ")
            if "any" not in part
        )
        and ("any" not in text or team in [member.get("email") for member in record.get("team") or []])
    ]

    assert found == wanted
    assert 0 < len(found) < 739


def test_an_engagement_is_found_with_and_without_quotes(sim: Simulator, api: Client) -> None:
    engagement = next(record["engagementId"] for record in sim.data.payloads() if isinstance(record, dict))

    assert api.all(filter=f"engagementId eq '{engagement}'") == api.all(filter=f"engagementId eq {engagement}") != []
    assert api.all(filter="engagementId eq '65edc0b5-3485-41b7-a17e-dfa9ef4706e2'") == []


@pytest.mark.parametrize(
    "options",
    [
        {"filter": "status eq 'New' or status eq 'Active'"},
        {"filter": "status ne 'New'"},
        {"filter": "contains(name,'x')"},
        {"filter": "not (status eq 'New')"},
        {"filter": "name eq 'x'"},
        {"filter": "status eq"},
        {"filter": "(status eq 'New'"},
        {"filter": "status eq New"},
        {"filter": "updatedDateTime ge 2026-01-01T00:00:00Z"},
        {"orderby": "name asc"},
        {"orderby": "createdDateTime up"},
        {"orderby": "createdDateTime asc, updatedDateTime desc"},
        {"top": "-1"},
        {"select": "customerProfile/name"},
        {"skip": "10"},
        {"count": "true"},
        {"expand": "team"},
        {"search": "x"},
        {"skiptoken": "no-token"},
    ],
)
def test_what_is_not_documented_is_refused(api: Client, options: dict[str, str]) -> None:
    answer = api.get(**options)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalidRequest"


def test_a_link_takes_no_further_options(api: Client) -> None:
    link = api.get().json()["@odata.nextLink"]
    answer = api.session.get(f"{api.url}?{urlsplit(link).query}&$orderby=createdDateTime", timeout=60)

    assert answer.status_code == 400


def test_dates_can_be_compared_where_the_switch_allows_it(sim: Simulator, api: Client) -> None:
    sim.switches.date_filters = True
    later = api.all(filter="updatedDateTime ge 2026-09-01T00:00:00Z")
    between = api.all(
        filter="createdDateTime gt 2026-01-01T00:00:00Z and createdDateTime le 2026-06-30T23:59:59.9999999Z"
    )

    assert 0 < len(later) < 739
    assert min(record["updatedDateTime"] for record in later) >= "2026-09-01"
    assert {record["createdDateTime"][:7] for record in between} == {f"2026-0{month}" for month in range(1, 7)}
    assert api.get(filter="updatedDateTime ge '2026-09-01T00:00:00Z'").status_code == 400


def test_select_leaves_the_rest_out(api: Client) -> None:
    page = api.get(select="id,status,customerProfile", top="5").json()

    assert all(set(record) <= {"id", "status", "customerProfile"} for record in page["value"])


def test_top_is_the_whole_or_a_page_size(sim: Simulator, api: Client) -> None:
    assert [len(page["value"]) for page in api.pages(top="1")] == [1]
    assert [len(page["value"]) for page in api.pages(top="250")] == [100, 100, 50]
    sim.switches.top = "page"
    assert [len(page["value"]) for page in api.pages(top="10")] == [10] * 73 + [9]


def test_an_empty_page_may_have_a_link_and_a_last_page_too(small: Simulator, small_api: Client) -> None:
    small.switches.update({"emptyPageEvery": 2, "lastPageLink": True})
    pages = [len(page["value"]) for page in small_api.pages()]

    assert pages == [10, 0, 10, 0, 5, 0, 0]
    assert len(small_api.all()) == 25


@pytest.mark.parametrize("status", [400, 410])
def test_links_expire(sim: Simulator, api: Client, status: int) -> None:
    link = api.get().json()["@odata.nextLink"]
    sim.switches.update({"expired_token_status": status})
    sim.expire_links()

    assert api.follow(link).status_code == status
    assert len(api.all()) == 739


def test_etags_have_the_form_of_cosmos_and_may_be_missing_in_lists(sim: Simulator, api: Client) -> None:
    record = api.get(top="1", orderby="updatedDateTime desc").json()["value"][0]
    group = record["eTag"].strip('"').split("-")[-1]
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(group[:8], 16)))

    assert record["eTag"][0] == record["eTag"][-1] == '"'
    assert group.endswith("0000")
    assert record["updatedDateTime"].startswith(moment)
    sim.switches.list_etags = False
    assert all("eTag" not in record for record in api.all() if isinstance(record, dict))
    assert api.get(f"/{record['id']}").json()["eTag"] == record["eTag"]


def test_one_referral_is_the_listed_one_with_a_context(sim: Simulator, api: Client) -> None:
    record = api.get(top="1").json()["value"][0]
    one = api.get(f"/{record['id']}").json()

    assert one.pop("@odata.context").endswith("/$entity")
    assert one == record
    assert api.get("/00000000-0000-4000-8000-000000000000").status_code == 404
    sim.switches.absent = 403
    assert api.get("/00000000-0000-4000-8000-000000000000").status_code == 403


def test_every_answer_can_be_named_to_support(api: Client) -> None:
    answers = [api.get(top="1"), api.get(top="x"), api.get("/unknown")]
    assert len({answer.headers["request-id"] for answer in answers}) == 3

    api.session.headers["client-request-id"] = "7f1d2c0e-0000-4000-8000-000000000001"
    assert api.get(top="1").headers["client-request-id"] == "7f1d2c0e-0000-4000-8000-000000000001"


def test_a_user_sees_the_deals_of_own_teams_and_nobody_sees_none(sim: Simulator, api: Client) -> None:
    everything = api.all()
    sim.switches.role = "user"
    own = api.all()

    assert 100 < len(own) < len(everything) / 2
    assert all(sim.account in [member["email"] for member in record["team"]] for record in own)
    other = next(record for record in everything if isinstance(record, dict) and record.get("id") and record not in own)
    assert api.get(f"/{other['id']}").status_code == 404
    sim.switches.role = "none"
    assert api.get().status_code == 403
    assert api.get().json()["error"]["code"] == "accessDenied"


def test_gzip_is_used_where_both_sides_want_it(sim: Simulator, api: Client) -> None:
    plain = api.get()
    assert "Content-Encoding" not in plain.headers
    sim.switches.gzip = True
    small = api.get()
    assert small.headers["Content-Encoding"] == "gzip"
    assert small.content == plain.content
    api.session.headers["Accept-Encoding"] = "identity"
    assert "Content-Encoding" not in api.get().headers


def _at(record: dict[str, Any], path: str) -> Any:
    value: Any = record
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("20") and value.endswith("Z")


def _comparable(text: str) -> str:
    whole, _, fraction = text[:-1].partition(".")
    return f"{whole}.{fraction:0<7}"
