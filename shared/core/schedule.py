"""When the timer comes next: NCRONTAB with six fields, in UTC, as the platform's timer trigger reads it (``ncrontab``)."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.core import ncrontab

FIELDS: Final = 6
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


def is_schedule(text: str) -> bool:
    """Whether the platform can read it and its time ever comes; that of 30 February does not."""
    if len(text.split()) != FIELDS:
        return False
    try:
        return ncrontab.parse(text).next_after(_ANY_TIME) is not None
    except ValueError:
        return False


def next_tick(schedule: str, now: datetime) -> datetime:
    """The next time after ``now`` at which a schedule fires. Raises ValueError for what ``is_schedule`` refuses."""
    moment = ncrontab.parse(schedule).next_after(now)
    if moment is None:
        raise ValueError("This schedule never fires.")
    return moment


def interval(schedule: str, now: datetime) -> timedelta:
    """The longest of the next few gaps between two ticks."""
    ticks = [next_tick(schedule, now)]
    for _ in range(4):
        ticks.append(next_tick(schedule, ticks[-1]))
    return max(later - earlier for earlier, later in itertools.pairwise(ticks))
