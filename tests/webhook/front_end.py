"""A stand-in for App Service authentication: refuses everything but excluded paths, and strips nothing from those.

That an excluded path gets whatever headers a caller sends is the worst that can be true of the platform; where it strips
them, nothing is lost.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import requests

EXCLUDED = ("/api/health", "/api/v1/partner-center/events")
"""As infra/modules/functionapp.bicep has it; tests/infra/test_security.py says that these two are the only ones."""
_HOP = {"connection", "transfer-encoding", "content-length", "host", "keep-alive", "date", "server"}


class FrontEnd:
    """Listens on a free loopback port, in front of an address."""

    def __init__(self, excluded: tuple[str, ...] = EXCLUDED) -> None:
        self._target = ""
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else b""
                if self.path not in excluded:
                    front.send(self, 401, {}, json.dumps({"message": "the platform refuses"}).encode())
                    return
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
                answer = requests.request(
                    self.command,
                    front._target + self.path,
                    data=body,
                    headers=headers,
                    timeout=300,
                    allow_redirects=False,
                )
                kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
                kept.pop("Content-Encoding", None)
                front.send(self, answer.status_code, kept, answer.content)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - names that http.server asks for

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def leads_to(self, target: str) -> None:
        """Where what it lets through goes."""
        self._target = target

    @staticmethod
    def send(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
        """Answer a request."""
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
