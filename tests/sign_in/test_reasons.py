"""Entra's numbers and errors in plain words: a pure table, row by row."""

from __future__ import annotations

import pytest

from shared.sign_in.reasons import BY_NUMBER, REASONS, Refusal, refusal_of

NUMBERS = [
    (50173, "password_changed", "sign_in"),
    (50133, "password_changed", "sign_in"),
    (50055, "password_expired", "sign_in"),
    (700082, "expired", "sign_in"),
    (70008, "expired", "sign_in"),
    (70043, "expired", "sign_in"),
    (70000, "revoked", "sign_in"),
    (50076, "mfa_required", "sign_in"),
    (50079, "mfa_required", "sign_in"),
    (50078, "mfa_required", "sign_in"),
    (65001, "consent_missing", "sign_in"),
    (65004, "consent_missing", "sign_in"),
    (50057, "account_disabled", "sign_in"),
    (50053, "account_locked", "sign_in"),
    (50034, "account_unknown", "sign_in"),
    (50105, "not_assigned", "sign_in"),
    (53003, "conditional_access", "sign_in"),
    (70018, "declined", "sign_in"),
    (7000215, "secret_wrong", "configuration"),
    (7000222, "secret_expired", "configuration"),
    (7000218, "secret_needed", "configuration"),
    (700016, "application_unknown", "configuration"),
    (7000112, "application_disabled", "configuration"),
    (90002, "tenant_unknown", "configuration"),
    (50011, "redirect_uri_unknown", "configuration"),
    (500011, "api_unknown", "configuration"),
    (90033, "unavailable", "wait"),
]


@pytest.mark.parametrize(("number", "code", "remedy"), NUMBERS)
def test_number(number: int, code: str, remedy: str) -> None:
    listed = refusal_of({"error": "invalid_grant", "error_codes": [number], "error_description": "AADSTS99999: x"})
    in_text = refusal_of({"error": "invalid_grant", "error_description": f"AADSTS{number}: about Selin"})
    assert listed == in_text
    assert (listed.reason.code, listed.reason.remedy, listed.number) == (code, remedy, number)
    assert listed.sentence.endswith(f"(AADSTS{number})")
    assert "Selin" not in in_text.sentence


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("invalid_grant", "refused"),
        ("interaction_required", "refused"),
        ("consent_required", "consent_missing"),
        ("access_denied", "declined"),
        ("expired_token", "expired"),
        ("server_error", "unavailable"),
        ("temporarily_unavailable", "unavailable"),
        ("invalid_client", "application_refused"),
        ("unauthorized_client", "application_refused"),
        ("something_new", "application_refused"),
    ],
)
def test_error_without_a_known_number(error: str, code: str) -> None:
    assert refusal_of({"error": error}) == Refusal(REASONS[code], None)
    assert refusal_of({"error": error, "error_codes": [99999999]}) == Refusal(REASONS[code], 99999999)


@pytest.mark.parametrize(
    ("error", "number", "code"),
    [
        ("authorization_declined", 70000, "declined"),
        ("authorization_declined", 70008, "declined"),
        ("authorization_declined", 50076, "declined"),
        ("access_denied", 70000, "declined"),
        ("access_denied", 65004, "consent_missing"),  # explains, and is a refusal too
        ("access_denied", 50105, "not_assigned"),
        ("expired_token", 70018, "expired"),
        ("expired_token", 70000, "expired"),
        ("bad_verification_code", 70000, "expired"),
        ("invalid_grant", 70000, "revoked"),
    ],
)
def test_an_error_that_says_how_it_ended_decides_and_the_number_only_explains(
    error: str, number: int, code: str
) -> None:
    refusal = refusal_of({"error": error, "error_codes": [number]})
    assert (refusal.reason.code, refusal.number) == (code, number)


@pytest.mark.parametrize(
    "answer", [{}, {"error": None}, {"error": "x", "error_codes": "50076"}, {"error_codes": [None]}]
)
def test_odd_answers_are_understood_as_a_refusal(answer: dict[str, object]) -> None:
    assert refusal_of(answer).reason.code == "application_refused"


def test_every_reason_is_a_sentence_and_every_number_has_one_reason() -> None:
    for reason in REASONS.values():
        assert reason.sentence.endswith(".")
        assert reason.sentence[0].isupper()
    assert set(BY_NUMBER.values()) <= set(REASONS.values())
