"""Mail by Microsoft Graph (sendMail) and by Communication Services (emails:send), as far as a sender can tell.

Microsoft Learn, "user: sendMail" and "Email - Send" (api-version 2025-09-01): names, statuses and what is refused.
"""

import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from local.simulator.messages import Json, Request, Response, json_response

GRAPH: Final = "https://graph.microsoft.com"
ACS: Final = "https://communication.azure.com"
GRAPH_PATH: Final = re.compile(r"/v1\.0/users/([^/]+)/sendMail")
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.?[^@\s]*")


class Refused(Exception):
    """The request is refused; the answer says why."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.response = json_response({"error": {"code": code, "message": message}}, status)
        self.response.headers.update(headers or {})


def read_graph(request: Request, resource: str, senders: set[str] | None) -> tuple[str, Json]:
    """The sender and the message of a sendMail. Raises Refused."""
    if resource.rstrip("/") != GRAPH:
        raise Refused(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
    path = GRAPH_PATH.fullmatch(request.path)
    sender = path.group(1).replace("%40", "@") if path else ""
    if senders is not None and sender.lower() not in senders:
        raise Refused(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    body = _json(request)
    message = body.get("message")
    if not isinstance(message, dict) or not isinstance(message.get("subject"), str):
        raise Refused(400, "ErrorInvalidRequest", "The message is missing or has no subject.")
    content = message.get("body")
    if not isinstance(content, dict) or content.get("contentType") not in ("HTML", "Text", "html", "text"):
        raise Refused(400, "ErrorInvalidRequest", "The body's contentType is Text or HTML.")
    for header in message.get("internetMessageHeaders") or []:
        if not str(header.get("name", "")).lower().startswith("x-"):
            raise Refused(400, "InvalidInternetMessageHeader", "The header's name should start with 'x-' or 'X-'.")
    if not graph_recipients(message):
        raise Refused(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
    return sender, message


def graph_recipients(message: Json) -> list[str]:
    """The addresses of a Graph message; empty when one of them is none."""
    found = [str((each.get("emailAddress") or {}).get("address", "")) for each in message.get("toRecipients") or []]
    return found if all(_ADDRESS.fullmatch(address) for address in found) else []


def read_acs(request: Request, resource: str) -> Json:
    """The body of an emails:send. Raises Refused."""
    if resource.rstrip("/") != ACS:
        raise Refused(401, "Denied", "Denied by the resource provider.")
    if request.query.get("api-version") not in ("2023-03-31", "2025-09-01"):
        raise Refused(400, "UnsupportedApiVersion", "The api-version is not supported.")
    body = _json(request)
    content, recipients = body.get("content") or {}, acs_recipients(body)
    if (
        not body.get("senderAddress")
        or not content.get("subject")
        or not (content.get("html") or content.get("plainText"))
    ):
        raise Refused(400, "BadRequest", "The request is missing a required property.")
    if not recipients or not all(_ADDRESS.fullmatch(address) for address in recipients):
        raise Refused(400, "EmailIsInvalid", "A recipient's address is invalid.")
    return body


def acs_recipients(body: Json) -> list[str]:
    """The addresses of an ACS message."""
    return [str(each.get("address", "")) for each in (body.get("recipients") or {}).get("to") or []]


def _json(request: Request) -> Json:
    try:
        body: Any = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "BadRequest", "The body is no JSON object.")
    return body


class Operations:
    """Communication Services' memory of sends: the same Operation-Id is the same mail; limits of a managed domain on demand."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.limited = False
        """Whether a managed domain's limits hold: 5 a minute, 10 an hour."""
        self._now = now
        self._known: set[str] = set()
        self._sent: deque[float] = deque()
        self._lock = threading.Lock()

    def begin(self, request: Request) -> tuple[str, bool]:
        """The operation's id and whether it is a new one. Raises Refused over the limits."""
        identity = request.headers.get("operation-id") or str(uuid.uuid4())
        with self._lock:
            if identity in self._known:
                return identity, False
            now = self._now()
            while self._sent and now - self._sent[0] >= 3_600:
                self._sent.popleft()
            in_minute = sum(1 for at in self._sent if now - at < 60)
            if self.limited and (in_minute >= 5 or len(self._sent) >= 10):
                wait = 60 - (now - self._sent[-5]) if in_minute >= 5 else 3_600 - (now - self._sent[0])
                raise Refused(429, "TooManyRequests", "Too many requests.", {"Retry-After": str(int(wait) + 1)})
            self._known.add(identity)
            self._sent.append(now)
            return identity, True

    def started(self, identity: str, endpoint: str) -> Response:
        """The answer to a send."""
        location = f"{endpoint}/emails/operations/{identity}?api-version=2025-09-01"
        response = json_response({"id": identity, "status": "Running"}, 202)
        response.headers["Operation-Location"] = location
        return response

    def state(self, identity: str) -> Response:
        """What became of a send."""
        with self._lock:
            known = identity in self._known
        return json_response({"id": identity, "status": "Succeeded" if known else "NotFound"}, 200 if known else 404)
