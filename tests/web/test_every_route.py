"""A walk over the function list itself: who gets in where. A route added without access control fails here."""

from __future__ import annotations

import json
import runpy
from typing import Any

import pytest
from azure.functions import HttpRequest, HttpResponse

from local.simulator import Simulator
from shared import services as services_module
from shared.services import Services
from shared.web.access import Role
from shared.web.routes import ROUTES
from tests.hosting import ROOT, app_settings
from tests.web.test_access import OPERATE, READ, WRITE, header

BY_ROLE = {route.name: route.role for route in ROUTES}
OPEN_STATUS = {"health": 200, "health_head": 200, "post_event": 404}
"""What the open routes answer here, where events are switched off."""
OPEN = {name for name, role in BY_ROLE.items() if role is None}
WRITERS = {name for name, role in BY_ROLE.items() if role == Role.WRITE}
OPERATORS = {name for name, role in BY_ROLE.items() if role == Role.OPERATE}
GUARDED_READS = {"complete_sign_in", "get_webhook", "get_webhook_test"}
"""What is read by operators alone."""
AZURE = {"WEBSITE_SITE_NAME": "hunter", "WEBSITE_INSTANCE_ID": "1", "WEBSITE_HOSTNAME": "hunter.azurewebsites.net"}
# A module of its own: an app can list its functions only once.
EVERYTHING: Any = runpy.run_path(str(ROOT / "function_app.py"))["app"].get_functions()
HTTP = [one for one in EVERYTHING if one.get_trigger().type == "httpTrigger"]
METHODS = [(one.get_function_name(), str(method.value)) for one in HTTP for method in one.get_trigger().methods]


