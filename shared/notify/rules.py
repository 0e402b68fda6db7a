"""The rules of telling, as docs/notifications.md has them: deadlines, digests, times of day, and what a failure means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Final, Literal
from zoneinfo import ZoneInfo

from shared.model import times
from shared.model.occasion import Kind, deadline_of
from shared.model.summary import ReferralSummary

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)

# -- deadlines


def step_of(deadline: str, steps: Iterable[int], now: datetime) -> int | None:
    """The step that holds: the smallest with no fewer days than are left; None after the deadline, or while none holds."""
    days = (times.to_datetime(deadline) - now) // DAY
    return min((step for step in steps if step >= days), default=None) if days >= 0 else None


def has_expired(deadline: str, now: datetime) -> bool:
    """Whether a deadline is past."""
    return times.to_datetime(deadline) < now


def due_key(deadline: str, step: int) -> str:
    """What tells one telling of a deadline from another: a moved deadline is another, and so is each step."""
    return f"{deadline}~{step}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A referral whose deadline asks for a telling now; ``step`` None means it has expired."""

    kind: Kind
    referral_id: str
    deadline: str
    step: int | None

    @property
    def version(self) -> str:
        """The occasion's version."""
        return self.deadline if self.step is None else due_key(self.deadline, self.step)


def standing(
    referrals: Iterable[ReferralSummary], events: Sequence[Kind], steps: Sequence[int], now: datetime
) -> Iterator[Standing]:
    """What deadlines ask of one subscription now."""
    for referral in referrals:
        deadline = deadline_of(referral)
        if not deadline:
            continue
        if has_expired(deadline, now):
            if "expired" in events:
                yield Standing("expired", referral.id, deadline, None)
        elif "due" in events:
            step = step_of(deadline, steps, now)
            if step is not None:
                yield Standing("due", referral.id, deadline, step)


def next_turn(referrals: Iterable[ReferralSummary], steps: Iterable[int], now: datetime) -> datetime | None:
    """When, by time alone, the next deadline asks for something: a step begins to hold, or it passes.

    Args:
        referrals: all that may be told of.
        steps: of all subscriptions together.
        now: the time.
    """
    offsets = [timedelta(), *((step + 1) * DAY for step in set(steps))]
    turns = (
        turn
        for referral in referrals
        if (deadline := deadline_of(referral))
        for turn in (times.to_datetime(deadline) - offset for offset in offsets)
        if turn >= now
    )
    first = min(turns, default=None)
    return first + timedelta(microseconds=1) if first else None


# -- times of day


def next_time(at: str, zone: str, after: datetime) -> datetime:
    """The next moment after ``after`` at which clocks in a time zone show a time of day; UTC.

    A time that a change of the clocks skips comes as much later as they jump; one that comes twice counts the first time.
    """
    here = ZoneInfo(zone)
    wanted = time_of_day.fromisoformat(at)
    day = after.astimezone(here).date() - DAY
    while True:
        moment = _moment(day, wanted, here)
        if moment > after:
            return moment
        day += DAY


def _moment(day: date, wanted: time_of_day, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, wanted, zone).astimezone(UTC)


# -- one by one, or together


@dataclass(frozen=True, slots=True)
class Limits:
    """From how many occasions at once, or in an hour, one message tells of all."""

    at_once: int = 5
    in_hour: int = 30
    pause: timedelta = timedelta(minutes=10)
    """Least time between two digests while the hour's number is reached."""


USUAL: Final = Limits()
SPARING: Final = Limits(at_once=2, in_hour=4)
"""For Communication Services, whose own domain sends ten an hour (Microsoft Learn, "Service limits", email)."""


def arrangement(
    waiting: int, sent: Sequence[datetime], now: datetime, limits: Limits
) -> Literal["nothing", "singles", "digest", "later"]:
    """How to tell what waits for one subscription.

    Args:
        waiting: occasions that are still true.
        sent: when messages went out within the last hour, in their order.
        now: the time.
        limits: those of the channel.
    """
    if not waiting:
        return "nothing"
    recent = [at for at in sent if now - at < HOUR]
    if len(recent) + waiting > limits.in_hour:
        # The first digest goes at once, however soon it comes after the last single; those after it have to pause.
        crowded = len(recent) >= limits.in_hour and now - recent[-1] < limits.pause
        return "later" if crowded else "digest"
    return "digest" if waiting >= limits.at_once else "singles"


# -- failures

QUICK: Final = (timedelta(seconds=5), timedelta(seconds=20), timedelta(seconds=60), timedelta(seconds=120))
"""Pauses between the first five tries."""
SLOW: Final = tuple(timedelta(minutes=minutes) for minutes in (10, 20, 40, 60, 120, 240))
"""Pauses from the fifth failure on; the last one repeats."""
GIVE_UP: Final = timedelta(hours=24)
MOST_ASKED: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message was not taken. ``lasting``: it won't pass by itself; ``asked`` the pause that the target asks for."""

    code: str
    message: str
    lasting: bool = False
    asked: timedelta | None = None


def pause(failure: Failure, failures: int) -> timedelta:
    """How long a target is left alone after so many failures in a row, this one included."""
    if failure.lasting:
        usual = HOUR
    elif failures <= len(QUICK):
        usual = QUICK[failures - 1]
    else:
        usual = SLOW[min(failures - len(QUICK), len(SLOW)) - 1]
    return max(usual, min(failure.asked or timedelta(), MOST_ASKED))


def is_shown(failure: Failure, failures: int) -> bool:
    """Whether a failure shows as ``lastError``: a lasting one at once, another with the fifth."""
    return failure.lasting or failures > len(QUICK)
