"""Who is told what: subscriptions, and trying one out."""

from __future__ import annotations

from typing import Final

from azure.functions import HttpRequest, HttpResponse

from shared.services import Services
from shared.web import parameters, responses
from shared.web.access import Principal, Role
from shared.web.app import body_of

ADDRESS: Final = "/api/v1/partner-center/subscriptions/"


def list_subscriptions(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET subscriptions: one's own, or for an operator all."""
    parameters.no_parameters(request)
    items = services.subscriptions.list(principal.person, operates=principal.may(Role.OPERATE))
    return responses.json({"items": items, "total": len(items)})


def create_subscription(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST subscriptions: a new one."""
    parameters.no_parameters(request)
    made = services.subscriptions.create(body_of(request), principal.person, operates=principal.may(Role.OPERATE))
    return responses.json(made, status=201, headers={"Location": ADDRESS + made["id"]})


def get_subscription(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET subscriptions/{id}."""
    parameters.no_parameters(request)
    operates = principal.may(Role.OPERATE)
    return responses.json(services.subscriptions.get(request.route_params["id"], principal.person, operates=operates))


def change_subscription(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """PUT subscriptions/{id}."""
    parameters.no_parameters(request)
    changed = services.subscriptions.change(
        request.route_params["id"],
        body_of(request),
        principal.person,
        operates=principal.may(Role.OPERATE),
    )
    return responses.json(changed)


def delete_subscription(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """DELETE subscriptions/{id}."""
    parameters.no_parameters(request)
    services.subscriptions.delete(request.route_params["id"], principal.person, operates=principal.may(Role.OPERATE))
    return HttpResponse(status_code=204)


def test_subscription(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST subscriptions/{id}/test: send a message now."""
    parameters.no_parameters(request)
    body_of(request)
    came = services.subscriptions.test(
        request.route_params["id"], principal.person, operates=principal.may(Role.OPERATE)
    )
    return responses.json(came)
