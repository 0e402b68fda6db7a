"""What goes wrong between this app and Microsoft: the sign-in, and Partner Center."""

from __future__ import annotations

from shared.core.errors.base import HunterError


class SignInError(HunterError):
    """Signing in to Partner Center (not to this app) did not work."""


class SignInRequired(SignInError):
    """No token, a dead one, or Entra wants a person. An operator signs in on the page."""

    code = "sign_in_required"
    status = 503
    default = (
        "Nobody is signed in to Partner Center, or the sign-in has ended. An operator must sign in again on the page."
    )


class SignInUnavailable(SignInError):
    """Entra does not answer. The sign-in is kept."""

    code = "sign_in_unavailable"
    status = 502
    default = "Microsoft's sign-in service is not responding. The sign-in is kept, and the next sync tries again."


class PartnerCenterError(HunterError):
    """Partner Center answered with something other than referrals."""

    status = 502


class AccessDenied(PartnerCenterError):
    """Partner Center answers 403: the account needs the role Referrals admin, or Referrals user for its own deals."""

    code = "access_denied"
    default = (
        "Partner Center denies access to the signed-in account. "
        "It needs the role Referrals admin (or Referrals user for its own deals) in Partner Center."
    )


class Rejected(PartnerCenterError):
    """Partner Center does not accept the request."""

    code = "partner_center_rejected"
    default = (
        "Partner Center rejected the request. Its API may have changed; give the correlation id to your administrator."
    )


class Throttled(PartnerCenterError):
    """Partner Center asks for a pause; `Retry-After` says how long. The sync goes on by itself."""

    code = "partner_center_throttled"
    status = 503
    usual_wait = 30.0
    default = "Partner Center has asked for a pause. The sync continues by itself when it is over."


class Unavailable(PartnerCenterError):
    """Partner Center does not answer, five times. The next scheduled sync tries again."""

    code = "partner_center_unavailable"
    default = "Partner Center is not responding at the moment. The next scheduled sync tries again."


class InvalidResponse(PartnerCenterError):
    """The answer is not a page of referrals, five times in a row."""

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
    """A next link points to another host. Nothing was sent there."""

    code = "partner_center_untrusted_link"
    default = "Partner Center's answer pointed to an unknown host. Nothing was sent there, and the sync was stopped."


class ContractChanged(PartnerCenterError):
    """More than half of a page has no id, or a next link leads to itself. Nothing of that page is stored."""

    code = "partner_center_contract_changed"
    default = "Partner Center's answers no longer look like referrals. Nothing was lost; the app needs an update."
