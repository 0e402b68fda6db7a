"""The app's routes over real storage, as several signed-in people use them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from azure.functions import HttpRequest, HttpResponse

from shared.companies.book import CompanyBook
from shared.model.company_rows import Touched
from shared.model.referral import read_record, summarise
from shared.services import Services
from shared.storage.tables import referrals, sync_state
from shared.web.dispatch import answer
from shared.web.routes import ROUTES
from tests.web import contract
from tests.web.contract import API
from tests.web.test_handlers import FixedClock

READ, WRITE, OPERATE = "Referrals.Read", "Referrals.Write", "Referrals.Operate"


@dataclass(frozen=True)
class Caller:
    """Somebody with an app role."""

    id: str
    name: str
    mail: str
    role: str

    @property
    def header(self) -> str:
        """What App Service authentication says of them."""
        claims = {"oid": self.id, "name": self.name, "preferred_username": self.mail, "roles": self.role}
        content = {
            "auth_typ": "aad",
            "role_typ": "roles",
            "claims": [{"typ": name, "val": value} for name, value in claims.items() if value],
        }
        return base64.b64encode(json.dumps(content).encode()).decode()


AYSE = Caller("id-ayse", "Ayşe Yılmaz", "Ayse@partner.com", WRITE)
BORA = Caller("id-bora", "Bora Kaya", "bora@partner.com", WRITE)
REYHAN = Caller("id-reyhan", "Reyhan Okur", "reyhan@partner.com", READ)
OYA = Caller("id-oya", "Oya İşletmen", "oya@partner.com", OPERATE)


@dataclass
class Answer:
    """What a caller got."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """Its JSON."""
        return json.loads(self.content, parse_float=Decimal) if self.content else None

    @property
    def code(self) -> str:
        """The problem's code."""
        return str(self.body["code"])


class World:
    """The app over an account of its own, in a process that looks like Azure with authentication switched on."""

    def __init__(self, connection_string: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {"WEBSITE_SITE_NAME": "hunter", "WEBSITE_AUTH_ENABLED": "True"}.items():
            monkeypatch.setenv(name, value)
        self.clock = FixedClock()
        self.services = Services({"HUNTER_STORAGE": connection_string}, self.clock)
        self.requests: list[tuple[str, str]] = []
        self.services.store.intercept = lambda when, operation, table: (
            self.requests.append((operation, table)) if when == "before" else None
        )

    def store(self, *payloads: Mapping[str, Any]) -> None:
        """Store records as a sync does, and say so."""
        touched = []
        for payload in payloads:
            raw = json.dumps(payload, ensure_ascii=False)
            summary = summarise(read_record(raw), ())
            row, pieces = referrals.to_row(summary, raw, "h", "h", 1)
            referrals.write_pieces(self.services.store, pieces)
            self.services.store.table("Referrals").replace(row, None)
            touched.append(Touched(summary.id, None, summary))
        CompanyBook(self.services.store).apply(touched)
        sync_state.bump_data_version(self.services.store)

    def ask(
        self,
        caller: Caller,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        as_documented: bool = True,
    ) -> Answer:
        """A request under /api/v1/partner-center, its JSON answer held against docs/openapi.yaml."""
        url = f"https://hunter.azurewebsites.net{API}{path}"
        route, names = _match(method, urlsplit(url).path)
        sent = {"X-MS-CLIENT-PRINCIPAL": caller.header, **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        request = HttpRequest(
            method,
            url,
            headers=sent,
            route_params=names,
            body=b"" if body is None else json.dumps(body).encode(),
        )
        response: HttpResponse = answer(request, route, self.services)
        got = Answer(response.status_code, dict(response.headers), response.get_body())
        if as_documented and "json" in response.mimetype and got.content and "ndjson" not in response.mimetype:
            template = f"/{route.template}"
            contract.check(template, method.lower(), got.status, response.mimetype, json.loads(got.content))
        return got

    def get(self, caller: Caller, path: str, status: int = 200) -> Any:
        """The JSON of a GET."""
        got = self.ask(caller, "GET", path)
        assert got.status == status, got.content[:500]
        return got.body

    def post(self, caller: Caller, path: str, body: Any, status: int = 200) -> Any:
        """The JSON of a POST."""
        got = self.ask(caller, "POST", path, body)
        assert got.status == status, got.content[:500]
        return got.body

    def ids(self, caller: Caller, query: str = "") -> list[str]:
        """The ids of a list's first page, in order of ids."""
        return sorted(item["id"] for item in self.get(caller, f"/referrals?{query}")["items"])


def path_of(referral_id: str) -> str:
    """A referral's address."""
    return f"/referrals/{quote(referral_id, safe='')}"


def _match(method: str, path: str) -> tuple[Any, dict[str, str]]:
    """The route of a path and the values in it; names before values, as hosts do it."""
    found = []
    for route in ROUTES:
        pattern = re.sub(r"\\{\\?\*?(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(f"/{route.template}"))
        match = re.fullmatch(pattern, path)
        if match and route.method == method:
            found.append((len(match.groupdict()), route, match.groupdict()))
    assert found, f"no route for {method} {path}"
    _, route, names = min(found, key=lambda one: one[0])
    # The worker decodes all of a segment but %2F.
    return route, {name: unquote(value.replace("%2F", "%252F")) for name, value in names.items()}


def referral(referral_id: str, **more: Any) -> dict[str, Any]:
    """A record of a new incoming referral."""
    return {
        "id": referral_id,
        "name": f"Deal {referral_id}",
        "direction": "Incoming",
        "status": "New",
        "substatus": "Pending",
        "type": "Independent",
        "qualification": "Direct",
        "createdDateTime": "2026-11-20T09:00:00Z",
        "updatedDateTime": "2026-11-21T09:00:00Z",
        "customerProfile": {"name": "Contoso", "address": {"country": "TR"}, "team": [{"email": "ada@contoso.com"}]},
        "details": {"dealValue": 1000, "currency": "USD"},
        **more,
    }
