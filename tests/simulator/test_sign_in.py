"""Sign-in with the real MSAL: both flows, renewal, and every way that a sign-in ends."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msal  # type: ignore[import-untyped]
import pytest
import requests

from local.simulator import Simulator

from .client import Client

SCOPES = ["https://api.partner.microsoft.com/.default"]
REDIRECT = "http://localhost:7071/api/v1/partner-center/sign-in/callback"

# the app's callback is a GET, so the answer comes in the query, which MSAL warns of
pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended:UserWarning")


@pytest.fixture(autouse=True)
def _trust(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sim.ca_file))
    sim.switches.device_code_interval = 1  # MSAL warns of polls that come sooner


@pytest.fixture
def public(sim: Simulator) -> Iterator[msal.PublicClientApplication]:
    with requests.Session() as session:
        yield msal.PublicClientApplication(
            sim.client_id, authority=f"{sim.authority}/{sim.tenant_id}", instance_discovery=False, http_client=session
        )


@pytest.fixture
def confidential(sim: Simulator) -> Iterator[msal.ConfidentialClientApplication]:
    with requests.Session() as session:
        yield _confidential(sim, sim.client_secret, session)


def _confidential(sim: Simulator, secret: str, session: requests.Session) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        sim.client_id,
        client_credential=secret,
        authority=f"{sim.authority}/{sim.tenant_id}",
        instance_discovery=False,
        http_client=session,
    )


def _poll(app: Any, flow: dict[str, Any]) -> dict[str, Any]:
    return dict(app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True))


def _signed_in(sim: Simulator, app: Any) -> dict[str, Any]:
    flow = app.initiate_device_flow(SCOPES)
    sim.approve()
    return _poll(app, flow)


def _renew(app: Any) -> dict[str, Any]:
    [account] = app.get_accounts()
    return dict(app.acquire_token_silent_with_error(SCOPES, account, force_refresh=True) or {})


def test_device_code_waits_for_a_person_and_its_token_opens_the_api(
    sim: Simulator, public: msal.PublicClientApplication, api: Client
) -> None:
    flow = public.initiate_device_flow(SCOPES)
    assert _poll(public, flow)["error"] == "authorization_pending"
    sim.approve()
    result = _poll(public, flow)

    assert result["id_token_claims"]["preferred_username"] == sim.account
    assert result["id_token_claims"]["aud"] == sim.client_id
    assert [account["username"] for account in public.get_accounts()] == [sim.account]
    api.session.headers["Authorization"] = f"Bearer {result['access_token']}"
    assert api.get(top="1").status_code == 200
    assert _poll(public, flow)["error"] == "bad_verification_code", "a code is good for one sign-in"


@pytest.mark.parametrize(("action", "error"), [("decline", "authorization_declined"), ("expire", "expired_token")])
def test_device_code_declined_or_expired(
    sim: Simulator, public: msal.PublicClientApplication, action: str, error: str
) -> None:
    flow = public.initiate_device_flow(SCOPES)
    sim.entra.decide(action)

    assert _poll(public, flow)["error"] == error


def test_a_device_code_lives_as_long_as_it_says(sim: Simulator, public: msal.PublicClientApplication) -> None:
    sim.switches.device_code_lifetime = 0

    assert _poll(public, public.initiate_device_flow(SCOPES))["error"] == "expired_token"


def test_sign_ins_approve_themselves_for_the_local_stack(sim: Simulator, public: msal.PublicClientApplication) -> None:
    sim.switches.auto_approve = True

    assert "access_token" in _poll(public, public.initiate_device_flow(SCOPES))


def test_a_person_can_approve_on_the_page(sim: Simulator, public: msal.PublicClientApplication) -> None:
    flow = public.initiate_device_flow(SCOPES)
    page = flow["verification_uri"]
    assert "Simulated sign-in" in requests.get(page, timeout=60).text
    requests.get(page, params={"code": flow["user_code"], "decision": "approve"}, timeout=60)

    assert "access_token" in _poll(public, flow)


def _redirected(uri: str, **more: str) -> dict[str, str]:
    answer = requests.get(uri, params=more, timeout=60, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(REDIRECT + "?")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def test_authorization_code_with_pkce_state_and_secret(
    sim: Simulator, confidential: msal.ConfidentialClientApplication, api: Client
) -> None:
    flow = confidential.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    assert requests.get(flow["auth_uri"], timeout=60).status_code == 200, "a page waits for a person"
    sim.approve()
    reply = _redirected(flow["auth_uri"])
    result = confidential.acquire_token_by_auth_code_flow(flow, reply)

    assert reply["state"] == flow["state"]
    assert result["id_token_claims"]["preferred_username"] == sim.account
    api.session.headers["Authorization"] = f"Bearer {result['access_token']}"
    assert api.get(top="1").status_code == 200
    again = confidential.acquire_token_by_auth_code_flow(flow, reply)
    assert again["error"] == "invalid_grant", "a code is good for one use"


def test_authorization_code_needs_the_right_verifier_and_secret(
    sim: Simulator, confidential: msal.ConfidentialClientApplication, public: msal.PublicClientApplication
) -> None:
    sim.switches.auto_approve = True
    flow = confidential.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    other = {**flow, "code_verifier": "x" * 43}
    result = confidential.acquire_token_by_auth_code_flow(other, _redirected(flow["auth_uri"]))
    assert result["error_codes"] == [501481]

    flow = public.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    assert public.acquire_token_by_auth_code_flow(flow, _redirected(flow["auth_uri"]))["error_codes"] == [7000218]

    with requests.Session() as session:
        wrong = _confidential(sim, "wrong", session)
        flow = wrong.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
        result = wrong.acquire_token_by_auth_code_flow(flow, _redirected(flow["auth_uri"]))
    assert result["error"] == "invalid_client"
    assert result["error_description"].startswith("AADSTS7000215:")


def test_a_person_may_decline_in_the_browser(sim: Simulator, confidential: msal.ConfidentialClientApplication) -> None:
    flow = confidential.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    sim.decline()
    reply = _redirected(flow["auth_uri"])

    assert reply["error"] == "access_denied"
    assert confidential.acquire_token_by_auth_code_flow(flow, reply)["error"] == "access_denied"


def test_authorize_sends_nothing_to_an_address_that_is_not_loopback(
    sim: Simulator, confidential: msal.ConfidentialClientApplication
) -> None:
    sim.switches.auto_approve = True
    flow = confidential.initiate_auth_code_flow(SCOPES, redirect_uri="https://evil.example/callback")
    answer = requests.get(flow["auth_uri"], timeout=60, allow_redirects=False)

    assert answer.status_code == 400
    assert "AADSTS50011" in answer.text


def test_authorize_posts_a_form_where_that_is_asked_for(
    sim: Simulator, confidential: msal.ConfidentialClientApplication
) -> None:
    sim.switches.auto_approve = True
    flow = confidential.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT, response_mode="form_post")
    answer = requests.get(flow["auth_uri"], timeout=60)

    assert 'method="post"' in answer.text
    assert 'name="code"' in answer.text
    assert "code_challenge=S256" not in answer.text


def test_authorize_needs_a_challenge(sim: Simulator) -> None:
    query = {"client_id": sim.client_id, "response_type": "code", "redirect_uri": REDIRECT, "scope": SCOPES[0]}
    address = f"{sim.authority}/{sim.tenant_id}/oauth2/v2.0/authorize"

    assert "AADSTS50147" in _redirected(address, **query)["error_description"]


def test_renewal_rotates_the_refresh_token(sim: Simulator, public: msal.PublicClientApplication) -> None:
    first = _signed_in(sim, public)
    second = _renew(public)
    third = _renew(public)

    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert "error" not in third


def test_an_old_refresh_token_works_unless_the_switch_kills_it(
    sim: Simulator, public: msal.PublicClientApplication
) -> None:
    old = _signed_in(sim, public)["refresh_token"]
    assert "access_token" in public.acquire_token_by_refresh_token(old, SCOPES)
    sim.switches.rotation_kills_old = True
    refused = public.acquire_token_by_refresh_token(old, SCOPES)

    assert refused["error"] == "invalid_grant"
    assert refused["suberror"] == "bad_token"
    assert "error" not in _renew(public), "the newest still works"


@pytest.mark.parametrize(
    ("reason", "number", "suberror", "lasts"),
    [
        ("password_changed", 50173, "bad_token", False),
        ("inactive", 700082, "bad_token", False),
        ("mfa_required", 50076, "basic_action", False),
        ("mfa_enrollment", 50079, "basic_action", False),
        ("revoked", 50173, "bad_token", False),
        ("consent_missing", 65001, "consent_required", True),
        ("disabled", 50057, None, True),
    ],
)
def test_a_sign_in_ends_for_a_reason_in_entra_s_words(
    sim: Simulator, public: msal.PublicClientApplication, reason: str, number: int, suberror: str | None, lasts: bool
) -> None:
    _signed_in(sim, public)
    sim.revoke(reason)
    refused = _renew(public)

    assert refused["error"] == "invalid_grant"
    assert refused["error_codes"] == [number]
    assert refused["error_description"].startswith(f"AADSTS{number}: ")
    assert refused.get("suberror") == suberror
    assert ("access_token" in _signed_in(sim, public)) is not lasts
    sim.revoke(None)
    assert "access_token" in _signed_in(sim, public)


def test_a_sign_in_outlives_a_restart(sim: Simulator, public: msal.PublicClientApplication) -> None:
    token = _signed_in(sim, public)["refresh_token"]
    folder = sim.ca_file.parent
    with Simulator(1, ca_dir=folder) as other, requests.Session() as session:
        app = msal.PublicClientApplication(
            other.client_id,
            authority=f"{other.authority}/{other.tenant_id}",
            instance_discovery=False,
            http_client=session,
        )
        assert "access_token" in app.acquire_token_by_refresh_token(token, SCOPES)


def test_unknown_applications_and_resources_are_refused(sim: Simulator, public: msal.PublicClientApplication) -> None:
    assert public.initiate_device_flow(["https://nobody.example/.default"])["error"] == "invalid_resource"
    address = f"{sim.authority}/{sim.tenant_id}/oauth2/v2.0/devicecode"
    answer = requests.post(address, data={"client_id": "nobody", "scope": SCOPES[0]}, timeout=60)
    assert answer.json()["error_codes"] == [700016]
    assert answer.status_code == 400


def test_the_api_refuses_tokens_that_are_not_for_it(sim: Simulator, api: Client) -> None:
    def status(token: str | None) -> int:
        api.session.headers["Authorization"] = f"Bearer {token}" if token is not None else ""
        answer = api.get(top="1")
        assert answer.status_code == 200 or answer.json()["error"]["code"] == "unAuthorized"
        return answer.status_code

    good = sim.access_token()
    assert status(good) == 200
    assert status(None) == status("x") == status("a.b.c") == status(good + "x") == 401
    assert status(sim.access_token("https://graph.microsoft.com")) == 401
    assert status(sim.access_token("https://api.partnercenter.microsoft.com")) == 401
    form = {"grant_type": "client_credentials", "client_id": sim.client_id, "client_secret": sim.client_secret}
    address = f"{sim.authority}/{sim.tenant_id}/oauth2/v2.0/token"
    app_only = requests.post(address, data={**form, "scope": SCOPES[0]}, timeout=60).json()["access_token"]
    assert status(app_only) == 401
    sim.switches.mfa = False
    without_mfa = sim.access_token()
    assert status(without_mfa) == 401
    sim.switches.require_mfa = False
    assert status(without_mfa) == 200
    sim.expire_access_tokens()
    assert status(good) == 401
    sim.switches.access_token_lifetime = 0
    assert status(sim.access_token()) == 401


def test_a_domain_s_tenant_is_found_by_discovery(sim: Simulator) -> None:
    def look(domain: str) -> requests.Response:
        return requests.get(f"{sim.authority}/{domain}/v2.0/.well-known/openid-configuration", timeout=60)

    domain, tenant = sorted(sim.tenants.items())[0]
    assert f"/{tenant}/v2.0" in look(domain).json()["issuer"]
    assert look(domain.upper()).json() == look(domain).json()
    unknown = look("nobody.example.com")
    assert unknown.status_code == 400
    assert unknown.json()["error"] == "invalid_tenant"
    assert unknown.json()["error_description"].startswith("AADSTS90002: Tenant 'nobody.example.com' not found.")
    assert look("nodomain").status_code == 400
    sim.switches.discovery = "fail"
    assert look(domain).status_code == 503
    sim.switches.discovery = "refuse"
    assert look(domain).status_code == 403
    sim.switches.update({"discovery": "slow", "discoveryDelay": 0.2})
    assert look(domain).elapsed.total_seconds() >= 0.2
    assert {request.kind for request in sim.requests} == {"discovery"}
