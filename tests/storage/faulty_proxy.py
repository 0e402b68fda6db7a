"""Between the app and Azurite: passes requests on, and fails as told, on real sockets."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Literal, Self

Kind = Literal["answer", "reset", "lost", "stall", "cut"]
_PASSED_ON: Final = {"content-length", "transfer-encoding", "connection"}


@dataclass
class Fault:
    """What happens to one request instead of an answer."""

    kind: Kind = "answer"
    """answer: this status and body; reset: before it is carried out; lost: carried out, its answer reset; stall: nothing
    is said; cut: half of the real answer."""
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[bytes], bytes] = b""
    """The answer, or what makes it from the real one."""
    matches: str = ""
    """A part of the request's line; others pass."""


class FaultyProxy:
    """Serves one Azurite on another port."""

    def __init__(self, port: int) -> None:
        self.faults: deque[Fault] = deque()
        self.seen: list[str] = []
        self._lock = threading.Lock()
        self._released = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy._handle(self, body, port)

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self.handle_one
                raise AttributeError(name)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A connection that we reset ourselves is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])

    def fail(self, kind: Kind = "answer", *, times: int = 1, **fault: Any) -> None:
        """Let the next requests fail."""
        self.faults.extend(Fault(kind, **fault) for _ in range(times))

    def _next_fault(self, line: str) -> Fault | None:
        with self._lock:
            self.seen.append(line)
            if self.faults and self.faults[0].matches in line:
                return self.faults.popleft()
            return None

    def _handle(self, handler: BaseHTTPRequestHandler, body: bytes, port: int) -> None:
        fault = self._next_fault(f"{handler.command} {handler.path}")
        if fault and fault.kind == "reset":
            _reset(handler)
        elif fault and fault.kind == "stall":
            self._released.wait(600)
            _reset(handler)
        elif fault and fault.kind == "answer" and isinstance(fault.body, bytes):
            _answer(handler, fault.status, fault.headers, fault.body)
        else:
            upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            upstream.request(handler.command, handler.path, body or None, dict(handler.headers.items()))
            real = upstream.getresponse()
            content = real.read()
            headers = {name: value for name, value in real.getheaders() if name.lower() not in _PASSED_ON}
            upstream.close()
            if fault and fault.kind == "lost":
                _reset(handler)
            elif fault and fault.kind == "cut":
                _answer(handler, real.status, headers, content, cut=True)
            elif fault and callable(fault.body):
                _answer(handler, fault.status, fault.headers, fault.body(content))
            else:
                _answer(handler, real.status, headers, content)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()


def _answer(
    handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], body: bytes, *, cut: bool = False
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2] if cut else body)
    if cut:
        handler.wfile.flush()
        handler.close_connection = True


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """Close with a reset instead of an end."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.rfile.close()
