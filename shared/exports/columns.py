"""The columns of each file, as data: ours for referrals and companies, and those of Partner Center's own file."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from shared.exports.cells import Column, Kind
from shared.exports.people import Extract, Person

Item = Mapping[str, Any]
_NOTHING: Final = Extract()
MOST_PEOPLE: Final = 20
"""So many people have columns of their own; the rest stand together in one more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One referral: as lists carry it, and what its payload has besides, where that was asked for."""

    item: Item
    extract: Extract = _NOTHING


@dataclass(frozen=True, slots=True)
class Extent:
    """How many columns of a kind the rows need: the most that any of them has."""

    contacts: int = 0
    solutions: int = 0
    team: int = 0
    microsoft: int = 0

    def with_row(self, extract: Extract) -> Extent:
        """The extent that also holds this row."""
        return Extent(
            max(self.contacts, len(extract.contacts)),
            max(self.solutions, len(extract.solutions)),
            max(self.team, len(extract.team)),
            max(self.microsoft, len(extract.microsoft)),
        )


_HUNTER: Final[Sequence[tuple[str, Kind, str, str, float]]] = (
    ("id", Kind.TEXT, "Id", "Kimlik", 38),
    ("name", Kind.TEXT, "Name", "Ad", 40),
    ("customerName", Kind.TEXT, "Customer", "Müşteri", 30),
    ("companyKey", Kind.TEXT, "Company key", "Şirket anahtarı", 24),
    ("companyName", Kind.TEXT, "Company", "Şirket", 30),
    ("category", Kind.TEXT, "Category", "Kategori", 16),
    ("type", Kind.TEXT, "Type", "Tür", 13),
    ("qualification", Kind.TEXT, "Qualification", "Nitelik", 18),
    ("direction", Kind.TEXT, "Direction", "Yön", 11),
    ("status", Kind.TEXT, "Status", "Durum", 10),
    ("substatus", Kind.TEXT, "Substatus", "Alt durum", 12),
    ("country", Kind.TEXT, "Country", "Ülke", 9),
    ("city", Kind.TEXT, "City", "Şehir", 16),
    ("dealValue", Kind.AMOUNT, "Deal value", "Tutar", 15),
    ("currency", Kind.TEXT, "Currency", "Para birimi", 10),
    ("closingDateTime", Kind.TIME, "Estimated close (UTC)", "Tahmini kapanış (UTC)", 20),
    ("createdDateTime", Kind.TIME, "Created (UTC)", "Oluşturuldu (UTC)", 20),
    ("updatedDateTime", Kind.TIME, "Updated (UTC)", "Güncellendi (UTC)", 20),
    ("expirationDateTime", Kind.TIME, "Answer due (UTC)", "Son yanıt tarihi (UTC)", 20),
    ("expiresInDays", Kind.WHOLE, "Days left to answer", "Yanıt için kalan gün", 10),
    ("salesStage", Kind.TEXT, "Sales stage", "Satış aşaması", 13),
    ("missingSince", Kind.TIME, "Missing since (UTC)", "Kayıp olduğu tarih (UTC)", 20),
)
_COMPANY: Final[Sequence[tuple[str, Kind, str, str, float]]] = (
    ("key", Kind.TEXT, "Company key", "Şirket anahtarı", 28),
    ("name", Kind.TEXT, "Name", "Ad", 36),
    ("domain", Kind.TEXT, "Domain", "Alan adı", 28),
    ("country", Kind.TEXT, "Country", "Ülke", 9),
    ("city", Kind.TEXT, "City", "Şehir", 16),
    ("size", Kind.TEXT, "Size", "Büyüklük", 24),
    ("duns", Kind.TEXT, "D-U-N-S", "D-U-N-S", 12),
    ("tenantId", Kind.TEXT, "Tenant id", "Kiracı kimliği", 38),
    ("isM365", Kind.FLAG, "Microsoft 365", "Microsoft 365", 13),
    ("tenantCheckedAt", Kind.TIME, "Tenant checked (UTC)", "Kiracı denetimi (UTC)", 20),
    ("needsReview", Kind.FLAG, "Needs review", "İnceleme gerekli", 12),
    ("referralCount", Kind.WHOLE, "Referrals", "Fırsat sayısı", 10),
)
_COMPANY_END: Final[Sequence[tuple[str, Kind, str, str, float]]] = (
    ("firstActivity", Kind.TIME, "First activity (UTC)", "İlk hareket (UTC)", 20),
    ("lastActivity", Kind.TIME, "Last activity (UTC)", "Son hareket (UTC)", 20),
    ("nextDeadline", Kind.TIME, "Next deadline (UTC)", "Sıradaki son tarih (UTC)", 20),
)
_STATUSES: Final = (("New", "New", "Yeni"), ("Active", "Active", "Aktif"), ("Closed", "Closed", "Kapalı"))
_PERSON: Final = (
    ("firstName", "first name", "adı"),
    ("lastName", "last name", "soyadı"),
    ("email", "e-mail", "e-postası"),
    ("phoneNumber", "phone", "telefonu"),
    ("title", "title", "unvanı"),
)

PARTNER_CENTER: Final = (
    *("Errors", "Engagement ID", "Referral ID", "Deal Name", "Customer Name", "Customer Address Line 1"),
    *("Customer Address Line 2", "Customer City", "Customer State", "Customer Postal code", "Customer Country"),
    *("Customer D-U-N-S ID", "Customer Contact First Name", "Customer Contact Last Name"),
    *("Customer Contact Phone number", "Customer Contact Email Address", "Partner Referral Status"),
    *("Partner Referral Substatus", "Microsoft Referral Status", "Declined/Lost/Error reason", "Sales Stage"),
    *("Estimated Deal Value", "Currency", "Estimated Close Date", "CRM ID", "Marketing Campaign ID", "Notes"),
    *("Microsoft help required?", "What specific help from Microsoft?", "Share with Microsoft sales team"),
    *("Notes to Microsoft", "Consent to share Customer/Partner contact", "CLA Number", "Device Category"),
    *("Silicon Type", "Azure Certified Device", "Attach Services", "Microsoft MSX ID", "Migrated PSC Deal ID"),
    *("PartnerID (formerly MPN ID)", "Marketplace Purchase Intent", "Customer Domain Name"),
    *("Final Matched Customer Account", "Managed Account 1", "Managed Account 2", "Unmanaged Account 1"),
    *("Unmanaged Account 2", "DUNS Account"),
)
"""The headers of Partner Center's file in its order; solutions and people come after them (docs/exports.md)."""
_CONTACT_HEADERS: Final[Mapping[str, str]] = {
    "Customer Contact First Name": "firstName",
    "Customer Contact Last Name": "lastName",
    "Customer Contact Phone number": "phoneNumber",
    "Customer Contact Email Address": "email",
}
_PARTNER_KINDS: Final[Mapping[str, Kind]] = {"Estimated Deal Value": Kind.AMOUNT, "Estimated Close Date": Kind.DAY}


