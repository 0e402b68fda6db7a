"""Who gets Partner Center's events: looked at first, taken over only when told, kept and given back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from azure.functions import HttpResponse

from local.simulator.webhooks import RESOURCE
from shared.partner_center.webhooks import SCOPE
from shared.webhook.registration import EVENTS, is_same
from tests.web.contract import check

from .conftest import PUBLIC, App, content

OURS = f"{PUBLIC}/api/v1/partner-center/events"
THEIRS = "https://other-product.example/api/hook?Type=PartnerCenter&CIPPID=secret"
THEIR_EVENTS = ["test-created", "granular-admin-relationship-approved"]
JSON = {"Content-Type": "application/json"}


def checked(response: HttpResponse, path: str, method: str, status: int = 200) -> Any:
    """The JSON of an answer, which has this status and is as the contract says."""
    body = content(response)
    assert response.status_code == status, body
    check(f"/api/v1/partner-center/webhook{path}", method, status, response.mimetype, body)
    return body


def look(app: App) -> Any:
    return checked(app.call("get_webhook"), "", "get")


def register(app: App, status: int = 200, **body: Any) -> Any:
    sent = json.dumps(body).encode() if body else b""
    return checked(app.call("register_webhook", sent, JSON if body else {}), "", "post", status)


def restore(app: App, status: int = 200) -> Any:
    return checked(app.call("restore_webhook"), "", "delete", status)


def methods(app: App) -> list[str]:
    """What was asked of the registration since the last look."""
    asked = [request.method for request in app.sim.requests_of("registration")]
    app.sim.requests.clear()
    return asked


@pytest.mark.parametrize("names", ["camel", "pascal"])
@pytest.mark.parametrize("none", ["404", "empty"])
def test_where_there_is_nothing_it_registers(known: App, names: Any, none: Any) -> None:
    known.sim.switches.update({"webhook_names": names, "webhook_none": none})
    assert look(known) == {
        "enabled": True,
        "registered": False,
        "ours": False,
        "url": None,
        "events": [],
        "lastEventAt": None,
        "lastChangeSeenBy": None,
        "silent": False,
    }
    registered = register(known)
    assert (registered["url"], registered["events"], registered["ours"]) == (OURS, list(EVENTS), True)
    there = known.sim.webhooks.registration or {}
    assert there["signatureTokenToMsSignatureHeader"] is True, "the platform looks at Authorization"
    assert (there["webhookUrl"], there["webhookEvents"]) == (OURS, list(EVENTS))
    assert look(known) == registered
    assert methods(known) == ["GET", "GET", "POST", "GET"]


def test_our_own_is_renewed_and_loses_nothing(known: App) -> None:
    known.sim.webhooks.register(OURS, ["test-created"], own_header=False)
    assert look(known)["ours"]
    assert register(known)["events"] == list(EVENTS)
    assert methods(known) == ["GET", "GET", "PUT"]
    assert restore(known, 409)["code"] == "webhook_no_former"


def test_somebody_elses_is_never_taken_over_silently(known: App) -> None:
    known.sim.webhooks.register(THEIRS, THEIR_EVENTS, own_header=False)
    before = dict(known.sim.webhooks.registration or {})
    seen = look(known)
    assert (seen["registered"], seen["ours"], seen["url"], seen["events"]) == (True, False, THEIRS, THEIR_EVENTS)
    for body in ({}, {"takeOver": False}):
        refused = register(known, 409, **body)
        assert (refused["code"], refused["url"]) == ("webhook_taken", THEIRS)
    assert known.sim.webhooks.registration == before
    assert set(methods(known)) == {"GET"}


def test_what_was_taken_over_is_kept_and_given_back(known: App) -> None:
    known.sim.webhooks.register(THEIRS, THEIR_EVENTS, own_header=False)
    before = dict(known.sim.webhooks.registration or {})
    taken = register(known, takeOver=True)
    assert (taken["ours"], taken["events"]) == (True, list(EVENTS)), "foreign events would all come here"
    assert THEIRS not in str(known.services.store.table("Work").query("PartitionKey eq @p", {"p": "work"}))
    register(known)  # once more keeps the former one
    back = restore(known.another())
    assert (back["ours"], back["url"], back["events"]) == (False, THEIRS, THEIR_EVENTS)
    after = dict(known.sim.webhooks.registration or {})
    assert {**after, "lastModifiedTimestamp": None} == {**before, "lastModifiedTimestamp": None}
    assert restore(known, 409)["code"] == "webhook_no_former"


def test_a_third_address_that_came_meanwhile_is_not_overwritten(known: App) -> None:
    known.sim.webhooks.register(THEIRS, THEIR_EVENTS)
    register(known, takeOver=True)
    known.sim.webhooks.register("https://third.example/hook", ["test-created"])
    refused = restore(known, 409)
    assert (refused["code"], refused["url"]) == ("webhook_taken", "https://third.example/hook")
    known.sim.webhooks.register(THEIRS, THEIR_EVENTS)  # somebody put it back by hand
    methods(known)
    assert restore(known)["url"] == THEIRS
    assert methods(known) == ["GET"]


def test_the_former_one_comes_back_even_where_events_are_switched_off(make_app: Callable[..., App]) -> None:
    app = make_app()
    app.sign_in()
    app.sim.webhooks.register(THEIRS, THEIR_EVENTS)
    register(app, takeOver=True)
    off = make_app(HUNTER_WEBHOOK_ENABLED="false")
    app.sim.requests.clear()
    assert look(off)["enabled"] is False
    assert methods(off) == []
    assert register(off, 403)["code"] == "webhook_disabled"
    assert restore(off)["url"] == THEIRS
    app.sim.webhooks.registration = None
    assert restore(off, 409)["code"] == "webhook_no_former"


def test_it_is_put_back_where_nothing_is_registered_any_more(known: App) -> None:
    known.sim.webhooks.register(THEIRS, THEIR_EVENTS)
    register(known, takeOver=True)
    known.sim.webhooks.registration = None
    assert restore(known)["url"] == THEIRS
    assert look(known)["url"] == THEIRS


@pytest.mark.parametrize(
    ("body", "named"),
    [({"takeover": True}, "takeover"), ({"takeOver": "yes"}, "takeOver"), ({"takeOver": None}, "takeOver")],
)
def test_a_body_that_says_something_else_is_refused(known: App, body: dict[str, Any], named: str) -> None:
    refused = register(known, 400, **body)
    assert refused["code"] == "invalid_parameter"
    assert named in refused["detail"]


def test_nobody_signed_in(make_app: Callable[..., App]) -> None:
    app = make_app()
    assert checked(app.call("get_webhook"), "", "get", 503)["code"] == "sign_in_required"
    assert register(app, 503)["code"] == "sign_in_required"


def test_a_missing_role_is_named(known: App) -> None:
    known.sim.switches.webhook_role = False
    refused = checked(known.call("get_webhook"), "", "get", 502)
    assert refused["code"] == "access_denied"
    assert "Admin agent" in refused["detail"]


def test_missing_consent_is_named_and_the_sign_in_is_kept(known: App) -> None:
    known.sim.switches.webhook_consent = False
    known.sim.expire_access_tokens()
    refused = checked(known.call("get_webhook"), "", "get", 503)
    assert refused["code"] == "sign_in_required"
    assert "user_impersonation" in refused["detail"]
    assert known.services.sign_in.status().state == "signedIn"
    known.services.sync.run("timer")
    known.sim.switches.webhook_consent = True
    assert look(known)["registered"] is False


def test_the_token_is_for_the_webhook_apis_audience(known: App) -> None:
    look(known)
    token = known.services.sign_in.for_api(SCOPE).token()
    assert known.sim.entra.is_for(token, RESOURCE)
    assert not known.sim.entra.is_for(known.services.sign_in.token(), RESOURCE)
    assert known.services.sign_in.token() != token


def test_a_refused_token_is_renewed_once(known: App) -> None:
    look(known)
    known.sim.expire_access_tokens()
    methods(known)
    assert look(known)["registered"] is False
    assert methods(known) == ["GET", "GET"]


@pytest.mark.parametrize(
    ("fault", "status", "code", "asked"),
    [
        ({"status": 500, "times": 2}, 200, None, 3),
        ({"kind": "reset", "times": 2}, 200, None, 3),
        ({"kind": "invalid_json", "times": 1}, 200, None, 2),
        ({"status": 503, "times": 9}, 502, "partner_center_unavailable", 3),
        ({"kind": "html", "status": 200, "times": 9}, 502, "partner_center_invalid_response", 3),
        ({"status": 400, "times": 9}, 502, "partner_center_rejected", 1),
        ({"kind": "redirect", "times": 9}, 502, "partner_center_rejected", 1),
        ({"status": 429, "retry_after": 600, "times": 9}, 503, "partner_center_throttled", 1),
    ],
)
def test_failures_are_said_as_the_retry_table_says(
    known: App, fault: dict[str, Any], status: int, code: str | None, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known.services.clock, "sleep", lambda seconds: None)
    known.sim.faults.add(match="registration", **fault)
    body = checked(known.call("get_webhook"), "", "get", status)
    assert body.get("code") == code
    assert methods(known) == ["GET"] * asked
    assert "Bad Gateway" not in str(body)


def test_a_takeover_that_fails_on_the_way_can_be_given_back(known: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there is kept before it is replaced, for afterwards nobody knows it."""
    monkeypatch.setattr(known.services.clock, "sleep", lambda seconds: None)
    known.sim.webhooks.register(THEIRS, THEIR_EVENTS)
    known.sim.faults.add(match="registration", status=500, after=1, times=3)
    assert register(known, 502, takeOver=True)["code"] == "partner_center_unavailable"
    known.sim.webhooks.register(OURS, list(EVENTS))  # the answer alone was lost
    assert restore(known)["url"] == THEIRS


