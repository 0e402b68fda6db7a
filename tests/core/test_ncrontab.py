from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from shared.core import ncrontab


def _after(expression: str, moment: str) -> str:
    following = ncrontab.parse(expression).next_after(datetime.fromisoformat(moment + "+00:00"))
    return following.strftime("%Y-%m-%d %H:%M:%S") if following else "never"


@pytest.mark.parametrize(
    ("expression", "moment", "following"),
    [
        ("0 */10 * * * *", "2026-11-24 09:00:00", "2026-11-24 09:10:00"),
        ("0 */10 * * * *", "2026-11-24 09:09:59", "2026-11-24 09:10:00"),
        ("0 */10 * * * *", "2026-12-31 23:55:00", "2027-01-01 00:00:00"),
        ("* * * * * *", "2026-11-24 09:00:00", "2026-11-24 09:00:01"),
        ("*/5 * * * * *", "2026-11-24 09:00:58", "2026-11-24 09:01:00"),
        ("0 30 9 * * *", "2026-11-24 09:29:59", "2026-11-24 09:30:00"),
        ("0 30 9 * * *", "2026-11-24 09:30:00", "2026-11-25 09:30:00"),
        # Five fields: the seconds are left out.
        ("*/10 * * * *", "2026-11-24 09:00:01", "2026-11-24 09:10:00"),
        # Day of month AND day of week: a Friday the 13th, never the next 13th nor the next Friday.
        ("0 0 0 13 * 5", "2026-11-24 00:00:00", "2027-08-13 00:00:00"),
        # Sunday is 0; 22 November 2026 is a Sunday.
        ("0 0 0 * * 0", "2026-11-21 12:00:00", "2026-11-22 00:00:00"),
        ("0 0 0 * * sun", "2026-11-21 12:00:00", "2026-11-22 00:00:00"),
        ("0 0 0 * * Mon-Fri", "2026-11-20 12:00:00", "2026-11-23 00:00:00"),
        ("0 0 0 1 January *", "2026-11-20 12:00:00", "2027-01-01 00:00:00"),
        ("0 0 0 1 jan,jul *", "2027-01-02 00:00:00", "2027-07-01 00:00:00"),
        # A range from a value to itself is that value.
        ("0 0 5-5 * * *", "2026-11-24 05:00:00", "2026-11-25 05:00:00"),
        ("0 7-7 * * * *", "2026-11-24 09:07:00", "2026-11-24 10:07:00"),
        ("0 0 0 * * 1-1", "2026-11-23 00:00:00", "2026-11-30 00:00:00"),
        ("0 5-5/20 * * * *", "2026-11-24 09:05:00", "2026-11-24 10:05:00"),
        # A backward range is turned round, not wrapped over midnight.
        ("0 0 22-3 * * *", "2026-11-24 22:00:00", "2026-11-25 03:00:00"),
        # A step that starts at a number runs to the end of the field; steps start anew in each hour.
        ("0 5/20 * * * *", "2026-11-24 09:05:00", "2026-11-24 09:25:00"),
        ("0 5/20 * * * *", "2026-11-24 09:45:00", "2026-11-24 10:05:00"),
        ("0 */25 * * * *", "2026-11-24 09:50:00", "2026-11-24 10:00:00"),
        ("0 10-30/10 * * * *", "2026-11-24 09:30:00", "2026-11-24 10:10:00"),
        ("0 */0 * * * *", "2026-11-24 09:00:00", "2026-11-24 09:01:00"),
        ("0 1,5-6,*/30 * * * *", "2026-11-24 09:06:00", "2026-11-24 09:30:00"),
        ("0 0 0 29 2 *", "2026-11-24 00:00:00", "2028-02-29 00:00:00"),
        # 29 February on a Sunday: 28 years apart, 40 where a century without a leap day lies between.
        ("0 0 0 29 2 0", "2032-03-01 00:00:00", "2060-02-29 00:00:00"),
        ("0 0 0 29 2 0", "2088-03-01 00:00:00", "2128-02-29 00:00:00"),
        ("0 0 0 31 4 *", "2026-11-24 00:00:00", "never"),
        ("0 0 0 30 2 *", "2026-11-24 00:00:00", "never"),
    ],
)
def test_next_time(expression: str, moment: str, following: str) -> None:
    assert _after(expression, moment) == following


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "* * * * * * *",
        "60 * * * * *",
        "* 60 * * * *",
        "* * 24 * * *",
        "* * * 0 * *",
        "* * * 32 * *",
        "* * * * 13 *",
        "* * * * 0 *",
        "* * * * * 7",
        "* * * * * 5-7",
        "*/x * * * * *",
        "*/-1 * * * * *",
        "-1 * * * * *",
        "1- * * * * *",
        ", * * * * *",
        "? * * * * *",
        "mon * * * * *",
        "* * * * * L",
        "00:05:00",
        "²  * * * * *",
    ],
)
def test_what_is_no_schedule_is_refused_with_a_sentence(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        ncrontab.parse(expression)


def test_times_are_utc_whatever_zone_they_are_asked_in() -> None:
    istanbul = timezone(timedelta(hours=3))
    following = ncrontab.parse("0 0 9 * * *").next_after(datetime(2026, 11, 24, 11, 30, tzinfo=istanbul))
    assert following == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def _fields(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    ranges = st.tuples(number, number).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: f"{pair[0]}-{pair[1]}")
    item = st.one_of(number.map(str), ranges, st.sampled_from(["*/2", "*/7"]))
    return st.one_of(st.just("*"), st.lists(item, min_size=1, max_size=3).map(",".join))


@given(
    st.tuples(_fields(0, 59), _fields(0, 59), _fields(0, 23), _fields(1, 28), _fields(1, 12), _fields(0, 6)),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - made aware below
)
def test_it_agrees_with_an_independent_library_where_that_one_is_right(
    fields: tuple[str, ...], moment: datetime
) -> None:
    expression, start = " ".join(fields), moment.replace(microsecond=0, tzinfo=UTC)
    theirs = croniter(expression, start, second_at_beginning=True, day_or=False).get_next(datetime)
    assert ncrontab.parse(expression).next_after(start) == theirs
