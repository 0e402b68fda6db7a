"""The registration for events: who gets them, taking over and giving back, and test events."""

from __future__ import annotations

from typing import Any

from azure.functions import HttpRequest, HttpResponse

from shared.core.errors import NotFound
from shared.model import times
from shared.services import Services
from shared.sync import wanted
from shared.web import parameters, responses
from shared.web.access import Principal
from shared.web.app import body_of
from shared.web.bodies import flag_of, nothing_asked, refuse_others
from shared.webhook.registration import Look


def get_webhook(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET webhook: where events go, and whether they come."""
    parameters.no_parameters(request)
    settings = services.settings
    look = services.registration.look() if settings.webhook_enabled and settings.enabled else Look(None, ours=False)
    return responses.json(_shown(services, look))


def register(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST webhook: have events sent here."""
    parameters.no_parameters(request)
    services.settings.require_webhook()
    body = body_of(request)
    refuse_others(body, ("takeOver",))
    take_over = flag_of(body, "takeOver")
    return responses.json(_shown(services, services.registration.register(take_over=take_over)))


def restore(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """DELETE webhook: have them sent where they went before. Works while events are switched off, too."""
    nothing_asked(request)
    services.settings.require_partner_center()
    return responses.json(_shown(services, services.registration.restore()))


def send_test(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST webhook/test: ask for a test event."""
    nothing_asked(request)
    services.settings.require_webhook()
    return responses.json({"id": services.webhooks.send_test()})


def get_test(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET webhook/test/{id}: what became of it."""
    parameters.no_parameters(request)
    services.settings.require_webhook()
    test = services.webhooks.test(request.route_params["id"])
    if test is None:
        raise NotFound("There is no such test event. Partner Center keeps them for seven days.")
    results = [{"code": result.code, "at": _moment(result.at)} for result in test.results]
    return responses.json({"id": test.id, "status": test.status, "results": results})


def _shown(services: Services, look: Look) -> dict[str, Any]:
    board = services.work.load()
    last_event = wanted.last_event(board)
    seen = services.watch.now(board, last_event)
    registered = look.registered
    return {
        "enabled": services.settings.webhook_enabled,
        "registered": registered is not None,
        "ours": look.ours,
        "url": registered.url if registered else None,
        "events": list(registered.events) if registered else [],
        "lastEventAt": times.public(last_event),
        "lastChangeSeenBy": seen.by or None,
        "silent": look.ours and seen.is_silent(last_event),
    }


def _moment(text: str) -> str | None:
    """A time as Microsoft writes it here, without a zone, as answers carry it."""
    try:
        return times.public(times.parse_time(text))
    except ValueError:
        return None
