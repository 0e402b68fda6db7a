"""The control address, for people and for tests in other processes; and a page that shows the rows."""

import html
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from local.dynamics.identity import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from local.simulator.messages import Request, Response, json_response

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator

_encoder = msgspec.json.Encoder(decimal_format="number")


class Control:
    """Answers requests to ``/control…``; README.md has the table."""

    def __init__(self, simulator: "DynamicsSimulator") -> None:
        self._simulator = simulator

    def answer(self, request: Request) -> Response:
        """The answer; 400 with a sentence for what makes no sense."""
        host = request.headers.get("host", "").rpartition(":")[0]
        if host not in ("127.0.0.1", "localhost"):
            return json_response({"message": "Only loopback hosts are served."}, 403)
        try:
            body = request.json() or {}
            return self._route(request.method, request.path.removeprefix("/control").strip("/"), body)
        except (KeyError, ValueError, TypeError) as problem:
            return json_response({"message": str(problem)}, 400)

    def _route(self, method: str, path: str, body: Any) -> Response:
        simulator = self._simulator
        if (method, path) == ("GET", ""):
            return json_response(self._state())
        if (method, path) == ("GET", "requests"):
            return json_response(
                [{**asdict(one), "body": one.body.decode("utf-8", "replace")} for one in simulator.asked()]
            )
        if (method, path) == ("DELETE", "requests"):
            simulator.forget()
            return Response(204)
        if (method, path) == ("POST", "faults"):
            simulator.faults.add(**body)
            return Response(204)
        if (method, path) == ("DELETE", "faults"):
            simulator.faults.clear()
            return Response(204)
        if (method, path) == ("POST", "switches"):
            simulator.switches.update(body)
            return json_response(simulator.switches.as_dict())
        if (method, path) == ("POST", "clock"):
            simulator.advance(timedelta(seconds=float(body["seconds"])))
            return Response(204)
        if path.startswith("rows/"):
            return self._rows(method, path.split("/")[1:], body)
        return json_response({"message": "There is no such control."}, 404)

    def _rows(self, method: str, path: list[str], body: Any) -> Response:
        people, store = self._simulator.people, self._simulator.store
        if method == "GET":
            return Response(200, _encoder.encode(list(store.all(path[0]))))
        if method == "POST" and len(path) == 1:
            return json_response({"id": people.add(path[0], **body)}, 201)
        if method == "POST" and path[2] in {"win", "lose", "reopen", "qualify"}:
            self._do(path[2], path[0], path[1])
        elif method == "PATCH":
            people.change(path[0], path[1], **body)
        elif method == "DELETE":
            people.delete(path[0], path[1])
        else:
            return json_response({"message": "There is no such control."}, 404)
        return Response(204)

    def _do(self, what: str, table: str, row_id: str) -> None:
        people = self._simulator.people
        if what == "win":
            people.win(row_id)
        elif what == "lose":
            people.lose(row_id)
        elif what == "qualify":
            people.qualify(row_id)
        else:
            people.reopen(table, row_id)

    def _state(self) -> dict[str, Any]:
        simulator = self._simulator
        return {
            "url": simulator.url,
            "authority": simulator.authority,
            "caFile": str(simulator.ca_file),
            "tenantId": TENANT_ID,
            "clientId": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
            "rows": {table: len(rows) for table, rows in simulator.store.rows.items()},
            "switches": simulator.switches.as_dict(),
            "requests": len(simulator.requests),
        }

    def page(self) -> bytes:
        """A page for people: the leads and opportunities that are there."""
        parts = [
            "<!DOCTYPE html><meta charset=utf-8><title>Simulated Dynamics 365</title><h1>Simulated Dynamics 365</h1>"
        ]
        for table, name in (("opportunity", "name"), ("lead", "subject"), ("account", "name"), ("contact", "fullname")):
            rows = list(self._simulator.store.all(table))
            parts.append(f"<h2>{table}: {len(rows)}</h2><ul>")
            for row in rows[:200]:
                amount = row.get("estimatedvalue") if table == "opportunity" else row.get("estimatedamount")
                about = f"{row.get(name) or ''} | {amount or ''} | state {row.get('statecode', '')}"
                parts.append(f"<li id={row[f'{table}id']}>{html.escape(about)}</li>")
            parts.append("</ul>")
        return "".join(parts).encode()
