"""Signing in and out, as people do it: both flows, declined, expired, several browsers, several instances."""

from __future__ import annotations

import pytest

from shared.core.errors import ConfigurationError, FeatureDisabled, SignInRequired, SignInUnavailable
from shared.sign_in.sign_in import SignIn
from tests.sign_in.world import CALLBACK, OTHER_KEY, World, browse

GUID = "00000000-0000-0000-0000-000000000000"


def test_nobody_is_signed_in_at_first(world: World) -> None:
    sign_in = world.instance()
    status = sign_in.status()
    assert (status.state, status.account, status.last_renewed_at, status.reason) == ("signedOut", None, None, None)
    assert sign_in.own_domain() is None
    assert sign_in.check() == {"state": "expired", "account": None}
    with pytest.raises(SignInRequired, match="Nobody is signed in"):
        sign_in.token()


def test_device_code(world: World) -> None:
    sign_in = world.instance()
    begun = sign_in.begin(CALLBACK)
    assert begun["flow"] == "deviceCode"
    assert begun["userCode"]
    assert begun["verificationUri"].startswith("https://")
    assert begun["expiresAt"].endswith("Z")
    assert sign_in.check(begun["id"]) == {"state": "pending", "account": None}
    assert sign_in.check() == {"state": "pending", "account": None}
    assert world.instance().status().state == "pending"
    world.simulator.approve()
    # Any instance may be asked.
    checked = world.instance().check()
    assert (checked["state"], checked["account"]) == ("signedIn", world.simulator.account)
    # An answer that got lost is given again.
    checked = sign_in.check(begun["id"])
    assert (checked["state"], checked["account"]) == ("signedIn", world.simulator.account)
    status = sign_in.status()
    assert (status.state, status.account, status.reason) == ("signedIn", world.simulator.account, None)
    assert status.last_renewed_at
    assert sign_in.own_domain() == "fabrikam-partner.com"
    claims, problem = world.simulator.entra.access(sign_in.token())
    assert claims is not None, problem


@pytest.mark.parametrize(
    ("error", "number", "state", "code"),
    [
        ("authorization_declined", 70000, "declined", "declined"),
        ("access_denied", 70000, "declined", "declined"),
        ("expired_token", 70000, "expired", "expired"),
        ("expired_token", 70018, "expired", "expired"),
    ],
)
def test_entra_s_error_says_how_a_sign_in_ended_whatever_number_comes_with_it(
    world: World, error: str, number: int, state: str, code: str
) -> None:
    sign_in = world.instance()
    begun = sign_in.begin(CALLBACK)
    body = {"error": error, "error_codes": [number], "error_description": f"AADSTS{number}: of somebody"}
    world.simulator.faults.add(status=400, match="token", body=body)
    answer = sign_in.check(begun["id"])
    assert (answer["state"], answer["reasonCode"]) == (state, code)
    assert f"AADSTS{number}" in answer["reason"]
    assert "somebody" not in answer["reason"]


@pytest.mark.parametrize("claim", ["preferred_username", "upn", "email", "unique_name"])
def test_whichever_claim_names_the_account_its_domain_is_the_partners_own(world: World, claim: str) -> None:
    world.simulator.switches.account_claim = claim
    sign_in = world.signed_in()
    assert sign_in.status().account == world.simulator.account
    assert sign_in.own_domain() == "fabrikam-partner.com"
    assert sign_in.token(force_refresh=True)


def test_authorization_code(world: World) -> None:
    sign_in = world.confidential()
    begun = sign_in.begin(CALLBACK, "selin")
    assert begun["flow"] == "authorizationCode"
    assert "code_challenge_method=S256" in begun["authorizationUri"]
    assert world.simulator.client_secret not in begun["authorizationUri"]
    assert sign_in.check(begun["id"], "selin")["state"] == "pending"
    world.simulator.approve()
    came_back = browse(world.simulator, begun["authorizationUri"])
    assert world.confidential().complete(came_back, "selin")
    checked = sign_in.check(begun["id"], "selin")
    assert (checked["state"], checked["account"]) == ("signedIn", world.simulator.account)
    assert world.simulator.entra.access(sign_in.token())[0]


def test_authorization_code_declined(world: World) -> None:
    sign_in = world.confidential()
    begun = sign_in.begin(CALLBACK)
    world.simulator.decline()
    assert not sign_in.complete(browse(world.simulator, begun["authorizationUri"]))
    checked = sign_in.check(begun["id"])
    assert checked["state"] == "declined"
    assert checked["reasonCode"] == "consent_missing"
    assert sign_in.status().state == "signedOut"


