"""Companies computed the simple way, from all referrals at once and with other means than the app's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from shared.model.company import Company, Link
from shared.model.company_edits import CompanyEdit
from shared.model.summary import ReferralSummary


@dataclass
class Reckoned:
    """What lists should show."""

    companies: dict[str, dict[str, Any]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[ReferralSummary]] = field(default_factory=dict)


def reckon(summaries: Iterable[ReferralSummary], links: Mapping[str, Link]) -> Reckoned:
    """All companies by their keys, and which of them are merged into which."""
    everyone = list(summaries)

    def linked(one: ReferralSummary) -> str | None:
        return links[one.id].key if one.id in links else None

    owners = {one.id: linked(one) or one.company_key for one in everyone}
    shown = Reckoned()
    for key in {owner for owner in owners.values() if owner}:
        if "." not in key:
            claimants = {
                one.company_key
                for one in everyone
                if one.company_key and "." in one.company_key and key in one.company_mentions and not linked(one)
            }
            if len(claimants) == 1:
                shown.merged[key] = str(claimants.pop())
    members = shown.members
    for one in everyone:
        if owner := owners[one.id]:
            members.setdefault(shown.merged.get(owner, owner), []).append(one)
    shown.companies = {key: figures([one for one in ones if not one.missing_since]) for key, ones in members.items()}
    return shown


def regroup(shown: Reckoned, edits: Iterable[CompanyEdit]) -> tuple[dict[str, str], dict[str, str]]:
    """Where each company that is spoken of belongs, and the names given: by moving whole groups, the latest word first.

    Returns:
        Company to company, of those that moved; and company to name.
    """
    place: dict[str, str] = {}
    names: dict[str, str] = {}
    said = sorted((edit for edit in edits if edit.value), key=lambda edit: (edit.at, edit.key))
    for edit in reversed(said):
        company = shown.merged.get(edit.key, edit.key)
        if edit.kind == "name":
            names.setdefault(company, str(edit.value))
            continue
        target = shown.merged.get(str(edit.value), str(edit.value))
        target = place.get(target, target)
        if company in place or target == company:
            continue
        for moved in [key for key in place if place[key] == company]:
            place[moved] = target
        place[company] = target
    return place, names


def figures(ones: list[ReferralSummary]) -> dict[str, Any]:
    """The figures of some referrals."""
    return {
        "count": len(ones),
        "new": len([1 for one in ones if one.status == "New"]),
        "active": len([1 for one in ones if one.status == "Active"]),
        "closed": len([1 for one in ones if one.status == "Closed"]),
        "incoming": len([1 for one in ones if one.direction == "Incoming"]),
        "outgoing": len([1 for one in ones if one.direction == "Outgoing"]),
        "open": total([one for one in ones if one.is_open]),
        "won": total([one for one in ones if one.is_won]),
        "first": min([at for one in ones if (at := one.created_date_time or one.updated_date_time)], default=None),
        "last": max([at for one in ones if (at := one.updated_date_time or one.created_date_time)], default=None),
        "deadline": min(
            [one.expiration_date_time for one in ones if one.unanswered and one.expiration_date_time], default=None
        ),
    }


def total(ones: list[ReferralSummary]) -> dict[str, Fraction]:
    """Exact sums by currency."""
    sums: dict[str, Fraction] = {}
    for one in ones:
        if one.currency and one.deal_value is not None:
            sums[one.currency] = sums.get(one.currency, Fraction(0)) + Fraction(one.deal_value)
    return sums


def of(company: Company) -> dict[str, Any]:
    """The same figures of a company as the app has it."""
    return {
        "count": company.referral_count,
        "new": company.by_status["New"],
        "active": company.by_status["Active"],
        "closed": company.by_status["Closed"],
        "incoming": company.by_direction["Incoming"],
        "outgoing": company.by_direction["Outgoing"],
        "open": _fractions(company.open_value),
        "won": _fractions(company.won_value),
        "first": company.first_activity,
        "last": company.last_activity,
        "deadline": company.next_deadline,
    }


def _fractions(amounts: Mapping[str, Decimal]) -> dict[str, Fraction]:
    return {currency: Fraction(amount) for currency, amount in amounts.items()}
