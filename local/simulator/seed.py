"""The referrals that a simulator starts with: the same for the same size, seed and time, as varied as real ones.

Ordinary variety (nulls, missing keys, both forms of sales stages, trimmed dates …) is everywhere; what is broken is in
seed_broken.py, one record each.
"""

import itertools
import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import seed_names as names
from .messages import Json
from .seed_broken import break_some
from .seed_companies import DEFAULT_REFERRALS, PARTNER_DOMAIN, Company, companies, tenants
from .store import encode
from .template import ORGANIZATION, etag_of, links
from .times import DAY, SECOND, text_of, ticks_of, trimmed

CATEGORIES = ("marketplaceLead", "qualifiedLead", "coSell", "private", "partnerLed", "other")
_WEIGHTS_INCOMING = (22, 20, 40, 0, 12, 6)
_WEIGHTS_OUTGOING = (0, 0, 45, 30, 22, 3)
_ENDS_INCOMING = ("New", "Accepted", "Won", "Lost", "Declined", "Expired", "Error")
_LOTS_INCOMING = (12, 30, 20, 13, 11, 12, 2)
_LOTS_OUTGOING = (0, 42, 26, 22, 3, 3, 4)
HISTORY = 548  # days


@dataclass
class Item:
    """A seeded record: its JSON, its place in the two orders, its age (ticks), and its company's own domain where a
    client is sure to find it."""

    body: bytes
    created: str
    updated: str
    age: int
    domain: str | None


@dataclass(frozen=True)
class Seeded:
    """All records, and the domains that are Entra tenants with their tenant ids."""

    items: list[Item]
    tenants: dict[str, str]


def seed(referrals: int, number: int, now: datetime, account: str) -> Seeded:
    """So many records, from a seed number, relative to a time; `account` is the partner's signed-in user."""
    for attempt in itertools.count():
        rng = random.Random(f"{referrals}/{number}/{attempt}")
        items = _items(referrals, rng, ticks_of(now), account)
        domains = {item.domain for item in items if item.domain is not None}
        if domains or not items:  # a handful may have no company of a known domain; there is to be one tenant at least
            return Seeded(items, tenants(domains, referrals, rng))
    raise AssertionError("count() does not end")


def _items(referrals: int, rng: random.Random, now: int, account: str) -> list[Item]:
    maker = _Maker(rng, now, account, companies(max(1, round(referrals * 0.33)), rng))
    items: list[Item] = []
    while len(items) < referrals:
        items += [draft.item() for draft in maker.engagement(referrals - len(items))]
    break_some(items, rng, DEFAULT_REFERRALS)
    return items


@dataclass
class _Draft:
    """A record while it is made."""

    payload: Json
    created: str
    updated: str
    age: int
    company: Company

    def item(self) -> Item:
        """The finished record."""
        team = self.payload["customerProfile"].get("team")
        domain = self.company.domains[-1] if team and self.company.own_domain else None
        return Item(encode(self.payload), self.created, self.updated, self.age, domain)


