"""What a file needs of a payload and no list holds: people, addresses, solutions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from shared.exports.cells import plain
from shared.model import times
from shared.model.resource import (
    Address,
    Consent,
    CustomerProfile,
    Details,
    InviteContext,
    Member,
    Referral,
    Requirements,
    Resource,
    Solution,
    TrackingInfo,
)

MICROSOFT: Final = "@microsoft.com"


class Person(msgspec.Struct, gc=False, omit_defaults=True):
    """Somebody of the customer's team; the names are those of the answers."""

    firstName: str | None = None  # noqa: N815
    lastName: str | None = None  # noqa: N815
    email: str | None = None
    phoneNumber: str | None = None  # noqa: N815
    title: str | None = None


class Extract(msgspec.Struct, gc=False, omit_defaults=True):
    """One referral's part that only its payload has."""

    contacts: list[Person] = []
    values: dict[str, str] = {}
    """By header of Partner Center's own file, of the columns that are there once."""
    solutions: list[str] = []
    team: list[str] = []
    microsoft: list[str] = []


def contacts_of(referral: Referral) -> Extract:
    """The customer's people."""
    customer = referral.customer_profile or CustomerProfile()
    return Extract(
        contacts=[
            Person(member.first_name, member.last_name, member.email, member.phone_number, member.title)
            for member in customer.team or []
            if member
        ]
    )


def partner_center_of(referral: Referral) -> Extract:
    """All that Partner Center's own file has of a referral; values that no field of the API gives are left out."""
    details = referral.details or Details()
    wanted = details.requirements or Requirements()
    team = [member for member in referral.team or [] if member]
    microsoft = [member for member in team if (member.email or "").strip().lower().endswith(MICROSOFT)]
    given = {
        **_deal(referral, details),
        **_customer(referral.customer_profile or CustomerProfile()),
        **_microsoft(referral, wanted),
    }
    return Extract(
        contacts=contacts_of(referral).contacts,
        values={header: value for header, value in given.items() if value},
        solutions=[_solution(solution) for solution in wanted.solutions or [] if solution],
        team=[_member(member) for member in team if member not in microsoft],
        microsoft=[_member(member) for member in microsoft],
    )


def _deal(referral: Referral, details: Details) -> dict[str, str | None]:
    return {
        "Engagement ID": referral.engagement_id,
        "Referral ID": referral.id,
        "Deal Name": referral.name,
        "Partner Referral Status": referral.status,
        "Partner Referral Substatus": referral.substatus,
        "Declined/Lost/Error reason": referral.status_reason,
        "Sales Stage": referral.sales_stage,
        "Estimated Deal Value": None if details.deal_value is None else plain(details.deal_value),
        "Currency": details.currency,
        "Estimated Close Date": times.public(details.closing_date_time),
        "CRM ID": referral.external_reference_id,
        "Marketing Campaign ID": referral.campaign_id,
        "Notes": details.notes,
        "PartnerID (formerly MPN ID)": referral.mpn_id,
    }


def _customer(customer: CustomerProfile) -> dict[str, str | None]:
    address = customer.address or Address()
    return {
        "Customer Name": customer.name,
        "Customer Address Line 1": address.address_line1,
        "Customer Address Line 2": address.address_line2,
        "Customer City": address.city,
        "Customer State": address.state or address.region,
        "Customer Postal code": address.postal_code,
        "Customer Country": address.country,
        "Customer D-U-N-S ID": next(
            (
                profile.id
                for profile in customer.ids or []
                if profile and (profile.profile_type or "").lower() == "duns"
            ),
            None,
        ),
    }


def _microsoft(referral: Referral, wanted: Requirements) -> dict[str, str | None]:
    invited, consent = referral.invite_context or InviteContext(), referral.consent or Consent()
    tracking = referral.tracking_info or TrackingInfo()
    code = invited.assistance_request_code
    more = _extra(wanted, "additionalRequirements")
    iot = more.get("iot")
    device: Mapping[str, Any] = iot if isinstance(iot, dict) else {}
    return {
        "Microsoft help required?": _yes_no(code != "Unknown") if code else None,
        "What specific help from Microsoft?": code,
        "Share with Microsoft sales team": _yes_no(consent.consent_to_share_referral_with_microsoft_sellers),
        "Notes to Microsoft": invited.notes,
        "Consent to share Customer/Partner contact": _yes_no(consent.consent_to_to_share_info_with_others),
        "CLA Number": _text(device.get("customerLicenseAgreementNumber")),
        "Device Category": _text(device.get("deviceCategory")),
        "Silicon Type": _text(device.get("siliconType")),
        "Azure Certified Device": _text(device.get("azureCertifiedDevice")),
        "Attach Services": _text(device.get("attachServices")),
        "Microsoft MSX ID": tracking.microsoft_msx_id,
        "Migrated PSC Deal ID": _text((tracking.model_extra or {}).get("migratedPSCDealId")),
        "Marketplace Purchase Intent": _intent(more.get("attributes")),
    }


def _extra(part: Resource, name: str) -> dict[str, Any]:
    """A part that the documented resource does not have; empty when it is none."""
    value = (part.model_extra or {}).get(name)
    return value if isinstance(value, dict) else {}


def _intent(attributes: Any) -> str | None:
    for attribute in attributes if isinstance(attributes, list) else []:
        if isinstance(attribute, dict) and attribute.get("type") == "CustomerMarketplaceIntent":
            return _text(attribute.get("id"))
    return None


def _text(value: Any) -> str | None:
    """A value of any type as a cell has it."""
    if isinstance(value, bool):
        return _yes_no(value)
    return value if isinstance(value, str) else None if value is None else str(value)


def _yes_no(value: bool | None) -> str | None:
    return None if value is None else "Yes" if value else "No"


def _solution(solution: Solution) -> str:
    """``SOL-id, currency, price, quantity`` (Microsoft Learn, "Bulk operations for co-sell opportunities")."""
    amounts = (None if amount is None else plain(amount) for amount in (solution.price, solution.quantity))
    price, quantity = amounts
    return _joined((solution.id, solution.currency, price, quantity))


def _member(member: Member) -> str:
    """``first, last, phone, mail``."""
    return _joined((member.first_name, member.last_name, member.phone_number, member.email))


def _joined(parts: Iterable[str | None]) -> str:
    texts: Sequence[str] = [(part or "").strip() for part in parts]
    return ", ".join(texts).rstrip(", ") if any(texts) else ""
