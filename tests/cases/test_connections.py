"""Handshakes that break off and names that can't be resolved just now are tried again; wrong ones are not."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from local.simulator import Simulator
from shared.core.errors import SignInUnavailable
from shared.partner_center.retry import BACKOFF
from shared.sign_in import entra
from tests.sign_in.world import World as SignInWorld
from tests.sync.harness import World

ENDINGS: dict[str, bytes | None] = {
    "closed": b"",
    "close_notify": bytes.fromhex("15030300020100"),
    "internal_error": bytes.fromhex("15030300020250"),
    "handshake_failure": bytes.fromhex("15030300020228"),
    "unrecognized_name": bytes.fromhex("15030300020270"),
    "protocol_version": bytes.fromhex("15030300020246"),
    "half a record": bytes.fromhex("16030300"),
    "plain http": b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    "garbage": b"\x00\xff" * 20,
    "reset": None,
}


class BreakingServer:
    """Reads the ClientHello, answers so, and closes."""

    def __init__(self, ending: bytes | None, port: int = 0) -> None:
        self._ending = ending
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = int(self._socket.getsockname()[1])
        self.met = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, contextlib.suppress(OSError):
                    self.met += 1
                    connection.recv(16_384)
                    if self._ending is None:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    else:
                        connection.sendall(self._ending)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)


@pytest.fixture
def world(storage_account: str, tmp_path: Path) -> Iterator[World]:
    with World(storage_account, tmp_path, referrals=2) as world:
        yield world


@pytest.fixture
def sign_in_world(storage_account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignInWorld]:
    with Simulator(referrals=0, auto_approve=True, ca_dir=tmp_path) as simulator:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(simulator.ca_file))
        yield SignInWorld(simulator, storage_account)


@pytest.mark.parametrize("ending", ENDINGS)
def test_partner_center_is_asked_again_after_a_broken_handshake(world: World, ending: str) -> None:
    with BreakingServer(ENDINGS[ending]) as server:
        world.settings = world.settings_with(HUNTER_PARTNER_CENTER_API_URL=f"https://127.0.0.1:{server.port}")
        outcome = world.run()
        assert outcome.error is not None
        assert outcome.error.code == "partner_center_unavailable"
        assert "certificate" not in outcome.error.message
        assert server.met == BACKOFF.tries == 5


@pytest.mark.parametrize("ending", ENDINGS)
def test_entra_is_asked_again_after_a_broken_handshake(
    sign_in_world: SignInWorld, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sign_in_world
    sign_in = world.signed_in()
    port = int(world.simulator.authority.rpartition(":")[2])
    world.simulator.stop()
    with BreakingServer(ENDINGS[ending], port) as server:
        with pytest.raises(SignInUnavailable) as caught:
            sign_in.token(force_refresh=True)
        assert "certificate" not in caught.value.message
        assert server.met >= entra.BACKOFF.tries == 3
    assert sign_in.status().state == "signedIn"


RESOLVED = [
    (socket.EAI_AGAIN, "partner_center_unavailable", BACKOFF.tries),
    (socket.EAI_FAIL, "partner_center_unavailable", BACKOFF.tries),
    (socket.EAI_NONAME, "partner_center_unreachable", 1),
    (getattr(socket, "EAI_NODATA", socket.EAI_NONAME), "partner_center_unreachable", 1),
]


@pytest.mark.parametrize(("number", "code", "tries"), RESOLVED)
def test_a_name_that_cannot_be_resolved_just_now_is_asked_again(
    world: World, number: int, code: str, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.settings = world.settings_with(HUNTER_PARTNER_CENTER_API_URL="https://api.partner.example")
    asked, real = [], socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        if host != "api.partner.example":
            return real(host, *rest, **options)
        asked.append(host)
        raise socket.gaierror(number, "says the test")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    outcome = world.run()
    assert outcome.error is not None
    assert outcome.error.code == code
    assert len(asked) == tries


def test_no_content_is_no_list(world: World) -> None:
    world.sim.faults.add(status=204, shape="empty", times=0)
    outcome = world.run()
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.status) == ("partner_center_invalid_response", 502)
    assert len(outcome.requests) == BACKOFF.tries
