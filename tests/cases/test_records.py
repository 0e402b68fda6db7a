"""Every kind of record that went wrong, through a sync and our own API: companies, names, dates, payloads."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cases.conftest import Given
from tests.cases.records import CASES, INPUTS, of_file
from tests.hosting import API, HostProcess

DATES = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00",
    "0001-01-01T00:00:00+10:00",
    "1899-12-30T00:00:00Z",
    "1900-01-01T00:00:00.0000000Z",
    "1601-01-01T00:00:00Z",
    "1753-01-01",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59.9999999Z",
]
ODD = {
    "nan": b'{"id":"odd-nan","details":{"dealValue":NaN,"currency":"TRY"},"score":[NaN,{"x":-Infinity}],"text":"NaN, Infinity"}',
    "infinity": b'{"id":"odd-infinity","details":{"dealValue":Infinity}}',
    "emoji": b'{"id":"odd-emoji","name":"cut \\ud83d","details":{"notes":"\\udc00"}}',
    "digits": b'{"id":"odd-digits","score":' + b"7" * 5_000 + b"}",
    "nested": b'{"id":"odd-nested","score":' + b"[" * 300 + b"NaN" + b"]" * 300 + b"}",
    "spaced": b'{ "id" : "odd-spaced" , "score" : [ NaN , Infinity ] }',
}


def record(referral_id: str, **fields: Any) -> dict[str, Any]:
    """A record like those of the files."""
    return {
        "id": referral_id,
        "status": "New",
        "direction": "Incoming",
        "createdDateTime": "2026-11-20T08:00:00Z",
        "updatedDateTime": "2026-11-21T08:00:00Z",
        **fields,
    }


def page(*records: bytes) -> bytes:
    return b'{"@odata.context":"x","value":[' + b",".join(records) + b"]}"


@pytest.fixture(scope="module")
def items(host: HostProcess, given: Given) -> dict[str, dict[str, Any]]:
    """All cases synced at once, as the list answers them, by id."""
    records = [record(f"case-{number}", customerProfile=case.customer) for number, case in enumerate(CASES)]
    for number, date in enumerate(DATES):
        records.append(record(f"deadline-{number}", expirationDateTime=date))
        records.append(record(f"created-{number}", createdDateTime=date, acceptedDateTime=date, closedDateTime=date))
        records.append(
            record(f"closing-{number}", details={"closingDateTime": date, "dealValue": 1, "currency": "TRY"})
        )
        records.append(record(f"updated-{number}", updatedDateTime=date))
    records += [{**each, "id": f"min-{number}"} for number, each in enumerate(of_file("min-dates.page.json"))]
    raw = (INPUTS / "raw-nan.page.json").read_bytes().strip()
    of_nan = raw[raw.index(b"[") + 1 : raw.rindex(b"]")].replace(b"00000000-0000-4000-8000-", b"nan-")
    given.list = page(*(json.dumps(each).encode() for each in records), of_nan, *ODD.values())
    run = host.sync_to_the_end()
    assert run["quarantined"] == 0
    found: dict[str, dict[str, Any]] = {}
    for number in range(1, 10):
        answer = host.get(f"{API}/referrals?pageSize=200&page={number}").json()
        found |= {each["id"]: each for each in answer["items"]}
        if len(found) >= answer["total"]:
            break
    assert len(found) == run["inserted"]
    return found


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{case.kind} {case.customer}" for case in CASES])
def test_a_customer_is_the_company_that_it_is(items: dict[str, dict[str, Any]], number: int) -> None:
    assert items[f"case-{number}"]["companyKey"] == CASES[number].key


def test_names_that_another_system_escaped_are_readable_and_found(
    items: dict[str, dict[str, Any]], host: HostProcess
) -> None:
    names = {items[f"case-{number}"]["customerName"] for number, case in enumerate(CASES) if case.kind == "html-names"}
    assert names == {"Nehir & Gaz S.A.U.", "Nehir & Gaz SAU", "L'Orman", "Müller GmbH"}
    assert {
        items[f"case-{number}"]["customerName"] for number, case in enumerate(CASES) if case.kind == "entities"
    } >= {
        "AT&T",
        "Çiçek & Böcek",
        "Çiçek & Böcek A.Ş.",
        "Sun&copy Center",
        'Ben "Jerry"',
    }
    for words, found in (("nehir gaz", 2), ("muller", 2), ("l'orman", 2), ("quot", 0), ("uuml", 0)):
        assert host.get(f"{API}/referrals", params={"q": words}).json()["total"] == found, words


def test_strangers_that_show_nothing_are_no_company(items: dict[str, dict[str, Any]], host: HostProcess) -> None:
    keys = [company["key"] for company in host.get(f"{API}/companies?pageSize=200").json()["items"]]
    assert not [key for key in keys if "test" in key.split("-")[-1:] or "unknown" in key.split("-")[-1:]]
    names = {company["name"] for company in host.get(f"{API}/companies?pageSize=200").json()["items"]}
    assert not any("&amp;" in name for name in names)


def test_dates_that_mean_none_are_none(items: dict[str, dict[str, Any]], host: HostProcess) -> None:
    for number, date in enumerate(DATES):
        deadline = items[f"deadline-{number}"]
        assert deadline["expirationDateTime"] == "2026-12-04T08:00:00Z", date  # 14 days after creation
        created = items[f"created-{number}"]
        assert (created["createdDateTime"], created["expirationDateTime"], created["expiresInDays"]) == (None,) * 3
        assert items[f"closing-{number}"]["closingDateTime"] is None
        assert items[f"updated-{number}"]["updatedDateTime"] is None
        detail = host.get(f"{API}/referrals/created-{number}").json()
        assert (detail["acceptedDateTime"], detail["closedDateTime"]) == (None, None)
        assert not detail["problems"], date
    assert [items[f"min-{number}"]["expirationDateTime"] for number in range(3)] == ["2026-12-04T08:00:00Z"] * 2 + [
        None
    ]
    assert host.get(f"{API}/referrals/min-1").json()["acceptedDateTime"] is None
    figures = json.dumps(host.get(f"{API}/summary").json())
    assert "739" not in figures
    assert "-0001" not in figures


def strict(body: bytes) -> Any:
    """JSON as RFC 8259 has it."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(body.decode("utf-8"), parse_constant=refuse, parse_int=str)


