"""What goes wrong between this app and Dynamics 365."""

from __future__ import annotations

from shared.core.errors.base import HunterError


class DynamicsDisabled(HunterError):
    """`HUNTER_DYNAMICS_ENABLED` is not true."""

    code = "dynamics_disabled"
    status = 403
    default = "Dynamics 365 is switched off. The administrator can set HUNTER_DYNAMICS_ENABLED to true."


class DynamicsRunning(HunterError):
    """Another run is exchanging data with Dynamics 365."""

    code = "dynamics_running"
    status = 409
    default = "Dynamics 365 is being synchronised right now. Try again when that has ended."


class DynamicsUnavailable(HunterError):
    """Dynamics 365 does not answer."""

    code = "dynamics_unavailable"
    status = 502
    default = "Dynamics 365 is not answering at the moment. The next run tries again."


class DynamicsAccessDenied(HunterError):
    """Dynamics 365 refuses the app's user; the sentence names the missing privilege where it is known."""

    code = "dynamics_access_denied"
    status = 502
    default = "Dynamics 365 refused the app's user. Give the application user its security role."


class DynamicsSignInFailed(HunterError):
    """No token for Dynamics 365 could be had."""

    code = "dynamics_sign_in_failed"
    status = 502
    default = "The app could not sign in to Dynamics 365. Check the HUNTER_DYNAMICS_ settings and the app registration."


class DynamicsThrottled(HunterError):
    """Dynamics 365 asks for a pause; `Retry-After` says how long."""

    code = "dynamics_throttled"
    status = 503
    default = "Dynamics 365 has asked for a pause. The next run goes on when it is over."


class RecordNotFound(HunterError):
    """Dynamics 365 has no record with this id."""

    code = "record_not_found"
    status = 404
    default = "Dynamics 365 has no record with this id. Check the id, or name the table."


class RecordTaken(HunterError):
    """The record in Dynamics 365 is already linked to another referral."""

    code = "record_taken"
    status = 409
    default = "This record is already linked to another referral. Unlink it there first."
