"""How long to wait before trying again: one backoff and one reader of ``Retry-After`` for every service that is asked.

What is tried again, and how often, each service's own table says; this is how long in between.
"""

from __future__ import annotations

import email.utils
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MOST_ASKED: Final = 24 * 3600.0
"""Seconds; the longest pause that a service may ask for. Longer ones are mistakes, and must not stop the app for years."""
_SECONDS: Final = re.compile(r"\d+(\.\d*)?", re.ASCII)


@dataclass(frozen=True)
class Backoff:
    """Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): the wait is drawn evenly from 0 to a bound.

    The bound is ``first`` seconds after the first attempt, doubles with each, and never exceeds ``most``.
    """

    tries: int
    """Attempts in all, the first included."""
    first: float
    most: float

    def wait(self, attempt: int, asked: float | None = None) -> float:
        """Seconds to wait after attempt number ``attempt`` (from 1) failed; never less than the service asked for."""
        bound = min(self.most, self.first * 2.0 ** (attempt - 1))
        return max(random.uniform(0, bound), asked or 0.0)  # noqa: S311 - jitter, no secret


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that ``Retry-After`` asks for; None without a usable one.

    Seconds may have decimals; a date may have any of HTTP's three forms (RFC 9110, 5.6.7 and 10.2.3), and one without a
    zone is UTC, as the asctime form is.

    Args:
        headers: the answer's headers.
        now: the time that a date is counted from, aware.

    Returns:
        From 0 to ``MOST_ASKED``.
    """
    text = (headers.get("Retry-After") or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), MOST_ASKED)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(0.0, seconds), MOST_ASKED)