@pytest.mark.parametrize("kind", ODD)
def test_the_payload_is_json_whatever_was_received(
    items: dict[str, dict[str, Any]], host: HostProcess, kind: str
) -> None:
    answer = strict(host.get(f"{API}/referrals/odd-{kind}?raw=true").content)
    assert answer["raw"]["id"] == f"odd-{kind}"
    expected: dict[str, Callable[[Any], bool]] = {
        "nan": lambda raw: (raw["score"], raw["text"]) == (["NaN", {"x": "-Infinity"}], "NaN, Infinity"),
        "infinity": lambda raw: raw["details"] == {"dealValue": "Infinity"},
        "emoji": lambda raw: raw["name"] == "cut \ud83d",
        "digits": lambda raw: raw["score"] == "7" * 5_000,
        "nested": lambda raw: "NaN" in json.dumps(raw),
        "spaced": lambda raw: raw["score"] == ["NaN", "Infinity"],
    }
    assert expected[kind](answer["raw"])


def test_the_payloads_of_the_file_are_json(items: dict[str, dict[str, Any]], host: HostProcess) -> None:
    bare = strict(host.get(f"{API}/referrals/nan-000000000001?raw=true").content)
    assert bare["dealValue"] is None
    assert bare["raw"]["details"] == {"dealValue": "NaN", "currency": "TRY"}
    assert strict(host.get(f"{API}/referrals/nan-000000000002?raw=true").content)["raw"]["score"] == "NaN"


def test_a_byte_order_mark_is_no_part_of_a_payload(
    items: dict[str, dict[str, Any]], host: HostProcess, given: Given
) -> None:
    body = (INPUTS / "raw-bom.by-id.json").read_bytes()
    assert body.startswith(b"\xef\xbb\xbf")
    lost = record("00000000-0000-4000-8000-000000000003", updatedDateTime="2026-11-21T08:00:01Z")
    before = given.list
    given.list = page(before[before.index(b"[") + 1 : before.rindex(b"]")], json.dumps(lost).encode())
    host.sync_to_the_end()
    given.list, given.by_id[lost["id"]] = b"\xef\xbb\xbf" + before, body
    host.sync_to_the_end({"mode": "full"})

    answer = strict(host.get(f"{API}/referrals/{lost['id']}?raw=true").content)
    assert answer["missingSince"] is None
    assert answer["raw"] == json.loads(body.decode("utf-8-sig"), parse_int=str)
    assert answer["dealValue"] == "77"


def test_a_link_by_hand_to_a_real_company_is_never_refused_for_a_list(
    items: dict[str, dict[str, Any]], host: HostProcess
) -> None:
    path = f"{API}/referrals/case-0/company"
    for domain in ("easypost.com", "yaani.com", "naver.com", "linkedin.com", "orange.fr", "test.com", "mailinator.com"):
        assert host.post(path, {"domain": domain}).status_code == 200, domain
    for domain in ("gmail.com", "gmaıl.com", "hotmail.com.tr", "mıcrosoft.com", "x.onmicrosoft.com", "example.com"):
        assert host.post(path, {"domain": domain}).status_code == 400, domain
    assert host.post(path, {"key": None}).status_code == 200
