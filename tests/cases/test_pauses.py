"""Every form of Retry-After through the whole sync: a floor between tries, a pause where it does not fit, and never for years."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from shared.core.backoff import MOST_ASKED
from tests.cases.records import INPUTS
from tests.sync.harness import NOW, World

AFTER = 30.0
FITS: dict[str, tuple[int, str, float]] = {
    "decimals": (429, "4.9", 4.9),
    "decimals of zeros": (503, "30.0", 30.0),
    "seconds": (503, "30", 30.0),
    "a point at the end": (429, "7.", 7.0),
    "blanks": (429, "  12  ", 12.0),
    "many decimals": (429, "3.0000001", 3.0000001),
    "asctime": (429, "{asctime}", AFTER),
    "IMF-fixdate": (429, "{fixdate}", AFTER),
    "RFC 850": (503, "{rfc850}", AFTER),
    "no zone known": (429, "{minus}", AFTER),
}
"""Answers that are waited for: status, header, and the floor in seconds."""
PAUSES: dict[str, tuple[int, str, float]] = {
    "year 9999": (429, "Fri, 31 Dec 9999 23:59:59 GMT", MOST_ASKED),
    "ten digits": (429, "9999999999", MOST_ASKED),
    "since 1970": (429, "1795694400", MOST_ASKED),
    "four hundred digits": (429, "9" * 400, MOST_ASKED),
    "two hours": (429, "7200", 7_200.0),
    "two hours and a half": (503, "7200.5", 7_200.5),
    "a day": (503, "86400", 86_400.0),
    "more than a day": (503, "86401", MOST_ASKED),
}
"""Answers that do not fit a run: status, header, and the pause that is kept."""
NOTHING = ["soon", "", "-5", "0x10", "1e3", "NaN", "Infinity", "4,9", "Mon, 99 Foo 2026 00:00:00 GMT"]


def filled(header: str, now: datetime) -> str:
    """The header with dates that lie ``AFTER`` seconds ahead."""
    then = datetime.fromtimestamp(now.timestamp() + AFTER, now.tzinfo)
    return header.format(
        asctime=then.strftime("%a %b %d %H:%M:%S %Y"),
        fixdate=then.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        rfc850=then.strftime("%A, %d-%b-%y %H:%M:%S GMT"),
        minus=then.strftime("%a, %d %b %Y %H:%M:%S -0000"),
    )


@pytest.fixture
def world(storage_account: str, tmp_path: Path) -> Iterator[World]:
    with World(storage_account, tmp_path, referrals=3) as world:
        yield world


def test_the_file_s_headers_are_among_these() -> None:
    given = {case["header"] for case in json.loads((INPUTS / "retry-after.json").read_bytes())}
    dates = {header for header in given if header.startswith("Fri") and "9999" not in header}
    known = {header for _, header, _ in (*FITS.values(), *PAUSES.values())}
    assert given - dates <= known
    assert len(dates) == 2  # asctime and -0000, here counted from the test's own clock


@pytest.mark.parametrize("form", FITS)
def test_what_is_asked_for_is_a_floor_between_tries(world: World, form: str) -> None:
    status, header, floor = FITS[form]
    world.sim.faults.add(status=status, retry_after=filled(header, NOW), times=1)
    outcome = world.run()
    assert outcome.succeeded
    assert outcome.waits
    assert outcome.waits[0] >= floor - 0.01
    assert outcome.waits[0] <= floor + 2


def test_a_service_that_always_asks_for_a_pause_throttles(world: World) -> None:
    world.sim.faults.add(status=503, retry_after="30.0", times=0)
    outcome = world.run()
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.status) == ("partner_center_throttled", 503)
    assert all(wait >= 30 for wait in outcome.waits)
    assert (outcome.error.retry_after or 0) > 0


@pytest.mark.parametrize("form", PAUSES)
def test_what_does_not_fit_pauses_the_run_for_a_day_at_most(world: World, form: str) -> None:
    status, header, pause = PAUSES[form]
    world.sim.faults.add(status=status, retry_after=header, times=1)
    outcome = world.run()
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.status) == ("partner_center_throttled", 503)
    assert outcome.error.retry_after == pytest.approx(pause, abs=5)
    assert outcome.run is not None
    assert outcome.run.state == "paused"

    sent = len(world.sim.requests)
    world.clock.advance(pause / 2)
    early = world.run()
    assert early.error is not None
    assert early.error.code == "partner_center_throttled"
    assert len(world.sim.requests) == sent, "asked during the pause"
    world.clock.advance(pause / 2 + 5)
    assert world.run().succeeded


def test_a_pause_met_after_slow_writes_is_a_pause_too(world: World) -> None:
    world.sim.faults.add(status=429, retry_after="Fri, 31 Dec 9999 23:59:59 GMT", times=1, after=1)
    world.io = lambda point: world.clock.advance(2.0) if point.startswith("before transact") else None
    outcome = world.run()
    assert outcome.error is not None
    assert outcome.error.code == "partner_center_throttled"


def test_an_operator_can_lift_a_pause(world: World) -> None:
    world.sim.faults.add(status=429, retry_after="9999999999", times=1)
    assert world.run().error is not None
    assert world.state.lift_pause()
    assert world.run().succeeded
    assert not world.state.lift_pause()


@pytest.mark.parametrize("header", NOTHING)
def test_what_is_no_time_is_no_pause(world: World, header: str) -> None:
    world.sim.faults.add(status=429, retry_after=header, times=1)
    outcome = world.run()
    assert outcome.succeeded
    assert all(wait <= 2 for wait in outcome.waits)
