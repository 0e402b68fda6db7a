"""One POST that ends in time, whatever the other side does.

The time-outs of ``requests`` are for one silence each: a server that sends a byte every few seconds, in a handshake, a header or
a body, is never silent for long. So the connection itself is shut when the time is up.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from shared.core import telemetry
from shared.core.bearer import Bearer

CONNECT_SECONDS: Final = 5.0
SECONDS: Final = 15.0
"""For the whole of a request and the head of its answer."""


class Unreached(Exception):
    """No answer: no connection, one that broke, or not in time."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], token: str = "", *, seconds: float = SECONDS
) -> tuple[int, Mapping[str, str]]:
    """Send a body; the answer's status and headers, its body is not read. Redirects are not followed.

    Args:
        url: where to.
        body: what.
        headers: besides those of HTTP itself.
        token: a bearer token; none is sent without, not even one that a file of this machine has for the host.
        seconds: the most that it takes, but for the resolution of the name.

    Raises:
        Unreached: there was no answer.
    """
    with telemetry.unseen(), requests.Session() as session, _watched(seconds) as passed:
        session.mount("http://", _Adapter())
        session.mount("https://", _Adapter())
        try:
            with session.post(
                url,
                data=body,
                headers=dict(headers),
                auth=Bearer(token),
                timeout=(CONNECT_SECONDS, seconds),
                allow_redirects=False,
                stream=True,
            ) as answer:
                if passed.is_set():  # what was shut looks like a head that ends
                    raise Unreached("time is up")
                return answer.status_code, answer.headers
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Unreached(type(error).__name__ if not passed.is_set() else "time is up") from None


class _Watch(threading.local):
    sockets: list[socket.socket] | None = None


_watch = _Watch()


@contextmanager
def _watched(seconds: float) -> Iterator[threading.Event]:
    """Shut the connections that this thread opens inside, once the time is up; the event says that it was."""
    passed, sockets = threading.Event(), list[socket.socket]()

    def shut() -> None:
        passed.set()
        for each in list(sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    _watch.sockets = sockets
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()
        _watch.sockets = None
        for each in sockets:
            each.close()


def _note(connected: socket.socket) -> socket.socket:
    if _watch.sockets is not None:
        # A duplicate of the descriptor: TLS takes the first one over, and shutting either shuts the connection.
        _watch.sockets.append(connected.dup())
    return connected


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _note(super()._new_conn())


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _note(super()._new_conn())


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Let the pools make connections that are watched."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
