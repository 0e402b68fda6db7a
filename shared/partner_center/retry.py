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
    ActionConflict,
    HunterError,
    InvalidResponse,
    Rejected,
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
    COMPARE_AGAIN = "a change: read, compare again, at most 3 times"
    LOOK = "a change: its outcome is unknown, read before each further try, at most 5 tries; Retry-After is a floor"
    GIVE_UP = "no retry"


@dataclass(frozen=True)
class Rule:
    """One row of the table."""

    met: str
    action: Action
    error: type[HunterError]
    changes: bool = False
    """Whether it is of changes, which are never repeated blindly, and not of reading."""


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

CHANGED_MEANWHILE: Final = Rule(
    "a change: 409, 412, 428, or 400 about the eTag", Action.COMPARE_AGAIN, ActionConflict, changes=True
)
CHANGE_THROTTLED: Final = Rule("a change: 429, or 503 with Retry-After", Action.LOOK, Throttled, changes=True)
CHANGE_LOCKED: Final = Rule("a change: 423", Action.LOOK, Unavailable, changes=True)
CHANGE_FAILED: Final = Rule("a change: 408, any 5xx", Action.LOOK, Unavailable, changes=True)
CHANGE_UNANSWERED: Final = Rule(
    "a change: connection failed, reset or timed out", Action.LOOK, Unavailable, changes=True
)
CHANGE_TAKEN: Final = Rule("a change: 202", Action.LOOK, Unavailable, changes=True)
CHANGE_UNREADABLE: Final = Rule("a change: an answer that can't be read", Action.LOOK, InvalidResponse, changes=True)

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
    CHANGED_MEANWHILE,
    CHANGE_THROTTLED,
    CHANGE_LOCKED,
    CHANGE_FAILED,
    CHANGE_UNANSWERED,
    CHANGE_TAKEN,
    CHANGE_UNREADABLE,
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


def rule_for_change(status: int, *, has_retry_after: bool, about_etag: bool) -> Rule | None:
    """The rule for the status of a change's answer; None for 200 and 204.

    Args:
        status: the answer's status.
        has_retry_after: whether the answer carried a usable Retry-After.
        about_etag: whether a 400 is about the version that the change was made for.
    """
    if status in {200, 204}:
        return None
    if status in {409, 412, 428} or (status == 400 and about_etag):
        return CHANGED_MEANWHILE
    if status == 429 or (status == 503 and has_retry_after):
        return CHANGE_THROTTLED
    if status == 423:
        return CHANGE_LOCKED
    if status == 408 or status >= 500:
        return CHANGE_FAILED
    if status == 202:
        return CHANGE_TAKEN
    if 200 < status < 300:
        return CHANGE_UNREADABLE
    return {401: UNAUTHORIZED, 403: FORBIDDEN}.get(status, REJECTED)


def rule_for_kind(kind: Kind, *, changes: bool = False) -> Rule:
    """The rule for a failure without a status, of reading or of a change."""
    if changes and kind is not Kind.CERTIFICATE:
        return {Kind.CONNECTION: CHANGE_UNANSWERED, Kind.BROKEN: CHANGE_UNREADABLE}[kind]
    return {Kind.CONNECTION: CONNECTION, Kind.BROKEN: BROKEN, Kind.CERTIFICATE: CERTIFICATE}[kind]
