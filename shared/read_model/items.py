"""A referral and a company as lists carry them, by the names of the API: what pages, files and the command line share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from shared.model import times
from shared.model.company import Company
from shared.model.domains import display_domain
from shared.model.summary import ReferralSummary
from shared.read_model.belonging import Belonging
from shared.read_model.snapshot import Snapshot
from shared.storage.tables.crm_links import LinkError, Shown

_DAY: Final = timedelta(days=1)


def item(snapshot: Snapshot, position: int, now: datetime) -> dict[str, Any]:
    """The referral at a position of a snapshot, as lists carry it."""
    owner = snapshot.desk.owners.get(position)
    return {
        **referral_item(snapshot.referrals[position], snapshot.belonging(position), now),
        "owner": {"mail": owner.mail, "name": owner.name} if owner else None,
        "commentCount": len(snapshot.desk.comments.get(position, ())),
        "dynamics": crm_item(snapshot.desk.links.get(position)),
    }


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
        "companyNeedsReview": company.needs_review,
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


def crm_item(link: Shown | None) -> dict[str, Any] | None:
    """A referral's link to Dynamics 365; None without one."""
    if link is None:
        return None
    error: dict[str, Any] | None = None
    if link.error:
        error = {"code": link.error.code, "field": link.error.field, "message": link.error.message}
        error |= {"nextAt": times.public(link.next_at), **sentence_of(link.error)}
        if link.error.candidates:
            error["candidates"] = [msgspec.to_builtins(candidate) for candidate in link.error.candidates]
    return {
        "state": link.state,
        "table": link.table,
        "id": link.id,
        "url": link.url,
        "syncedAt": times.public(link.synced_at),
        "error": error,
    }


def sentence_of(error: LinkError) -> dict[str, Any]:
    """What it takes to have an error's sentence in another language: its name, and what it names."""
    said: dict[str, Any] = {"phrase": error.phrase} if error.phrase else {}
    return {**said, "details": error.details} if error.details else said


def company_item(snapshot: Snapshot, company: Company) -> dict[str, Any]:
    """A company as lists carry it."""
    tenant = snapshot.companies.tenant_of(company)
    return {
        "key": company.key,
        "name": company.name,
        "aliases": list(company.aliases),
        "domain": display_domain(company.domain) if company.domain else None,
        "country": company.country,
        "city": company.city,
        "size": company.size,
        "duns": company.duns,
        "tenantId": tenant.tenant_id if tenant else None,
        "isM365": snapshot.companies.is_m365(company),
        "tenantCheckedAt": times.public(tenant.checked_at) if tenant else None,
        "needsReview": company.needs_review,
        "referralCount": company.referral_count,
        "byStatus": dict(company.by_status),
        "byDirection": dict(company.by_direction),
        "openValue": dict(company.open_value),
        "wonValue": dict(company.won_value),
        "firstActivity": times.public(company.first_activity),
        "lastActivity": times.public(company.last_activity),
        "nextDeadline": times.public(company.next_deadline),
    }
