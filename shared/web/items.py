"""Referrals and companies as answers carry them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from shared.model import odd_json, times
from shared.model.resource import CustomerProfile, Details, Member, Referral, Requirements, Resource
from shared.model.run import Run
from shared.model.summary import ReferralSummary
from shared.model.text import readable

_DAY: Final = timedelta(days=1)


def run_item(run: Run) -> dict[str, Any]:
    """A run as answers carry it."""
    item: dict[str, Any] = msgspec.to_builtins(run)
    for name in ("startedAt", "finishedAt", "watermark"):
        item[name] = times.public(item[name])
    return item


SUBJECTS: Final[Mapping[type, tuple[str, Callable[[Any], object]]]] = {Run: ("run", run_item)}
"""What an error may be about: the member of the problem document that shows it, and how."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """Which company a referral belongs to."""

    key: str | None
    """None for a customer of whom nothing is known."""
    name: str | None
    by_hand: bool
    """Whether a person linked it there."""


def referral_item(referral: ReferralSummary, company: Belonging, now: datetime) -> dict[str, Any]:
    """A referral as lists carry it.

    Args:
        referral: its summary.
        company: where it belongs.
        now: the time by which ``expiresInDays`` is counted, aware.
    """
    return {
        "id": referral.id,
        "name": referral.name,
        "customerName": referral.customer_name,
        "companyKey": company.key,
        "companyName": company.name,
        "category": referral.category,
        "type": referral.type,
        "qualification": referral.qualification,
        "direction": referral.direction,
        "status": referral.status,
        "substatus": referral.substatus,
        "country": referral.country,
        "city": referral.city,
        "dealValue": referral.deal_value,
        "currency": referral.currency,
        "closingDateTime": times.public(referral.closing_date_time),
        "createdDateTime": times.public(referral.created_date_time),
        "updatedDateTime": times.public(referral.updated_date_time),
        "expirationDateTime": times.public(referral.expiration_date_time),
        "expiresInDays": expires_in_days(referral, now),
        "salesStage": referral.sales_stage,
        "missingSince": times.public(referral.missing_since),
        "linkedByHand": company.by_hand,
        "problems": [{"field": problem.field, "reason": problem.reason} for problem in referral.problems],
    }


def expires_in_days(referral: ReferralSummary, now: datetime) -> int | None:
    """Whole days left to answer, rounded down, so negative once the deadline has passed; None when nobody waits."""
    if not referral.unanswered or not referral.expiration_date_time:
        return None
    return (times.to_datetime(referral.expiration_date_time) - now) // _DAY


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


def _as_received(parts: Iterable[Resource | None] | None) -> list[dict[str, Any]]:
    """Solutions and the like with the fields that came, unknown ones among them."""
    return [part.model_dump(by_alias=True, exclude_unset=True) for part in parts or [] if part]
