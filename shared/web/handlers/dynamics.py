"""Dynamics 365: how it is, sync now, and what people ask for one referral."""

from __future__ import annotations

from azure.functions import HttpRequest, HttpResponse

from shared.core.errors import NotFound
from shared.read_model import items
from shared.services import Services
from shared.web import parameters, responses
from shared.web.access import Principal
from shared.web.app import body_of
from shared.web.bodies import flag_of, refuse_others
from shared.web.crm import exchange_item, ran_item


def get_dynamics(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET dynamics: the state of the exchange."""
    parameters.no_parameters(request)
    return responses.json(exchange_item(services.dynamics.exchange(), services.settings))


def post_sync(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST dynamics/sync: bring everything in step, or say what that would be."""
    parameters.no_parameters(request)
    services.settings.require_dynamics()
    body = body_of(request)
    refuse_others(body, ("dryRun",))
    dry = flag_of(body, "dryRun")
    return responses.json(ran_item(services.dynamics.run("all", dry=dry), dry=dry))


def post_referral(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST referrals/{id}/dynamics: push, retry, ignore, unlink or link; the referral as it is then."""
    parameters.no_parameters(request)
    services.settings.require_dynamics()
    referral_id = request.route_params["id"]
    services.crm_desk.act(referral_id, body_of(request))
    snapshot = services.read_model.snapshot()
    position = snapshot.referral(referral_id)
    if position is None:
        raise NotFound("There is no such referral.")
    return responses.json({"referral": items.item(snapshot, position, services.clock.now())})