def hunter_columns(extent: Extent, *, contacts: bool) -> list[Column[Row]]:
    """Our columns of referrals: the names of the answers.

    Args:
        extent: how many people the rows have at most.
        contacts: whether the customer's people have columns.
    """
    columns = [_of_item(*column) for column in _HUNTER]
    columns += [
        Column(
            "owner", Kind.TEXT, "Owner", "Sahibi", lambda row: _mail(row.item), 28, lambda row: row.item.get("owner")
        ),
        Column("commentCount", Kind.WHOLE, "Comments", "Yorum", lambda row: row.item.get("commentCount", 0), 10),
        Column(
            *("dynamics", Kind.TEXT, "Dynamics 365", "Dynamics 365", _dynamics, 13),
            json=lambda row: row.item.get("dynamics"),
        ),
    ]
    return [*columns, *_people(extent.contacts)] if contacts else columns


def json_columns(*, contacts: bool) -> list[Column[Row]]:
    """Our columns where one value may hold several people."""
    columns = hunter_columns(Extent(), contacts=False)
    if contacts:
        columns.append(Column("contacts", Kind.TEXT, "Contacts", "Kişiler", _as_in_detail))
    return columns


def partner_center_columns(extent: Extent, *, contacts: bool) -> list[Column[Row]]:
    """The columns of Partner Center's own file; solutions and people are numbered as far as the rows need.

    Args:
        extent: how many solutions and people the rows have at most.
        contacts: whether the customer's first contact is shown; its columns stay, empty, where not.
    """
    columns = [_of_payload(header, contacts=contacts) for header in PARTNER_CENTER]
    columns += _numbered("Solution", extent.solutions, lambda extract: extract.solutions)
    columns += _numbered("Team member", extent.team, lambda extract: extract.team)
    return columns + _numbered("Microsoft team member", extent.microsoft, lambda extract: extract.microsoft)


