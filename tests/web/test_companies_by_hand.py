"""The routes by which people rename and merge companies, and take both back."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from azure.functions import HttpResponse

from shared.core.errors import CompanyMerged, HunterError, InvalidParameter, InvalidRequest, NotFound
from shared.web.access import LOCAL
from shared.web.handlers import companies as handlers
from shared.web.handlers import reading
from tests.web import contract
from tests.web.contract import API
from tests.web.requests import delete, get, put
from tests.web.test_handlers import App, deal, of_customer

WHO = {"id": LOCAL.id, "name": LOCAL.person.name}
MONEY = {"details": {"dealValue": 100, "currency": "USD"}}


@pytest.fixture
def app(storage_account: str) -> App:
    app = App(storage_account)
    app.store(
        deal("r1", **of_customer("Contoso", "a@contoso.com"), **MONEY),
        deal("r2", **of_customer("Fabrikam", "b@fabrikam.com"), **MONEY),
        deal("r3", **of_customer("Ağrı Dağı İnşaat", address={"country": "TR"}), **MONEY),
    )
    return app


def say(app: App, what: str, key: str, body: Any, query: str = "") -> Any:
    """PUT companies/{key}/{what}; the answer, held against the contract."""
    handler = {"name": handlers.rename_company, "merged": handlers.merge_company}[what]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    path = f"{API}/companies/{quote(key, safe='')}/{what}"
    answer = app.answer(handler, put(f"{path}{query}", content, route={"key": key}))
    given = json.loads(answer.get_body())
    contract.check(f"{API}/companies/{{key}}/{what}", "put", 200, "application/json", given)
    assert given == json.loads(json.dumps(app.company(given["key"]), default=float))
    return given


def take_back(app: App, what: str, key: str) -> HttpResponse:
    """DELETE companies/{key}/{what}."""
    handler = {"name": handlers.unname_company, "merged": handlers.unmerge_company}[what]
    return app.answer(handler, delete(f"{API}/companies/{quote(key, safe='')}/{what}", route={"key": key}))


def test_a_company_is_renamed_and_gets_its_own_name_back(app: App) -> None:
    before = app.company("contoso.com")
    assert (before["renamed"], before["merged"]) == (None, [])
    company = say(app, "name", "contoso.com", {"name": " Contoso  Holding "})
    assert (company["name"], company["aliases"]) == ("Contoso Holding", ["Contoso"])
    assert company["renamed"] == {
        "automaticName": "Contoso",
        "by": WHO,
        "at": app.clock.now().isoformat().replace("+00:00", "Z"),
    }
    assert app.referral("r1")["companyName"] == "Contoso Holding"
    assert app.referral("r1")["customerName"] == "Contoso"
    assert app.ids("?q=holding") == ["r1"]
    for _ in range(2):
        assert take_back(app, "name", "contoso.com").status_code == 204
        assert app.company("contoso.com") == before


def test_a_company_is_merged_and_comes_back(app: App) -> None:
    before = {key: app.company(key) for key in ("contoso.com", "fabrikam.com")}
    company = say(app, "merged", "fabrikam.com", {"into": "contoso.com"})
    assert (company["key"], company["name"], company["openValue"]) == ("contoso.com", "Contoso", {"USD": 200})
    assert [
        (part["key"], part["name"], part["domain"], part["referralCount"], part["by"]) for part in company["merged"]
    ] == [("fabrikam.com", "Fabrikam", "fabrikam.com", 1, WHO)]
    assert {item["id"] for item in company["referrals"]} == {"r1", "r2"}
    assert {contact["email"] for contact in company["contacts"]} == {"a@contoso.com", "b@fabrikam.com"}
    # Old addresses and saved filters lead to what it became.
    assert app.company("fabrikam.com")["key"] == "contoso.com"
    assert sorted(app.ids("?company=fabrikam.com")) == ["r1", "r2"]
    item = app.referral("r2")
    assert (item["companyKey"], item["companyName"], item["customerName"]) == ("contoso.com", "Contoso", "Fabrikam")
    listed = app.answer(reading.list_companies, get(f"{API}/companies?q=fabrikam"))
    assert [item["key"] for item in json.loads(listed.get_body())["items"]] == ["contoso.com"]
    for _ in range(2):
        assert take_back(app, "merged", "fabrikam.com").status_code == 204
        assert {key: app.company(key) for key in before} == before


def test_a_key_of_any_script_is_taken(app: App) -> None:
    key = app.referral("r3")["companyKey"]
    assert say(app, "name", key, {"name": "Ağrı Dağı"})["name"] == "Ağrı Dağı"
    assert say(app, "merged", key, {"into": "contoso.com"})["merged"][0]["name"] == "Ağrı Dağı"
    assert take_back(app, "merged", key).status_code == 204
    assert app.company(key)["name"] == "Ağrı Dağı"


@pytest.mark.parametrize(
    ("what", "key", "body", "expected"),
    [
        ("name", "contoso.com", {}, InvalidParameter),
        ("name", "contoso.com", {"name": "x", "more": 1}, InvalidParameter),
        ("name", "contoso.com", {"name": None}, InvalidRequest),
        ("name", "contoso.com", b"[]", InvalidRequest),
        ("name", "nobody.com", {"name": "x"}, NotFound),
        ("merged", "contoso.com", {"key": "fabrikam.com"}, InvalidParameter),
        ("merged", "contoso.com", {"into": None}, InvalidRequest),
        ("merged", "contoso.com", {"into": "contoso.com"}, InvalidRequest),
        ("merged", "contoso.com", {"into": "nobody.com"}, NotFound),
        ("merged", "nobody.com", {"into": "contoso.com"}, NotFound),
    ],
)
def test_what_can_not_be_is_refused(app: App, what: str, key: str, body: Any, expected: type[HunterError]) -> None:
    with pytest.raises(expected):
        say(app, what, key, body)
    with pytest.raises(InvalidParameter):
        say(app, what, "contoso.com", {"name": "x"}, "?x=1")


def test_a_chain_and_a_circle_are_a_conflict(app: App) -> None:
    say(app, "merged", "fabrikam.com", {"into": "contoso.com"})
    key = app.referral("r3")["companyKey"]
    for into in ("fabrikam.com", key):
        with pytest.raises(CompanyMerged, match="Undo that first"):
            say(app, "merged", "contoso.com", {"into": into})