class _Maker:
    def __init__(self, rng: random.Random, now: int, account: str, customers: list[Company]) -> None:
        self._rng = rng
        self._now = now
        self._account = account
        self._customers = customers
        self._turn = 0
        self._unanswered = 0

    def engagement(self, most: int) -> list[_Draft]:
        """The referral, or the related referrals, of one engagement: at most so many."""
        rng = self._rng
        # everyone has a turn first, then a few have many
        if self._turn < len(self._customers):
            company = self._customers[self._turn]
        else:
            company = self._customers[int(len(self._customers) * rng.random() ** 2)]
        self._turn += 1
        outgoing = rng.random() < 0.38
        engagement = self._guid()
        category = rng.choices(CATEGORIES, _WEIGHTS_OUTGOING if outgoing else _WEIGHTS_INCOMING)[0]
        first = self._referral(company, engagement, outgoing, category)
        if not outgoing or category != "coSell" or most < 2 or rng.random() > 0.35:
            return [first]
        related = self._referral(company, engagement, True, category)
        related.payload.update(
            name=first.payload.get("name"),
            organizationId="msft",
            organizationName="Microsoft",
            target=[{"type": "BusinessProfileLocation", "id": "msft"}],
        )
        if rng.random() < 0.5:  # made in the same instant: an order by date alone does not tell them apart
            related.created = first.created
            related.payload["createdDateTime"] = first.payload["createdDateTime"]
            related.updated = max(related.updated, related.created)
            related.payload["updatedDateTime"] = related.updated
            related.payload["eTag"] = etag_of(int(related.payload["id"][:6], 16), related.updated)
        return [first, related]

    def _guid(self) -> str:
        text = f"{self._rng.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def _age(self, end: str) -> int:
        """How long ago a referral with this end was made, in ticks."""
        rng = self._rng
        if end == "New":
            self._unanswered += 1
            if self._unanswered in (7, 14, 21):  # a few that the service is late to expire
                return int((14.2 + rng.random() * 8) * DAY)
            return int((0.02 + rng.random() * 13.9) * DAY)
        youngest = {"Expired": 14.5, "Accepted": 0.5}.get(end, 3)
        return int((youngest + rng.random() * (HISTORY - youngest)) * DAY)

    def _date(self, ticks: int) -> str:
        """A date in one of the forms that the service writes."""
        lot = self._rng.random()
        if lot < 0.7:
            return text_of(ticks)
        if lot < 0.8:
            return trimmed(text_of(ticks - ticks % 10_000))
        whole = text_of(ticks - ticks % SECOND)
        return whole if lot < 0.9 else trimmed(whole)

    def _referral(self, company: Company, engagement: str, outgoing: bool, category: str) -> _Draft:
        rng = self._rng
        end = rng.choices(_ENDS_INCOMING, _LOTS_OUTGOING if outgoing else _LOTS_INCOMING)[0]
        age = self._age(end)
        created = self._date(self._now - age)
        created_ticks = self._now - age
        updated_ticks = created_ticks
        if end == "Expired":
            updated_ticks = created_ticks + 14 * DAY + rng.randrange(3600 * SECOND)
        elif end != "New" and rng.random() < 0.95:
            updated_ticks += int(min(age, 90 * DAY) * rng.random())
        updated = self._date(updated_ticks) if updated_ticks > created_ticks else created
        identity = self._guid()
        status = "New" if end == "New" else "Active" if end == "Accepted" else "Closed"
        payload: Json = {
            "id": identity,
            "engagementId": engagement,
            "name": f"{rng.choice(names.DEALS)} - {company.name}"[:200],
            **ORGANIZATION,
            "createdDateTime": created,
            "updatedDateTime": updated,
            "status": status,
            "substatus": rng.choice(("Pending", "Received")) if end == "New" else end,
            "direction": "Outgoing" if outgoing else "Incoming",
            "eTag": "",
        }
        self._classify(payload, category, outgoing)
        form = rng.choices(("full", "short", "old"), (60, 25, 15))[0]
        hidden = end == "Expired" and category in ("marketplaceLead", "qualifiedLead")
        payload["customerProfile"] = self._customer(company, form, hidden)
        payload["details"] = self._details(company, form, created_ticks)
        payload["team"] = self._team()
        if form == "old":
            payload["externalReferenceId"] = ""
            payload["expirationDateTime"] = text_of(created_ticks + 14 * DAY - created_ticks % DAY)
        elif end == "New" and rng.random() < 0.7:
            payload["expirationDateTime"] = self._date(created_ticks + 14 * DAY)
        if form == "full":
            self._complete(payload, end, created_ticks, updated_ticks)
        payload["links"] = links(identity, engagement)
        return _Draft(payload, *self._places(payload, created, updated), age, company)

    @staticmethod
    def _places(payload: Json, created: str, updated: str) -> tuple[str, str]:
        places = tuple(
            f"{text[:-1].partition('.')[0]}.{text[:-1].partition('.')[2]:0<7}Z" for text in (created, updated)
        )
        payload["eTag"] = etag_of(int(payload["id"][:6], 16), places[1])
        return places[0], places[1]

    def _classify(self, payload: Json, category: str, outgoing: bool) -> None:
        """The fields from which a category is told (docs/partner-center-api.md, "Kinds")."""
        rng = self._rng
        microsoft = {"organizationId": "msft", "organizationName": "Microsoft"}
        partner = {"organizationId": self._guid(), "organizationName": "Proseware Partner"}
        own = dict(ORGANIZATION)
        kind, qualification, shares, code = "Shared", "SalesQualified", True, "Unknown"
        invited: Json | None = own if outgoing else partner
        target = [{"type": "SolutionProfile", "id": rng.choice(names.SOLUTIONS)[0]}]
        if category == "marketplaceLead":
            kind, qualification, invited = (
                "Independent",
                "Direct",
                rng.choice((microsoft, {"organizationId": "msft"}, None)),
            )
        elif category == "qualifiedLead":
            kind, qualification = "Independent", rng.choice(("SalesQualified", "MarketingQualified"))
            invited = microsoft
        elif category == "coSell" and not outgoing:
            invited, code = microsoft, rng.choice(names.HELP)
        elif category == "coSell":
            code = rng.choice(names.HELP)
        elif category == "private":
            kind, shares = "Independent", False
        elif category == "partnerLed":
            qualification = rng.choice(("SalesQualified", "None"))
        else:
            kind, qualification = "Independent", rng.choice(("Direct", "MarketingQualified"))
        payload.update(type=kind, qualification=qualification, target=target)
        payload["consent"] = {
            "consentToToShareInfoWithOthers": True,
            "consentToContact": rng.random() < 0.8,
            "consentToShareReferralWithMicrosoftSellers": shares,
        }
        if category in ("marketplaceLead", "qualifiedLead") and rng.random() < 0.3:
            payload["consent"] = {"consentToContact": True}
        payload["inviteContext"] = {
            "notes": rng.choice((None, "Please contact the customer this week.", "")),
            "assistanceRequestCode": code,
            "invitedMpnId": "1234567",
            "invitedBy": invited,
        }

    def _customer(self, company: Company, form: str, hidden: bool) -> Json:
        rng = self._rng
        address: Json = {
            "addressLine1": rng.choice(("One Microsoft Way", "Büyükdere Cad. No: 1", "", None)),
            "addressLine2": rng.choice(("", None)),
            "city": company.city,
            "state": None,
            "postalCode": company.postal_code,
            "country": company.country,
        }
        if rng.random() < 0.3:
            address["region"] = company.city
        name = company.name
        lot = rng.random()
        if lot < 0.05:
            name = name.upper()  # as customers type themselves: İ and I the way Python upper-cases them
        elif lot < 0.08:
            name = name.split(" ")[0] if company.own_domain else name
        profile: Json = {
            "name": name,
            "size": company.size,
            "isMatchingComplete": rng.random() < 0.4,
            "address": address,
        }
        people = [dict(person) for person in company.people]
        if form != "short" or rng.random() < 0.8:
            profile["team"] = [] if hidden else people
        ids: Any = [{"profileType": "Duns", "id": company.duns}] if company.duns else []
        if rng.random() < 0.15:
            ids.append({"profileType": "External", "id": f"6-{self._guid()[:9].upper()}"})
        profile["ids"] = {} if form == "old" and not ids else ids
        if form == "short":
            del profile["isMatchingComplete"]
            if rng.random() < 0.5:
                del profile["size"]
        return profile

    def _details(self, company: Company, form: str, created: int) -> Json:
        rng = self._rng
        details: Json = {"notes": rng.choice(names.NOTES)}
        lot = rng.random()
        amount: Any = rng.randrange(1, 400) * 500
        if lot < 0.08:
            amount = 0
        elif lot < 0.16:
            amount = str(amount)
        elif lot < 0.34:
            amount = round(amount + rng.randrange(1, 100) / 100, 2)
        elif lot < 0.40:
            amount = f"{amount}.{rng.randrange(10, 100)}"
        if lot < 0.9:
            details["dealValue"] = amount
        elif lot < 0.95:
            details["dealValue"] = None
        if rng.random() < 0.95:
            details["currency"] = company.currency
        elif rng.random() < 0.5:
            details["currency"] = None
        if rng.random() < 0.85:
            closing = created + rng.randrange(20, 240) * DAY
            details["closingDateTime"] = trimmed(text_of(closing - closing % DAY))
        solution = rng.choice(names.SOLUTIONS)
        entry: Json = {"id": solution[0], "name": solution[1], "type": solution[2]}
        if form == "full":
            entry.update(price=None, quantity=None, currency=None, publisherName=None, solutionType=None)
            details.update(customerRequestedContact=None, customerAction=None, incentiveLevel=None)
        requirements: Json = {
            "industries": [{"id": rng.choice(names.INDUSTRIES)}],
            "products": [{"id": name} for name in rng.sample(names.PRODUCTS, rng.randrange(3))],
            "services": [{"id": rng.choice(names.SERVICES)}],
            "solutions": [entry] if rng.random() < 0.8 else [],
        }
        if form == "full":
            requirements.update(
                offers=[], salesPlays=[], additionalRequirements={"iot": {"azureCertifiedDevice": False}}
            )
        details["requirements"] = requirements
        return details

    def _team(self) -> list[Json]:
        rng = self._rng
        team = []
        for _ in range(rng.choice((0, 1, 1, 2))):
            first, last = rng.choice(names.FIRST_NAMES), rng.choice(names.LAST_NAMES)
            number = rng.randrange(100)
            team.append(
                {
                    "firstName": first,
                    "lastName": last,
                    "phoneNumber": "+15550101",
                    "email": f"seller{number}@{PARTNER_DOMAIN}",
                    "title": None,
                    "contactPreference": {"locale": None, "disableNotifications": None},
                }
            )
        if rng.random() < 0.4:
            team.append({"firstName": "Selin", "lastName": "Işık", "phoneNumber": "", "email": self._account})
        return team

    def _complete(self, payload: Json, end: str, created: int, updated: int) -> None:
        """The fields that the payloads of 2022 carry besides."""
        rng = self._rng
        closed = payload["status"] == "Closed"
        accepted = end in ("Accepted", "Won", "Lost")
        reply = created if payload["direction"] == "Outgoing" else created + int((updated - created) * rng.random())
        payload.update(
            lastModifiedVia=None,
            lastRunId=None,
            externalReferenceId=rng.choice(("", None, "", f"CRM-{rng.randrange(10_000, 99_999)}")),
            statusReason=rng.choice(names.DECLINES) if end in ("Declined", "Lost", "Error") else None,
            referralSource=rng.choice((None, None, "AppSource", "AzureMarketplace")),
            favorite=rng.random() < 0.05,
            campaignId=rng.choice((None, "", "FY26-AZURE")),
            salesStage=rng.choice(names.SALES_STAGES),
            quality=rng.choice(("Unknown", "Unknown", "High", "Low")),
            isSpam=rng.random() < 0.01,
            mpnId="1234567",
            referralProgram=None,
            dealSensitivity="None",
            createdVia=None,
            tags=[],
            acceptedDateTime=self._date(reply) if accepted else None,
            closedDateTime=self._date(updated) if closed else None,
            callToAction=rng.choice((None, "ContactMe", "GetItNow")),
            registrationStatus=rng.choice(("None", "None", "ReviewPending")),
            registrations=[],
            trackingInfo={
                "microsoftMsxId": f"7-{rng.randrange(10**9, 10**10)}" if rng.random() < 0.2 else None,
                "microsoftUSFedOpportunityId": None,
                "microsoftUSFedLeadId": None,
                "migratedPSCDealId": None,
                "migratedPSCPartnerDealId": None,
            },
        )
        payload.setdefault("expirationDateTime", None)
