"""The root of what can go wrong, and what any room may meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class HunterError(Exception):
    """The root. ``message`` is a sentence for people; ``retry_after`` the seconds after which trying again makes sense."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    default: ClassVar[str] = (
        "Something went wrong on our side. Try again; if it keeps happening, give the correlation id to your administrator."
    )
    usual_wait: ClassVar[float | None] = None
    """The seconds that an answer names where nobody asked for any; None: it names none."""

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        correlation_id: str | None = None,
        request_id: str | None = None,
        upstream_status: int | None = None,
        subject: object | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message or self.default)
        self.message = message or self.default
        self.retry_after = retry_after
        self.correlation_id = correlation_id
        self.request_id = request_id
        """Microsoft's request id of the failed call, for their support; logged, never shown."""
        self.upstream_status = upstream_status
        """The HTTP status that upstream answered, where it answered."""
        self.subject = subject
        """What the error is about, a run or an action; ``web`` shows it in the problem document."""
        self.extra: Mapping[str, object] = extra or {}
        """Further members of the problem document, by name: plain values, such as the address that is registered."""


class InternalError(HunterError):
    """An error of ours that nobody foresaw."""


class ConfigurationError(HunterError):
    """A setting is missing or wrong, Entra does not accept the application, or the app may not use its storage."""

    code = "configuration_error"
    default = "The app's settings are incomplete or wrong. Your administrator can see which ones in the sync status."


class FeatureDisabled(HunterError):
    """`HUNTER_PARTNER_CENTER_ENABLED` is not true. Stored data can be read."""

    code = "feature_disabled"
    status = 403
    default = (
        "Partner Center sync is switched off. Stored referrals can still be read; "
        "set HUNTER_PARTNER_CENTER_ENABLED to true to switch it on."
    )


class StorageUnavailable(HunterError):
    """Table Storage does not answer, five times; or the machine's temporary directory is full."""

    code = "storage_unavailable"
    status = 503
    default = "The app's storage is not responding at the moment. Try again in a minute."


def error_of(code: str) -> HunterError:
    """A new error with a stable code, with its usual sentence; an InternalError for a code that is none."""
    kinds: list[type[HunterError]] = [HunterError]
    for kind in kinds:
        if "code" in vars(kind) and kind.code == code and kind is not HunterError:
            return kind()
        kinds += kind.__subclasses__()
    return InternalError()
