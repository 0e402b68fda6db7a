"""Microsoft's referral resource, as its pages document it and as it was seen (docs/partner-center-api.md, "The resource").

Microsoft publishes no nullability, so everything but ``id`` is optional; enums are open strings; unknown fields are kept.
Attributes are the documented names in snake_case. Sources: learn.microsoft.com "Referral resources", "Get a list of
referrals", and the published connector definition.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.model.text import readable
from shared.model.times import read_time

_MOST_DIGITS = 40
_MOST_EXPONENT = 30

T = TypeVar("T")


def _amount(value: object) -> object:
    """A decimal as given; "" is none. Numbers so large that they would swamp any sum are not amounts."""
    if isinstance(value, bool):
        raise ValueError("not a number")
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
    return value


def _reasonable(value: Decimal | None) -> Decimal | None:
    if value is None or (len(str(value)) <= _MOST_DIGITS and abs(value.adjusted()) <= _MOST_EXPONENT):
        return value  # no more letters, so no more digits
    if len(value.as_tuple().digits) > _MOST_DIGITS or abs(value.adjusted()) > _MOST_EXPONENT:
        raise ValueError("not an amount")
    return value


def _items(value: list[T | None] | None) -> list[T]:
    """A list without the items that are null."""
    return [item for item in value if item is not None] if value else []


def _empty_object_as_list(value: object) -> object:
    """``ids`` came as ``{}`` in Microsoft's own sample of 2019."""
    return [] if value == {} else value


Time = Annotated[str | None, BeforeValidator(read_time)]
"""Text of ``model.times``."""
Amount = Annotated[Decimal | None, Field(allow_inf_nan=False), BeforeValidator(_amount), AfterValidator(_reasonable)]
Name = Annotated[str | None, AfterValidator(lambda value: readable(value) if value else value)]
"""A text that names somebody or something, without what another system escaped in it."""
Items = Annotated[list[T | None] | None, AfterValidator(_items)]


class Resource(BaseModel):
    """What all parts share: camelCase names, unknown fields kept, numbers taken for text."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="allow", coerce_numbers_to_str=True, frozen=True
    )


class ContactPreference(Resource):
    """How a person wants to be contacted."""

    locale: str | None = None
    disable_notifications: bool | None = None


class Member(Resource):
    """A person of the customer's or of the partner's team (docs/partner-center-api.md); the e-mail's name is ``email``."""

    first_name: str | None = None
    last_name: str | None = None
    phone_number: str | None = None
    email: str | None = None
    title: str | None = None
    contact_preference: ContactPreference | None = None


class Address(Resource):
    """Where the customer is; ``state`` and ``region`` are used for the same (docs/partner-center-api.md, "The resource")."""

    address_line1: str | None = None
    address_line2: str | None = None
    city: Name = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    region: str | None = None


class ProfileId(Resource):
    """A number of the customer: ``profileType`` is Duns or External."""

    profile_type: str | None = None
    id: str | None = None


class CustomerProfile(Resource):
    """The customer (docs/partner-center-api.md, "The resource"). No tenant id is documented or was seen."""

    name: Name = None
    size: str | None = None
    is_matching_complete: bool | None = None
    address: Address | None = None
    team: Items[Member] = Field(default_factory=list)
    ids: Annotated[Items[ProfileId], BeforeValidator(_empty_object_as_list)] = Field(default_factory=list)


class Consent(Resource):
    """What the customer agreed to; the doubled "To" is Microsoft's."""

    consent_to_to_share_info_with_others: bool | None = None
    consent_to_contact: bool | None = None
    consent_to_share_referral_with_microsoft_sellers: bool | None = None


class Named(Resource):
    """An industry, product or service: an id, seldom more."""

    id: str | None = None
    name: Name = None


class Solution(Named):
    """A solution of the deal."""

    type: str | None = None
    publisher_name: str | None = None
    solution_type: str | None = None
    price: Amount = None
    currency: str | None = None
    quantity: Amount = None


class Requirements(Resource):
    """What the customer asks for."""

    industries: Items[Named] = Field(default_factory=list)
    products: Items[Named] = Field(default_factory=list)
    services: Items[Named] = Field(default_factory=list)
    solutions: Items[Solution] = Field(default_factory=list)


class Details(Resource):
    """The deal (docs/partner-center-api.md, "The resource")."""

    notes: str | None = None
    deal_value: Amount = None
    currency: str | None = None
    closing_date_time: Time = None
    customer_action: str | None = None
    customer_requested_contact: bool | None = None
    requirements: Requirements | None = None


class InvitedBy(Resource):
    """Who sent the referral; ``organizationId`` is ``msft`` for Microsoft."""

    organization_id: str | None = None
    organization_name: Name = None


class InviteContext(Resource):
    """How the referral came about."""

    notes: str | None = None
    assistance_request_code: str | None = None
    invited_mpn_id: str | None = None
    invited_by: InvitedBy | None = None


class Target(Resource):
    """Whom or what the referral is addressed to."""

    type: str | None = None
    id: str | None = None


class TrackingInfo(Resource):
    """Microsoft's own numbers of the deal."""

    microsoft_msx_id: str | None = None


class Referral(Resource):
    """One referral (docs/partner-center-api.md, "The resource")."""

    id: str
    engagement_id: str | None = None
    name: Name = None
    organization_id: str | None = None
    organization_name: Name = None
    external_reference_id: str | None = None
    created_date_time: Time = None
    updated_date_time: Time = None
    expiration_date_time: Time = None
    accepted_date_time: Time = None
    closed_date_time: Time = None
    status: str | None = None
    substatus: str | None = None
    status_reason: str | None = None
    type: str | None = None
    qualification: str | None = None
    direction: str | None = None
    e_tag: str | None = Field(default=None, alias="eTag")
    campaign_id: str | None = None
    sales_stage: str | None = None
    referral_source: str | None = None
    referral_program: str | None = None
    call_to_action: str | None = None
    quality: str | None = None
    mpn_id: str | None = None
    target: Items[Target] = Field(default_factory=list)
    customer_profile: CustomerProfile | None = None
    consent: Consent | None = None
    details: Details | None = None
    team: Items[Member] = Field(default_factory=list)
    invite_context: InviteContext | None = None
    tracking_info: TrackingInfo | None = None
    registration_status: str | None = None
    registrations: Items[dict[str, Any]] = Field(default_factory=list)
