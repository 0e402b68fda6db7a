"""The gate with the dispatcher's certificates over real sockets: each fault's verdict, and what it cost.

Nobody but Microsoft gets in, and whoever does not get in makes this app do next to nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509.verification import Store

from local.simulator import Fault, Simulator
from local.simulator.signing import CERTIFICATE_PATH, ISSUER_PATH, SUBJECT
from shared.core.errors import CertificateUnavailable, HunterError, InvalidSignature, TooManyRequests
from shared.core.throttle import Throttle
from shared.webhook.addresses import hosts_of
from shared.webhook.certificates import Certificates, load_roots
from shared.webhook.gate import Gate

from .signing import BODY, now


class Clock:
    """The present, moved on as told."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return now() + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return time.monotonic() + self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


@dataclass
class World:
    """A gate, and the dispatcher that it is to tell from others."""

    sim: Simulator
    gate: Gate
    certificates: Certificates
    clock: Clock

    def check(self, fault: str = "", *, own_header: bool = True, body: bytes = BODY) -> str:
        """Send an event; "" when it gets in, else the error's code."""
        sent, headers = self.sim.webhooks.dispatcher.message(body, fault, own_header=own_header)
        return self.judge(sent, headers)

    def judge(self, body: bytes, headers: dict[str, str]) -> str:
        try:
            self.gate.check(body, headers)
        except HunterError as error:
            return error.code
        return ""

    @property
    def fetched(self) -> list[str]:
        """What was fetched since the last look."""
        paths = [request.path for request in self.sim.requests_of("certificate")]
        self.sim.requests.clear()
        return paths


@pytest.fixture(scope="module")
def dispatcher() -> Iterator[Simulator]:
    with Simulator(0) as running:
        _ = running.webhooks.dispatcher.signing
        yield running


@pytest.fixture
def world(dispatcher: Simulator, monkeypatch: pytest.MonkeyPatch) -> World:
    dispatcher.reset()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(dispatcher.ca_file))
    clock, hosts = Clock(), hosts_of([f"127.0.0.1:{dispatcher.port}"])
    certificates = Certificates(hosts, [SUBJECT], clock)
    return World(dispatcher, Gate(certificates, hosts, Throttle(50, 1200, clock)), certificates, clock)


BOTH = [CERTIFICATE_PATH, ISSUER_PATH]


def test_an_event_of_microsofts_gets_in_in_both_forms(world: World) -> None:
    assert world.check() == ""
    assert world.fetched == BOTH
    assert world.check(own_header=False) == ""
    assert world.fetched == []


@pytest.mark.parametrize(
    ("fault", "code", "fetched"),
    [
        ("wrong_hash", "invalid_signature", []),
        ("no_signature", "invalid_signature", []),
        ("http_url", "invalid_signature", []),
        ("other_host", "invalid_signature", []),
        ("other_path", "invalid_signature", []),
        ("sha1", "invalid_signature", BOTH),
        ("changed_byte", "invalid_signature", BOTH),
        ("pretty", "invalid_signature", BOTH),
        ("foreign", "invalid_signature", ["/cert/foreign.cer", ISSUER_PATH]),
        ("expired", "invalid_signature", ["/cert/expired.cer"]),
        ("not_yet", "invalid_signature", ["/cert/not_yet.cer"]),
        ("other_name", "invalid_signature", ["/cert/other_name.cer"]),
        ("other_organization", "invalid_signature", ["/cert/other_organization.cer"]),
        ("other_usage", "invalid_signature", ["/cert/other_usage.cer", ISSUER_PATH]),
        ("no_issuer", "invalid_signature", ["/cert/no_issuer.cer"]),
        ("garbage", "invalid_signature", ["/cert/garbage.cer"]),
        ("redirect", "certificate_unavailable", ["/cert/redirect.cer"]),
        ("large", "certificate_unavailable", ["/cert/large.cer"]),
        ("missing", "certificate_unavailable", ["/cert/missing.cer"]),
    ],
)
def test_each_fault_is_refused_and_costs_at_most_one_fetch(
    world: World, fault: str, code: str, fetched: list[str]
) -> None:
    assert world.check(fault) == code
    assert world.fetched == fetched
    assert world.check(fault) == code  # whatever it was, it is not asked for again
    assert world.fetched == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=500),
        Fault("status", status=404),
        Fault("status", status=204),
        Fault("reset"),
        Fault("cut"),
        Fault("redirect"),
        Fault("html"),
    ],
    ids=lambda fault: f"{fault.kind}{fault.status or ''}",
)
@pytest.mark.parametrize("after", [0, 1], ids=["certificate", "issuer"])
def test_what_cannot_be_had_is_asked_for_again_later(world: World, fault: Fault, after: int) -> None:
    world.sim.faults.add(Fault(fault.kind, fault.status, "certificate", after=after))
    assert world.check() == "certificate_unavailable"
    assert world.fetched == BOTH[: after + 1]
    assert world.check() == "certificate_unavailable"
    assert world.fetched == []
    world.clock.passed += 60
    assert world.check() == ""
    assert world.fetched == BOTH


def test_a_host_that_says_nothing_is_given_up_soon(world: World) -> None:
    world.sim.faults.add(kind="stall", match="certificate")
    begin = time.monotonic()
    assert world.check() == "certificate_unavailable"
    assert time.monotonic() - begin < 5


