"""What tests and people change and read while the inbox runs, by plain HTTP on loopback."""

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from local.simulator.messages import Request, Response, json_response

if TYPE_CHECKING:
    from .inbox import Inbox


class Control:
    """Answers ``/control…``; README.md has the table."""

    def __init__(self, inbox: "Inbox") -> None:
        self._inbox = inbox

    def answer(self, request: Request) -> Response:
        """The answer; 400 with a sentence for what makes no sense."""
        host = request.headers.get("host", "").rpartition(":")[0]
        as_json = request.headers.get("content-type", "").startswith("application/json")
        if host not in ("127.0.0.1", "localhost") or (request.body and not as_json):
            return json_response({"message": "Only loopback hosts and JSON bodies are served."}, 403)
        try:
            return self._route(request.method, request.path.removeprefix("/control").strip("/"), request.json() or {})
        except (ValueError, TypeError) as problem:
            return json_response({"message": str(problem)}, 400)

    def _route(self, method: str, place: str, body: dict[str, Any]) -> Response:
        inbox = self._inbox
        match method, place:
            case "GET", "":
                return json_response(self._state())
            case "GET", "messages":
                return json_response([message.as_dict() for message in list(inbox.messages)])
            case "GET", "requests":
                return json_response([attempt.as_dict() for attempt in list(inbox.attempts)])
            case "DELETE", "messages":
                inbox.messages.clear()
                inbox.attempts.clear()
                return Response(204)
            case "POST", "faults":
                fields = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): value for name, value in body.items()}
                return json_response(asdict(inbox.faults.add(**fields)), 201)
            case "GET", "faults":
                return json_response([asdict(fault) for fault in inbox.faults.pending()])
            case "DELETE", "faults":
                inbox.faults.clear()
                return Response(204)
            case "POST", "limits":
                inbox.operations.limited = bool(body.get("acs"))
                senders = body.get("senders")
                inbox.senders = {str(sender).lower() for sender in senders} if senders is not None else None
                return json_response(self._state())
            case "POST", "reset":
                inbox.reset()
                return Response(204)
            case _:
                return json_response({"message": "There is no such control."}, 404)

    def _state(self) -> dict[str, Any]:
        inbox = self._inbox
        return {
            "url": inbox.url,
            "teamsUrl": inbox.teams_url(),
            "settings": inbox.settings(),
            "messages": len(inbox.messages),
            "requests": len(inbox.attempts),
            "faults": [asdict(fault) for fault in inbox.faults.pending()],
        }
