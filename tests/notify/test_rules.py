"""Deadlines' steps, times of day over changes of the clocks, digests, pauses."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from shared.model import times
from shared.notify import rules
from shared.notify.rules import Failure
from tests.notify.samples import NOW, at, referral

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("left", "steps", "holds"),
    [
        (timedelta(days=8, seconds=1), (7, 3, 1, 0), None),
        (timedelta(days=7, hours=23), (7, 3, 1, 0), 7),
        (timedelta(days=4), (7, 3, 1, 0), 7),
        (timedelta(days=3, hours=23), (7, 3, 1, 0), 3),
        (timedelta(days=1, hours=1), (7, 3, 1, 0), 1),
        (timedelta(hours=1), (7, 3, 1, 0), 0),
        (timedelta(hours=1), (7, 3), 3),
        (timedelta(hours=-1), (7, 3, 1, 0), None),
        (timedelta(hours=1), (), None),
    ],
)
def test_the_smallest_step_that_is_reached_holds(left: timedelta, steps: tuple[int, ...], holds: int | None) -> None:
    assert rules.step_of(times.from_datetime(NOW + left), steps, NOW) == holds


def test_standing_tells_deadlines_that_are_near_and_those_that_have_passed() -> None:
    referrals = [
        referral(1, expiration_date_time=at(27)),
        referral(2, expiration_date_time=at(26, 8)),
        referral(3, expiration_date_time=at(38)),
        referral(4, status="Active"),
        referral(5, missing_since=at(20)),
        referral(6, expiration_date_time=None),
    ]
    found = list(rules.standing(referrals, ("due", "expired"), (7, 1), NOW))
    assert [(each.kind, each.referral_id[-1], each.step) for each in found] == [("due", "1", 1), ("expired", "2", None)]
    assert list(rules.standing(referrals, ("new",), (7, 1), NOW)) == []


@hypothesis(max_examples=200)
@given(st.lists(st.integers(-40, 400), max_size=5), st.lists(st.integers(0, 14), max_size=4))
def test_nothing_begins_to_stand_before_the_next_turn(hours: list[int], steps: list[int]) -> None:
    referrals = [
        referral(number, expiration_date_time=times.from_datetime(NOW + timedelta(hours=hour, minutes=7)))
        for number, hour in enumerate(hours)
    ]
    before = set(rules.standing(referrals, ("due", "expired"), steps, NOW))
    turn = rules.next_turn(referrals, steps, NOW)
    step = NOW
    while step < NOW + 20 * DAY and (turn is None or step < turn):
        assert set(rules.standing(referrals, ("due", "expired"), steps, step)) == before
        step += timedelta(hours=2)


@pytest.mark.parametrize(
    ("zone", "at_", "after", "expected"),
    [
        ("Europe/Istanbul", "08:30", "2026-11-26T05:29:00", "2026-11-26T05:30:00"),
        ("Europe/Istanbul", "08:30", "2026-11-26T05:30:00", "2026-11-27T05:30:00"),
        ("Europe/Berlin", "08:30", "2026-03-28T12:00:00", "2026-03-29T06:30:00"),  # summer time begins that night
        ("Europe/Berlin", "08:30", "2026-10-24T12:00:00", "2026-10-25T07:30:00"),  # and ends
        ("Europe/Berlin", "02:30", "2026-03-28T12:00:00", "2026-03-29T01:30:00"),  # there is none: it is 03:30 then
        ("Europe/Berlin", "02:30", "2026-10-24T12:00:00", "2026-10-25T00:30:00"),  # it comes twice: the first
        ("Europe/Berlin", "02:30", "2026-10-25T00:30:00", "2026-10-26T01:30:00"),
        ("Pacific/Kiritimati", "00:05", "2026-11-26T09:00:00", "2026-11-26T10:05:00"),
        ("America/St_Johns", "23:59", "2026-11-26T09:00:00", "2026-11-27T03:29:00"),
        ("Australia/Lord_Howe", "02:15", "2026-10-03T12:00:00", "2026-10-03T15:45:00"),  # jumps half an hour
    ],
)
def test_a_time_of_day_comes_once_a_day_whatever_clocks_do(zone: str, at_: str, after: str, expected: str) -> None:
    moment = rules.next_time(at_, zone, datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert moment == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@hypothesis(max_examples=100)
@given(
    st.sampled_from(["Europe/Istanbul", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]),
    st.times().map(lambda moment: f"{moment:%H:%M}"),
    st.integers(0, 4 * 365 * 24 * 60),
)
def test_days_follow_each_other_without_a_gap_and_none_twice(zone: str, at_: str, start: int) -> None:
    moment, days = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=start), []
    for _ in range(8):
        moment = rules.next_time(at_, zone, moment)
        days.append((moment.astimezone(ZoneInfo(zone)) - timedelta(hours=1, minutes=5)).date())
    assert all(later > earlier for earlier, later in itertools.pairwise(days))
    assert days[-1] - days[0] <= 8 * DAY


def sent(*minutes_ago: float) -> list[datetime]:
    return [NOW - timedelta(minutes=minutes) for minutes in minutes_ago]


@pytest.mark.parametrize(
    ("waiting", "before", "expected"),
    [
        (0, [], "nothing"),
        (4, [], "singles"),
        (5, [], "digest"),
        (4, sent(*range(1, 27)), "singles"),
        (4, sent(*range(1, 28)), "digest"),
        (1, sent(*range(1, 31)), "later"),
        (1, sent(*range(11, 41)), "digest"),
        (4, sent(*range(61, 99)), "singles"),
    ],
)
def test_many_at_once_or_in_an_hour_become_one(waiting: int, before: list[datetime], expected: str) -> None:
    assert rules.arrangement(waiting, sorted(before), NOW, rules.USUAL) == expected


def test_communication_services_is_spared() -> None:
    assert rules.arrangement(1, [], NOW, rules.SPARING) == "singles"
    assert rules.arrangement(2, [], NOW, rules.SPARING) == "digest"


def test_five_tries_in_the_first_minutes_then_growing_pauses() -> None:
    failure = Failure("target_unavailable", "It does not answer.")
    pauses = [rules.pause(failure, number) for number in range(1, 13)]
    assert sum(pauses[:4], timedelta()) < timedelta(minutes=5)
    assert pauses == sorted(pauses)
    assert [rules.is_shown(failure, number) for number in range(1, 7)] == [False] * 4 + [True] * 2
    lasting = Failure("target_rejected", "It refuses.", lasting=True)
    assert [rules.pause(lasting, number) for number in (1, 2, 9)] == [timedelta(hours=1)] * 3
    assert rules.is_shown(lasting, 1)


def test_what_a_target_asks_for_is_a_floor_of_at_most_a_day() -> None:
    assert rules.pause(Failure("target_throttled", "", asked=timedelta(minutes=9)), 1) == timedelta(minutes=9)
    assert rules.pause(Failure("target_throttled", "", asked=timedelta(seconds=1)), 2) == timedelta(seconds=20)
    assert rules.pause(Failure("target_throttled", "", asked=timedelta(days=9)), 1) == timedelta(hours=24)
