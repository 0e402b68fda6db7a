"""The routes of subscriptions: who may do what, what is refused, what is shown; and the whole way in a real host."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.functions import HttpRequest

from local.inbox import Inbox
from local.simulator import Simulator
from shared.core.api import API
from shared.core.settings import load
from shared.services import Services
from shared.storage.tables.subscriptions import TABLE
from shared.web import access
from shared.web.dispatch import answer
from shared.web.routes import ROUTES
from tests.hosting import HostProcess, app_settings, eventually
from tests.web.contract import validator

BY_NAME = {route.name: route for route in ROUTES}
ROLES = {"read": "Referrals.Read", "write": "Referrals.Write", "operate": "Referrals.Operate"}


@pytest.fixture(scope="module")
def running() -> Iterator[Inbox]:
    with Inbox() as inbox:
        yield inbox


@pytest.fixture
def inbox(running: Inbox) -> Inbox:
    running.reset()
    return running


@pytest.fixture
def app(storage_account: str, simulator: Simulator, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Services:
    settings = {**app_settings(simulator, storage_account), **inbox.settings()}
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.setenv(name, settings[name])
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    return Services(settings)


def principal(who: str, role: str) -> dict[str, str]:
    claims = [
        {"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": f"oid-{who}"},
        {"typ": "name", "val": who.title()},
        {"typ": "preferred_username", "val": f"{who}@partner.example"},
        {"typ": "roles", "val": ROLES[role]},
    ]
    content = {"auth_typ": "aad", "name_typ": "name", "role_typ": "roles", "claims": claims}
    return {access.PRINCIPAL_HEADER: base64.b64encode(json.dumps(content).encode()).decode()}


def call(
    app: Services, name: str, who: str = "deniz", role: str = "read", body: Any = None, **values: str
) -> tuple[int, Any]:
    route = BY_NAME[name]
    headers = {**principal(who, role), **({"Content-Type": "application/json"} if body is not None else {})}
    address = route.template.format(**values)
    request = HttpRequest(
        route.method,
        f"https://hunter.example/{address}",
        headers=headers,
        route_params=values,
        body=b"" if body is None else json.dumps(body).encode(),
    )
    response = answer(request, route, app)
    content = response.get_body()
    return response.status_code, json.loads(content) if content else None


MINE = {"name": "Mine", "events": ["new", "due"], "channel": "mail"}


def test_a_reader_has_their_own_to_their_own_address(app: Services) -> None:
    status, made = call(app, "create_subscription", body=MINE)
    assert status == 201
    validator({"$ref": "#/components/schemas/Subscription"}).validate(made)
    assert made == {
        "id": made["id"],
        "name": "Mine",
        "viewId": None,
        "events": ["new", "due"],
        "channel": "mail",
        "target": "deniz@partner.example",
        "when": "now",
        "at": "08:30",
        "timeZone": "Europe/Istanbul",
        "dueDays": [7, 3, 1, 0],
        "language": "en",
        "enabled": True,
        "owner": {"id": "oid-deniz", "name": "Deniz"},
        "lastSentAt": None,
        "lastError": None,
    }
    assert call(app, "get_subscription", id=made["id"]) == (200, made)
    assert call(app, "list_subscriptions") == (200, {"items": [made], "total": 1})
    assert call(app, "list_subscriptions", "efe") == (200, {"items": [], "total": 0})
    for name in ("get_subscription", "delete_subscription", "test_subscription"):
        assert call(app, name, "efe", id=made["id"])[0] == 404
    assert call(app, "change_subscription", "efe", body={"enabled": False}, id=made["id"])[0] == 404
    assert call(app, "list_subscriptions", "boss", "operate")[1]["total"] == 1
    assert call(app, "delete_subscription", id=made["id"]) == (204, None)
    assert call(app, "get_subscription", id=made["id"])[0] == 404


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({}, "invalid_parameter", 400),
        ({**MINE, "events": []}, "invalid_parameter", 400),
        ({**MINE, "events": ["nonsense"]}, "invalid_parameter", 400),
        ({**MINE, "events": ["new", 7]}, "invalid_parameter", 400),
        ({**MINE, "channel": "fax"}, "invalid_parameter", 400),
        ({**MINE, "at": "8:30"}, "invalid_parameter", 400),
        ({**MINE, "at": "24:00"}, "invalid_parameter", 400),
        ({**MINE, "timeZone": "Mars/Base"}, "invalid_parameter", 400),
        ({**MINE, "timeZone": "../../etc/passwd"}, "invalid_parameter", 400),
        ({**MINE, "dueDays": [-1]}, "invalid_parameter", 400),
        ({**MINE, "dueDays": [True]}, "invalid_parameter", 400),
        ({**MINE, "dueDays": 3}, "invalid_parameter", 400),
        ({**MINE, "language": "de"}, "invalid_parameter", 400),
        ({**MINE, "enabled": "yes"}, "invalid_parameter", 400),
        ({**MINE, "name": "x" * 201}, "invalid_parameter", 400),
        ({**MINE, "colour": "red"}, "invalid_parameter", 400),
        ({**MINE, "viewId": "none"}, "invalid_view", 400),
        ({**MINE, "target": "efe@partner.example"}, "forbidden", 403),
        ({**MINE, "target": "no address"}, "invalid_target", 400),
        ({**MINE, "channel": "teams", "target": "https://x.logic.azure.com/y?sig=z"}, "forbidden", 403),
        ([], "invalid_request", 400),
    ],
)
def test_what_a_reader_can_not_ask_for(app: Services, body: Any, code: str, status: int) -> None:
    assert (got := call(app, "create_subscription", body=body))[0] == status, got
    assert got[1]["code"] == code
    assert call(app, "list_subscriptions")[1]["total"] == 0


def test_an_operator_may_use_teams_whose_address_is_kept_secret(app: Services, inbox: Inbox) -> None:
    address = inbox.teams_url("sales")
    body = {**MINE, "channel": "teams", "target": address}
    _, made = call(app, "create_subscription", "boss", "operate", body)
    assert made["target"] == "127.0.0.1"
    kept = list(app.store.table(TABLE).query())
    assert "sig=" not in str(kept)
    for change in ({"name": "Other"}, {"target": "127.0.0.1"}, made, {"target": ""}):
        assert call(app, "change_subscription", "boss", "operate", change, id=made["id"])[0] == 200
    assert call(app, "test_subscription", "boss", "operate", id=made["id"]) == (200, {"state": "sent", "error": None})
    assert len(inbox.to("sales")) == 1
    assert (
        call(app, "change_subscription", "boss", "operate", {"target": "https://evil.example/"}, id=made["id"])[0]
        == 400
    )
    other = {"target": inbox.teams_url("other")}
    assert call(app, "change_subscription", "boss", "operate", other, id=made["id"])[0] == 200
    call(app, "test_subscription", "boss", "operate", id=made["id"])
    assert len(inbox.to("other")) == 1
    for wrong in ("", "https://evil.example/", "http://169.254.169.254/"):
        body["target"] = wrong
        status, problem = call(app, "create_subscription", "boss", "operate", body)
        assert (status, problem["code"]) == (400, "invalid_target")


def test_the_owner_stays_whoever_changes_it(app: Services) -> None:
    _, made = call(app, "create_subscription", body=MINE)
    _, changed = call(app, "change_subscription", "boss", "operate", {"name": "Theirs"}, id=made["id"])
    assert changed["owner"]["name"] == "Deniz"
    assert changed["target"] == "deniz@partner.example"
    assert changed["events"] == ["new", "due"]


@pytest.mark.parametrize("channel", ["mail", "teams"])
def test_a_target_that_an_operator_chose_stays_when_its_reader_changes_the_rest(
    app: Services, inbox: Inbox, channel: str
) -> None:
    _, made = call(app, "create_subscription", body=MINE)
    target = inbox.teams_url("sales") if channel == "teams" else "sales@partner.example"
    theirs = {"channel": channel, "target": target}
    _, shown = call(app, "change_subscription", "boss", "operate", theirs, id=made["id"])
    for change in ({"name": "Renamed"}, {"target": shown["target"], "enabled": False}, {"target": ""}):
        status, changed = call(app, "change_subscription", body=change, id=made["id"])
        assert (status, changed["channel"], changed["target"]) == (200, channel, shown["target"])
    other = {"channel": channel, "target": inbox.teams_url("x") if channel == "teams" else "efe@partner.example"}
    assert call(app, "change_subscription", body=other, id=made["id"])[0] == 403
    assert call(app, "get_subscription", id=made["id"])[1]["target"] == shown["target"]
    if channel == "teams":
        assert call(app, "test_subscription", id=made["id"]) == (200, {"state": "sent", "error": None})
        assert len(inbox.to("sales")) == 1


def test_a_test_says_what_came_of_it(app: Services, inbox: Inbox) -> None:
    _, made = call(app, "create_subscription", body=MINE)
    assert call(app, "test_subscription", id=made["id"]) == (200, {"state": "sent", "error": None})
    assert inbox.to("deniz@partner.example")[0].subject == "[Referrals] This is a test"
    inbox.faults.add(match="graph", status=403)
    _, came = call(app, "test_subscription", id=made["id"])
    validator({"$ref": "#/components/schemas/TestResult"}).validate(came)
    assert came["state"] == "failed"
    assert came["error"]["code"] == "target_access_denied"
    inbox.faults.add(match="graph", status=429, retry_after="60")
    assert call(app, "test_subscription", id=made["id"])[1]["error"]["code"] == "target_throttled"
    before = len(inbox.attempts)
    assert call(app, "test_subscription", id=made["id"])[1]["error"]["code"] == "target_throttled"
    assert len(inbox.attempts) == before


def test_an_address_that_no_key_opens_is_asked_for_again(app: Services, inbox: Inbox) -> None:
    body = {**MINE, "channel": "teams", "target": inbox.teams_url("sales")}
    _, made = call(app, "create_subscription", "boss", "operate", body)
    other = Services({**_environment(app, inbox), "HUNTER_TOKEN_CACHE_KEY": "A" * 43 + "="})
    _, shown = call(other, "get_subscription", "boss", "operate", id=made["id"])
    assert (shown["target"], shown["lastError"]["code"]) == ("", "invalid_target")
    assert call(other, "test_subscription", "boss", "operate", id=made["id"])[1]["state"] == "failed"
    again = {"target": inbox.teams_url("sales")}
    assert call(other, "change_subscription", "boss", "operate", again, id=made["id"])[1]["lastError"] is None


def _environment(app: Services, inbox: Inbox) -> dict[str, str]:
    return {"HUNTER_STORAGE": app.settings.storage, **inbox.settings()}


def test_the_settings_of_the_inbox_are_right(inbox: Inbox) -> None:
    assert load({"HUNTER_STORAGE": "UseDevelopmentStorage=true", **inbox.settings()}).problems == ()


def test_from_partner_center_to_the_channel_in_a_real_host(
    make_app_host: Callable[..., HostProcess], inbox: Inbox
) -> None:
    """A lead comes; the sync that finds it tells of it before anybody looks, although another target never answers."""
    with Simulator(referrals=30, seed=1, auto_approve=True) as simulator:
        host = make_app_host(simulator=simulator, **inbox.settings())
        for name in ("sales", "stuck"):
            body = {**MINE, "events": ["new"], "channel": "teams", "target": inbox.teams_url(name)}
            assert host.post(f"/{API}/subscriptions", body).status_code == 201
        assert host.post(f"/{API}/subscriptions", {**MINE, "events": ["assigned"]}).status_code == 201
        host.sign_in()
        host.sync_to_the_end()
        assert inbox.messages == []
        inbox.faults.add("stall", match="teams", path="/stuck/", times=0)
        lead = {"name": "Cloud", "direction": "Incoming", "status": "New", "customerProfile": {"name": "Contoso"}}
        created = simulator.data.create(**lead)
        run = host.post(f"/{API}/referrals/sync")
        assert run.json()["inserted"] == 1
        assert run.elapsed.total_seconds() < 12
        [card] = inbox.to("sales")
        assert "Contoso" in card.text
        assert created in json.dumps(card.content)
        stuck = host.get(f"/{API}/subscriptions").json()["items"]
        assert [each["lastSentAt"] is not None for each in stuck].count(True) == 1
        inbox.faults.clear()
        host.post(f"/{API}/referrals/sync")

        def arrived() -> bool:
            host.post("/admin/functions/work_on_schedule", {})
            return len(inbox.to("stuck")) == 1

        eventually(arrived, "the card of the target that was stuck")
        assert "sig=" not in host.log