def test_a_host_that_is_not_there_is_one_that_cannot_be_reached(dispatcher: Simulator, world: World) -> None:
    hosts = hosts_of(["127.0.0.1:9"])
    gate = Gate(Certificates(hosts, [SUBJECT], world.clock), hosts, Throttle(50, 1200, world.clock))
    body, headers = dispatcher.webhooks.dispatcher.message(BODY)
    headers["X-MS-Certificate-Url"] = f"http://127.0.0.1:9{CERTIFICATE_PATH}"
    with pytest.raises(CertificateUnavailable) as caught:
        gate.check(body, headers)
    assert (caught.value.status, caught.value.retry_after) == (503, 60.0)


def test_strangers_cause_one_fetch_a_minute_and_what_is_known_goes_on(world: World) -> None:
    assert world.check() == ""
    assert world.fetched == BOTH
    world.clock.passed += 61
    codes = [world.check(fault) for fault in ("foreign", "expired", "other_name", "garbage", "large", "redirect")]
    assert codes == ["invalid_signature", *["certificate_unavailable"] * 5]
    assert world.fetched == ["/cert/foreign.cer", ISSUER_PATH]
    assert [world.check("changed_byte") for _ in range(20)] == ["invalid_signature"] * 20
    assert [world.check() for _ in range(20)] == [""] * 20
    assert world.fetched == []
    world.clock.passed += 61
    assert [world.check("changed_byte") for _ in range(20)] == ["invalid_signature"] * 20
    assert world.fetched == BOTH  # perhaps the key was a new one: one look a minute, not more
    assert world.check() == ""


def test_a_certificate_is_fetched_once_however_many_events_come_together(world: World) -> None:
    world.sim.faults.add(kind="slow", delay=0.5, match="certificate")
    together = threading.Barrier(12)

    def one(_: int) -> str:
        together.wait()
        return world.check()

    with ThreadPoolExecutor(12) as executor:
        assert list(executor.map(one, range(12))) == [""] * 12
    assert world.fetched == BOTH


def test_a_new_certificate_under_the_old_address_is_noticed(world: World) -> None:
    """Microsoft may change its key without changing the address. Nobody is kept out for longer than a minute."""
    old = world.sim.webhooks.dispatcher.message(BODY)
    assert world.judge(*old) == ""
    world.sim.webhooks.dispatcher.change_key()
    assert world.check() == "invalid_signature"
    world.clock.passed += 61
    assert world.check() == ""
    assert world.judge(*old) == "invalid_signature"


def test_a_known_certificate_serves_until_it_expires_when_it_cannot_be_fetched_anew(world: World) -> None:
    assert world.check() == ""
    world.clock.passed += 25 * 3600
    world.sim.faults.add(status=500, match="certificate", times=0)
    assert world.check() == ""
    world.clock.passed += 366 * 24 * 3600
    assert world.check() == "certificate_unavailable"


def test_a_day_later_it_is_looked_at_again(world: World) -> None:
    assert world.check() == ""
    _ = world.fetched
    world.clock.passed += 23 * 3600
    assert world.check() == ""
    assert world.fetched == []
    world.clock.passed += 2 * 3600
    assert world.check() == ""
    assert world.fetched == BOTH


def test_a_storm_of_strangers_is_only_told_to_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    now = world.clock.monotonic()
    monkeypatch.setattr(world.clock, "monotonic", lambda: now)  # or a slow machine's storm would be none
    codes = [world.check("wrong_hash") for _ in range(70)]
    assert codes[:50] == ["invalid_signature"] * 50
    assert codes[-1] == TooManyRequests.code
    assert world.check() == "", "what is Microsoft's is counted apart"
    assert world.fetched == BOTH


def test_other_subjects_are_a_matter_of_settings(world: World) -> None:
    hosts = hosts_of([f"127.0.0.1:{world.sim.port}"])
    certificates = Certificates(hosts, ["dispatch.example.com"], world.clock)
    gate = Gate(certificates, hosts, Throttle(50, 1200, world.clock))
    body, headers = world.sim.webhooks.dispatcher.message(BODY, "other_name")
    gate.check(body, headers)
    world.clock.passed += 61
    body, headers = world.sim.webhooks.dispatcher.message(BODY)
    with pytest.raises(InvalidSignature):
        gate.check(body, headers)


def test_without_roots_nothing_can_be_verified(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    assert world.check() == "certificate_unavailable"


def test_roots_come_from_the_settings_of_the_machine_else_from_certifi(tmp_path: Path, dispatcher: Simulator) -> None:
    bundle, empty = tmp_path / "bundle.pem", tmp_path / "empty.pem"
    bundle.write_bytes(
        b"# a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + dispatcher.ca_file.read_bytes()
    )
    empty.write_bytes(b"")
    folder = tmp_path / "roots"
    folder.mkdir()
    (folder / "root.pem").write_bytes(dispatcher.webhooks.dispatcher.signing.root)
    for environ in (
        {"REQUESTS_CA_BUNDLE": str(bundle)},
        {"SSL_CERT_FILE": str(bundle)},
        {"REQUESTS_CA_BUNDLE": str(bundle), "SSL_CERT_FILE": str(empty)},
        {"REQUESTS_CA_BUNDLE": str(folder)},
        {},
    ):
        assert isinstance(load_roots(environ), Store)
    for path in (str(empty), str(tmp_path / "none")):
        with pytest.raises((OSError, ValueError)):
            load_roots({"SSL_CERT_FILE": path})
