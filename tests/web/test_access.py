"""Who gets in: the platform's principal, forged and damaged ones, roles, and what a browser must say of a state change."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from shared.core.errors import (
    CrossSiteRequest,
    Forbidden,
    HunterError,
    RequestTooLarge,
    TooManyRequests,
    Unauthenticated,
    UnsupportedMediaType,
)
from shared.core.settings import Settings, load
from shared.core.throttle import Throttle
from shared.web.access import ANYONE, BODY_BYTES, LOCAL, Role, check_state_change, require

SETTINGS = load({})
AZURE_ON = {"WEBSITE_SITE_NAME": "hunter", "WEBSITE_INSTANCE_ID": "1", "WEBSITE_AUTH_ENABLED": "True"}
AZURE_OFF = {"WEBSITE_SITE_NAME": "hunter", "WEBSITE_INSTANCE_ID": "1"}
LOCALLY: dict[str, str] = {}
READ, WRITE, OPERATE = "Referrals.Read", "Referrals.Write", "Referrals.Operate"


def header(*roles: str, claim: str = "roles", **more: Any) -> dict[str, str]:
    """X-MS-CLIENT-PRINCIPAL as App Service authentication makes it."""
    claims = [{"typ": claim, "val": role} for role in roles]
    content = {"auth_typ": "aad", "name_typ": "name", "role_typ": "roles", "claims": claims}
    content["claims"] = [*claims, {"typ": "oid", "val": "selin"}, {"typ": "name", "val": "Selin Işık"}]
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps({**content, **more}).encode()).decode()}


def outcome(headers: dict[str, str], role: Role, environ: dict[str, str], settings: Settings = SETTINGS) -> int:
    """200, or the status of the refusal."""
    try:
        require(headers, role, settings, environ)
    except HunterError as error:
        return error.status
    return 200


@pytest.mark.parametrize("spelling", ["True", "true", "TRUE", " true "])
@pytest.mark.parametrize(
    ("roles", "read", "write", "operate"),
    [
        ((READ,), 200, 403, 403),
        ((WRITE,), 200, 200, 403),
        ((OPERATE,), 200, 200, 200),
        ((READ, OPERATE), 200, 200, 200),
        ((READ, WRITE), 200, 200, 403),
        ((), 403, 403, 403),
        (("referrals.read",), 403, 403, 403),
        (("Referrals",), 403, 403, 403),
        (("Referrals.Read,Referrals.Operate",), 403, 403, 403),
    ],
)
def test_roles(spelling: str, roles: tuple[str, ...], read: int, write: int, operate: int) -> None:
    environ = {**AZURE_ON, "WEBSITE_AUTH_ENABLED": spelling}
    assert outcome(header(*roles), Role.READ, environ) == read
    assert outcome(header(*roles), Role.WRITE, environ) == write
    assert outcome(header(*roles), Role.OPERATE, environ) == operate


@pytest.mark.parametrize(
    ("claim", "role_typ", "read"),
    [
        ("roles", "roles", 200),
        ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role", 200),
        ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "roles", 200),
        ("custom", "custom", 200),
        ("custom", "roles", 403),
        ("name", "roles", 403),
        ("groups", "roles", 403),
    ],
)
def test_which_claims_are_roles(claim: str, role_typ: str, read: int) -> None:
    assert outcome(header(READ, claim=claim, role_typ=role_typ), Role.READ, AZURE_ON) == read


def test_names_of_the_roles_are_settings() -> None:
    settings = load({"HUNTER_ROLE_READ": "Leads.See", "HUNTER_ROLE_OPERATE": "Leads.Do"})
    assert outcome(header("Leads.See"), Role.READ, AZURE_ON, settings) == 200
    assert outcome(header("Leads.Do"), Role.OPERATE, AZURE_ON, settings) == 200
    assert outcome(header(READ, OPERATE), Role.READ, AZURE_ON, settings) == 403


@pytest.mark.parametrize(
    "environ",
    [
        AZURE_OFF,
        {"WEBSITE_SITE_NAME": "hunter"},
        {"WEBSITE_INSTANCE_ID": "1"},
        {**AZURE_OFF, "WEBSITE_AUTH_ENABLED": "False"},
        {**AZURE_OFF, "WEBSITE_AUTH_ENABLED": ""},
        {**AZURE_OFF, "WEBSITE_AUTH_ENABLED": "1"},
    ],
)
def test_a_forged_header_opens_nothing_where_the_platform_does_not_vouch(environ: dict[str, str]) -> None:
    for role in Role:
        assert outcome(header(READ, OPERATE), role, environ) == 401
        assert outcome({}, role, environ) == 401


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "====",
        base64.b64encode(b"\xff\xfe").decode(),
        base64.b64encode(b"null").decode(),
        base64.b64encode(b"[]").decode(),
        base64.b64encode(b"{}").decode(),
        base64.b64encode(b'{"claims":null}').decode(),
        base64.b64encode(b'{"claims":{}}').decode(),
        base64.b64encode(b'{"claims":[null,1,"roles",{"typ":1,"val":2},{"typ":"roles"}]}').decode(),
        base64.b64encode(b"[" * 20_000).decode(),
        "ı" * 8,
    ],
)
def test_a_damaged_header_is_nobody(value: str) -> None:
    for role in Role:
        assert outcome({"X-MS-CLIENT-PRINCIPAL": value}, role, AZURE_ON) == 401


def test_without_a_header_nobody_is_signed_in() -> None:
    assert outcome({}, Role.READ, AZURE_ON) == 401
    assert outcome({"X-MS-CLIENT-PRINCIPAL-NAME": "selin", "X-MS-CLIENT-PRINCIPAL-ID": "1"}, Role.READ, AZURE_ON) == 401


def test_locally_there_is_no_sign_in_and_a_header_changes_nothing() -> None:
    for headers in ({}, header(), header(READ), {"X-MS-CLIENT-PRINCIPAL": "x"}):
        assert require(headers, Role.OPERATE, SETTINGS, LOCALLY) == LOCAL


def test_people_are_told_apart_by_their_id_and_a_representation_names_nobody() -> None:
    first = require(header(READ), Role.READ, SETTINGS, AZURE_ON)
    same = require({"x-ms-client-principal": header(OPERATE)["X-MS-CLIENT-PRINCIPAL"]}, Role.READ, SETTINGS, AZURE_ON)
    other_claims = [{"typ": "roles", "val": READ}, {"typ": "oid", "val": "can"}]
    other = require(header(claims=other_claims), Role.READ, SETTINGS, AZURE_ON)
    assert first.id == same.id == "selin" != other.id
    assert first.person.name == "Selin Işık"
    assert "selin" not in repr(first).lower()


def test_messages_say_what_to_do() -> None:
    with pytest.raises(Unauthenticated, match="administrator"):
        require({}, Role.READ, SETTINGS, AZURE_OFF)
    with pytest.raises(Forbidden, match="app role"):
        require(header(READ), Role.OPERATE, SETTINGS, AZURE_ON)
    assert not ANYONE.may(Role.READ)


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        (JSON, b""),
        (JSON, b"{}"),
        ({"content-type": "Application/JSON; charset=utf-8"}, b"{}"),
        ({"Sec-Fetch-Site": "same-origin"}, b""),
        ({"Sec-Fetch-Site": "Same-Origin", **JSON}, b"{}"),
        (JSON, b"x" * BODY_BYTES),
    ],
)
def test_state_changes_that_may_be(headers: dict[str, str], body: bytes) -> None:
    check_state_change("POST", headers, body)


@pytest.mark.parametrize(
    ("headers", "body", "error"),
    [
        ({}, b"{}", UnsupportedMediaType),
        ({"Content-Type": "text/plain"}, b"{}", UnsupportedMediaType),
        ({"Content-Type": "text/plain"}, b"", UnsupportedMediaType),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=1", UnsupportedMediaType),
        ({"Content-Type": "multipart/form-data; boundary=application/json"}, b"x", UnsupportedMediaType),
        ({"Content-Type": "application/jsonp"}, b"{}", UnsupportedMediaType),
        ({"Sec-Fetch-Site": "cross-site", **JSON}, b"{}", CrossSiteRequest),
        ({"Sec-Fetch-Site": "same-site", **JSON}, b"{}", CrossSiteRequest),
        ({"sec-fetch-site": "none"}, b"", CrossSiteRequest),
        ({"Sec-Fetch-Site": "cross-site"}, b"", CrossSiteRequest),
        (JSON, b"x" * (BODY_BYTES + 1), RequestTooLarge),
    ],
)
def test_state_changes_that_may_not(headers: dict[str, str], body: bytes, error: type[HunterError]) -> None:
    with pytest.raises(error):
        check_state_change("POST", headers, body)
    check_state_change("GET", headers, body)  # reading changes nothing


class Clock:
    """Only its seconds matter here."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_throttle_lets_a_burst_through_and_then_a_steady_rate() -> None:
    clock = Clock()
    throttle = Throttle(burst=3, per_minute=60, clock=clock)  # type: ignore[arg-type]
    for _ in range(3):
        throttle.take()
    with pytest.raises(TooManyRequests) as caught:
        throttle.take()
    assert caught.value.retry_after == pytest.approx(1)
    clock.seconds += 1
    throttle.take()
    with pytest.raises(TooManyRequests):
        throttle.take()
    clock.seconds += 3600
    for _ in range(3):
        throttle.take()
    with pytest.raises(TooManyRequests):
        throttle.take()


def test_a_few_posts_a_second_never_meet_the_throttle() -> None:
    clock = Clock()
    throttle = Throttle(120, 120, clock)  # type: ignore[arg-type]
    for _ in range(150):
        throttle.take()
        clock.seconds += 0.25
