"""The socket side: one port for http and https, threads, keep-alive, and connections that break on purpose."""

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any

from .messages import Request, Response

Answer = Callable[[Request], Response]
TLS_HANDSHAKE = 0x16
IDLE_SECONDS = 60
DRIP_SECONDS = 0.2


class Server(TCPServer):
    """Serves `answer` on one port of a loopback host; the first byte of a connection tells TLS from plain HTTP."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, context: ssl.SSLContext, answer: Answer) -> None:
        if host not in ("127.0.0.1", "localhost"):
            raise ValueError("The simulator listens on loopback alone.")
        self.answer = answer
        self.stopping = threading.Event()
        self._context = context
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        super().__init__((host, port), _Handler)

    def start(self) -> None:
        """Accept connections in a thread of its own."""
        self._acceptor = threading.Thread(target=self.serve_forever, args=(0.05,), name="simulator", daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Stop accepting, break what is open, and wait until every thread has ended."""
        self.stopping.set()
        self.shutdown()
        self._acceptor.join()
        with self._lock:
            workers = list(self._open.items())
        for connection, _ in workers:
            _shut(connection)
        for _, worker in workers:
            worker.join(30)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a new connection in its own thread (called by TCPServer)."""
        worker = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[request] = worker
        worker.start()

    def _serve(self, connection: socket.socket, address: Any) -> None:
        wrapped = connection
        try:
            connection.settimeout(IDLE_SECONDS)
            first = connection.recv(1, socket.MSG_PEEK)
            if first and first[0] == TLS_HANDSHAKE:
                wrapped = secure = self._wrap(connection)
                secure.do_handshake()
            if first:
                _Handler(wrapped, address, self)
        except OSError:
            pass  # the other side went away, or stop() broke the connection: both are ordinary ends
        finally:
            with self._lock:
                self._open.pop(connection, None)
                self._open.pop(wrapped, None)
            _shut(wrapped)
            wrapped.close()

    def _wrap(self, connection: socket.socket) -> ssl.SSLSocket:
        wrapped = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open[wrapped] = self._open.pop(connection)
        return wrapped


def _shut(connection: socket.socket) -> None:
    # of the plain socket even under TLS: SSLSocket.shutdown() pulls the TLS state away from a thread that reads
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection. Buffered writing (wbufsize) matters: unbuffered answers cost 44 ms each on keep-alive."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "Simulator"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=path,
            raw_query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
            secure=isinstance(self.connection, ssl.SSLSocket),
        )
        self._send(self.server.answer(request))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle  # noqa: N815 - names that http.server asks for

    def _send(self, response: Response) -> None:
        if response.delay:
            self.server.stopping.wait(response.delay)
        if response.broken == "stall":
            self._stall(response.delay)
            return
        if response.broken == "reset":
            self._reset()
            return
        body = response.body
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 204:
            if response.headers.get("Content-Encoding") == "gzip":
                body = gzip.compress(body, 1)
            if body:
                self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if response.broken == "drip":
            self._drip(body)
            return
        if response.broken == "cut":
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)
        self.wfile.flush()

    def _stall(self, delay: float) -> None:
        """Say nothing, until the other side gives up, the simulator stops, or the delay has passed."""
        self.close_connection = True
        if delay:
            return
        self.connection.settimeout(0.1)
        begin = time.monotonic()
        while not self.server.stopping.is_set() and time.monotonic() - begin < 600:
            try:
                if not self.connection.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def _drip(self, body: bytes) -> None:
        """Send a byte every now and then, so that no single silence is long, until the other side has had enough."""
        self.close_connection = True
        for number in range(len(body)):
            try:
                self.wfile.write(body[number : number + 1])
                self.wfile.flush()
            except OSError:
                return
            if self.server.stopping.wait(DRIP_SECONDS):
                return

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # the descriptor itself is closed: closing the object would wait for the files made from it, and send FIN first
        socket.close(self.connection.detach())

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: `sim.requests` is the log."""
