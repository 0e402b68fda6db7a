"""The control endpoint: what tests and people change while the simulator runs, over plain HTTP on loopback."""

import re
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .messages import Json, Request, Response, json_response

if TYPE_CHECKING:
    from .simulator import Simulator

SIGN_IN_ACTIONS = ("approve", "decline", "expire", "revoke", "restore", "expire_access_tokens")


class Control:
    """Answers requests to `/control…`; README.md has the table."""

    def __init__(self, simulator: "Simulator") -> None:
        self._simulator = simulator

    def answer(self, request: Request) -> Response:
        """The answer; 400 with a sentence for what makes no sense."""
        host = request.headers.get("host", "").rpartition(":")[0]
        json_body = request.headers.get("content-type", "").startswith("application/json")
        if host not in ("127.0.0.1", "localhost") or (request.body and not json_body):
            return json_response({"message": "Only loopback hosts and JSON bodies are served."}, 403)
        try:
            body = request.json()
            return self._route(request.method, request.path, {} if body is None else body)
        except KeyError as problem:
            return json_response({"message": f"There is no {problem}."}, 404)
        except (ValueError, TypeError) as problem:
            return json_response({"message": str(problem)}, 400)

    def _route(self, method: str, path: str, body: Any) -> Response:
        simulator = self._simulator
        if (method, path) == ("GET", "/control"):
            return json_response(self._state())
        if (method, path) == ("GET", "/control/requests"):
            return json_response([request.as_dict() for request in list(simulator.requests)])
        if (method, path) == ("GET", "/control/applied"):
            return json_response([asdict(change) for change in list(simulator.applied)])
        if (method, path) == ("DELETE", "/control/requests"):
            simulator.requests.clear()
            return Response(204)
        if path == "/control/faults" and method in ("GET", "POST", "DELETE"):
            return self._faults(method, body)
        if path.startswith("/control/referrals"):
            return self._referrals(method, path, body)
        if path.startswith("/control/webhook"):
            return self._webhook(method, path, body)
        if method == "POST":
            return self._post(path, body)
        return json_response({"message": "There is no such control."}, 404)

    def _state(self) -> Json:
        simulator = self._simulator
        return {
            "apiUrl": simulator.api_url,
            "authority": simulator.authority,
            "caFile": str(simulator.ca_file),
            "tenantId": simulator.tenant_id,
            "clientId": simulator.client_id,
            "clock": simulator.clock.now().isoformat(),
            "referrals": len(simulator.data),
            "unusable": simulator.data.unusable(),
            "tenants": simulator.tenants,
            "signIn": simulator.entra.state(),
            "switches": simulator.switches.as_dict(),
            "faults": [_described(fault) for fault in simulator.faults.pending()],
            "requests": len(simulator.requests),
        }

    def _faults(self, method: str, body: Any) -> Response:
        faults = self._simulator.faults
        if method == "POST":
            fields = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): value for name, value in body.items()}
            return json_response(_described(faults.add(**fields)), 201)
        if method == "DELETE":
            faults.clear()
            return Response(204)
        return json_response([_described(fault) for fault in faults.pending()])

    def _referrals(self, method: str, path: str, body: Any) -> Response:
        data = self._simulator.data
        identity = unquote(path.removeprefix("/control/referrals").lstrip("/"))
        if not identity and method == "GET":
            return json_response(data.payloads())
        if not identity and method == "POST":
            if not isinstance(body, dict):
                return json_response({"id": data.add(body)}, 201)
            as_it_is = body.pop("asItIs", False)
            return json_response({"id": data.add(body) if as_it_is else data.create(**body)}, 201)
        if identity and method == "GET":
            return json_response(data.get(identity))
        if identity and method == "PATCH":
            data.change(identity, **body)
            return json_response(data.get(identity))
        if identity and method == "DELETE":
            data.remove(identity)
            return Response(204)
        return json_response({"message": "There is no such control."}, 404)

    def _webhook(self, method: str, path: str, body: Any) -> Response:
        webhooks = self._simulator.webhooks
        if (method, path) == ("POST", "/control/webhook/faults"):
            webhooks.dispatcher.fail(str(body.get("fault")), int(body.get("times", 1)))
        elif (method, path) == ("POST", "/control/webhook"):
            name, moment = str(body.get("event", "referral-updated")), self._simulator.data.now()
            for identity in body["referrals"]:
                webhooks.dispatcher.send(name, str(identity), moment)
        elif (method, path) != ("GET", "/control/webhook"):
            return json_response({"message": "There is no such control."}, 404)
        return json_response(webhooks.state())

    def _post(self, path: str, body: Json) -> Response:
        simulator = self._simulator
        if path == "/control/sign-in":
            return self._sign_in(str(body.get("action")), body.get("reason"))
        if path == "/control/switches":
            simulator.switches.update(body)
            return json_response(simulator.switches.as_dict())
        if path == "/control/clock":
            simulator.advance(timedelta(days=float(body.get("advanceDays", 0)), seconds=float(body.get("seconds", 0))))
            return json_response({"clock": simulator.clock.now().isoformat()})
        if path == "/control/expire-links":
            simulator.expire_links()
            return Response(204)
        return json_response({"message": "There is no such control."}, 404)

    def _sign_in(self, action: str, reason: Any) -> Response:
        entra = self._simulator.entra
        if action in ("approve", "decline", "expire"):
            entra.decide(action)
        elif action == "revoke":
            entra.revoke(str(reason or "revoked"))
        elif action == "restore":
            entra.revoke(None)
        elif action == "expire_access_tokens":
            entra.expire_access_tokens()
        else:
            raise ValueError(f"A sign-in action is one of {', '.join(SIGN_IN_ACTIONS)}.")
        return json_response(entra.state())


def _described(fault: Any) -> Json:
    return {
        name: value if isinstance(value, int | float | str | None) else str(value)
        for name, value in asdict(fault).items()
    }
