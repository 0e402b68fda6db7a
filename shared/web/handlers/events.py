"""The one open route, where Partner Center says that something changed. It trusts a signature and nothing else."""

from __future__ import annotations

from azure.functions import HttpRequest, HttpResponse

from shared.background import tick
from shared.core.errors import NotFound, RequestTooLarge, TooManyRequests, UnsupportedMediaType
from shared.services import Services
from shared.web import responses
from shared.web.access import BODY_BYTES, Principal


def post_event(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST events: a hint that something changed. 200 once it is noted; nothing of the body is believed but that it came."""
    if not services.settings.webhook_enabled:
        raise NotFound
    body = request.get_body()
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType
    if len(body) > BODY_BYTES:
        raise RequestTooLarge(f"An event is at most {BODY_BYTES // 1024} KiB long.")
    services.gate.check(body, request.headers)
    try:
        services.throttles["event"].take()
    except TooManyRequests:
        services.wanted_sync.remind()
        raise
    for run in services.wanted_sync.event():
        tick.after_sync(services, run)
    return responses.empty(200)
