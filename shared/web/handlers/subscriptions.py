"""Who is told what: subscriptions, and trying one out."""

from __future__ import annotations

from typing import Final

from azure.functions import HttpRequest, HttpResponse

from shared.core.api import API
from shared.services import Services
from shared.web import parameters, responses
from shared.web.access import Principal, Role
from shared.web.app import body_of
from shared.web.bodies import nothing_asked
from shared.web.telling import subscription_item, test_item

ADDRESS: Final = f"/{API}/subscriptions/"


def list_subscriptions(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET subscriptions: one's own, or for an operator all."""
    parameters.no_parameters(request)
    found = services.subscriptions.list(principal.person, operates=principal.may(Role.OPERATE))
    items = [subscription_item(subscribed) for subscribed in found]
    return responses.json({"items": items, "total": len(items)})


def create_subscription(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST subscriptions: a new one."""
    parameters.no_parameters(request)
    made = services.subscriptions.create(body_of(request), principal.person, operates=principal.may(Role.OPERATE))
    headers = {"Location": ADDRESS + made.subscription.id}
    return responses.json(subscription_item(made), status=201, headers=headers)


def get_subscription(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET subscriptions/{id}."""
    parameters.no_parameters(request)
    operates = principal.may(Role.OPERATE)
    found = services.subscriptions.get(request.route_params["id"], principal.person, operates=operates)
    return responses.json(subscription_item(found))


def change_subscription(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """PUT subscriptions/{id}."""
    parameters.no_parameters(request)
    changed = services.subscriptions.change(
        request.route_params["id"],
        body_of(request),
        principal.person,
        operates=principal.may(Role.OPERATE),
    )
    return responses.json(subscription_item(changed))


def delete_subscription(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """DELETE subscriptions/{id}."""
    nothing_asked(request)
    services.subscriptions.delete(request.route_params["id"], principal.person, operates=principal.may(Role.OPERATE))
    return HttpResponse(status_code=204)


def test_subscription(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST subscriptions/{id}/test: send a message now."""
    nothing_asked(request)
    failure = services.subscriptions.test(
        request.route_params["id"], principal.person, operates=principal.may(Role.OPERATE)
    )
    return responses.json(test_item(failure))
