"""Handlers on real storage: what they read, ids of any shape, links by hand, and files of the page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from azure.functions import HttpRequest, HttpResponse

from shared.companies.book import CompanyBook
from shared.core.errors import HunterError, InvalidParameter, InvalidRequest, NotFound
from shared.model.changes import Change
from shared.model.company_rows import Touched
from shared.model.referral import read_record, summarise
from shared.model.times import from_datetime
from shared.services import Services
from shared.storage.tables import referrals, sync_state
from shared.storage.tables.changes import change_row
from shared.storage.tables.quarantine import Quarantine, Rejected
from shared.web import responses
from shared.web.access import LOCAL
from shared.web.handlers import page
from shared.web.handlers import reading as handlers
from shared.web.routes import ROUTES
from tests.web import contract
from tests.web.contract import API
from tests.web.requests import get, post

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parents[1] / "samples"
ODD_IDS = ("a/b", "a%2Fb", "a b", "50%", "ığüşöç", "x?y#z", "a+b", "=41", "c" * 300, "日本", "a\\b", "semi;colon,comma")


class FixedClock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here has to wait")


class App:
    """The handlers over storage of their own."""

    def __init__(self, connection_string: str) -> None:
        self.clock = FixedClock()
        self.services = Services({"HUNTER_STORAGE": connection_string}, self.clock)
        self.calls: Counter[tuple[str, str]] = Counter()
        self.services.store.intercept = self._count

    def _count(self, when: str, operation: str, table: str) -> None:
        self.calls[operation, table] += when == "before"

    def store(self, *payloads: dict[str, Any] | str) -> None:
        """Store records as a sync does, and say so."""
        touched = []
        for payload in payloads:
            raw = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
            summary = summarise(read_record(raw), ())
            row, pieces = referrals.to_row(summary, raw, "h", "h", 1)
            referrals.write_pieces(self.services.store, pieces)
            self.services.store.table("Referrals").replace(row, None)
            touched.append(Touched(summary.id, None, summary))
        CompanyBook(self.services.store).apply(touched)
        sync_state.bump_data_version(self.services.store)

    def change(self, referral_id: str, at: datetime, *changes: Change) -> None:
        row = change_row(referral_id, f"{at.timestamp()}", from_datetime(at), changes)
        self.services.store.table("ReferralChanges").replace(row, None)

    def answer(
        self, handler: Callable[[HttpRequest, Any, Services], HttpResponse], request: HttpRequest
    ) -> HttpResponse:
        """What the caller gets, after everything that answers go through."""
        route = next((route for route in ROUTES if route.handle() is handler), None)
        exact = route.exact(request) if route else request
        return responses.finish(request, handler(exact, LOCAL, self.services), "correlation", {})

    def referral(self, referral_id: str, query: str = "") -> Any:
        path = f"{API}/referrals/{quote(referral_id, safe='')}{query}"
        route = {"id": referral_id.replace("/", "%2F")}
        return body(self.answer(handlers.get_referral, get(path, route=route)))

    def company(self, key: str) -> Any:
        path = f"{API}/companies/{quote(key, safe='')}"
        answer = self.answer(handlers.get_company, get(path, route={"key": key.replace("/", "%2F")}))
        contract.check(f"{API}/companies/{{key}}", "get", 200, "application/json", json.loads(answer.get_body()))
        return body(answer)

    def link(self, referral_id: str, target: Any, query: str = "") -> Any:
        path = f"{API}/referrals/{quote(referral_id, safe='')}/company{query}"
        content = target if isinstance(target, bytes) else json.dumps(target).encode()
        request = post(path, content, route={"id": referral_id.replace("/", "%2F")})
        return body(self.answer(handlers.link_company, request))

    def ids(self, query: str = "") -> list[str]:
        answer = body(self.answer(handlers.list_referrals, get(f"{API}/referrals{query}")))
        return [item["id"] for item in answer["items"]]


def body(answer: HttpResponse) -> Any:
    assert answer.status_code == 200
    return json.loads(answer.get_body(), parse_float=Decimal)


@pytest.fixture
def app(storage_account: str) -> App:
    app = App(storage_account)
    for name in (
        "Referrals",
        "ReferralChanges",
        "Companies",
        "CompanyLinks",
        "TenantLookups",
        "Quarantine",
        "SyncState",
    ):
        app.services.store.create(name)
    return app


def deal(referral_id: str = "r1", **more: Any) -> dict[str, Any]:
    return {
        "id": referral_id,
        "name": f"Deal {referral_id}",
        "direction": "Incoming",
        "status": "New",
        "createdDateTime": "2026-11-20T08:00:00.0000000Z",
        "updatedDateTime": "2026-11-21T08:00:00.1234567Z",
        **more,
    }


def of_customer(name: str, *emails: str, **more: Any) -> dict[str, Any]:
    return {"customerProfile": {"name": name, "team": [{"email": email} for email in emails], **more}}


# --- lists


def test_an_unchanged_list_costs_one_point_read(app: App) -> None:
    app.store(deal())
    first = app.answer(handlers.list_referrals, get(f"{API}/referrals?q=deal"))
    app.calls.clear()
    again = app.answer(
        handlers.list_referrals, get(f"{API}/referrals?q=deal", headers={"If-None-Match": first.headers["ETag"]})
    )
    assert (again.status_code, again.get_body()) == (304, b"")
    assert app.calls == {("get", "SyncState"): 1}


def test_an_unchanged_company_costs_one_point_read(app: App) -> None:
    app.store(deal(**of_customer("Contoso", "a@contoso.com")))

    def ask(etag: str = "") -> HttpResponse:
        path, route = f"{API}/companies/contoso.com", {"key": "contoso.com"}
        return app.answer(handlers.get_company, get(path, route=route, headers={"If-None-Match": etag}))

    first = ask()
    app.calls.clear()
    assert ask(first.headers["ETag"]).status_code == 304
    assert app.calls == {("get", "SyncState"): 1}


def test_a_change_brings_another_tag(app: App) -> None:
    app.store(deal("r1"))
    first = app.answer(handlers.list_referrals, get(f"{API}/referrals"))
    app.store(deal("r2"))
    again = app.answer(
        handlers.list_referrals, get(f"{API}/referrals", headers={"If-None-Match": first.headers["ETag"]})
    )
    assert (again.status_code, body(again)["total"]) == (200, 2)


def test_a_day_less_to_answer_brings_another_tag(app: App) -> None:
    app.store(deal(expirationDateTime="2026-11-30T12:00:00Z"))

    def ask(etag: str = "") -> HttpResponse:
        return app.answer(handlers.list_referrals, get(f"{API}/referrals", headers={"If-None-Match": etag}))

    first = ask()
    assert body(first)["items"][0]["expiresInDays"] == 6
    app.clock.time = NOW + timedelta(hours=2)
    assert ask(first.headers["ETag"]).status_code == 304
    app.clock.time = NOW + timedelta(hours=4)
    later = ask(first.headers["ETag"])
    assert body(later)["items"][0]["expiresInDays"] == 5


def test_missing_referrals_are_left_out_unless_asked_for(app: App) -> None:
    app.store(deal("here"), deal("gone"))
    rows = app.services.store.table("Referrals")
    row = rows.get(referrals.partition_of("gone"), "gone")
    assert row
    rows.replace({**row, "missingSince": from_datetime(NOW)}, None)
    sync_state.bump_data_version(app.services.store)
    assert app.ids() == ["here"]
    assert app.ids("?missing=only") == ["gone"]
    assert app.ids("?missing=include&sort=name") == ["gone", "here"]
    summary = body(app.answer(handlers.get_summary, get(f"{API}/summary")))
    assert (summary["total"], summary["missing"]) == (1, 1)
    assert app.referral("gone")["missingSince"] == "2026-11-24T09:00:00Z"


def test_amounts_keep_the_decimals_that_were_received(app: App) -> None:
    raw = '{"id": "r1", "details": {"dealValue": 10000.00, "currency": "USD"}, "exact": 0.10000000000000000000000001}'
    app.store(raw)
    answer = app.answer(handlers.get_referral, get(f"{API}/referrals/r1?raw=true", route={"id": "r1"})).get_body()
    assert b'"dealValue":10000.00' in answer
    assert f'"raw":{raw}'.encode() in answer


# --- one referral


@pytest.mark.parametrize("referral_id", ODD_IDS)
def test_any_id_is_found_and_linked(app: App, referral_id: str) -> None:
    app.store(deal(referral_id), deal("other"))
    assert app.referral(referral_id)["id"] == referral_id
    item = app.link(referral_id, {"domain": "contoso.com"})
    assert (item["id"], item["companyKey"], item["linkedByHand"]) == (referral_id, "contoso.com", True)
    assert app.ids("?company=contoso.com") == [referral_id]


@pytest.mark.parametrize(
    "sample", [*sorted(SAMPLES.glob("get-by-id-*.json")), SAMPLES / "observed-referral.v2022.anonymised.json"]
)
def test_the_official_samples_are_shown(app: App, sample: Path) -> None:
    payload = json.loads(sample.read_text(encoding="utf-8"), parse_float=Decimal)
    app.store(sample.read_text(encoding="utf-8"))
    answer = app.referral(payload["id"], "?raw=true")
    assert answer["raw"] == payload
    contract.check(
        f"{API}/referrals/{{id}}", "get", 200, "application/json", json.loads(json.dumps(answer, default=float))
    )
    details = payload.get("details", {})
    assert answer["notes"] == details.get("notes")
    assert answer["eTag"] == payload.get("eTag")
    assert answer["engagementId"] == payload.get("engagementId")
    for name in ("solutions", "industries", "products", "services"):
        assert answer[name] == (details.get("requirements", {}).get(name) or [])
    for shown, received in (
        (answer["contacts"], payload["customerProfile"].get("team")),
        (answer["team"], payload.get("team")),
    ):
        assert shown == [
            {name: one.get(name) for name in ("firstName", "lastName", "email", "phoneNumber", "title")}
            for one in received or []
        ]


def test_history_and_related_referrals(app: App) -> None:
    app.store(
        deal("r1", engagementId="e1"),
        deal("r2", engagementId="e1", direction="Outgoing", organizationName="Northwind"),
        deal("r3", engagementId="e2"),
    )
    app.change("r1", NOW - timedelta(days=2), Change("status", "New", "Active"))
    app.change("r1", NOW - timedelta(days=1), Change("dealValue", None, Decimal("10.50")))
    app.change("r12", NOW, Change("status", "New", "Closed"))
    answer = app.referral("r1")
    assert answer["history"] == [
        {"at": "2026-11-23T09:00:00Z", "changes": [{"field": "dealValue", "from": None, "to": Decimal("10.50")}]},
        {"at": "2026-11-22T09:00:00Z", "changes": [{"field": "status", "from": "New", "to": "Active"}]},
    ]
    assert answer["related"] == [
        {"id": "r2", "name": "Deal r2", "direction": "Outgoing", "status": "New", "organizationName": "Northwind"}
    ]


def test_the_tag_of_one_referral_follows_its_payload(app: App) -> None:
    def ask(etag: str = "") -> HttpResponse:
        return app.answer(
            handlers.get_referral, get(f"{API}/referrals/r1", route={"id": "r1"}, headers={"If-None-Match": etag})
        )

    app.store(deal(details={"notes": "first"}))
    first = ask()
    assert ask(first.headers["ETag"]).status_code == 304
    app.store(deal(details={"notes": "second"}))
    assert body(ask(first.headers["ETag"]))["notes"] == "second"


def test_a_payload_larger_than_a_row_comes_back_whole(app: App) -> None:
    notes = "ğ" * 700_000
    app.store(deal(details={"notes": notes}))
    answer = app.referral("r1", "?raw=true")
    assert answer["notes"] == answer["raw"]["details"]["notes"] == notes


def test_what_is_not_there_is_not_found(app: App) -> None:
    app.store(deal())
    with pytest.raises(NotFound):
        app.referral("r2")
    with pytest.raises(NotFound):
        app.company("contoso.com")
    with pytest.raises(NotFound):
        app.link("r2", {"key": None})


# --- companies


def test_a_company_with_its_referrals_and_their_changes(app: App) -> None:
    app.store(
        deal("r1", **of_customer("Contoso", "a@contoso.com"), updatedDateTime="2026-11-01T00:00:00Z"),
        deal("r2", **of_customer("Contoso", "b@sales.contoso.com"), updatedDateTime="2026-11-02T00:00:00Z"),
        deal("r3", **of_customer("Fabrikam", "c@fabrikam.com")),
    )
    app.change("r1", NOW - timedelta(days=1), Change("status", "New", "Active"))
    app.change("r2", NOW - timedelta(days=3), Change("status", "New", "Active"))
    app.change("r3", NOW, Change("status", "New", "Active"))
    company = app.company("contoso.com")
    assert company["referralCount"] == 2
    assert [item["id"] for item in company["referrals"]] == ["r2", "r1"]
    changes = [{"field": "status", "from": "New", "to": "Active"}]
    assert company["history"] == [
        {"at": "2026-11-23T09:00:00Z", "referralId": "r1", "referralName": "Deal r1", "changes": changes},
        {"at": "2026-11-21T09:00:00Z", "referralId": "r2", "referralName": "Deal r2", "changes": changes},
    ]


@pytest.mark.parametrize("name", ["Ağrı Dağı İnşaat", "東京電力", "Ελλάς", "Ромашка"])
def test_keys_of_any_script_are_found(app: App, name: str) -> None:
    app.store(deal(**of_customer(name, address={"country": "TR"})))
    key = app.referral("r1")["companyKey"]
    assert app.company(key)["name"] == name
    assert app.ids("?" + f"company={quote(key)}") == ["r1"]


def test_links_by_hand_move_the_figures_at_once_and_back(app: App) -> None:
    money = {"details": {"dealValue": 100, "currency": "USD"}}
    app.store(
        deal("r1", **of_customer("Contoso", "a@contoso.com"), **money),
        deal("r2", **of_customer("Fabrikam", "b@fabrikam.com"), **money),
    )
    assert app.link("r1", {"key": "fabrikam.com"})["companyName"] == "Fabrikam"
    assert app.company("fabrikam.com")["openValue"] == {"USD": 200}
    with pytest.raises(NotFound):
        app.company("contoso.com")
    item = app.link("r1", {"domain": "www.Northwind.com", "name": "Northwind"})
    assert (item["companyKey"], item["companyName"]) == ("northwind.com", "Northwind")
    assert app.company("fabrikam.com")["openValue"] == {"USD": 100}
    item = app.link("r1", {"key": None})
    assert (item["companyKey"], item["linkedByHand"]) == ("contoso.com", False)
    contract.check(
        f"{API}/referrals/{{id}}/company", "post", 200, "application/json", json.loads(json.dumps(item, default=float))
    )


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, InvalidRequest),
        (b"[]", InvalidRequest),
        (b"{", InvalidRequest),
        ({"key": 1}, InvalidRequest),
        ({"key": ""}, InvalidRequest),
        ({"key": "contoso.com", "name": "x"}, InvalidRequest),
        ({"domain": "gmail.com", "name": "x"}, InvalidRequest),
        ({"domain": "no domain", "name": "x"}, InvalidRequest),
        ({"domain": None}, InvalidRequest),
        ({"key": "none-such.example"}, NotFound),
    ],
)
def test_a_wrong_link_is_refused_and_changes_nothing(app: App, target: Any, expected: type[HunterError]) -> None:
    app.store(deal(**of_customer("Contoso", "a@contoso.com")))
    with pytest.raises(expected):
        app.link("r1", target)
    with pytest.raises(InvalidParameter):
        app.link("r1", {"key": None}, "?x=1")
    assert app.referral("r1")["companyKey"] == "contoso.com"


# --- the rest


def test_quarantine_shows_what_was_received(app: App) -> None:
    quarantine = Quarantine(app.services.store)
    quarantine.put(Rejected(b'{"name": 1.10}', "The record has no id."), from_datetime(NOW), "w", full=True)
    quarantine.put(Rejected(b"not json", "The record is not an object."), from_datetime(NOW), "w", full=True)
    answer = app.answer(handlers.get_quarantine, get(f"{API}/quarantine"))
    contract.check(f"{API}/quarantine", "get", 200, "application/json", json.loads(answer.get_body()))
    assert b'"raw":{"name": 1.10}' in answer.get_body()
    assert {one["raw"] if isinstance(one["raw"], str) else "object" for one in body(answer)["items"]} == {
        "object",
        "not json",
    }
    assert body(answer)["total"] == 2


def test_the_summary_counts_quarantine_and_companies(app: App) -> None:
    Quarantine(app.services.store).put(Rejected(b"{}", "No id."), from_datetime(NOW), "w", full=True)
    app.store(deal(**of_customer("Contoso", "a@contoso.com")))
    answer = app.answer(handlers.get_summary, get(f"{API}/summary"))
    contract.check(f"{API}/summary", "get", 200, "application/json", json.loads(answer.get_body()))
    summary = body(answer)
    assert (summary["quarantined"], summary["companies"]) == (1, {"total": 1, "m365": 0})
    assert summary["generatedAt"] == "2026-11-24T09:00:00Z"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "app.js").write_text("export {};" + " " * 3000)
    (tmp_path / "contract.ts").write_text("types")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "secret.json").write_text("{}")
    (tmp_path / "inner" / "part.js").write_text("export {};")
    (tmp_path / "link.json").symlink_to(tmp_path / "inner" / "secret.json")
    (tmp_path / "linked").symlink_to(tmp_path / "inner")
    return tmp_path


def test_files_of_the_page_have_their_types_and_tags(static: Path) -> None:
    index = page.page_file(get("/app"), static)
    assert (index.get_body(), index.mimetype) == (b"<!doctype html>", "text/html")
    script = page.page_file(get("/app/app.js", route={"file": "app.js"}), static)
    assert script.mimetype == "text/javascript"
    part = page.page_file(get("/app/inner/part.js", route={"file": "inner/part.js"}), static)
    assert (part.get_body(), part.mimetype) == (b"export {};", "text/javascript")
    (static / "app.js").write_text("export const x = 1;")
    changed = page.page_file(get("/app/app.js", route={"file": "app.js"}), static)
    assert changed.get_body() == b"export const x = 1;"
    assert changed.headers["ETag"] != script.headers["ETag"]
    inner = page.page_file(get("/app/inner/secret.json", route={"file": "inner/secret.json"}), static)
    assert (inner.get_body(), inner.mimetype) == (b"{}", "application/json")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "none.js",
            "contract.ts",
            "../page.py",
            "..%2Fpage.py",
            "inner%2Fsecret.json",
            "inner",
            "inner/",
            "inner/../../page.py",
            "inner//part.js",
        ),
        *("link.json", "linked/secret.json", "inner/../index.html", "inner/./part.js", "index.html/x"),
        *("", ".", "..", "/etc/passwd", "index.html\x00", "INDEX.HTML.."),
    ],
)
def test_nothing_else_is_served(static: Path, name: str) -> None:
    request = get("/app/x", route={"file": name or "nothing"})
    with pytest.raises(NotFound):
        page.page_file(request, static)
