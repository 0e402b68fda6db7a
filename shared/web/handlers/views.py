"""Views: filters under a name. One's own are one's own; shared ones are read by all."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec
from azure.functions import HttpRequest, HttpResponse

from shared.core.api import API
from shared.core.errors import Forbidden, NotFound, StorageUnavailable, ViewInUse
from shared.model import times
from shared.model.text import fold
from shared.model.view import View, read_draft
from shared.read_model.views import check_query, load_view, total_of
from shared.storage.engine.tables import RowConflict
from shared.storage.tables import views
from shared.web import parameters, responses
from shared.web.access import Principal, Role
from shared.web.app import body_of
from shared.web.bodies import nothing_asked
from shared.web.sharing import view_item

if TYPE_CHECKING:
    from shared.services import Services

_TRIES: Final = 20
_NONE: Final = "There is no such view."


def list_views(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET views: one's own and the shared ones, by name, each with its count. Raises InvalidParameter."""
    parameters.no_parameters(request)
    found = sorted(views.load_all(services.store, principal.person), key=lambda view: (fold(view.name), view.id))
    items = _shown(services, principal, found)
    return responses.content({"items": items, "total": len(items)})


def get_view(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET views/{id}. Raises InvalidParameter and NotFound."""
    parameters.no_parameters(request)
    view = load_view(services.store, request.route_params["id"], principal.person)
    if view is None:
        raise NotFound(_NONE)
    return responses.content(_shown(services, principal, [view])[0])


def create_view(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST views. Raises InvalidParameter, InvalidRequest and Forbidden."""
    parameters.no_parameters(request)
    draft = read_draft(body_of(request), check_query)
    if draft.shared:
        _require_write(principal)
    now = times.from_datetime(services.clock.now())
    view = View(
        id=uuid.uuid4().hex, owner=principal.person, created_at=now, updated_at=now, **msgspec.structs.asdict(draft)
    )
    views.insert(services.store, view)
    location = f"/{API}/views/{quote(view.id, safe='')}"
    return responses.json(_shown(services, principal, [view])[0], status=201, headers={"Location": location})


def update_view(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """PUT views/{id}; members that are left out stay. Raises InvalidParameter, InvalidRequest, Forbidden and NotFound."""
    parameters.no_parameters(request)
    body = body_of(request)
    for _ in range(_TRIES):
        view, etag = _changeable(request, principal, services)
        draft = read_draft(body, check_query, view)
        if draft.shared:
            _require_write(principal)
        changed = msgspec.structs.replace(
            view, updated_at=times.from_datetime(services.clock.now()), **msgspec.structs.asdict(draft)
        )
        try:
            views.replace(services.store, changed, etag)
        except RowConflict:
            continue  # somebody changed it meanwhile: ours is laid over theirs
        return responses.json(_shown(services, principal, [changed])[0])
    raise StorageUnavailable(retry_after=5)


def delete_view(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """DELETE views/{id}. Raises InvalidParameter, Forbidden, NotFound and ViewInUse."""
    nothing_asked(request)
    for _ in range(_TRIES):
        view, etag = _changeable(request, principal, services)
        if views.is_used(services.store, view.id):
            raise ViewInUse
        try:
            views.delete(services.store, view.id, etag)
        except RowConflict:
            continue
        return responses.nothing()
    raise StorageUnavailable(retry_after=5)


def _changeable(request: HttpRequest, principal: Principal, services: Services) -> tuple[View, str]:
    """A view that the caller may change, with its row's ETag. Raises NotFound and Forbidden."""
    found = views.load(services.store, request.route_params["id"])
    if found is None or not found[0].is_open_to(principal.person):
        raise NotFound(_NONE)
    view = found[0]
    if view.owner.id != principal.id and not principal.may(Role.OPERATE):
        raise Forbidden(
            "This view is somebody else's. Its owner or an operator can change it; save a copy of your own."
        )
    if view.shared:
        _require_write(principal)
    return found


def _require_write(principal: Principal) -> None:
    if not principal.may(Role.WRITE):
        raise Forbidden("Shared views need the app role for writing. Save it as your own, or ask the administrator.")


def _shown(services: Services, principal: Principal, found: list[View]) -> list[dict[str, Any]]:
    """Views as answers carry them, each with the rows that it has for the caller now."""
    snapshot, now = services.read_model.snapshot(), services.clock.now()
    return [view_item(view, total_of(view, snapshot, principal.person, now)) for view in found]
