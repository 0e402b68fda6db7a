"""The host's HTTP side as a WSGI application: the app's routes and the addresses under /admin."""

from __future__ import annotations

import ipaddress
import json
import logging
import platform
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from http.client import responses
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

from azure.functions.decorators.http import HttpTrigger

from local.host import routes
from local.host.functions import Answer, LoadedFunction
from local.host.timers import Timer

log = logging.getLogger("local.host")
REASON = "This function was programmatically called via the host APIs."
VERSION = "4.0-local"
_CONNECTION_HEADERS = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "content-length"}


def _text(status: int, text: str) -> Answer:
    return Answer(status, [("Content-Type", "text/plain; charset=utf-8")], text.encode())


def _json(status: int, value: object) -> Answer:
    return Answer(status, [("Content-Type", "application/json; charset=utf-8")], json.dumps(value).encode())


def is_loopback(host: str) -> bool:
    """Whether a host name, without its port, can only mean this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def query_values(query: str) -> dict[str, str]:
    """Query parameters as the Functions host hands them on.

    A repeated name gives its values joined by commas, names differ only by more than case, empty values are left out.
    """
    spelled: dict[str, str] = {}
    joined: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined.setdefault(spelled.setdefault(name.lower(), name), []).append(value)
    return {name: text for name, values in joined.items() if (text := ",".join(values))}


class Host:
    """The WSGI application.

    functions: what was loaded. prefix: routePrefix of host.json. timers: the timers by function name; a function that
    has a timer trigger and is missing here could not be scheduled. Raises RouteError for a route it can't serve.
    """

    def __init__(self, functions: list[LoadedFunction], prefix: str, timers: Mapping[str, Timer]) -> None:
        self.functions = {function.name.lower(): function for function in functions}
        self.routes = sorted(
            (
                (routes.parse("/".join(filter(None, (prefix, function.trigger.route or "")))), function)
                for function in functions
                if isinstance(function.trigger, HttpTrigger)
            ),
            key=lambda pair: pair[0].precedence,
        )
        self.timers = timers
        self._started = time.monotonic()
        self._instance = uuid.uuid4().hex

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            answer = self._answer(environ)
            for name, value in answer.headers:
                f"{name}{value}".encode("latin-1")
        except Exception:
            log.exception("The request failed.")
            answer = Answer(500, [], b"")  # without a body, as in Azure: what failed is in the log alone
        headers = [(name, value) for name, value in answer.headers if name.lower() not in _CONNECTION_HEADERS]
        bodiless = answer.status in {204, 304} or answer.status < 200
        if not bodiless:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {responses.get(answer.status, 'Status')}", headers)
        return [] if bodiless or environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        given = environ.get("HTTP_HOST", "")
        host = urlsplit(f"//{given}").hostname or ""
        if given and not is_loopback(host):
            # A page somewhere else may point a name of its own at 127.0.0.1 to read what is served here (DNS rebinding).
            return _text(403, "This host serves 127.0.0.1 and localhost alone.")
        target = urlsplit(str(environ["REQUEST_URI"]))
        if "%00" in target.path:
            return Answer(400, [], b"")
        path = routes.path_segments(target.path)
        method = str(environ["REQUEST_METHOD"]).upper()
        if path and path[0].lower() == "admin":
            return self._admin(method, [segment.lower() for segment in path[1:]], environ)
        for route, function in self.routes:
            parameters = route.match(path)
            if parameters is None or method not in function.methods:
                continue
            url = f"{environ['wsgi.url_scheme']}://{given or 'localhost'}{target.path}"
            return function.invoke_http(
                method=method,
                url=url + (f"?{target.query}" if target.query else ""),
                headers=_headers(environ),
                query=query_values(target.query),
                route=parameters,
                body=environ["wsgi.input"].read(),
                reason=REASON,
            )
        return Answer(404, [], b"")

    def _admin(self, method: str, path: list[str], environ: WSGIEnvironment) -> Answer:
        match method, path:
            case "GET", ["host", "status"]:
                return _json(200, self._status())
            case (("GET" | "POST"), ["host", "ping"]):
                return Answer(200, [], b"")
            case "GET", ["functions"]:
                return _json(200, [self._description(function, environ) for function in self.functions.values()])
            case "GET", ["functions", name] if name in self.functions:
                return _json(200, self._description(self.functions[name], environ))
            case "POST", ["functions", name] if name in self.functions:
                return self._trigger(self.functions[name], environ)
        return Answer(404, [], b"")

    def _status(self) -> dict[str, Any]:
        return {
            "id": "local-host",
            "state": "Running",
            "version": VERSION,
            "versionDetails": VERSION,
            "instanceId": self._instance,
            "computerName": platform.node(),
            "processUptime": round((time.monotonic() - self._started) * 1000),
        }

    def _description(self, function: LoadedFunction, environ: WSGIEnvironment) -> dict[str, Any]:
        base = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST') or 'localhost'}"
        template = next((route.template for route, routed in self.routes if routed is function), None)
        return {
            "name": function.name,
            "href": f"{base}/admin/functions/{quote(function.name)}",
            "invoke_url_template": None if template is None else f"{base}/{template}",
            "config": {"bindings": function.bindings},
            "language": "python",
            "isDisabled": False,
        }

    def _trigger(self, function: LoadedFunction, environ: WSGIEnvironment) -> Answer:
        # A page somewhere else may send a form here, but JSON only with a leave that is never given.
        if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
            return _text(415, "Send a JSON object, {} when there is no input, as application/json.")
        try:
            message = json.loads(environ["wsgi.input"].read() or b"{}")
        except ValueError:
            message = None
        if not isinstance(message, dict):
            return _text(400, "Send a JSON object, {} when there is no input.")
        if isinstance(function.trigger, HttpTrigger):
            call = threading.Thread(target=self._call_http, args=(function, message, environ), daemon=True)
        elif function.name in self.timers:
            call = threading.Thread(target=self.timers[function.name].fire, args=(REASON,), daemon=True)
        else:
            return _text(500, f"{function.name} could not be scheduled when the host started; its log says why.")
        call.start()
        return Answer(202, [], b"")

    def _call_http(self, function: LoadedFunction, message: dict[str, Any], environ: WSGIEnvironment) -> None:
        try:
            function.invoke_http(
                method="POST",
                url=self._description(function, environ)["invoke_url_template"],
                headers=_headers(environ),
                query={},
                route={},
                body=str(message.get("input") or "").encode(),
                reason=REASON,
            )
        except Exception:
            log.exception("The function %s failed.", function.name)


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = str(environ[name])
    return headers
