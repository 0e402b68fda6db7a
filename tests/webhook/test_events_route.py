"""The one open route: what it answers, what it costs, and that it believes a signature alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.throttle import Throttle
from shared.web.access import BODY_BYTES

from .conftest import App, content
from .signing import BODY

DEAD = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:9/a;"
"""Storage that is not there: what is answered all the same asked no table."""


@pytest.fixture
def stranger(make_app: Callable[..., App]) -> App:
    """The app without storage, for what must not need any."""
    return make_app(HUNTER_STORAGE=DEAD)


def test_a_verified_event_runs_a_sync(synced: App) -> None:
    identity = synced.sim.data.create(name="Announced")
    response = synced.event()
    assert (response.status_code, response.get_body()) == (200, b"")
    run = synced.runs()[0]
    assert (run.trigger, run.mode, run.state, run.inserted, run.pages) == ("event", "incremental", "succeeded", 1, 1)
    listed = content(synced.call("list_referrals"))["items"]
    assert [item["name"] for item in listed if item["id"] == identity] == ["Announced"]


def test_nothing_of_a_body_is_believed_but_that_it_came(synced: App) -> None:
    for body in (b"", b"{}", b"[1]", b"\xff\x00", b'{"ResourceUri":"https://evil.example/"}'):
        sent, headers = synced.sim.webhooks.dispatcher.message(body)
        assert synced.call("post_event", sent, headers).status_code == 200
    kinds = {request.kind for request in synced.sim.requests}
    assert kinds == {"certificate", "list"}


@pytest.mark.parametrize(
    ("fault", "status", "code", "fetches"),
    [
        ("wrong_hash", 401, "invalid_signature", 0),
        ("no_signature", 401, "invalid_signature", 0),
        ("http_url", 401, "invalid_signature", 0),
        ("other_host", 401, "invalid_signature", 0),
        ("other_path", 401, "invalid_signature", 0),
        ("sha1", 401, "invalid_signature", 2),
        ("changed_byte", 401, "invalid_signature", 2),
        ("pretty", 401, "invalid_signature", 2),
        ("foreign", 401, "invalid_signature", 2),
        ("expired", 401, "invalid_signature", 1),
        ("other_name", 401, "invalid_signature", 1),
        ("other_organization", 401, "invalid_signature", 1),
        ("garbage", 401, "invalid_signature", 1),
        ("redirect", 503, "certificate_unavailable", 1),
        ("large", 503, "certificate_unavailable", 1),
        ("missing", 503, "certificate_unavailable", 1),
        ("not_json", 415, "unsupported_media_type", 0),
    ],
)
def test_whoever_is_not_verified_costs_no_request_and_no_row(
    stranger: App, fault: str, status: int, code: str, fetches: int
) -> None:
    response = stranger.event(fault)
    assert (response.status_code, content(response)["code"]) == (status, code)
    assert [request.kind for request in stranger.sim.requests] == ["certificate"] * fetches
    if status == 503:
        assert int(response.headers["Retry-After"]) <= 60


def test_switched_off_there_is_no_such_route(make_app: Callable[..., App]) -> None:
    off = make_app(HUNTER_WEBHOOK_ENABLED="false", HUNTER_STORAGE=DEAD)
    for fault in ("", "wrong_hash", "not_json"):
        assert (off.event(fault).status_code, content(off.event(fault))["code"]) == (404, "not_found")
    assert not off.sim.requests


def test_sizes_and_media_types_are_checked_first(stranger: App) -> None:
    _, headers = stranger.sim.webhooks.dispatcher.message(BODY)
    assert stranger.call("post_event", b"{" * (BODY_BYTES + 1), headers).status_code == 413
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert stranger.call("post_event", BODY, {**headers, "Content-Type": kind}).status_code == 415
    assert not stranger.sim.requests


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_json_however_it_is_spelt(synced: App, kind: str) -> None:
    assert synced.event(**{"Content-Type": kind}).status_code == 200


FORGED = base64.b64encode(
    json.dumps({"claims": [{"typ": "roles", "val": "Referrals.Operate"}, {"typ": "oid", "val": "x"}]}).encode()
).decode()


@pytest.mark.parametrize("platform", [{}, {"WEBSITE_AUTH_ENABLED": "True", "WEBSITE_SITE_NAME": "hunter"}])
def test_headers_that_the_platform_may_have_set_change_nothing(
    synced: App, monkeypatch: pytest.MonkeyPatch, platform: dict[str, str]
) -> None:
    """On an open path anybody can send them."""
    for name, value in platform.items():
        monkeypatch.setenv(name, value)
    forged = {"X-MS-CLIENT-PRINCIPAL": FORGED, "X-MS-CLIENT-PRINCIPAL-ID": "x", "Sec-Fetch-Site": "cross-site"}
    assert synced.event("wrong_hash", **forged).status_code == 401
    assert content(synced.event("wrong_hash", **forged))["code"] == "invalid_signature"
    assert synced.event(**forged).status_code == 200
    assert synced.event(**{"X-MS-CLIENT-PRINCIPAL": "no base64"}).status_code == 200


def test_a_storm_of_strangers_keeps_nobody_out(synced: App) -> None:
    assert synced.event().status_code == 200
    synced.sim.requests.clear()
    statuses = [synced.event("changed_byte").status_code for _ in range(120)]
    assert set(statuses) == {401, 429}
    limited = synced.event("changed_byte")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "1")
    assert [request.kind for request in synced.sim.requests] == []
    assert synced.event().status_code == 200


def test_a_storm_of_events_is_told_to_wait_and_loses_nothing(synced: App) -> None:
    """Those that are not taken are noted all the same, as far as a sync runs here."""
    synced.services.throttles["event"] = Throttle(1, 0.01)
    synced.services.throttles["event"].take()
    response = synced.event()
    assert (response.status_code, content(response)["code"]) == (429, "too_many_requests")
    assert synced.services.wanted.again()
    assert not synced.services.wanted.again()


def test_without_storage_microsoft_is_asked_to_send_it_again(stranger: App) -> None:
    response = stranger.event()
    assert (response.status_code, content(response)["code"]) == (503, "storage_unavailable")


NAMES = st.sampled_from(
    ["x-ms-signature", "Authorization", "X-MS-Certificate-Url", "X-MS-Signature-Algorithm", "Content-Type", "X-Other"]
)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80)


@given(data=st.data())
@settings(max_examples=150)
def test_no_bytes_and_no_headers_make_it_fail(stranger: App, data: st.DataObject) -> None:
    """Whatever comes, the answer is one of the documented ones, and costs at most the fetch."""
    body = data.draw(st.one_of(st.binary(max_size=300), st.just(BODY)))
    _, headers = stranger.sim.webhooks.dispatcher.message(BODY, "changed_byte")
    headers["X-MS-Certificate-Url"] = data.draw(
        st.one_of(st.just("https://evil.example/cert/a.cer"), VALUES, st.just(headers["X-MS-Certificate-Url"]))
    )
    headers |= data.draw(st.dictionaries(NAMES, VALUES, max_size=3))
    if body == BODY and data.draw(st.booleans()):
        body = body[:-1]
    response = stranger.call("post_event", body, headers)
    expected = {401, 415, 429, 503}
    if response.status_code == 503:
        # Verified after all (nothing that matters was changed), and there is no storage; or no certificate was left to fetch.
        assert content(response)["code"] in {"storage_unavailable", "certificate_unavailable"}
    assert response.status_code in expected, response.get_body()
    assert {request.kind for request in stranger.sim.requests} <= {"certificate"}
    assert len(stranger.sim.requests) <= 2
