"""Referrals and companies as answers carry them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from shared.model import odd_json, times
from shared.model.action import Action, Batch
from shared.model.company import Company
from shared.model.company_edits import CompanyEdit
from shared.model.domains import display_domain
from shared.model.run import Run
from shared.model.summary import ReferralSummary
from shared.model.text import digits, fold, readable
from shared.read_model import items as listed
from shared.read_model.belonging import Belonging
from shared.read_model.query import Selection
from shared.read_model.questions import CompanyQuery, Paging, ReferralQuery
from shared.read_model.snapshot import Snapshot
from shared.storage.tables.crm_links import Shown
from shared.storage.tables.quarantine import Quarantined

if TYPE_CHECKING:
    from shared.model.resource import Member, Referral, Resource

_CONTACTS: Final = 100
"""How many people a company shows."""


def run_item(run: Run) -> dict[str, Any]:
    """A run as answers carry it."""
    item: dict[str, Any] = msgspec.to_builtins(run)
    for name in ("startedAt", "finishedAt", "watermark"):
        item[name] = times.public(item[name])
    return item


def action_item(action: Action) -> dict[str, Any]:
    """An action as answers carry it."""
    return {
        "id": action.id,
        "batchId": action.batch_id,
        "referralId": action.referral_id,
        "referralName": action.referral_name,
        "action": action.action,
        "changes": action.changes,
        "reason": action.reason,
        "remark": action.remark,
        "state": action.state,
        "alreadyDone": action.already_done,
        "who": {"id": action.who.id, "name": action.who.name},
        "createdAt": times.public(action.created_at),
        "notBefore": times.public(action.not_before),
        "finishedAt": times.public(action.finished_at),
        "tries": action.tries,
        "error": msgspec.to_builtins(action.error) if action.error else None,
        "conflicts": [
            {"field": each.field, "seen": each.seen, "theirs": each.theirs, "yours": each.yours}
            for each in action.conflicts
        ],
        "request": action.request,
    }


def batch_item(batch: Batch, actions: Sequence[Action]) -> dict[str, Any]:
    """A batch as answers carry it, with its actions as they are now."""
    return {
        "id": batch.id,
        "action": batch.action,
        "who": {"id": batch.who.id, "name": batch.who.name},
        "at": times.public(batch.at),
        "total": batch.total,
        "states": dict(Counter(action.state for action in actions)),
        "items": [action_item(action) for action in actions],
    }


def quarantine_item(record: Quarantined) -> dict[str, Any]:
    """A record that could not be stored: as JSON where it is JSON, else as text. It has no id that could be told."""
    raw: Any = record.received
    try:
        msgspec.json.decode(raw)
        raw = msgspec.Raw(record.received.encode())
    except (msgspec.DecodeError, RecursionError):
        pass
    return {
        "key": record.key,
        "id": None,
        "reason": record.reason,
        "firstSeenAt": times.public(record.first_seen_at),
        "lastSeenAt": times.public(record.last_seen_at),
        "raw": raw,
    }


SUBJECTS: Final[Mapping[type, tuple[str, Callable[[Any], object]]]] = {
    Run: ("run", run_item),
    Action: ("action", action_item),
}
"""What an error may be about: the member of the problem document that shows it, and how."""


def crm_differences(link: Shown | None) -> list[dict[str, Any]]:
    """What a referral and its record in Dynamics 365 hold differently, as of the last look."""
    return [msgspec.to_builtins(each, builtin_types=(Decimal,)) for each in link.differing] if link else []


def answered(snapshot: Snapshot, referral: ReferralSummary, now: datetime) -> dict[str, Any]:
    """A referral that has just changed, with what a snapshot from before knows of it, as lists carry it."""
    position = snapshot.referral(referral.id)
    if position is None:
        nobody = Belonging(None, None, by_hand=False)
        return {**listed.referral_item(referral, nobody, now), "owner": None, "commentCount": 0, "dynamics": None}
    return {**listed.item(snapshot, position, now), **listed.referral_item(referral, snapshot.belonging(position), now)}


def referral_page(snapshot: Snapshot, query: ReferralQuery, now: datetime) -> dict[str, Any]:
    """A page of the list of referrals."""
    found = snapshot.select(query, now)
    return _page(snapshot, [listed.item(snapshot, position, now) for position in found.positions], found, query.paging)


def company_page(snapshot: Snapshot, query: CompanyQuery) -> dict[str, Any]:
    """A page of the list of companies."""
    found = snapshot.select_companies(query)
    rows = [snapshot.companies.rows[position] for position in found.positions]
    return _page(snapshot, [listed.company_item(snapshot, company) for company in rows], found, query.paging)


def _page(snapshot: Snapshot, items: list[dict[str, Any]], found: Selection, paging: Paging) -> dict[str, Any]:
    return {
        "items": items,
        "total": found.total,
        "facets": found.facets,
        "page": paging.page,
        "pageSize": paging.page_size,
        "dataVersion": snapshot.version,
    }


def summary(snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    """The figures of the overview."""
    from shared.read_model.report import Report

    figures = snapshot.figures(now)
    waiting = figures["unanswered"]
    places = [snapshot.referral(referral.id) for referral in waiting["next"]]
    companies = snapshot.companies
    return {
        "dataVersion": snapshot.version,
        **figures,
        "unanswered": {**waiting, "next": [listed.item(snapshot, place, now) for place in places if place is not None]},
        "quarantined": snapshot.quarantined,
        "needsReview": sum(company.needs_review for company in companies),
        "companies": {"total": len(companies), "m365": sum(map(companies.is_m365, companies))},
        "byOwner": Report(snapshot, now).by_owner(),
    }


def company_edits(snapshot: Snapshot, company: Company) -> dict[str, Any]:
    """What people said of a company: the name it would have without, and what they merged into it."""
    edited = snapshot.companies.edited
    renamed = edited.renamed(company.key)
    return {
        "renamed": {"automaticName": renamed.automatic, **_said(renamed.edit)} if renamed else None,
        "merged": [
            {
                "key": part.key,
                "name": part.company.name if part.company else display_domain(part.key),
                "domain": display_domain(part.company.domain) if part.company and part.company.domain else None,
                "referralCount": part.company.referral_count if part.company else 0,
                **_said(part.edit),
            }
            for part in edited.parts(company.key)
        ],
    }


def _said(edit: CompanyEdit) -> dict[str, Any]:
    return {"by": {"id": edit.by.id, "name": edit.by.name}, "at": times.public(edit.at)}


def referral_detail(
    item: Mapping[str, Any],
    referral: Referral,
    history: Sequence[Mapping[str, Any]],
    related: Iterable[ReferralSummary],
    payload: str | None = None,
) -> dict[str, Any]:
    """One referral with all that is known of it.

    Args:
        item: what ``referral_item`` made of it.
        referral: its payload, read.
        history: its changes, newest first.
        related: the others of the same engagement.
        payload: the JSON as received, to be added as ``raw``; None leaves it out.
    """
    from shared.model.resource import CustomerProfile, Details, Requirements  # and pydantic, which no list needs

    details = referral.details or Details()
    customer = referral.customer_profile or CustomerProfile()
    wanted = details.requirements or Requirements()
    detail: dict[str, Any] = {
        **item,
        "engagementId": referral.engagement_id,
        "externalReferenceId": referral.external_reference_id,
        "statusReason": referral.status_reason,
        "acceptedDateTime": times.public(referral.accepted_date_time),
        "closedDateTime": times.public(referral.closed_date_time),
        "campaignId": referral.campaign_id,
        "referralSource": referral.referral_source,
        "eTag": referral.e_tag,
        "notes": details.notes,
        "contacts": _people(customer.team),
        "team": _people(referral.team),
        "solutions": _as_received(wanted.solutions),
        "industries": _as_received(wanted.industries),
        "products": _as_received(wanted.products),
        "services": _as_received(wanted.services),
        "history": history,
        "related": [
            {
                "id": other.id,
                "name": other.name,
                "direction": other.direction,
                "status": other.status,
                "organizationName": other.organization_name,
            }
            for other in related
        ],
    }
    if payload is not None:
        detail["raw"] = msgspec.Raw(odd_json.strict(payload))
    return detail


def _people(members: Iterable[Member | None] | None) -> list[dict[str, str | None]]:
    return [
        {
            "firstName": readable(member.first_name) if member.first_name else member.first_name,
            "lastName": readable(member.last_name) if member.last_name else member.last_name,
            "email": member.email,
            "phoneNumber": member.phone_number,
            "title": readable(member.title) if member.title else member.title,
        }
        for member in members or []
        if member
    ]


def contacts(payloads: Iterable[tuple[str, Referral]]) -> list[dict[str, Any]]:
    """The customer's people in these records, each once, with the referrals that name them.

    Args:
        payloads: records by their referral's id, those to be trusted most first.
    """
    found: dict[str, dict[str, Any]] = {}
    for referral_id, referral in payloads:
        for person in _people(referral.customer_profile.team if referral.customer_profile else ()):
            name = " ".join(filter(None, (person["firstName"], person["lastName"])))
            key = (person["email"] or "").strip().casefold() or f"{fold(name)} {digits(person['phoneNumber'] or '')}"
            if not key.strip():
                continue
            known = found.setdefault(key, {**person, "referrals": []})
            known["referrals"].append(referral_id)
            for field, value in person.items():
                known[field] = known[field] or value
    return list(found.values())[:_CONTACTS]


def _as_received(parts: Iterable[Resource | None] | None) -> list[dict[str, Any]]:
    """Solutions and the like with the fields that came, unknown ones among them."""
    return [part.model_dump(by_alias=True, exclude_unset=True) for part in parts or [] if part]
