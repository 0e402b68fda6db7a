"""When the timer comes next: NCRONTAB with six fields, in UTC, all of which have to fit (Azure Functions' timer trigger)."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from croniter import croniter


def next_tick(schedule: str, now: datetime) -> datetime:
    """The next time after ``now`` at which a schedule fires."""
    ticks = croniter(schedule, now.astimezone(UTC), ret_type=datetime, second_at_beginning=True, day_or=False)
    moment: datetime = ticks.get_next()
    return moment


def interval(schedule: str, now: datetime) -> timedelta:
    """The longest of the next few gaps between two ticks."""
    ticks = [next_tick(schedule, now)]
    for _ in range(4):
        ticks.append(next_tick(schedule, ticks[-1]))
    return max(later - earlier for earlier, later in itertools.pairwise(ticks))
