"""The routes of the sign-in, as the page calls them: what the account may see, and where the browser is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from azure.functions import HttpRequest, HttpResponse

from shared.core.errors import ConfigurationError, InvalidRequest, SignInRequired
from shared.core.settings import load
from shared.services import Services
from shared.web.access import LOCAL, Role
from shared.web.app import handle
from shared.web.handlers import sign_in as sign_in_handlers
from shared.web.handlers.sign_in import CALLBACK, own_origin
from shared.web.handlers.sync import get_sync
from tests.hosting import app_settings
from tests.sign_in.world import World, browse

ORIGIN = "http://127.0.0.1:7071"
HANDLERS = {name: getattr(sign_in_handlers, name) for name in ("begin", "check", "callback", "sign_out")}


class Page:
    """The page of one person."""

    def __init__(self, world: World, **settings: str) -> None:
        environ = {**app_settings(world.simulator, world.storage), **settings}
        self.services = Services(environ, world.clock)

    def ask(self, name: str, body: Any = None, url: str = ORIGIN + CALLBACK) -> HttpResponse:
        """A request to one of the routes."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        request = HttpRequest("GET" if name == "callback" else "POST", url, headers=headers, body=content)
        return handle(
            request, HANDLERS[name], role=Role.OPERATE, function_name=name, services=self.services, environ={}
        )

    def json(self, name: str, body: Any = None) -> dict[str, Any]:
        """Its JSON."""
        answer: dict[str, Any] = json.loads(self.ask(name, body).get_body())
        return answer


def test_device_code_tells_what_the_account_may_see(world: World) -> None:
    for _ in range(3):
        world.simulator.data.create(customerProfile={"name": "Contoso"})
    page = Page(world)
    begun = page.json("begin", {})
    assert set(begun) == {"id", "flow", "userCode", "verificationUri", "expiresAt"}
    assert page.json("check") == {"state": "pending", "account": None}
    world.simulator.approve()
    checked = page.json("check", {"id": begun["id"]})
    assert checked["state"] == "signedIn"
    assert checked["account"] == world.simulator.account
    assert (checked["roleProblem"], checked["referralsVisible"], checked["moreReferrals"]) == (None, 3, False)
    assert page.json("sign_out", {}) == {"state": "signedOut"}


def test_an_account_without_the_role_is_told_so_at_once(world: World) -> None:
    page = Page(world)
    page.json("begin")
    world.simulator.switches.role = "none"
    world.simulator.approve()
    checked = page.json("check")
    assert checked["state"] == "signedIn"
    assert "Referrals admin" in checked["roleProblem"]


def test_an_api_that_fails_leaves_the_sign_in(world: World) -> None:
    page = Page(world)
    page.json("begin")
    world.simulator.approve()
    world.simulator.faults.add(kind="html", match="pages", times=0)
    assert page.json("check") == {"state": "signedIn", "account": world.simulator.account}


def test_authorization_code_ends_on_the_page(world: World) -> None:
    page = Page(world, HUNTER_PARTNER_CENTER_CLIENT_SECRET=world.simulator.client_secret)
    begun = page.json("begin", {})
    assert set(begun) == {"id", "flow", "authorizationUri", "expiresAt"}
    world.simulator.approve()
    query = "&".join(f"{name}={value}" for name, value in browse(world.simulator, begun["authorizationUri"]).items())
    back = page.ask("callback", url=f"{ORIGIN}{CALLBACK}?{query}")
    assert (back.status_code, back.headers["Location"]) == (303, "/app?signIn=done")
    assert page.json("check")["state"] == "signedIn"
    again = page.ask("callback", url=f"{ORIGIN}{CALLBACK}?{query}")
    assert again.headers["Location"] == "/app?signIn=failed"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=a",
        "code=x&state=a.b",
        "error=access_denied&state=" + "a" * 5000,
        "&".join(["a=b"] * 100),
        "state=%ff%00",
    ],
)
def test_a_callback_that_nobody_began_leads_to_the_page(world: World, query: str) -> None:
    page = Page(world, HUNTER_PARTNER_CENTER_CLIENT_SECRET=world.simulator.client_secret)
    back = page.ask("callback", url=f"{ORIGIN}{CALLBACK}?{query}")
    assert (back.status_code, back.headers["Location"]) == (303, "/app?signIn=failed")
    assert world.simulator.requests == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("begin", {"redirect": "https://evil.example"}),
        ("check", {"id": 1}),
        ("check", {"x": "y"}),
        ("check", []),
        ("sign_out", [1]),
    ],
)
def test_bodies_that_the_routes_do_not_take(world: World, name: str, body: Any) -> None:
    assert Page(world).ask(name, body).status_code == 400


