"""Everything that can go wrong, as people and programs are told it.

::

    HunterError
    ├── ConfigurationError          configuration_error              500
    ├── FeatureDisabled             feature_disabled                 403
    ├── RequestError
    │   ├── InvalidParameter        invalid_parameter                400
    │   ├── InvalidRequest          invalid_request                  400
    │   ├── NotFound                not_found                        404
    │   ├── RequestTooLarge         request_too_large                413
    │   ├── UnsupportedMediaType    unsupported_media_type           415
    │   └── TooManyRequests         too_many_requests                429
    ├── AccessError
    │   ├── Unauthenticated         unauthenticated                  401
    │   ├── Forbidden               forbidden                        403
    │   └── CrossSiteRequest        cross_site_request               403
    ├── SignInError
    │   ├── SignInRequired          sign_in_required                 503
    │   └── SignInUnavailable       sign_in_unavailable              502
    ├── PartnerCenterError
    │   ├── AccessDenied            access_denied                    502
    │   ├── Rejected                partner_center_rejected          502
    │   ├── Throttled               partner_center_throttled         503
    │   ├── Unavailable             partner_center_unavailable       502
    │   ├── InvalidResponse         partner_center_invalid_response  502
    │   ├── Unreachable             partner_center_unreachable       502
    │   ├── UntrustedLink           partner_center_untrusted_link    502
    │   └── ContractChanged         partner_center_contract_changed  502
    ├── SyncRunning                 sync_running                     409
    ├── RunInterrupted              run_interrupted                  500
    ├── StorageUnavailable          storage_unavailable              503
    └── InternalError               internal_error                   500

``code`` is stable and for programs; the message is a sentence for people and says what to do. Neither ever holds a token,
a secret or text that came from upstream. Storage's ``RowConflict`` is no HunterError: it is an answer that callers handle.
"""

from __future__ import annotations

from typing import ClassVar


class HunterError(Exception):
    """The root. ``message`` is a sentence for people; ``retry_after`` the seconds after which trying again makes sense."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    default: ClassVar[str] = (
        "Something went wrong here. Try again; if it stays, give the correlation id to the administrator."
    )

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        correlation_id: str | None = None,
        request_id: str | None = None,
        upstream_status: int | None = None,
    ) -> None:
        super().__init__(message or self.default)
        self.message = message or self.default
        self.retry_after = retry_after
        self.correlation_id = correlation_id
        self.request_id = request_id
        """Microsoft's request id of the failed call, for their support; logged, never shown."""
        self.upstream_status = upstream_status
        """The HTTP status that upstream answered, where it answered."""


class InternalError(HunterError):
    """An error of ours that nobody foresaw."""


class ConfigurationError(HunterError):
    """A setting is missing or wrong, or Entra does not accept the application's own credentials."""

    code = "configuration_error"
    default = "The app's settings are incomplete or wrong. The administrator can see which in the sync status."


class FeatureDisabled(HunterError):
    """HUNTER_PARTNER_CENTER_ENABLED is not true."""

    code = "feature_disabled"
    status = 403
    default = (
        "Partner Center sync is switched off. Stored referrals can still be read; "
        "set HUNTER_PARTNER_CENTER_ENABLED to true to switch it on."
    )


class RequestError(HunterError):
    """The caller asked for something that cannot be done as asked."""

    code = "invalid_request"
    status = 400


class InvalidRequest(RequestError):
    """The body is not what the route takes."""

    default = "The request's body is not what this route takes."


class InvalidParameter(RequestError):
    """A query parameter is unknown or has a value it cannot have; the message names it."""

    code = "invalid_parameter"
    default = "A parameter is unknown or has a value it can't have."


class NotFound(RequestError):
    """No such thing."""

    code = "not_found"
    status = 404
    default = "There is nothing under this address."


class RequestTooLarge(RequestError):
    """The body is longer than any this API takes."""

    code = "request_too_large"
    status = 413
    default = "The request's body is too large."


class UnsupportedMediaType(RequestError):
    """State changes take JSON only: no HTML form can send one from another site."""

    code = "unsupported_media_type"
    status = 415
    default = "Send the body as application/json."


