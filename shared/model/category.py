"""Which kind of referral it is. Microsoft sends no category; its pages say how to tell (docs/partner-center-api.md)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from shared.model.resource import Referral

MARKETPLACE_LEAD = "marketplaceLead"
QUALIFIED_LEAD = "qualifiedLead"
CO_SELL = "coSell"
PRIVATE = "private"
PARTNER_LED = "partnerLed"
OTHER = "other"
CATEGORIES: Final = (MARKETPLACE_LEAD, QUALIFIED_LEAD, CO_SELL, PRIVATE, PARTNER_LED, OTHER)

_MICROSOFT = "msft"
_INFORMATION: Final = frozenset({"getitnow", "freetrial", "testdrive"})
"""Leads of these kinds ask for no answer: they are for information alone (Learn, "Manage leads")."""


@lru_cache(maxsize=256)
def _asks_nothing(call_to_action: str) -> bool:
    return "".join(letter for letter in call_to_action.lower() if letter.isalnum()) in _INFORMATION


def is_answerable(call_to_action: object) -> bool:
    """Whether a referral with this ``callToAction`` can be accepted or declined, as far as that goes."""
    return not (isinstance(call_to_action, str) and _asks_nothing(call_to_action[:100]))


def category_of(referral: Referral) -> str:
    """The category: the first rule that fits."""
    kind, qualification = _folded(referral.type), _folded(referral.qualification)
    invited_by = _inviter(referral)
    independent = kind == "independent"
    if independent and qualification == "direct" and invited_by in {_MICROSOFT, ""}:
        return MARKETPLACE_LEAD
    if independent and qualification in {"salesqualified", "marketingqualified"} and invited_by == _MICROSOFT:
        return QUALIFIED_LEAD
    if kind == "shared" or (independent and qualification in {"none", "", "salesqualified"}):
        if _microsoft_takes_part(referral, invited_by):
            return CO_SELL
        return PRIVATE if _shared_with_microsoft(referral) is False else PARTNER_LED
    return OTHER


def _microsoft_takes_part(referral: Referral, invited_by: str) -> bool:
    if invited_by == _MICROSOFT:
        return True
    if any(
        _folded(target.type) == "businessprofilelocation" and _folded(target.id) == _MICROSOFT
        for target in referral.target or []
        if target
    ):
        return True
    help_asked = _folded(referral.invite_context.assistance_request_code) if referral.invite_context else ""
    return help_asked not in {"", "unknown"} and _shared_with_microsoft(referral) is True


def _shared_with_microsoft(referral: Referral) -> bool | None:
    return referral.consent.consent_to_share_referral_with_microsoft_sellers if referral.consent else None


def _inviter(referral: Referral) -> str:
    context = referral.invite_context
    return _folded(context.invited_by.organization_id) if context and context.invited_by else ""


def _folded(value: str | None) -> str:
    return (value or "").strip().lower()
