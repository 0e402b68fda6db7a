"""One loopback port that plays all places where messages go, keeps what came, and fails on demand."""

import secrets
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from local.simulator.messages import Request, Response
from local.simulator.server import Server

from . import mail, workflows
from .control import Control
from .faults import Faults
from .identity import IdentityEndpoint
from .messages import Attempt, Message
from .page import Page

WORKFLOW = "/powerautomate/automations/direct/workflows"
KEPT = 2_000
_QUERY = "api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=local"


class Inbox:
    """A context manager; ``messages`` is what was taken, ``attempts`` every request.

    Args:
        port: 0 takes a free one.
    """

    def __init__(self, port: int = 0) -> None:
        self.faults = Faults()
        self.identity = IdentityEndpoint(secrets.token_hex(16))
        self.operations = mail.Operations()
        self.messages: list[Message] = []
        self.attempts: list[Attempt] = []
        self.senders: set[str] | None = None
        """Mailboxes that Graph lets us send from, in lower case; None: all."""
        self._control, self._page = Control(self), Page(self)
        self._lock = threading.Lock()
        self._server = Server("127.0.0.1", port, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self._answer)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening and break what is open."""
        self._server.stop()

    def teams_url(self, name: str = "sales") -> str:
        """A Workflows address of this inbox, in the form that Power Automate gives."""
        return f"{self.url}{WORKFLOW}/{name}/triggers/manual/paths/invoke?{_QUERY}"

    def settings(self) -> dict[str, str]:
        """What the app's environment needs, so that Teams cards and mails by Graph arrive here."""
        return {
            "HUNTER_TEAMS_HOSTS": "127.0.0.1",
            "HUNTER_MAIL_VIA": "graph",
            "HUNTER_MAIL_FROM": "referrals@partner.example",
            "HUNTER_MAIL_ENDPOINT": self.url,
            "IDENTITY_ENDPOINT": f"{self.url}/msi/token",
            "IDENTITY_HEADER": self.identity.header,
        }

    def to(self, target: str) -> list[Message]:
        """What came to a Workflows name or to an address."""
        return [message for message in list(self.messages) if target in message.to]

    def reset(self) -> None:
        """Forget messages, attempts, faults and limits."""
        self.faults.clear()
        self.messages.clear()
        self.attempts.clear()
        self.senders, self.identity.known_clients = None, None
        self.operations = mail.Operations()
        self.identity.forget()

    # -- answering

    def _answer(self, request: Request) -> Response:
        if request.path == "/control" or request.path.startswith("/control/"):
            return self._control.answer(request)
        kind, answer = self._room(request)
        if not kind:
            return self._page.answer(request)
        fault = self.faults.take(kind, request.path)
        response = fault.response() if fault else None
        if response is None:
            response = answer(request)
            response.delay += fault.delay if fault else 0.0
        status = 0 if response.broken in ("reset", "stall") else response.status
        with self._lock:
            self.attempts.append(Attempt(kind, request.path, status, datetime.now(UTC)))
        return response

    def _room(self, request: Request) -> tuple[str, Callable[[Request], Response]]:
        path, post = request.path, request.method == "POST"
        if path == "/msi/token":
            return "identity", self.identity.answer
        if post and path.startswith((f"{WORKFLOW}/", "/workflows/")):
            return "teams", self._take_card
        if post and mail.GRAPH_PATH.fullmatch(path):
            return "graph", self._take_graph
        if post and path == "/emails:send":
            return "acs", self._take_acs
        if path.startswith("/emails/operations/"):
            return "acs", lambda _: self.operations.state(path.rpartition("/")[2])
        return "", self._page.answer

    def _take_card(self, request: Request) -> Response:
        body, problem, text, response = workflows.read(request)
        if body is not None:
            name = unquote(request.path.removeprefix(WORKFLOW).strip("/").split("/")[0])
            self._keep("teams", [name], text.partition("\n")[0], text, "", body, problem=problem)
        return response

    def _take_graph(self, request: Request) -> Response:
        try:
            sender, message = mail.read_graph(request, self.identity.resource_of(request), self.senders)
        except mail.Refused as refused:
            return refused.response
        headers = {one["name"]: str(one.get("value", "")) for one in message.get("internetMessageHeaders") or []}
        html = str(message["body"].get("content", ""))
        self._keep(
            "graph",
            mail.graph_recipients(message),
            message["subject"],
            "",
            html,
            message,
            sender=sender,
            headers=headers,
        )
        return Response(202)

    def _take_acs(self, request: Request) -> Response:
        try:
            body = mail.read_acs(request, self.identity.resource_of(request))
            identity, is_new = self.operations.begin(request)
        except mail.Refused as refused:
            return refused.response
        if is_new:
            content = body["content"]
            self._keep(
                "acs",
                mail.acs_recipients(body),
                content["subject"],
                content.get("plainText", ""),
                content.get("html", ""),
                body,
                sender=body["senderAddress"],
                key=identity,
                headers={str(name): str(value) for name, value in (body.get("headers") or {}).items()},
            )
        return self.operations.started(identity, self.url)

    def _keep(self, *values: Any, **named: Any) -> None:
        with self._lock:
            number = self.messages[-1].id + 1 if self.messages else 1
            self.messages.append(Message(number, *values, **named))
            del self.messages[:-KEPT]
