"""What a caller did that can't be answered, and what a caller may not do."""

from __future__ import annotations

from shared.core.errors.base import HunterError


class RequestError(HunterError):
    """The caller asked for something that cannot be done as asked."""

    code = "invalid_request"
    status = 400


class InvalidRequest(RequestError):
    """The body is not what the route takes."""

    default = "This route does not accept the request's body."


class InvalidParameter(RequestError):
    """A query parameter is unknown or has a value it can't have; the sentence names it."""

    code = "invalid_parameter"
    default = "A parameter is unknown or has an invalid value."


class NotFound(RequestError):
    """There is no such thing."""

    code = "not_found"
    status = 404
    default = "There is nothing under this address."


class RequestTooLarge(RequestError):
    """The body is longer than any this API takes."""

    code = "request_too_large"
    status = 413
    default = "The request's body is too large."


class UnsupportedMediaType(RequestError):
    """State changes take `application/json` only."""

    code = "unsupported_media_type"
    status = 415
    default = "Send the body as application/json."


class TooManyRequests(RequestError):
    """This instance was asked to sync or sign in too often."""

    code = "too_many_requests"
    status = 429
    default = "Too many requests. Wait a moment and try again."


class AccessError(HunterError):
    """The caller may not do this."""


class Unauthenticated(AccessError):
    """Nobody is signed in, or the platform does not vouch for who is."""

    code = "unauthenticated"
    status = 401
    default = "Sign in first. If you are signed in, the app's authentication is not set up; ask your administrator."


class Forbidden(AccessError):
    """The caller lacks the app role."""

    code = "forbidden"
    status = 403
    default = "Your account does not have the app role for this. Your administrator can assign it in Microsoft Entra."


class CrossSiteRequest(AccessError):
    """A browser says that another site's page sent the request."""

    code = "cross_site_request"
    status = 403
    default = "The request came from another website and was refused."
