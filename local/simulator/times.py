"""Times of the simulated Partner Center: a clock that can be moved, and the .NET round-trip text of its dates.

A time is an integer of ticks (100 ns, as in .NET) since the Unix epoch, because the API's dates have seven fraction
digits (docs/partner-center-api.md, "The resource") and `datetime` holds six.
"""

import threading
import time
from datetime import UTC, datetime, timedelta

SECOND = 10_000_000
DAY = 86_400 * SECOND


def ticks_of(moment: datetime) -> int:
    """Ticks of an aware datetime."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 10


def text_of(ticks: int) -> str:
    """The fixed-width text with seven fraction digits, which sorts as the times do."""
    seconds, fraction = divmod(ticks, SECOND)
    parts = time.gmtime(seconds)
    return (
        f"{parts.tm_year:04d}-{parts.tm_mon:02d}-{parts.tm_mday:02d}T"
        f"{parts.tm_hour:02d}:{parts.tm_min:02d}:{parts.tm_sec:02d}.{fraction:07d}Z"
    )


def trimmed(text: str) -> str:
    """The same time as .NET writes it when trailing zeros are trimmed: `...:46.17Z`, `...:00Z`."""
    return text[:-1].rstrip("0").rstrip(".") + "Z"


def sortable(value: object) -> str | None:
    """A date of a payload as fixed-width text, or None when it is no date that the service would write."""
    if not isinstance(value, str) or not value.endswith("Z"):
        return None
    whole, _, fraction = value[:-1].partition(".")
    try:
        datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - the trailing Z was cut off above
    except ValueError:
        return None
    if fraction and not fraction.isdecimal():
        return None
    return f"{whole}.{fraction[:7]:<07}Z"


def datetime_of(text: str) -> datetime:
    """The aware datetime of a fixed-width text, cut to microseconds."""
    return datetime.strptime(text[:26] + "+0000", "%Y-%m-%dT%H:%M:%S.%f%z")


class SimulatedClock:
    """Partner Center's clock: real time from a chosen start, moved forward at will. Tokens live by real time."""

    def __init__(self, start: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta(0) if start is None else start - datetime.now(UTC)

    def now(self) -> datetime:
        """The simulated time, aware, UTC."""
        with self._lock:
            return datetime.now(UTC) + self._offset

    def ticks(self) -> int:
        """The simulated time in ticks."""
        return ticks_of(self.now())

    def advance(self, step: timedelta) -> None:
        """Move the clock forward (a negative step moves it back)."""
        with self._lock:
            self._offset += step
