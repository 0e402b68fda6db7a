"""Creating and changing a referral through the API: what Microsoft's pages allow (docs/partner-center-api.md, "Changes").

A change is validated as a whole: either all of its operations are carried out, or none (RFC 5789).
"""

import copy
import re
import uuid
from dataclasses import dataclass
from typing import Any

from .messages import Json, Request
from .switches import Switches
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
REASONED = ("Declined", "Lost", "Error")
REQUIRED = ("type", "customerProfile", "consent", "details")
_LISTS = ("team", "solutions", "registrations")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,7})?Z")


class Refused(ValueError):
    """A write that the service refuses, with the status of its answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Applied:
    """A change that was carried out: what tests count."""

    id: str
    operations: list[Json]
    intent: str
    """The request's MS-RequestId."""
    at: str


def patched(before: Json, request: Request, now: str, switches: Switches) -> Json:
    """The payload after the RFC 6902 operations of a request at a time. Raises Refused, and changes nothing."""
    if_match = request.headers.get("if-match")
    if if_match is not None and if_match != before.get("eTag"):
        raise Refused("The referral has changed since it was read.", 412)
    operations = operations_of(request)
    payload = copy.deepcopy(before)
    for operation in operations:
        _apply(payload, operation, switches, closed=before.get("status") == "Closed")
    old, new, substatus = before.get("status"), payload.get("status"), payload.get("substatus")
    if new not in TRANSITIONS.get(str(old), ()) or substatus not in SUBSTATUSES.get(str(new), ()):
        raise Refused(f"A referral can't go from {old} to {new}/{substatus}.")
    if switches.reason_required and new != old and substatus in REASONED and not payload.get("statusReason"):
        raise Refused(f"{substatus} needs a statusReason.")
    if new != old:
        payload["closedDateTime" if new == "Closed" else "acceptedDateTime"] = now
    return payload


def operations_of(request: Request) -> list[Json]:
    """The operations of a request. Raises Refused."""
    operations = _body(request)
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise Refused("The body must be an array of operations.")
    return operations


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


def _apply(payload: Json, operation: Json, switches: Switches, *, closed: bool) -> None:
    path, verb = operation.get("path"), operation.get("op")
    if verb not in ("add", "replace"):
        raise Refused("Only add and replace are supported.")
    allowed = isinstance(path, str) and (ALLOWED_PATHS.fullmatch(path) or (switches.name_path and path == "/name"))
    if not isinstance(path, str) or "value" not in operation or not allowed:
        raise Refused(f"The path {path} can't be changed.")
    if closed and not path.startswith("/registrations/"):
        raise Refused("A closed referral can't be changed.", switches.closed_status)
    _check(path, operation["value"], switches)
    *parents, last = path[1:].split("/")
    target = _parent(payload, parents)
    if isinstance(target, list) and last == "-" and verb == "add":
        target.append(operation["value"])
    elif isinstance(target, dict):
        if verb == "replace" and last not in target and switches.absent_replace == "refuse":
            raise Refused(f"The path {path} has nothing to replace.")
        target[last] = operation["value"]
    else:
        raise Refused(f"The path {path} does not exist.")


def _parent(payload: Json, names: list[str]) -> Any:
    """What the last part of a path is looked up in; lists and objects on the way are made where they are missing."""
    target: Any = payload
    for name in names:
        if isinstance(target, list):
            place = int(name) if name.isdecimal() else len(target)
            target = target[place] if place < len(target) else None
        elif isinstance(target, dict):
            child = target.get(name)
            if child is None:
                child = target[name] = [] if name in _LISTS else {}
            target = child
        else:
            target = None
    return target


def _check(path: str, value: Any, switches: Switches) -> None:
    """Whether a value is one that its field can have."""
    if path == "/details/dealValue":
        good = _is_amount(value)
    elif path == "/details/closingDateTime":
        good = value is None or (isinstance(value, str) and _TIME.fullmatch(value) is not None)
    elif path.endswith("/team"):
        good = isinstance(value, list) and all(map(_is_member, value))
    elif path.endswith("/team/-"):
        good = _is_member(value)
    elif path == "/consent/consentToShareReferralWithMicrosoftSellers":
        good = value is True  # one way only
    elif path.startswith("/registrations/") or "/solutions" in path:
        good = True
    else:
        most = switches.notes_length if path == "/details/notes" else switches.text_length
        good = value is None or (isinstance(value, str) and len(value) <= most)
    if not good:
        raise Refused(f"The value for {path} is not valid.")


def _is_amount(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return float(value) >= 0
    except ValueError:
        return False


def _is_member(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("email"), str)
