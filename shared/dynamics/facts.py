"""What a referral says, field by field, in the terms of the mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from shared.dynamics import values
from shared.model import times
from shared.model.resource import Address, CustomerProfile, Details, Member, Referral
from shared.model.summary import ReferralSummary

Fact = str | Decimal | None
_STATES: Final = {
    "Won": "won",
    "Lost": "lost",
    "Declined": "declined",
    "Expired": "expired",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """A referral as the CRM is told of it."""

    id: str
    name: str
    category: str | None
    state: str
    """new, active, won, lost, declined, expired, or closed."""
    reason: str | None
    """Why it was lost, in Partner Center's words."""
    reference: str | None
    """What stands in its ``externalReferenceId``."""
    fields: dict[str, Fact]
    seen: dict[str, Any]
    """What an action may change, as our items have it now."""
    party: Party

    @property
    def accepted(self) -> bool:
        """Whether it was answered with yes."""
        return self.state in {"active", "won", "lost", "closed"}

    @property
    def is_open(self) -> bool:
        """Whether it is New or Active."""
        return self.state in {"new", "active"}


@dataclass(frozen=True, slots=True)
class Party:
    """Whose referral it is: the customer and its first contact."""

    company_key: str | None
    name: str | None
    domain: str | None
    postal_code: str | None
    email: str | None
    first_name: str | None
    last_name: str | None


def state_of(status: str | None, substatus: str | None) -> str:
    """The state of a referral by its status (api notes, "Status and substatus")."""
    if status == "Closed":
        return _STATES.get(substatus or "", "closed")
    return "active" if status == "Active" else "new"


def facts_of(
    referral: Referral, summary: ReferralSummary, company_key: str | None, domain: str | None, public_url: str
) -> Facts:
    """What a referral says.

    Args:
        referral: its payload, read.
        summary: its list columns.
        company_key: the company it belongs to, as people see it.
        domain: that company's domain.
        public_url: where links lead.
    """
    customer, details = referral.customer_profile or CustomerProfile(), referral.details or Details()
    address = customer.address or Address()
    person = next((member for member in customer.team or [] if member), None) or Member()
    name = values.readable(customer.name)
    contact = _contact(person)
    fields: dict[str, Fact] = {
        "name": values.readable(referral.name) or name or f"Referral {referral.id}",
        "customerName": name,
        "dealValue": details.deal_value,
        "currency": summary.currency,
        "closingDateTime": values.day(details.closing_date_time),
        "salesStage": values.tidy(referral.sales_stage),
        "notes": values.plain_text(details.notes),
        **contact,
        "contactLastName": contact["contactLastName"] or contact["contactFirstName"] or name or "Unknown",
        "website": f"https://{domain}" if domain else None,
        "addressLine1": values.readable(address.address_line1),
        "city": values.readable(address.city),
        "postalCode": values.readable(address.postal_code),
        "state": values.readable(address.state or address.region),
        "country": values.readable(address.country),
        "referralLink": f"{public_url}/app#/referrals/{quote(referral.id, safe='')}",
        "referralStatus": "/".join(filter(None, (summary.status, summary.substatus))) or None,
        "category": summary.category,
        "engagementId": values.tidy(referral.engagement_id),
        "campaignId": values.tidy(referral.campaign_id),
    }
    return Facts(
        referral.id,
        str(fields["name"]),
        summary.category,
        state_of(summary.status, summary.substatus),
        values.tidy(referral.status_reason),
        values.tidy(referral.external_reference_id),
        fields,
        {
            "dealValue": details.deal_value,
            "currency": summary.currency,
            "closingDateTime": times.public(details.closing_date_time),
            "salesStage": referral.sales_stage,
            "externalReferenceId": referral.external_reference_id,
            "status": summary.status,
            "substatus": summary.substatus,
        },
        _party(customer, contact, company_key, domain),
    )


def _party(
    customer: CustomerProfile, contact: Mapping[str, str | None], company_key: str | None, domain: str | None
) -> Party:
    """The customer, as accounts and contacts are looked for."""
    first, last = contact["contactFirstName"], contact["contactLastName"]
    return Party(
        company_key,
        values.readable(customer.name),
        domain,
        values.readable((customer.address or Address()).postal_code),
        contact["contactEmail"],
        first if last else None,
        last or first,
    )


def _contact(person: Member) -> dict[str, str | None]:
    first, last = values.readable(person.first_name), values.readable(person.last_name)
    mail = values.tidy(person.email)
    if mail and not first and not last:
        last = mail.partition("@")[0]
    return {
        "contactFirstName": first,
        "contactLastName": last,
        "contactEmail": mail if mail and "@" in mail and " " not in mail else None,
        "contactPhone": values.readable(person.phone_number),
        "contactTitle": values.readable(person.title),
    }
