"""Why Entra refuses, in plain words: from its AADSTS number or, where that is unknown, from the OAuth error.

Numbers: learn.microsoft.com/entra/identity-platform/reference-error-codes. Entra's own text is never shown or logged: it
names people, applications and addresses. The number is, since support and search engines know it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Remedy = Literal["sign_in", "configuration", "wait"]
"""Who can help: an operator by signing in, the administrator in settings or Entra, or time."""


@dataclass(frozen=True)
class Reason:
    """One reason: a stable code, what can be done, and a sentence for people."""

    code: str
    remedy: Remedy
    sentence: str


@dataclass(frozen=True)
class Refusal:
    """What Entra answered, understood."""

    reason: Reason
    number: int | None

    @property
    def sentence(self) -> str:
        """The sentence, with Entra's number where there is one."""
        return f"{self.reason.sentence} (AADSTS{self.number})" if self.number else self.reason.sentence


_AGAIN: Final = "An operator has to sign in to Partner Center again on the page."
_OTHER_ACCOUNT: Final = "Sign in with an account that is in use, best a service account with the role Referrals admin."

_REASONS: Final = (
    Reason("signed_out", "sign_in", "Nobody is signed in to Partner Center. An operator has to sign in on the page."),
    Reason(
        "token_cache_unreadable",
        "sign_in",
        "The stored sign-in can't be read with HUNTER_TOKEN_CACHE_KEY: the key was changed without keeping the old one "
        f"behind it. {_AGAIN}",
    ),
    Reason("expired", "sign_in", f"The sign-in to Partner Center has expired. {_AGAIN}"),
    Reason("revoked", "sign_in", f"The sign-in to Partner Center was revoked or is no longer valid. {_AGAIN}"),
    Reason("password_changed", "sign_in", f"The account's password was changed, which ended the sign-in. {_AGAIN}"),
    Reason("password_expired", "sign_in", "The account's password has expired. Set a new one, then sign in again."),
    Reason("mfa_required", "sign_in", f"Microsoft wants multi-factor authentication of the account. {_AGAIN}"),
    Reason(
        "consent_missing",
        "sign_in",
        "Consent to the application is missing. An administrator of the tenant has to grant it in Entra; then sign in again.",
    ),
    Reason("account_disabled", "sign_in", f"The signed-in account is disabled in Entra. {_OTHER_ACCOUNT}"),
    Reason("account_locked", "sign_in", "The account is locked in Entra. Unlock it or wait, then sign in again."),
    Reason("account_unknown", "sign_in", f"The account does not exist in the tenant. {_OTHER_ACCOUNT}"),
    Reason(
        "not_assigned",
        "sign_in",
        "The account is not assigned to the application. Assign it in Entra (Enterprise applications, Users and groups), "
        "then sign in again.",
    ),
    Reason(
        "conditional_access",
        "sign_in",
        "A conditional access policy of the tenant blocks the sign-in. The administrator has to allow the account and the "
        "app's way of signing in; many tenants block device code.",
    ),
    Reason("declined", "sign_in", "The sign-in was declined. Begin it again to try once more."),
    Reason("refused", "sign_in", f"Microsoft refuses the stored sign-in. {_AGAIN}"),
    Reason(
        "secret_wrong",
        "configuration",
        "Entra does not accept HUNTER_PARTNER_CENTER_CLIENT_SECRET. Copy the secret's value, not its id.",
    ),
    Reason(
        "secret_expired",
        "configuration",
        "The application's client secret has expired. Make a new one in Entra and set HUNTER_PARTNER_CENTER_CLIENT_SECRET.",
    ),
    Reason(
        "secret_needed",
        "configuration",
        "Entra wants a client secret of this application. Set HUNTER_PARTNER_CENTER_CLIENT_SECRET, or allow public client "
        "flows in the app registration.",
    ),
    Reason(
        "application_unknown",
        "configuration",
        "Entra does not know the application in this tenant. "
        "Check HUNTER_PARTNER_CENTER_CLIENT_ID and HUNTER_PARTNER_CENTER_TENANT_ID.",
    ),
    Reason(
        "application_disabled",
        "configuration",
        "The application is disabled in Entra. The administrator can enable it.",
    ),
    Reason(
        "tenant_unknown",
        "configuration",
        "Entra knows no such tenant. Check HUNTER_PARTNER_CENTER_TENANT_ID and HUNTER_PARTNER_CENTER_AUTHORITY.",
    ),
    Reason(
        "redirect_uri_unknown",
        "configuration",
        "The app registration does not list this app's sign-in address. Add it under Authentication, Web, Redirect URIs.",
    ),
    Reason(
        "api_unknown",
        "configuration",
        "The tenant or the app registration lacks the Partner Center API. Add its permissions and grant consent; check "
        "HUNTER_PARTNER_CENTER_SCOPE.",
    ),
    Reason(
        "application_refused",
        "configuration",
        "Entra refuses the application's request. Check the app registration and the settings HUNTER_PARTNER_CENTER_*.",
    ),
    Reason("unavailable", "wait", "Microsoft's sign-in service fails at the moment. The sign-in is kept."),
)
REASONS: Final[Mapping[str, Reason]] = {reason.code: reason for reason in _REASONS}