@pytest.fixture
def services(storage_account: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Services:
    """The app's own container over an empty storage account, in a process that looks like Azure."""
    environ = app_settings(simulator, storage_account)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", environ["REQUESTS_CA_BUNDLE"])
    made = Services(environ)
    monkeypatch.setattr(services_module, "_services", made)
    for name, value in AZURE.items():
        monkeypatch.setenv(name, value)
    return made


def call(name: str, method: str, headers: dict[str, str], body: bytes = b"", query: str = "") -> HttpResponse:
    """Call a function as the worker does."""
    function = next(one for one in HTTP if one.get_function_name() == name)
    route = str(function.get_trigger().route)
    names = [part.strip("{}") for part in route.split("/") if part.startswith("{")]
    url = f"https://hunter.azurewebsites.net/{route.format(**dict.fromkeys(names, 'x'))}{query and '?' + query}"
    request = HttpRequest(method, url, headers=headers, route_params=dict.fromkeys(names, "x"), body=body)
    response = function.get_user_function()(request)
    assert isinstance(response, HttpResponse)
    return response


def code(response: HttpResponse) -> str:
    """The problem's code, or ""."""
    return str(json.loads(response.get_body())["code"]) if "problem" in response.mimetype else ""


def test_the_list_is_whole() -> None:
    names = {one.get_function_name() for one in HTTP}
    assert names == set(BY_ROLE)
    assert set(OPEN_STATUS) == OPEN
    assert len(names) == len(HTTP) >= 17
    assert {one.get_trigger().type for one in EVERYTHING} == {"httpTrigger", "timerTrigger"}
    # The platform's own keys would end in addresses; the app's access control does without them.
    assert {str(one.get_trigger().auth_level.value).lower() for one in HTTP} == {"anonymous"}
    # Reading asks for no more than to read; the callback is where Entra sends a browser.
    assert {name for name, method in METHODS if method == "GET"} & (WRITERS | OPERATORS) <= GUARDED_READS
    assert {method for _, method in METHODS} <= {"GET", "HEAD", "POST", "PUT", "DELETE"}


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_without_the_platforms_authentication_nobody_gets_in(services: Services, name: str, method: str) -> None:
    for headers in ({}, header(READ, OPERATE), {"X-MS-CLIENT-PRINCIPAL": "x"}):
        response = call(name, method, headers)
        assert response.status_code == OPEN_STATUS.get(name, 401)
        assert (code(response) == "unauthenticated") == (name not in OPEN)


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_roles_of_every_route(services: Services, name: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    assert call(name, method, {}).status_code == OPEN_STATUS.get(name, 401)
    nobody = call(name, method, header("Other.Role"))
    assert nobody.status_code == OPEN_STATUS.get(name, 403)
    if name in OPEN:
        return
    role = BY_ROLE[name]
    assert role is not None
    for claim, has in ((READ, Role.READ), (WRITE, Role.WRITE), (OPERATE, Role.OPERATE)):
        response = call(name, method, header(claim))
        if has < role:
            assert (response.status_code, code(response)) == (403, "forbidden")
            continue
        assert response.status_code not in {401, 415, 429}, (name, response.get_body())
        assert response.status_code != 403 or code(response).endswith("_disabled"), name
        assert code(response) != "internal_error", name


@pytest.mark.parametrize(("name", "method"), [pair for pair in METHODS if pair[1] != "GET" and pair[0] not in OPEN])
def test_state_changes_of_other_sites_are_refused(
    services: Services, name: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    cross = call(name, method, {**header(OPERATE), "Sec-Fetch-Site": "cross-site"})
    assert (cross.status_code, code(cross)) == (403, "cross_site_request")
    form = call(name, method, {**header(OPERATE), "Content-Type": "text/plain"}, b"{}")
    assert (form.status_code, code(form)) == (415, "unsupported_media_type")
    long = call(name, method, {**header(OPERATE), "Content-Type": "application/json"}, b" " * 70_000)
    assert (long.status_code, code(long)) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("name", "method"), [pair for pair in METHODS if pair[0] not in OPEN | {"complete_sign_in", "page", "page_file"}]
)
def test_a_parameter_that_a_route_has_not_is_named(
    services: Services, name: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or somebody who asks for ``sync?mode=full`` would take what came for that."""
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    response = call(name, method, header(OPERATE), query="zzz=full")
    assert (response.status_code, code(response)) == (400, "invalid_parameter")
    assert "'zzz'" in json.loads(response.get_body())["detail"]


BODILESS = {
    *("cancel_action", "send_action", "retry_action", "cancel_batch", "test_subscription", "test_webhook"),
    *("begin_sign_in", "sign_out"),
    *(name for name, method in METHODS if method == "DELETE"),
}


@pytest.mark.parametrize(("name", "method"), [pair for pair in METHODS if pair[0] in BODILESS])
def test_a_body_where_none_is_taken_is_not_passed_over(
    services: Services, name: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    json_type = {**header(OPERATE), "Content-Type": "application/json"}
    response = call(name, method, json_type, b'{"zzz": 1}')
    assert (response.status_code, code(response)) == (400, "invalid_parameter")
    assert "'zzz'" in json.loads(response.get_body())["detail"]
    for body in (b"{", b"[]", b"null"):
        assert code(call(name, method, json_type, body)) == "invalid_request", body


OFF = {
    "sync_referrals": "feature_disabled",
    "begin_sign_in": "feature_disabled",
    "check_sign_in": "feature_disabled",
    "restore_webhook": "feature_disabled",
    "post_action": "writing_disabled",
    "post_batch": "writing_disabled",
    "send_action": "writing_disabled",
    "retry_action": "writing_disabled",
    "register_webhook": "webhook_disabled",
    "test_webhook": "webhook_disabled",
    "get_webhook_test": "webhook_disabled",
    "sync_dynamics": "dynamics_disabled",
    "link_dynamics": "dynamics_disabled",
}


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_without_any_setting_what_is_off_says_so_and_the_rest_what_is_missing(
    name: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services_module, "_services", Services({}))
    body = b"" if method in {"GET", "HEAD", "DELETE"} or name in {"begin_sign_in", "sign_out"} else b"{}"
    response = call(name, method, {"Content-Type": "application/json"} if body else {}, body)
    if name in OFF:
        assert (response.status_code, code(response)) == (403, OFF[name])
    elif name == "get_referral" or response.status_code == 500:
        assert code(response) == "configuration_error"
        assert "HUNTER_STORAGE" in json.loads(response.get_body())["detail"]


def test_the_callback_leads_to_own_paths_only(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    response = call("complete_sign_in", "GET", header(OPERATE))
    assert (response.status_code, response.headers["Location"]) == (303, "/app?signIn=failed")


@pytest.mark.parametrize("name", ["sync_referrals", "begin_sign_in"])
def test_a_stuck_script_meets_the_throttle(services: Services, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    throttle = services.throttles["sync" if name == "sync_referrals" else "sign_in"]
    monkeypatch.setattr(throttle, "_tokens", 0.0)
    response = call(name, "POST", header(OPERATE))
    assert (response.status_code, code(response)) == (429, "too_many_requests")
    assert int(response.headers["Retry-After"]) >= 1
