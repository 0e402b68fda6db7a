"""What Entra says when it refuses: OAuth error, AADSTS number, text and suberror, as its token endpoint writes them.

Numbers and texts: learn.microsoft.com/entra/identity-platform/reference-error-codes; the form of the answer: the same
page's sample. `suberror` is what MSAL documents for the classes of invalid_grant.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from .messages import Json, Response, json_response


@dataclass(frozen=True)
class EntraError:
    """One refusal."""

    error: str
    number: int
    text: str
    suberror: str | None = None
    status: int = 400

    def as_json(self, **values: str) -> Json:
        """The body, with values put into the text."""
        now = datetime.now(UTC)
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        text = self.text.format(**values)
        body: Json = {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {text} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {now:%Y-%m-%d %H:%M:%SZ}",
            "error_codes": [self.number],
            "timestamp": f"{now:%Y-%m-%d %H:%M:%SZ}",
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        if self.suberror is not None:
            body["suberror"] = self.suberror
        return body

    def response(self, **values: str) -> Response:
        """The answer of the token endpoint."""
        return json_response(self.as_json(**values), self.status)


PENDING = EntraError(
    "authorization_pending",
    70016,
    "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
)
DECLINED = EntraError("authorization_declined", 70018, "User declined to enter their credentials or consent.")
CODE_EXPIRED = EntraError(
    "expired_token", 70020, "The provided value for the input parameter 'device_code' has expired."
)
BAD_DEVICE_CODE = EntraError(
    "bad_verification_code", 70019, "Verification code expired or unknown. Have the user retry the sign-in."
)
BAD_CODE = EntraError(
    "invalid_grant",
    70008,
    "The provided authorization code or refresh token has expired due to inactivity or was redeemed already. "
    "Send a new interactive authorization request for this user and resource.",
)
BAD_REFRESH_TOKEN = EntraError(
    "invalid_grant", 70000, "The provided value for the input parameter 'refresh_token' is not valid.", "bad_token"
)
BAD_VERIFIER = EntraError(
    "invalid_grant",
    501481,
    "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
)
NO_CHALLENGE = EntraError("invalid_request", 50147, "Missing or invalid code_challenge; S256 is required.")
BAD_REDIRECT = EntraError(
    "invalid_request",
    50011,
    "The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the application.",
)
NO_SECRET = EntraError(
    "invalid_client",
    7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    status=401,
)
BAD_SECRET = EntraError(
    "invalid_client",
    7000215,
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
    "not the client secret ID, for a secret added to app '{client}'.",
    status=401,
)
UNKNOWN_CLIENT = EntraError(
    "unauthorized_client", 700016, "Application with identifier '{client}' was not found in the directory '{tenant}'."
)
UNKNOWN_TENANT = EntraError(
    "invalid_tenant",
    90002,
    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
    "cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the "
    "tenant.",
)
NO_DOMAIN_NAME = EntraError(
    "invalid_request",
    900023,
    "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
)
UNKNOWN_RESOURCE = EntraError(
    "invalid_resource",
    500011,
    "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the "
    "application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
)
NO_SCOPE = EntraError("invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.")
BAD_GRANT_TYPE = EntraError("unsupported_grant_type", 70003, "The app requested an unsupported grant type '{grant}'.")
NO_PARAMETER = EntraError(
    "invalid_request", 900144, "The request body must contain the following parameter: '{parameter}'."
)

# What may have happened to the account since the sign-in; `sim.revoke(reason)` takes these names.
PROBLEMS = {
    "password_changed": EntraError(
        "invalid_grant",
        50173,
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
        "changed or reset their password. The grant was issued on '2026-01-01T00:00:00.0000000Z' and the "
        "TokensValidFrom date (before which tokens are not valid) for this user is '2026-01-02T00:00:00.0000000Z'.",
        "bad_token",
    ),
    "inactive": EntraError(
        "invalid_grant",
        700082,
        "The refresh token has expired due to inactivity. The token was issued on 2026-01-01T00:00:00.0000000Z and was "
        "inactive for 90.00:00:00.",
        "bad_token",
    ),
    "mfa_required": EntraError(
        "invalid_grant",
        50076,
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        "use multi-factor authentication to access 'https://api.partner.microsoft.com'.",
        "basic_action",
    ),
    "mfa_enrollment": EntraError(
        "invalid_grant",
        50079,
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        "enroll in multi-factor authentication to access 'https://api.partner.microsoft.com'.",
        "basic_action",
    ),
    "consent_missing": EntraError(
        "invalid_grant",
        65001,
        "The user or administrator has not consented to use the application with ID '{client}' named 'Hunter'. Send an "
        "interactive authorization request for this user and resource.",
        "consent_required",
    ),
    "disabled": EntraError("invalid_grant", 50057, "The user account is disabled."),
    "revoked": EntraError(
        "invalid_grant",
        50173,
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The grant was issued on "
        "'2026-01-01T00:00:00.0000000Z' and the TokensValidFrom date (before which tokens are not valid) for this user "
        "is '2026-01-02T00:00:00.0000000Z'.",
        "bad_token",
    ),
}
LASTING = frozenset({"consent_missing", "disabled"})  # a new sign-in does not end these
