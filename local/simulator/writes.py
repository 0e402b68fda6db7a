"""Creating and changing a referral through the API: what Microsoft's pages allow (api.md 3.2, 3.4, 3.6)."""

import re
import uuid
from typing import Any

from .messages import Json, Request
from .template import ORGANIZATION, etag_of, links

ALLOWED_PATHS = re.compile(
    r"/(campaignId|externalReferenceId|referralProgram|salesStage|status|substatus|statusReason|team(/-)?"
    r"|consent/consentToShareReferralWithMicrosoftSellers|customerProfile/team(/-)?"
    r"|details/(closingDateTime|currency|dealValue|notes|requirements/solutions(/-)?)"
    r"|registrations/.+)"
)
TRANSITIONS = {"New": ("New", "Active", "Closed"), "Active": ("Active", "Closed"), "Closed": ("Closed",)}
SUBSTATUSES = {
    "New": ("Pending", "Received"),
    "Active": ("Accepted",),
    "Closed": ("Won", "Lost", "Declined", "Expired", "Error"),
}
REQUIRED = ("type", "customerProfile", "consent", "details")


class Refused(ValueError):
    """A write that the service refuses, with the status of its answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def patch(payload: Json, request: Request, now: str) -> None:
    """Apply the RFC 6902 operations of a request to the payload, at a time. Raises Refused."""
    if_match = request.headers.get("if-match")
    if if_match is not None and if_match != payload.get("eTag"):
        raise Refused("The referral has changed since it was read.", 412)
    operations = _body(request)
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise Refused("The body must be an array of operations.")
    before = payload.get("status")
    for operation in operations:
        _apply(payload, operation, closed=before == "Closed")
    after, substatus = payload.get("status"), payload.get("substatus")
    if after not in TRANSITIONS.get(str(before), ()) or substatus not in SUBSTATUSES.get(str(after), ()):
        raise Refused(f"A referral can't go from {before} to {after}/{substatus}.")
    if after != before:
        payload["closedDateTime" if after == "Closed" else "acceptedDateTime"] = now


def new_referral(request: Request, now: str) -> Json:
    """The referral that a partner posts at a time: an own deal starts accepted. Raises Refused."""
    body = _body(request)
    if not isinstance(body, dict):
        raise Refused("The body must be a referral.")
    fields = {name[:1].lower() + name[1:]: value for name, value in body.items()}  # the samples mix both cases
    missing = [name for name in REQUIRED if not fields.get(name)]
    if missing:
        raise Refused(f"{', '.join(missing)} must be given.")
    if not isinstance(fields["customerProfile"], dict) or not isinstance(fields["details"], dict):
        raise Refused("customerProfile and details must be objects.")
    identity, engagement = str(uuid.uuid4()), str(fields.get("engagementId") or uuid.uuid4())
    return {
        **fields,
        **ORGANIZATION,
        "id": identity,
        "engagementId": engagement,
        "createdDateTime": now,
        "updatedDateTime": now,
        "acceptedDateTime": now,
        "expirationDateTime": None,
        "status": "Active",
        "substatus": "Accepted",
        "direction": "Outgoing",
        "eTag": etag_of(int(identity[:6], 16), now),
        "links": links(identity, engagement),
    }


def _body(request: Request) -> Any:
    try:
        return request.json()
    except ValueError as problem:
        raise Refused("The body is no JSON.") from problem


def _apply(payload: Json, operation: Json, *, closed: bool) -> None:
    path = operation.get("path")
    if operation.get("op") not in ("add", "replace"):
        raise Refused("Only add and replace are supported.")
    if not isinstance(path, str) or "value" not in operation or not ALLOWED_PATHS.fullmatch(path):
        raise Refused(f"The path {path} can't be changed.")
    if closed and not path.startswith("/registrations/"):
        raise Refused("A closed referral can't be changed.")
    *parents, last = path[1:].split("/")
    target: Any = payload
    for name in parents:
        if isinstance(target, list):
            place = int(name) if name.isdecimal() else len(target)
            target = target[place] if place < len(target) else None
        elif isinstance(target, dict):
            child = target.get(name)
            if child is None:
                child = target[name] = [] if name in ("team", "solutions", "registrations") else {}
            target = child
        else:
            target = None
    if isinstance(target, list) and last == "-":
        target.append(operation["value"])
    elif isinstance(target, dict):
        target[last] = operation["value"]
    else:
        raise Refused(f"The path {path} does not exist.")