def company_columns(currencies: Iterable[str]) -> list[Column[Item]]:
    """Our columns of companies; sums stand in a column for each currency.

    Args:
        currencies: those of all rows.
    """
    columns = [_of_company(*column) for column in _COMPANY]
    columns += [
        _company(f"byStatus.{status}", Kind.WHOLE, en, tr, lambda item, status=status: item["byStatus"].get(status, 0))
        for status, en, tr in _STATUSES
    ]
    for member, en, tr in (("openValue", "Open", "Açık"), ("wonValue", "Won", "Kazanılan")):
        columns += [
            _company(
                *(f"{member}.{currency}", Kind.AMOUNT, f"{en} {currency}", f"{tr} {currency}"),
                lambda item, member=member, currency=currency: item[member].get(currency),
            )
            for currency in sorted(currencies)
        ]
    columns += [_of_company(*column) for column in _COMPANY_END]
    columns.append(
        _company("aliases", Kind.TEXT, "Also known as", "Diğer adları", lambda item: _lines(item["aliases"]))
    )
    return columns


def company_json_columns() -> list[Column[Item]]:
    """Our columns where a value may hold several: the members of a company as answers carry it."""
    names = [
        *(name for name, *_ in _COMPANY),
        *("byStatus", "byDirection", "openValue", "wonValue"),
        *(name for name, *_ in _COMPANY_END),
        "aliases",
    ]
    return [_company(name, Kind.TEXT, name, name, operator.itemgetter(name)) for name in names]


def _of_item(name: str, kind: Kind, en: str, tr: str, width: float) -> Column[Row]:
    return Column(name, kind, en, tr, lambda row: row.item[name], width)


def _of_company(name: str, kind: Kind, en: str, tr: str, width: float) -> Column[Item]:
    return Column(name, kind, en, tr, lambda item: item[name], width)


def _company(name: str, kind: Kind, en: str, tr: str, read: Callable[..., Any]) -> Column[Item]:
    return Column(name, kind, en, tr, read)


def _mail(item: Item) -> str | None:
    owner = item.get("owner")
    return owner["mail"] if owner else None


def _dynamics(row: Row) -> str | None:
    link = row.item.get("dynamics")
    return link["state"] if link else None


def _lines(texts: Sequence[str]) -> str | None:
    return "\n".join(texts) or None


def _people(most: int) -> list[Column[Row]]:
    columns = [
        Column(
            f"contact{number + 1}.{name}",
            Kind.TEXT,
            f"Contact {number + 1} {en}",
            f"{number + 1}. kişinin {tr}",
            _person_reader(number, name),
            24,
        )
        for number in range(min(most, MOST_PEOPLE))
        for name, en, tr in _PERSON
    ]
    if most > MOST_PEOPLE:
        columns.append(Column("contacts.more", Kind.TEXT, "Further contacts", "Diğer kişiler", _further_people, 40))
    return columns


def _person_reader(number: int, name: str) -> Callable[[Row], str | None]:
    def read(row: Row) -> str | None:
        people = row.extract.contacts
        return getattr(people[number], name) if number < len(people) else None

    return read


def _further_people(row: Row) -> str | None:
    return _lines([", ".join(filter(None, _person_values(person))) for person in row.extract.contacts[MOST_PEOPLE:]])


def _person_values(person: Person) -> list[str | None]:
    return [getattr(person, name) for name, _, _ in _PERSON]


def _as_in_detail(row: Row) -> list[dict[str, str | None]]:
    return [{name: getattr(person, name) for name, _, _ in _PERSON} for person in row.extract.contacts]


def _of_payload(header: str, *, contacts: bool) -> Column[Row]:
    kind = _PARTNER_KINDS.get(header, Kind.TEXT)
    person = _CONTACT_HEADERS.get(header)
    read: Callable[[Row], Any]
    if person:
        read = _person_reader(0, person) if contacts else lambda row: None
    elif kind is Kind.AMOUNT:
        read = lambda row: Decimal(text) if (text := row.extract.values.get(header)) else None  # noqa: E731
    else:
        read = lambda row: row.extract.values.get(header)  # noqa: E731
    return Column(header, kind, header, header, read, max(12, min(len(header) + 2, 40)))


def _numbered(header: str, most: int, texts: Callable[[Extract], Sequence[str]]) -> list[Column[Row]]:
    """``Solution 1``, ``Solution 2`` …; the first is always there."""

    def reader(number: int) -> Callable[[Row], str | None]:
        return lambda row: found[number] if number < len(found := texts(row.extract)) else None

    return [
        Column(
            f"{header} {number + 1}", Kind.TEXT, f"{header} {number + 1}", f"{header} {number + 1}", reader(number), 40
        )
        for number in range(max(1, most))
    ]