def test_a_callback_is_good_once_for_whoever_began_it_and_with_its_own_state(world: World) -> None:
    sign_in = world.confidential()
    begun = sign_in.begin(CALLBACK, "selin")
    world.simulator.approve()
    came_back = browse(world.simulator, begun["authorizationUri"])
    assert not sign_in.complete(came_back, "mallory")
    assert not sign_in.complete({**came_back, "state": came_back["state"] + "x"}, "selin")
    assert not sign_in.complete({**came_back, "state": "unknown"}, "selin")
    assert not sign_in.complete({}, "selin")
    assert sign_in.status().state == "pending"
    assert world.redeemed() == 0
    assert sign_in.complete(came_back, "selin")
    assert not sign_in.complete(came_back, "selin")
    assert world.redeemed() == 1


def test_a_code_without_the_verifier_is_worth_nothing(world: World) -> None:
    """The code of another flow, put under one's own state: PKCE refuses it."""
    sign_in = world.confidential()
    first, second = sign_in.begin(CALLBACK), sign_in.begin(CALLBACK)
    world.simulator.approve()
    stolen = browse(world.simulator, first["authorizationUri"])["code"]
    world.simulator.approve()
    own = browse(world.simulator, second["authorizationUri"])
    assert not sign_in.complete({**own, "code": stolen})
    assert sign_in.check(second["id"])["state"] == "declined"


def test_an_authorization_that_comes_back_too_late_is_not_taken(world: World) -> None:
    sign_in = world.confidential()
    begun = sign_in.begin(CALLBACK)
    world.simulator.approve()
    came_back = browse(world.simulator, begun["authorizationUri"])
    world.clock.advance(minutes=30)
    assert not sign_in.complete(came_back)
    assert sign_in.check(begun["id"])["state"] == "expired"


def test_declined(world: World) -> None:
    sign_in = world.instance()
    begun = sign_in.begin(CALLBACK)
    world.simulator.decline()
    for _ in range(2):  # and again, when the answer got lost
        checked = sign_in.check(begun["id"])
        assert (checked["state"], checked["account"], checked["reasonCode"]) == ("declined", None, "declined")
    assert sign_in.status().state == "signedOut"


def test_expired(world: World) -> None:
    sign_in = world.instance()
    begun = sign_in.begin(CALLBACK)
    world.simulator.expire()
    assert sign_in.check(begun["id"])["state"] == "expired"
    later = sign_in.begin(CALLBACK)
    world.clock.advance(minutes=30)
    assert sign_in.check(later["id"])["state"] == "expired"
    assert sign_in.check()["state"] == "expired"
    assert sign_in.status().state == "signedOut"


@pytest.mark.parametrize(
    ("error", "number", "state", "code"),
    [
        ("interaction_required", 50076, "declined", "mfa_required"),
        ("invalid_grant", 53003, "declined", "conditional_access"),
        ("invalid_grant", 50105, "declined", "not_assigned"),
        ("invalid_grant", 65001, "declined", "consent_missing"),
        ("expired_token", 70020, "expired", "expired"),
        ("authorization_declined", 70018, "declined", "declined"),
    ],
)
def test_what_entra_refuses_is_said_with_its_reason(
    world: World, error: str, number: int, state: str, code: str
) -> None:
    sign_in = world.instance()
    begun = sign_in.begin(CALLBACK)
    body = {"error": error, "error_description": f"AADSTS{number}: about Selin", "error_codes": [number]}
    world.simulator.faults.add(kind="status", status=400, match="token", body=body)
    checked = sign_in.check(begun["id"])
    assert (checked["state"], checked["reasonCode"]) == (state, code)
    assert f"AADSTS{number}" in checked["reason"]
    assert "Selin" not in checked["reason"]


def test_what_a_person_declined_leaves_the_sign_in_that_there_is(world: World) -> None:
    sign_in = world.signed_in()
    sign_in.begin(CALLBACK)
    assert sign_in.status().state == "signedIn"
    world.simulator.decline()
    assert sign_in.check()["state"] == "declined"
    assert sign_in.status().state == "signedIn"
    sign_in.token()


def test_several_browsers_do_not_disturb_each_other(world: World) -> None:
    sign_in, other = world.instance(), world.instance()
    first = sign_in.begin(CALLBACK, "selin")
    world.simulator.decline()
    second = other.begin(CALLBACK, "can")
    third = other.begin(CALLBACK, "can")
    assert sign_in.check(None, "selin")["state"] == "declined"
    assert other.check(second["id"], "can")["state"] == "pending"
    assert other.check(third["id"], "selin")["state"] == "expired"  # nobody asks about somebody else's
    world.simulator.approve()
    assert sign_in.check(first["id"], "selin")["state"] == "declined"
    assert other.check(None, "can")["state"] == "signedIn"


