"""Who takes care of which referral, and who there is."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from azure.functions import HttpRequest, HttpResponse

from shared.core.errors import InvalidParameter, NotFound, StorageUnavailable
from shared.model import times
from shared.model.desk import Owner, read_mail
from shared.model.person import same_mail
from shared.read_model import items
from shared.storage.tables import owners
from shared.storage.tables.data_version import bump_desk_version
from shared.web import parameters, responses
from shared.web.access import Principal
from shared.web.bodies import members_of
from shared.web.sharing import person_item

if TYPE_CHECKING:
    from shared.services import Services

MOST_AT_ONCE: Final = 200


def set_owner(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST referrals/{id}/owner: answers the referral as it is now. Raises InvalidParameter, InvalidRequest and NotFound."""
    parameters.no_parameters(request)
    owner = _owner(members_of(request, "mail")["mail"], principal, services)
    referral_id = request.route_params["id"]
    if services.read_model.snapshot().referral(referral_id) is None:
        raise NotFound("There is no such referral.")
    _set(services, principal, [referral_id], owner)
    snapshot = services.read_model.snapshot()
    position = snapshot.referral(referral_id)
    if position is None:
        raise NotFound("There is no such referral.")
    return responses.json(items.item(snapshot, position, services.clock.now()))


def set_owners(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST referrals/owner: many at once. Raises InvalidParameter and InvalidRequest."""
    parameters.no_parameters(request)
    body = members_of(request, "ids", "mail")
    ids = _ids(body["ids"])
    owner = _owner(body["mail"], principal, services)
    snapshot = services.read_model.snapshot()
    known = [referral_id for referral_id in ids if snapshot.referral(referral_id) is not None]
    changed = _set(services, principal, known, owner)
    return responses.json(
        {"changed": len(changed), "notFound": [referral_id for referral_id in ids if referral_id not in set(known)]}
    )


def list_people(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET people: who has used the app, the latest first. Raises InvalidParameter."""
    parameters.no_parameters(request)
    people = [person_item(person) for person in services.people.load()]
    return responses.content({"items": people, "total": len(people)})


def _set(services: Services, principal: Principal, ids: Collection[str], owner: Owner | None) -> list[str]:
    if not ids:
        return []
    at = times.from_datetime(services.clock.now())
    try:
        changed = owners.set_owner(services.store, ids, owner, principal.person, at)
    except owners.StillConflicting:
        raise StorageUnavailable(retry_after=5) from None
    # Also where nothing changed: an attempt before may have died between the row and this.
    bump_desk_version(services.store)
    return changed


def _owner(value: Any, principal: Principal, services: Services) -> Owner | None:
    """The owner that a body names: with the name of whoever has used the app by that address."""
    if value is None:
        return None
    mail = read_mail(value)
    if same_mail(mail, principal.person.mail):
        return Owner(principal.person.mail, principal.person.name)
    known = next((person for person in services.people.load() if same_mail(person.mail, mail)), None)
    return Owner(known.mail, known.name) if known else Owner(mail, mail)


def _ids(value: Any) -> list[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_AT_ONCE:
        raise InvalidParameter(f"'ids' must be a list of 1 to {MOST_AT_ONCE} ids.")
    if not all(isinstance(referral_id, str) and referral_id for referral_id in value):
        raise InvalidParameter("Each of 'ids' must be a referral's id.")
    return list(dict.fromkeys(value))
