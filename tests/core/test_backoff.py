"""One backoff and one reader of Retry-After, whoever is asked."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.backoff import MOST_ASKED, Backoff, retry_after

NOW = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4.9", 4.9),
        ("30.0", 30.0),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("1.", 1.0),
        ("Fri, 27 Nov 2026 12:00:30 GMT", 30.0),
        ("Friday, 27-Nov-26 12:00:30 GMT", 30.0),
        ("Fri Nov 27 12:00:30 2026", 30.0),
        ("Fri Nov  6 12:00:30 2026", 0.0),
        ("Fri, 27 Nov 2026 12:00:30 -0000", 30.0),
        ("Fri, 27 Nov 2026 15:00:30 +0300", 30.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MOST_ASKED),
        ("9999999999", MOST_ASKED),
        ("1795694400", MOST_ASKED),
        ("9" * 400, MOST_ASKED),
        ("9" * 5_000, MOST_ASKED),
        ("86400", MOST_ASKED),
        ("86401", MOST_ASKED),
    ],
)
def test_what_is_asked_for_is_a_floor_of_at_most_a_day(text: str, seconds: float) -> None:
    assert retry_after({"Retry-After": text}, NOW) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-1", "+5", "nan", "inf", "1e3", "1,5", "٣", "Fri, 31 Feb 2026 12:00:00 GMT", "0x10", "5 s"]
)
def test_what_means_no_time_is_none(text: str) -> None:
    assert retry_after({"Retry-After": text}, NOW) is None


def test_without_the_header_nothing_is_asked() -> None:
    assert retry_after({}, NOW) is None


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    seconds = retry_after({"Retry-After": text}, NOW)
    assert seconds is None or 0 <= seconds <= MOST_ASKED


@given(st.integers(min_value=0, max_value=int(MOST_ASKED)))
def test_a_date_asks_for_the_time_until_it(seconds: int) -> None:
    text = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after({"Retry-After": text}, NOW) == seconds


@given(st.integers(min_value=1, max_value=60), st.one_of(st.none(), st.floats(min_value=0, max_value=MOST_ASKED)))
def test_a_wait_is_jittered_below_its_bound_and_never_below_what_was_asked(attempt: int, asked: float | None) -> None:
    backoff = Backoff(tries=5, first=1.0, most=30.0)
    wait = backoff.wait(attempt, asked)
    assert (asked or 0.0) <= wait <= max(asked or 0.0, min(30.0, math.ldexp(1.0, attempt - 1)))
