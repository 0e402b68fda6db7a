"""Signing in to Partner Center, and out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from azure.functions import HttpRequest, HttpResponse

from shared.core import events
from shared.core.api import API
from shared.core.errors import AccessDenied, ConfigurationError, HunterError, InvalidParameter, InvalidRequest
from shared.core.log import get_logger, in_azure
from shared.core.setting_forms import LOOPBACK_HOSTS
from shared.model.times import to_datetime
from shared.partner_center.probe import first_page
from shared.services import Services
from shared.web import parameters, responses
from shared.web.access import Principal
from shared.web.app import body_of
from shared.web.bodies import nothing_asked, refuse_others

log = get_logger(__name__)

CALLBACK: Final = f"/{API}/sign-in/callback"
_PROBE_SECONDS: Final = 20.0
_NEW: Final = timedelta(minutes=1)
"""For so long a sign-in is new, and asking about it asks Partner Center what the account may see."""


def begin(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST sign-in: begin one; the answer says where the person goes on."""
    nothing_asked(request)
    services.settings.require_partner_center()  # before storage is looked for, which may lack its settings too
    comes_back = bool(services.settings.client_secret)  # a device code sends nobody back, so needs no own address
    settings = services.settings
    redirect_uri = own_origin(request.url, os.environ, settings.public_url) + CALLBACK if comes_back else ""
    return responses.json(services.sign_in.begin(redirect_uri, principal.id))


def check(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST sign-in/check: ask once; in the first minute after a sign-in the answer also says what the account may see."""
    parameters.no_parameters(request)
    body = body_of(request)
    refuse_others(body, ("id",))
    pending_id = body.get("id")
    if not (pending_id is None or isinstance(pending_id, str)):
        raise InvalidParameter("'id' must be the one that sign-in gave.")
    services.settings.require_partner_center()
    answer = services.sign_in.check(pending_id, principal.id)
    signed_in_at = answer.pop("signedInAt", None)
    if signed_in_at and services.clock.now() - to_datetime(signed_in_at) < _NEW:
        answer |= _what_is_visible(services)
    return responses.json(answer)


def callback(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET sign-in/callback: where Entra sends the browser back to; it goes on to the page."""
    try:
        query = dict(parse_qsl(urlsplit(request.url).query, max_num_fields=20))
        done = services.sign_in.complete(query, principal.id)
    except HunterError as error:
        log.warning(events.SIGN_IN_FAILED, code=error.code)
        done = False
    except ValueError:  # more parameters than Entra ever sends
        done = False
    return responses.redirect(f"/app?signIn={'done' if done else 'failed'}")


def sign_out(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST sign-out: forget the tokens."""
    nothing_asked(request)
    services.sign_in.sign_out()
    return responses.json({"state": "signedOut"})


def own_origin(url: str, environ: Mapping[str, str], public_url: str = "") -> str:
    """Where this app is reached: what HUNTER_PUBLIC_URL says where it is set (behind a domain of one's own or Front Door);
    else in Azure what the platform says, since Host comes from the caller; else loopback only.

    Raises:
        ConfigurationError: neither says it.
        InvalidRequest: the request names a host that is not this one.
    """
    if public_url and environ.get("HUNTER_PUBLIC_URL", "").strip().rstrip("/") == public_url:  # else it is not usable
        return public_url
    if in_azure(environ):
        if not environ.get("WEBSITE_HOSTNAME"):
            raise ConfigurationError("WEBSITE_HOSTNAME: The platform does not say under which name the app is reached.")
        return f"https://{environ['WEBSITE_HOSTNAME']}"
    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK_HOSTS:
        raise InvalidRequest("Open this address by 127.0.0.1.")
    return f"{parts.scheme}://{parts.netloc}"


def _what_is_visible(services: Services) -> dict[str, Any]:
    """Whether the account's role lets it read referrals, and how many its first page has."""
    try:
        page = first_page(services.settings, services.sign_in, services.store, _PROBE_SECONDS)
    except AccessDenied as error:
        return {"roleProblem": error.message, "referralsVisible": 0, "moreReferrals": False}
    except HunterError:
        return {}  # the sign-in stands; the first sync says what else is wrong
    return {"roleProblem": None, "referralsVisible": len(page.records), "moreReferrals": page.next is not None}
