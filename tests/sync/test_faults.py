"""The retry table, tried over real sockets: for each failure what the run says, how often it asked, how long it waited."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from local.simulator import RequestInfo
from shared.core.errors import Throttled
from shared.partner_center import retry
from shared.sync.service import HTTP_SECONDS
from tests.sync.harness import NOW, ManualClock, World

FOREVER = 0


@dataclass(frozen=True)
class Case:
    """A failure that stays: what is met, and what the run comes to."""

    fault: dict[str, Any]
    code: str
    status: int
    tries: int
    least_wait: float = 0.0
    retry_after: float | None = None

    def __str__(self) -> str:
        return "-".join(str(value) for value in self.fault.values())


def rejected(**fault: Any) -> Case:
    return Case(fault, "partner_center_rejected", 502, 1)


def unavailable(**fault: Any) -> Case:
    return Case(fault, "partner_center_unavailable", 502, 5)


def unreadable(**fault: Any) -> Case:
    return Case(fault, "partner_center_invalid_response", 502, 5)


CASES = [
    Case({"status": 401}, "sign_in_required", 503, 2),
    Case({"status": 403}, "access_denied", 502, 1),
    Case({"status": 400}, "partner_center_rejected", 502, 2),  # asked once more without $top
    *(rejected(status=status) for status in (402, 404, 405, 406, 409, 410, 412, 415, 422, 451)),
    *(rejected(kind="redirect", status=status) for status in (301, 302, 303, 307, 308)),
    *(unavailable(status=status) for status in (408, 500, 502, 503, 504)),
    unavailable(kind="html"),
    Case({"status": 501}, "partner_center_unavailable", 502, 1),
    Case({"status": 505}, "partner_center_unavailable", 502, 1),
    unavailable(kind="reset"),
    unavailable(kind="stall"),
    unavailable(kind="cut"),
    unreadable(kind="invalid_json"),
    unreadable(kind="wrong_type"),
    unreadable(kind="wrong_shape"),
    unreadable(kind="wrong_shape", body=[]),
    unreadable(kind="wrong_shape", body={"value": {}}),
    unreadable(kind="wrong_shape", body={"value": [], "@odata.nextLink": 7}),
    unreadable(status=200, body=b"\xff".decode("latin-1"), content_type="application/json"),
    unreadable(status=204),
    Case({"status": 429}, "partner_center_throttled", 503, 5),
    Case({"status": 429, "retry_after": 7}, "partner_center_throttled", 503, 5, 7, 7),
    Case({"status": 503, "retry_after": 7}, "partner_center_throttled", 503, 5, 7, 7),
    Case({"status": 500, "retry_after": 7}, "partner_center_unavailable", 502, 5, 7),
    Case({"status": 429, "retry_after": "soon"}, "partner_center_throttled", 503, 5),
]


def shorten_silence(world: World, case: Case, monkeypatch: pytest.MonkeyPatch, until: str = "") -> None:
    """Give a server that says nothing up soon, for these sockets are real, and so is their time.

    After a request of the kind `until` it answers, and has as long as ever, for the machine may be busy.
    """
    if case.fault.get("kind") != "stall":
        return
    monkeypatch.setattr(retry, "READ_SECONDS", 2)

    def met(request: RequestInfo) -> None:
        if request.kind == until:
            monkeypatch.setattr(retry, "READ_SECONDS", 30)

    world.sim.before_request = met


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_failure_that_stays_ends_the_run_as_the_table_says(
    world: World, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sim.faults.add(times=FOREVER, match="list", **case.fault)
    shorten_silence(world, case, monkeypatch)
    outcome = world.run()

    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.status) == (case.code, case.status)
    assert len(outcome.requests) == case.tries
    assert outcome.run is not None
    assert outcome.run.state == "failed"
    check_waits(outcome.waits, case.tries - 1 if case.tries > 2 else 0, case.least_wait)
    assert sum(outcome.sleeps) == pytest.approx(sum(outcome.waits), abs=0.01)
    assert outcome.run.retries == len(outcome.waits)
    if case.retry_after:
        assert outcome.error.retry_after is not None
        assert outcome.error.retry_after >= case.retry_after
    if case.code == "sign_in_required":
        assert outcome.named("sign_in_required")

    # It was said, and nothing is lost: once the failure has passed, a run ends as if nothing had been.
    world.sim.faults.clear()
    monkeypatch.undo()
    world.clock.advance(retry.BACKOFF.most)
    assert world.run().succeeded.mode == "full"
    world.assert_equal_to_upstream()


PASSING = [case for case in CASES if case.tries > 1 and case.fault != {"status": 400}]


@pytest.mark.parametrize("match", ["list", "next"])
@pytest.mark.parametrize("case", PASSING, ids=str)
def test_a_failure_that_passes_is_survived(
    world: World, case: Case, match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sim.faults.add(times=1, match=match, **case.fault)
    shorten_silence(world, case, monkeypatch, until=match)
    outcome = world.run()

    assert outcome.succeeded.inserted == world.referrals
    asked_anew = case.code == "sign_in_required"
    check_waits(outcome.waits, 0 if asked_anew else 1, case.least_wait)
    assert len(outcome.requests) == 4 + 1  # the newest, three pages, and what was repeated
    assert world.sign_in.refreshed == asked_anew
    world.assert_equal_to_upstream()


def check_waits(waits: list[float], count: int, least: float) -> None:
    """Full jitter: from nothing to a doubling most, and never less than was asked for."""
    assert len(waits) == count
    for number, wait in enumerate(waits):
        assert least <= wait <= max(least, min(retry.BACKOFF.most, retry.BACKOFF.first * 2**number)) + 0.001


def test_tries_within_one_run_add_up_over_its_requests(world: World) -> None:
    for kind in ("list", "next"):
        world.sim.faults.add(status=500, times=4, match=kind)
    outcome = world.run()

    assert outcome.succeeded.retries == 8
    assert len(outcome.requests) == 4 + 8


def test_every_attempt_is_logged(world: World) -> None:
    world.sim.faults.add(status=503, times=2, match="next", retry_after=3)
    outcome = world.run()

    attempts = outcome.named("partner_center_attempt")
    assert [one["status"] for one in attempts] == [200, 200, 503, 503, 200, 200]
    assert all(one["requestId"] for one in attempts)
    assert [one["attempt"] for one in attempts if one["status"] == 503] == [1, 2]
    assert len(outcome.named("partner_center_throttled")) == 2


# Retry-After


def test_a_date_is_a_floor_too(world: World) -> None:
    world.sim.faults.add(status=429, match="list", retry_after=NOW + timedelta(seconds=90))
    outcome = world.run()

    assert outcome.succeeded
    assert outcome.waits == [pytest.approx(90, abs=1.01)]
    assert sum(outcome.sleeps) >= 90


@pytest.mark.parametrize("status", [429, 503, 500])
def test_a_wait_that_does_not_fit_pauses_the_run_and_nothing_is_sent_before_it_has_passed(
    world: World, status: int
) -> None:
    world.sim.faults.add(status=status, match="next", retry_after=3600)
    outcome = world.run()

    assert isinstance(outcome.error, Throttled)
    assert outcome.error.retry_after == 3600
    assert outcome.run is not None
    assert outcome.run.state == "paused"
    assert outcome.run.inserted == 5
    assert not outcome.sleeps
    assert world.state.load().holder(world.clock.now()) is None

    world.clock.advance(3599)
    for trigger in ("http", "timer"):
        again = world.run(trigger)
        assert isinstance(again.error, Throttled)
        assert again.error.retry_after == pytest.approx(1, abs=0.01)
        assert not again.requests
        assert again.run is None

    world.clock.advance(1.001)
    rest = world.run()
    assert rest.succeeded.inserted == world.referrals - 5
    assert [one.kind for one in rest.requests] == ["next", "next", "list"]
    world.assert_equal_to_upstream()


def test_what_was_asked_for_last_holds_for_the_next_run_too(world: World) -> None:
    world.sim.faults.add(status=429, match="list", retry_after=20, times=5)
    outcome = world.run()
    assert outcome.error is not None
    assert outcome.error.retry_after == 20
    again = world.run()

    assert isinstance(again.error, Throttled)
    assert not again.requests
    world.clock.advance(20)
    assert world.run().succeeded


def test_a_wait_within_the_time_that_is_left_is_waited(world: World) -> None:
    world.sim.faults.add(status=429, match="list", retry_after=HTTP_SECONDS - 1)
    outcome = world.run()

    assert outcome.run is not None
    assert sum(outcome.sleeps) == pytest.approx(HTTP_SECONDS - 1)
    assert max(outcome.sleeps) <= 10  # in slices, so that the lease is renewed
    assert outcome.run.state == "paused"  # its time is up: what it has is kept, and the next run goes on
    assert world.run().succeeded
    world.assert_equal_to_upstream()


# Links


@pytest.mark.parametrize("status", [400, 410])
def test_an_expired_link_begins_the_walk_anew_once(world: World, status: int) -> None:
    world.sim.faults.add(status=status, match="next", after=1)
    outcome = world.run()

    assert [one.kind for one in outcome.requests] == ["list", "list", "next", "next", "list", "list", "next", "next"]
    assert outcome.succeeded.inserted == world.referrals
    assert outcome.succeeded.repeated == 10
    world.assert_equal_to_upstream()


@pytest.mark.parametrize("status", [400, 410])
def test_a_link_that_expires_twice_fails_the_run(world: World, status: int) -> None:
    world.sim.faults.add(status=status, match="next", times=2)
    outcome = world.run()

    assert outcome.error is not None
    assert outcome.error.code == "partner_center_rejected"
    assert [one.kind for one in outcome.requests] == ["list", "list", "next", "list", "list", "next"]
    assert [one.kind for one in world.run().requests] == ["list", "list", "next", "next"]
    world.assert_equal_to_upstream()


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403},
        {"status": 404},
        {"status": 405},
        {"status": 500},
        {"kind": "reset"},
        {"kind": "invalid_json"},
        {"status": 401},
    ],
)
def test_after_a_failure_what_was_read_is_kept_and_the_place_is_not(world: World, fault: dict[str, Any]) -> None:
    """What failed at a place might fail there for ever, whatever the next run is told meanwhile."""
    world.sim.faults.add(match="next", times=FOREVER, **fault)
    failed = world.run()
    assert failed.error is not None
    assert failed.run is not None
    assert failed.run.inserted == 5
    world.sim.faults.clear()
    again = world.run()

    assert [one.kind for one in again.requests] == ["list", "list", "next", "next"]
    assert (again.succeeded.inserted, again.succeeded.unchanged) == (9, 5)
    world.assert_equal_to_upstream()


@pytest.mark.parametrize("form", ["evil", "evil_userinfo", "evil_suffix"])
def test_a_link_to_another_host_is_not_followed(world: World, form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def note(host: str, *rest: Any, **more: Any) -> Any:
        asked.append(host)
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", note)
    world.sim.switches.next_link = form
    outcome = world.run()

    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.status) == ("partner_center_untrusted_link", 502)
    assert [one.kind for one in outcome.requests] == ["list", "list"]
    assert set(asked) <= {"127.0.0.1"}
    world.sim.switches.next_link = "public"
    assert world.run().succeeded
    world.assert_equal_to_upstream()


def test_a_link_that_leads_to_itself_fails_the_run(world: World) -> None:
    world.sim.switches.next_link = "repeating"
    outcome = world.run()

    assert outcome.error is not None
    assert outcome.error.code == "partner_center_contract_changed"
    assert [one.kind for one in outcome.requests] == ["list", "list", "next"]
    world.sim.switches.next_link = "well_formed"
    assert world.run().succeeded
    world.assert_equal_to_upstream()


def test_empty_pages_with_a_link_go_on(world: World) -> None:
    world.sim.switches.empty_page_every = 2
    world.sim.switches.last_page_link = True
    assert world.run().succeeded.pages > 3
    world.assert_equal_to_upstream()


def test_empty_pages_without_end_pause_the_run(make_world: Callable[..., World]) -> None:
    world = make_world(settings_of={"HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "20"})
    world.sim.switches.empty_page_every = 1
    outcome = world.run()

    assert outcome.error is None
    assert outcome.run is not None
    assert outcome.run.state == "paused"


# Addresses


def at(world: World, address: str) -> None:
    """Point the app at another address of Partner Center."""
    world.settings = world.settings_with(HUNTER_PARTNER_CENTER_API_URL=address)


def test_an_unknown_certificate_is_not_trusted(world: World) -> None:
    at(world, world.sim.authority)
    outcome = world.run()

    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.status) == ("partner_center_unreachable", 502)
    assert not outcome.sleeps
    assert not outcome.requests
    assert len(outcome.named("partner_center_attempt")) == 1


def test_a_host_that_has_no_address_is_not_asked_again(world: World) -> None:
    at(world, "https://partner-center.invalid")
    outcome = world.run()

    assert outcome.error is not None
    assert outcome.error.code == "partner_center_unreachable"
    assert len(outcome.named("partner_center_attempt")) == 1
    assert not outcome.sleeps


def test_a_port_where_nobody_listens_is_tried_five_times(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        at(world, f"http://127.0.0.1:{taken.getsockname()[1]}")
        outcome = world.run()

    assert outcome.error is not None
    assert outcome.error.code == "partner_center_unavailable"
    check_waits(outcome.waits, 4, 0)


# Answers that drip


class HurriedClock(ManualClock):
    """A clock on which a lot of time passes whenever somebody looks at it."""

    step = 0.0

    def monotonic(self) -> float:
        """Seconds since it began."""
        self._passed += self.step
        return self._passed


@contextmanager
def dripping(piece: bytes, pause: float) -> Iterator[tuple[str, list[str]]]:
    """A server that sends its answer in 300 small pieces and breaks off; it notes requests, and who listens so long."""
    ended = threading.Event()
    seen: list[str] = []

    def serve(listener: socket.socket) -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                seen.append(connection.recv(65536).decode().partition("\r\n")[0])
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000000\r\n\r\n"
                try:
                    connection.sendall(head)
                    for _ in range(300):
                        if ended.wait(pause):
                            return
                        connection.sendall(piece)
                    seen.append("to the end")
                except OSError:
                    continue

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(60)


def test_an_answer_that_drips_is_given_up(make_world: Callable[..., World]) -> None:
    world = make_world(clock=HurriedClock())
    with dripping(b" ", 0.02) as (address, seen):
        at(world, address)
        HurriedClock.step = 5.0
        try:
            outcome = world.run(budget=10_000.0)
        finally:
            HurriedClock.step = 0.0

    assert outcome.error is not None
    assert outcome.error.code == "partner_center_unavailable"
    assert len(seen) == 5
    assert "to the end" not in seen


def test_an_answer_without_end_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.partner_center.client.MOST_BYTES", 1_000_000)
    with dripping(b" " * 400_000, 0.001) as (address, seen):
        at(world, address)
        outcome = world.run()

    assert outcome.error is not None
    assert outcome.error.code == "partner_center_unavailable"
    assert len(seen) == 5


# By id


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        ({"status": 500}, 5),
        ({"status": 503}, 5),
        ({"kind": "reset"}, 5),
        ({"kind": "invalid_json"}, 5),
        ({"status": 400}, 1),
    ],
)
def test_what_a_read_by_id_does_not_confirm_is_not_marked_and_the_run_succeeds(
    world: World, fault: dict[str, Any], tries: int
) -> None:
    world.run()
    world.sim.data.remove(world.sim.data.ids()[3])
    world.sim.faults.add(match="get", times=FOREVER, **fault)
    outcome = world.run(mode="full")

    assert outcome.succeeded.missing == 0
    assert len([one for one in outcome.requests if one.kind == "get"]) == tries
    world.sim.faults.clear()
    assert world.run(mode="full").succeeded.missing == 1
    world.assert_equal_to_upstream()


def test_a_list_that_takes_no_top_is_asked_without(world: World) -> None:
    world.sim.faults.add(status=400, match="list", times=1)
    outcome = world.run()
    assert outcome.succeeded.inserted == world.referrals
    asked = [one.query for one in outcome.requests if one.kind == "list"]
    assert ["$top" in query for query in asked] == [True, False, False]
    assert {query["$orderby"] for query in asked[:2]} == {"updatedDateTime desc"}
    assert world.state.load().cursor.watermark is not None
    world.assert_equal_to_upstream()


def test_a_pause_lasts_a_day_at_most_and_an_operator_can_end_it(world: World) -> None:
    world.sim.faults.add(status=429, match="next", retry_after="9999999999")
    refused = world.run()
    assert isinstance(refused.error, Throttled)
    assert refused.error.retry_after == 24 * 3600
    again = world.run()
    assert isinstance(again.error, Throttled)
    assert not again.requests
    assert world.state.lift_pause()
    assert not world.state.lift_pause()
    assert world.run().succeeded
    world.assert_equal_to_upstream()


def test_a_shorter_pause_never_shortens_a_longer_one(world: World) -> None:
    world.state.pause(600)
    world.state.pause(5)
    world.clock.advance(599)
    assert isinstance(world.run().error, Throttled)
    world.clock.advance(1.1)
    assert world.run().succeeded