def test_switched_off(world: World) -> None:
    page = Page(world, HUNTER_PARTNER_CENTER_ENABLED="false")
    for name in ("begin", "check"):
        answer = page.ask(name)
        assert answer.status_code == 403
        assert json.loads(answer.get_body())["code"] == "feature_disabled"
    assert page.ask("sign_out").status_code == 200


AZURE: Mapping[str, str] = {"WEBSITE_SITE_NAME": "hunter", "WEBSITE_HOSTNAME": "hunter.azurewebsites.net"}


def test_the_own_address_is_never_taken_from_the_caller() -> None:
    assert own_origin("https://evil.example/api", AZURE) == "https://hunter.azurewebsites.net"
    with pytest.raises(ConfigurationError):
        own_origin("https://evil.example/api", {"WEBSITE_SITE_NAME": "hunter"})
    for url in ("http://evil.example/api", "http://127.0.0.1.evil.example/", "http://127.0.0.1@evil.example/", "/api"):
        with pytest.raises(InvalidRequest):
            own_origin(url, {})
    for url in ("http://127.0.0.1:7071", "http://localhost:7071", "http://[::1]:7071"):
        assert own_origin(f"{url}/api/x?y", {}) == url
    assert LOCAL.may(Role.OPERATE)


def test_a_domain_of_ones_own_is_where_the_browser_is_sent_back_to() -> None:
    own = {"HUNTER_PUBLIC_URL": "https://hunter.contoso.com"}
    for url in ("https://evil.example/api", "http://127.0.0.1:7071/api"):
        for environ in (own, {**AZURE, **own}):
            assert own_origin(url, environ, "https://hunter.contoso.com") == "https://hunter.contoso.com"
    # What the setting does not say comes from the platform, as before.
    assert own_origin("https://evil.example/api", AZURE, "https://hunter.azurewebsites.net") == (
        "https://hunter.azurewebsites.net"
    )
    # A setting that can't be used does not make 127.0.0.1:7071 of a machine's other port.
    wrong = {"HUNTER_PUBLIC_URL": "hunter.contoso.com"}
    assert own_origin("http://127.0.0.1:7072/api", wrong, load(wrong).public_url) == "http://127.0.0.1:7072"


def test_only_a_flow_that_comes_back_needs_the_own_address(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "hunter")
    monkeypatch.delenv("WEBSITE_HOSTNAME", raising=False)
    assert Page(world).json("begin")["flow"] == "deviceCode"
    answer = Page(world, HUNTER_PARTNER_CENTER_CLIENT_SECRET=world.simulator.client_secret).ask("begin")
    assert answer.status_code == 500
    assert "WEBSITE_HOSTNAME" in json.loads(answer.get_body())["detail"]


def test_what_the_account_sees_is_asked_for_while_the_sign_in_is_new(world: World) -> None:
    page = Page(world)
    page.json("begin")
    world.simulator.approve()
    assert "referralsVisible" in page.json("check")
    world.clock.advance(seconds=61)
    asked = len(world.simulator.requests_of("list"))
    assert page.json("check") == {"state": "signedIn", "account": world.simulator.account}
    assert len(world.simulator.requests_of("list")) == asked


def test_a_sync_hears_at_once_that_somebody_signed_out_elsewhere(world: World) -> None:
    here, elsewhere = Page(world), Page(world)
    here.json("begin")
    world.simulator.approve()
    here.json("check")
    here.services.sync.run("http")
    elsewhere.json("sign_out")
    with pytest.raises(SignInRequired):
        here.services.sync.run("http")


def test_a_sign_in_that_partner_center_refuses_is_said_in_the_status(world: World) -> None:
    page = Page(world)
    page.json("begin")
    world.simulator.approve()
    page.json("check")
    world.simulator.faults.add(status=401, times=0)
    with pytest.raises(SignInRequired):
        page.services.sync.run("http")

    def shown() -> tuple[str, str | None]:
        request = HttpRequest("GET", ORIGIN + "/api/v1/partner-center/sync", body=b"")
        answer = handle(request, get_sync, role=Role.READ, function_name="get_sync", services=page.services, environ={})
        sign_in = json.loads(answer.get_body())["signIn"]
        return sign_in["state"], sign_in["reasonCode"]

    assert shown() == ("signedIn", "refused")
    world.simulator.faults.clear()
    world.clock.advance(seconds=1)
    page.services.sync.run("http")
    assert shown() == ("signedIn", None)
