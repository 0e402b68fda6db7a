"""What people say about a referral, to each other: Partner Center never sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from azure.functions import HttpRequest, HttpResponse

from shared.core.api import API
from shared.core.errors import Forbidden, NotFound
from shared.model import times
from shared.model.desk import read_comment
from shared.storage.tables import comments
from shared.storage.tables.data_version import bump_desk_version
from shared.web import parameters, responses
from shared.web.access import Principal, Role
from shared.web.bodies import members_of, nothing_asked
from shared.web.sharing import comment_item

if TYPE_CHECKING:
    from shared.services import Services


def add_comment(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST referrals/{id}/comments: 201 with the comment. Raises InvalidParameter, InvalidRequest and NotFound."""
    parameters.no_parameters(request)
    text = read_comment(members_of(request, "text")["text"])
    referral_id = request.route_params["id"]
    if services.read_model.snapshot().referral(referral_id) is None:
        raise NotFound("There is no such referral.")
    at = times.from_datetime(services.clock.now())
    comment = comments.add(services.store, referral_id, text, principal.person, at)
    bump_desk_version(services.store)
    path = f"/{API}/referrals/{quote(referral_id, safe='')}/comments/{quote(comment.id, safe='')}"
    return responses.json(comment_item(comment), status=201, headers={"Location": path})


def delete_comment(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """DELETE referrals/{id}/comments/{commentId}: one's own, or as an operator. Raises InvalidParameter, NotFound, Forbidden."""
    nothing_asked(request)
    comment = comments.find(services.store, request.route_params["id"], request.route_params["commentId"])
    if comment is None:
        raise NotFound("There is no such comment.")
    if comment.by.id != principal.id and not principal.may(Role.OPERATE):
        raise Forbidden("This comment is somebody else's. Its writer or an operator can delete it.")
    comments.delete(services.store, comment)
    bump_desk_version(services.store)
    return responses.nothing()