_NUMBERS: Final[Mapping[str, tuple[int, ...]]] = {
    "expired": (50089, 70008, 70019, 70020, 70043, 70044, 700081, 700082, 700084),
    "revoked": (50132, 70000),
    "password_changed": (50133, 50173),
    "password_expired": (50055, 50144),
    "mfa_required": (50072, 50074, 50076, 50078, 50079),
    "consent_missing": (65001, 65004, 90094, 90095),
    "account_disabled": (50057,),
    "account_locked": (50053,),
    "account_unknown": (50020, 50034, 51004),
    "not_assigned": (50105,),
    "conditional_access": (50005, 50097, 50131, 50158, 53000, 53001, 53002, 53003, 53004, 53009, 530031, 530032),
    "declined": (70018,),
    "secret_wrong": (7000215, 7000216),
    "secret_expired": (7000222,),
    "secret_needed": (7000218,),
    "application_unknown": (700016,),
    "application_disabled": (7000112,),
    "tenant_unknown": (90002, 900023),
    "redirect_uri_unknown": (50011,),
    "api_unknown": (70011, 500011, 650052, 650057),
    "unavailable": (50196, 90006, 90012, 90033, 90036),
}
BY_NUMBER: Final[Mapping[int, Reason]] = {
    number: REASONS[code] for code, numbers in _NUMBERS.items() for number in numbers
}
_BY_ERROR: Final[Mapping[str, str]] = {
    "invalid_grant": "refused",
    "interaction_required": "refused",
    "login_required": "refused",
    "consent_required": "consent_missing",
    "access_denied": "declined",
    "authorization_declined": "declined",
    "expired_token": "expired",
    "bad_verification_code": "expired",
    "code_expired": "expired",
    "server_error": "unavailable",
    "temporarily_unavailable": "unavailable",
    "invalid_tenant": "tenant_unknown",
    "invalid_scope": "api_unknown",
    "invalid_resource": "api_unknown",
}
_LAPSED: Final = frozenset({"expired", "revoked"})
_OVERRULED: Final[Mapping[str, Collection[str]]] = {
    "authorization_declined": REASONS.keys() - {"declined"},
    "access_denied": _LAPSED,
    "expired_token": REASONS.keys() - {"expired"},
    "code_expired": REASONS.keys() - {"expired"},
    "bad_verification_code": REASONS.keys() - {"expired"},
}
"""Where the OAuth error itself says how a sign-in ended, a number only explains it: these readings of numbers don't count."""
_NUMBER_IN_TEXT: Final = re.compile(r"AADSTS(\d{4,9})", re.ASCII)


def refusal_of(answer: Mapping[str, Any]) -> Refusal:
    """Understand an OAuth error answer.

    Args:
        answer: ``error``, and where Entra gives them ``error_codes`` and ``error_description`` with the AADSTS number.
    """
    numbers, error = _numbers(answer), str(answer.get("error", ""))
    code = _BY_ERROR.get(error, "application_refused")
    overruled = _OVERRULED.get(error, frozenset())
    for number in numbers:
        if number in BY_NUMBER and BY_NUMBER[number].code not in overruled:
            return Refusal(BY_NUMBER[number], number)
    return Refusal(REASONS[code], numbers[0] if numbers else None)


def _numbers(answer: Mapping[str, Any]) -> list[int]:
    codes = answer.get("error_codes")
    listed = [code for code in codes if type(code) is int] if isinstance(codes, list) else []
    return listed or [int(number) for number in _NUMBER_IN_TEXT.findall(str(answer.get("error_description", "")))]
