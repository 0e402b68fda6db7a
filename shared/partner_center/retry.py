"""The retry table: for each status and each failure what to do, and how the run then ends.

One layer retries. ``requests`` and its adapter do not; tenacity runs the loop in ``client.py``, and this table decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from shared.core.backoff import Backoff
from shared.core.errors import (
    AccessDenied,
    InvalidResponse,
    PartnerCenterError,
    Rejected,
    SignInError,
    SignInRequired,
    Throttled,
    Unavailable,
    Unreachable,
)

BACKOFF: Final = Backoff(tries=5, first=1.0, most=30.0)
CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
"""The longest silence within an answer."""
ANSWER_SECONDS: Final = 45
"""The longest a whole answer may take; shorter than a lease, so that a dripping answer can't outlive it."""


class Action(Enum):
    """What to do about a failure."""

    RETRY = "retry, full jitter, at most 5 tries; Retry-After is a floor"
    RENEW_TOKEN = "renew the token, try once more"  # noqa: S105 - no password
    RESTART_WALK = "restart the walk, once in a run"
    GIVE_UP = "no retry"


@dataclass(frozen=True)
class Rule:
    """One row of the table."""

    met: str
    action: Action
    error: type[PartnerCenterError | SignInError]


class Kind(Enum):
    """What kind of failure it was."""

    CONNECTION = "connection failed, reset or timed out"
    BROKEN = "broken or cut JSON, HTML instead of JSON, wrong shape"
    CERTIFICATE = "certificate or host name problem"


UNAUTHORIZED: Final = Rule("401", Action.RENEW_TOKEN, SignInRequired)
FORBIDDEN: Final = Rule("403", Action.GIVE_UP, AccessDenied)
LINK_EXPIRED: Final = Rule("400 or 410 on a next link", Action.RESTART_WALK, Rejected)
REJECTED: Final = Rule("400, 404, 405, 410 and other 4xx; any 3xx (never followed)", Action.GIVE_UP, Rejected)
THROTTLED: Final = Rule("429, or 503 with Retry-After", Action.RETRY, Throttled)
FAILED: Final = Rule("408, 500, 502, 503, 504", Action.RETRY, Unavailable)
OTHER_FAILURE: Final = Rule("other 5xx", Action.GIVE_UP, Unavailable)
CONNECTION: Final = Rule(Kind.CONNECTION.value, Action.RETRY, Unavailable)
BROKEN: Final = Rule(Kind.BROKEN.value, Action.RETRY, InvalidResponse)
CERTIFICATE: Final = Rule(Kind.CERTIFICATE.value, Action.GIVE_UP, Unreachable)

RULES: Final = (
    UNAUTHORIZED,
    FORBIDDEN,
    LINK_EXPIRED,
    REJECTED,
    THROTTLED,
    FAILED,
    OTHER_FAILURE,
    CONNECTION,
    BROKEN,
    CERTIFICATE,
)
"""The whole table, as docs/errors.md prints it."""


def rule_for_status(status: int, *, on_link: bool, has_retry_after: bool) -> Rule | None:
    """The rule for an HTTP status; None for 200.

    Args:
        status: the answer's status.
        on_link: whether the request followed a next link.
        has_retry_after: whether the answer carried a usable Retry-After.
    """
    if status == 200:
        return None
    if status == 401:
        return UNAUTHORIZED
    if status == 403:
        return FORBIDDEN
    if status in {400, 410} and on_link:
        return LINK_EXPIRED
    if status == 429 or (status == 503 and has_retry_after):
        return THROTTLED
    if status in {408, 500, 502, 503, 504}:
        return FAILED
    if status >= 500:
        return OTHER_FAILURE
    if 200 < status < 300:
        return BROKEN
    return REJECTED


def rule_for_kind(kind: Kind) -> Rule:
    """The rule for a failure without a status."""
    return {Kind.CONNECTION: CONNECTION, Kind.BROKEN: BROKEN, Kind.CERTIFICATE: CERTIFICATE}[kind]
