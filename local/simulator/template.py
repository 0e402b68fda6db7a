"""What a well-formed referral is made of: its eTag, its links, and a whole one that came in just now."""

import uuid

from .messages import Json
from .times import DAY, SECOND, datetime_of, text_of, ticks_of, trimmed

ORGANIZATION = {"organizationId": "7d23e5ca-19dc-4eaa-aac8-5e6b559f0d1d", "organizationName": "Fabrikam Partner"}


def etag_of(key: int, updated: str) -> str:
    """An eTag of the Cosmos form, quotes inside, whose last group is the Unix second of the write (docs/partner-center-api.md).

    Two writes of one second differ in the first group.
    """
    unix = ticks_of(datetime_of(updated)) // SECOND
    fraction = updated.rstrip("Z").partition(".")[2] or "0"
    first = (key * 2654435761 + unix + int(fraction) * 40503) & 0xFFFFFFFF
    return f'"{first:08x}-0000-0800-0000-{unix & 0xFFFFFFFF:08x}0000"'


def links(identity: str, engagement: str) -> Json:
    """The links of a referral, guids unquoted as the service writes them."""
    base = "https://api.partner.microsoft.com/v1.0/engagements/referrals"
    return {
        "relatedReferrals": {"uri": f"{base}?$filter=engagementId eq {engagement}", "method": "GET"},
        "self": {"uri": f"{base}/{identity}", "method": "GET"},
    }


def new_referral(now: int) -> Json:
    """A well-formed referral that came in at this time (ticks): New, incoming, of a customer of its own."""
    identity, engagement, text = str(uuid.uuid4()), str(uuid.uuid4()), text_of(now)
    return {
        "id": identity,
        "engagementId": engagement,
        "name": f"New deal {identity[:8]}",
        **ORGANIZATION,
        "externalReferenceId": None,
        "createdDateTime": text,
        "updatedDateTime": text,
        "expirationDateTime": text_of(now + 14 * DAY),
        "status": "New",
        "substatus": "Pending",
        "statusReason": None,
        "qualification": "SalesQualified",
        "type": "Shared",
        "direction": "Incoming",
        "eTag": etag_of(1, text),
        "target": [{"type": "SolutionProfile", "id": "SOL-15974-MQF"}],
        "customerProfile": {
            "name": f"Customer {identity[:8]} Ltd",
            "size": "10to50employees",
            "address": {"addressLine1": "1 Example Road", "city": "Leeds", "postalCode": "LS1 1UR", "country": "GB"},
            "team": [{"firstName": "Sue", "lastName": "Smith", "email": f"sue.smith@customer-{identity[:8]}.co.uk"}],
            "ids": [],
        },
        "consent": {"consentToContact": True, "consentToShareReferralWithMicrosoftSellers": True},
        "details": {
            "notes": None,
            "dealValue": 10000,
            "currency": "USD",
            "closingDateTime": trimmed(text_of(now - now % DAY + 60 * DAY)),
            "requirements": {"industries": [], "products": [{"id": "Azure"}], "services": [], "solutions": []},
        },
        "team": [],
        "inviteContext": {
            "notes": None,
            "assistanceRequestCode": "GeneralOrOther",
            "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"},
        },
        "links": links(identity, engagement),
        "registrations": [],
    }
