"""What every request goes through, whatever its route: correlation, access, limits, errors, headers and one log event."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec
from azure.functions import HttpRequest, HttpResponse

from shared.core import events
from shared.core.errors import HunterError, InternalError, InvalidRequest
from shared.core.log import bound, get_logger, location
from shared.core.throttle import Throttle
from shared.services import Services
from shared.web import access, responses
from shared.web.access import Principal, Role

log = get_logger(__name__)

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_GUID: Final = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.ASCII)


Handler = Callable[[HttpRequest, Principal, Services], HttpResponse]
"""What answers a route: it takes the request, the caller and the services, and raises errors of ``core.errors``."""


def handle(
    request: HttpRequest,
    handler: Handler,
    *,
    role: Role | None,
    function_name: str,
    services: Services,
    throttle: Throttle | None = None,
    environ: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Answer one request; never raises.

    Args:
        request: what came in.
        handler: what answers it, once the caller may; whatever it raises becomes problem details.
        role: the app role that the route asks for, or None for a route that is open to everybody: whoever answers it looks at
            what came in.
        function_name: the function's name in the log.
        services: handed on to the handler.
        throttle: how often this instance lets the route be used, or None.
        environ: the platform's environment; that of the process by default.
    """
    environ = os.environ if environ is None else environ
    correlation_id = correlation_of(request.headers)
    started = services.clock.monotonic()
    with bound(correlationId=correlation_id, function=function_name):
        code = None
        try:
            principal = access.ANYONE
            if role is not None:
                principal = access.require(request.headers, role, services.settings, environ)
                access.check_state_change(request.method, request.headers, request.get_body())
            if throttle:
                throttle.take()
            response = handler(request, principal, services)
        except HunterError as error:
            code = error.code
            response = responses.problem(error, correlation_id)
        except Exception as error:  # noqa: BLE001 - the last resort: nothing of an unforeseen error may reach the caller
            code = InternalError.code
            log.error(events.UNEXPECTED_ERROR, kind=type(error).__name__, at=location(error))
            response = responses.problem(InternalError(), correlation_id)
        finished = responses.finish(request, response, correlation_id, environ)
        log.info(
            events.FUNCTION_EXECUTED,
            method=request.method,
            status=finished.status_code,
            durationMs=round((services.clock.monotonic() - started) * 1000),
            code=code,
        )
        return finished


def correlation_of(headers: Mapping[str, str]) -> str:
    """The caller's trace id (W3C traceparent) or GUID (x-correlation-id) when it is well formed, else a new GUID."""
    trace = _TRACEPARENT.fullmatch(headers.get("traceparent", "").strip().lower())
    if trace and trace[1].strip("0"):
        return str(trace[1])
    given = headers.get("x-correlation-id", "").strip().lower()
    return given if _GUID.fullmatch(given) else str(uuid.uuid4())


_exact: Final = msgspec.json.Decoder(float_hook=Decimal)


def body_of(request: HttpRequest, *, exact: bool = False) -> dict[str, Any]:
    """The JSON object in a request's body; an empty body is an empty object.

    Args:
        request: what came in.
        exact: numbers with a fraction are decimals with the digits they came with, instead of floats.

    Raises:
        InvalidRequest: it is no JSON object.
    """
    body = request.get_body()
    if not body:
        return {}
    try:
        content = _exact.decode(body) if exact else msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise InvalidRequest("The request's body is not valid JSON.") from None
    if not isinstance(content, dict):
        raise InvalidRequest("The request's body has to be a JSON object.")
    return content