class TooManyRequests(RequestError):
    """This instance was asked to sync or sign in too often."""

    code = "too_many_requests"
    status = 429
    default = "That was asked for too often. Wait a moment and try again."


class AccessError(HunterError):
    """The caller may not do this."""


class Unauthenticated(AccessError):
    """Nobody is signed in, or the platform does not vouch for who is."""

    code = "unauthenticated"
    status = 401
    default = "Sign in first. If you are signed in, the app's authentication is not set up: ask the administrator."


class Forbidden(AccessError):
    """Signed in without the app role that this needs."""

    code = "forbidden"
    status = 403
    default = "Your account lacks the app role for this. The administrator can assign it in Microsoft Entra."


class CrossSiteRequest(AccessError):
    """A browser says that another site's page sent this."""

    code = "cross_site_request"
    status = 403
    default = "This request came from another site and was refused."


class SignInError(HunterError):
    """Signing in to Partner Center (not to this app) did not work."""


class SignInRequired(SignInError):
    """No token, a dead token, or Entra wants a person: MFA, consent, a new password."""

    code = "sign_in_required"
    status = 503
    default = (
        "Nobody is signed in to Partner Center, or the sign-in has ended. An operator has to sign in again on the page."
    )


class SignInUnavailable(SignInError):
    """Entra could not be reached or failed; the sign-in is kept."""

    code = "sign_in_unavailable"
    status = 502
    default = "Microsoft's sign-in service does not answer. The sign-in is kept; the next sync tries again."


class PartnerCenterError(HunterError):
    """Partner Center answered with something other than referrals."""

    status = 502


class AccessDenied(PartnerCenterError):
    """403 from Partner Center."""

    code = "access_denied"
    default = (
        "Partner Center refuses the signed-in account. "
        "It needs the role Referrals admin (or Referrals user for its own deals) in Partner Center."
    )


class Rejected(PartnerCenterError):
    """400, 404, 405, 410, another 4xx, or a redirect."""

    code = "partner_center_rejected"
    default = "Partner Center did not accept the request. The API may have changed; give the correlation id to the administrator."


class Throttled(PartnerCenterError):
    """429, or 503 with Retry-After."""

    code = "partner_center_throttled"
    status = 503
    default = "Partner Center asks for a pause. The sync goes on by itself when it has passed."


class Unavailable(PartnerCenterError):
    """408, 5xx, or the connection failed, after all tries."""

    code = "partner_center_unavailable"
    default = "Partner Center does not answer at the moment. The next scheduled sync tries again."


class InvalidResponse(PartnerCenterError):
    """Broken JSON, HTML, or a shape that is no page of referrals, after all tries."""

    code = "partner_center_invalid_response"
    default = "Partner Center's answer could not be read. The next scheduled sync tries again."


class Unreachable(PartnerCenterError):
    """The host has no valid certificate or no address."""

    code = "partner_center_unreachable"
    default = (
        "Partner Center's host could not be reached safely (its name or certificate is wrong). "
        "Check HUNTER_PARTNER_CENTER_API_URL and the network."
    )


class UntrustedLink(PartnerCenterError):
    """A next link points to a host that is not Partner Center's; nothing was sent there."""

    code = "partner_center_untrusted_link"
    default = "Partner Center's answer pointed to an unknown host. Nothing was sent there, and the sync was stopped."


class ContractChanged(PartnerCenterError):
    """The answers no longer look like the referrals API."""

    code = "partner_center_contract_changed"
    default = "Partner Center's answers no longer look like referrals. Nothing was lost; the app needs an update."


class SyncRunning(HunterError):
    """Another run holds the lease; ``run`` is its public form."""

    code = "sync_running"
    status = 409
    default = "A sync is already running."

    def __init__(self, message: str | None = None, *, run: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.run = run


class RunInterrupted(HunterError):
    """The process ended in mid-run, or another run took its lease over."""

    code = "run_interrupted"
    default = "The sync was interrupted. What it had stored is kept; the next sync goes on from there."


class StorageUnavailable(HunterError):
    """Table Storage does not answer, after all tries."""

    code = "storage_unavailable"
    status = 503
    default = "The app's storage does not answer at the moment. Try again in a minute."