# Test events


def test_a_test_event_and_its_result(known: App) -> None:
    known.sim.webhooks.register("http://127.0.0.1:9/nobody", ["test-created"])
    known.sim.webhooks.dispatcher.retry_seconds = 0.0
    begun = checked(known.call("test_webhook"), "/test", "post")
    known.sim.webhooks.dispatcher.settle()
    result = checked(known.call("get_webhook_test", id=begun["id"]), "/test/{id}", "get")
    assert (result["id"], result["status"], len(result["results"])) == (begun["id"], "completed", 10)
    assert {item["code"] for item in result["results"]} == {"SystemError"}
    assert result["results"][0]["at"].endswith("Z")
    assert checked(known.call("get_webhook_test", id="none"), "/test/{id}", "get", 404)["code"] == "not_found"


def test_two_test_events_a_minute_and_no_waiting(known: App) -> None:
    known.sim.webhooks.register("http://127.0.0.1:9/nobody", ["test-created"])
    known.sim.webhooks.dispatcher.retry_seconds = 0.0
    known.sim.webhooks._tests.clear()
    for _ in range(2):
        checked(known.call("test_webhook"), "/test", "post")
    known.sim.requests.clear()
    answer = known.call("test_webhook")
    assert checked(answer, "/test", "post", 503)["code"] == "partner_center_throttled"
    assert "two test events a minute" in content(answer)["detail"]
    assert answer.headers["Retry-After"] == "60"
    assert len(known.sim.requests_of("validation")) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (OURS, OURS.replace("https://hunter", "HTTPS://Hunter"), True),
        (OURS, OURS.replace(".example", ".example:443"), True),
        (OURS, OURS + "/", False),
        (OURS, OURS + "?a=b", False),
        (OURS, OURS.replace("https", "http"), False),
        (OURS, OURS.upper(), False),
        (OURS, "https://[", False),
        ("", "", True),
    ],
)
def test_addresses_are_the_same_but_for_the_spelling_of_the_host(one: str, other: str, same: bool) -> None:
    assert is_same(one, other) is same