def test_whoever_began_is_told_when_somebody_else_was_faster(world: World) -> None:
    sign_in = world.instance()
    sign_in.begin(CALLBACK, "selin")
    mine = sign_in.begin(CALLBACK, "can")
    world.clock.advance(seconds=10)
    world.simulator.approve()
    assert sign_in.check(mine["id"], "can")["state"] == "signedIn"
    assert sign_in.check(None, "selin")["state"] == "signedIn"


def test_asked_too_often_entra_is_left_alone_for_a_while(world: World) -> None:
    sign_in = world.instance()
    begun = sign_in.begin(CALLBACK)
    slow_down = {"error": "slow_down", "error_description": "AADSTS70016"}
    world.simulator.faults.add(kind="status", status=400, match="token", body=slow_down)
    assert sign_in.check(begun["id"])["state"] == "pending"
    world.simulator.approve()
    asked = world.redeemed()
    assert sign_in.check(begun["id"])["state"] == "pending"
    assert world.redeemed() == asked
    world.clock.advance(seconds=6)
    assert sign_in.check(begun["id"])["state"] == "signedIn"


def test_sign_out_forgets_on_every_instance(world: World) -> None:
    sign_in = world.signed_in()
    other = world.instance()
    other.token()
    sign_in.begin(CALLBACK)
    sign_in.sign_out()
    status = sign_in.status()
    assert (status.state, status.account, status.last_renewed_at) == ("signedOut", None, None)
    stored, pending = world.rows().load_all()
    assert stored.cache == ""
    assert pending == []
    with pytest.raises(SignInRequired):
        sign_in.token()
    world.clock.advance(seconds=61)  # for so long a token in memory is used without looking
    with pytest.raises(SignInRequired):
        other.token()
    sign_in.sign_out()


def test_signing_out_works_when_the_feature_is_off(world: World) -> None:
    world.signed_in()
    off = world.instance(HUNTER_PARTNER_CENTER_ENABLED="false")
    for call in (off.token, off.check, lambda: off.begin(CALLBACK), lambda: off.complete({})):
        with pytest.raises(FeatureDisabled):
            call()
    assert off.keep_alive() is False
    off.sign_out()
    assert world.rows().load().state == "signedOut"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"HUNTER_PARTNER_CENTER_CLIENT_ID": GUID}, "does not know the application.*AADSTS700016"),
        ({"HUNTER_PARTNER_CENTER_TENANT_ID": GUID}, "knows no such tenant"),
        (
            {"HUNTER_PARTNER_CENTER_SCOPE": "https://unknown.example/.default"},
            "lacks the Partner Center API.*AADSTS500011",
        ),
        ({"HUNTER_TOKEN_CACHE_KEY": ""}, "HUNTER_TOKEN_CACHE_KEY"),
    ],
)
def test_wrong_settings_are_named(world: World, changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        world.instance(**changes).begin(CALLBACK)


def test_a_wrong_secret_is_named_and_not_shown(world: World) -> None:
    sign_in = world.instance(HUNTER_PARTNER_CENTER_CLIENT_SECRET="not-the-secret")
    begun = sign_in.begin(CALLBACK)
    world.simulator.approve()
    came_back = browse(world.simulator, begun["authorizationUri"])
    assert not sign_in.complete(came_back)
    checked = sign_in.check(begun["id"])
    assert checked["reasonCode"] == "secret_wrong"
    assert "not-the-secret" not in str(checked)


def test_a_key_that_changed_in_mid_sign_in_ends_it(world: World) -> None:
    begun = world.instance().begin(CALLBACK)
    world.simulator.approve()
    assert world.instance(HUNTER_TOKEN_CACHE_KEY=OTHER_KEY).check(begun["id"])["state"] == "expired"


@pytest.mark.parametrize("kind", ["html", "invalid_json", "redirect", "reset", "wrong_type", "wrong_shape"])
def test_an_entra_that_fails_is_asked_three_times(world: World, kind: str) -> None:
    sign_in = world.instance()
    begun = sign_in.begin(CALLBACK)
    world.simulator.approve()
    world.simulator.faults.add(kind=kind, match="token", times=0)
    with pytest.raises(SignInUnavailable) as caught:
        sign_in.check(begun["id"])
    assert world.simulator.client_id not in caught.value.message
    world.simulator.faults.clear()
    assert sign_in.check(begun["id"])["state"] == "signedIn"


def test_one_failure_of_entra_is_not_noticed(world: World) -> None:
    world.simulator.faults.add(kind="status", status=503, match="entra", times=2)
    sign_in: SignIn = world.signed_in()
    assert sign_in.status().state == "signedIn"
    assert all(0 <= slept <= 8 for slept in world.clock.slept)
    assert len(world.clock.slept) == 2
