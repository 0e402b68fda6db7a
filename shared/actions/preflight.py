"""What may be done when: the one table that the routes, the page, the command line and batches share.

Ground: Microsoft Learn, "Manage co-sell opportunities", "Manage leads" and "Referral resources" (transitions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from shared.actions.fields import FIELDS, NOTES_MOST, TEAM_FIELDS, WrongValue, plain, team_change
from shared.core.errors import ActionInProgress, Forbidden, HunterError, InvalidParameter
from shared.model.action import KINDS, ActionKind
from shared.model.summary import ReferralSummary

PHRASES: Final[Mapping[str, str]] = {
    "budget": "Customer did not have budget",
    "noResponse": "Customer did not respond",
    "otherVendor": "Customer chose another vendor",
    "requirementNotMet": "Customer requirement not met",
    "notACustomer": "Not a customer",
    "timeline": "Timeline too short",
    "spam": "Abuse, spam or phishing",
    "other": "Other",
}
"""Our reasons, and the ``statusReason`` that Partner Center gets: its own words (Learn, "Bulk operations")."""


@dataclass(frozen=True)
class Rule:
    """One row of the table."""

    statuses: frozenset[str]
    """The statuses of a referral on which it may be done."""
    becomes: tuple[str, str] | None = None
    """Status and substatus afterwards."""
    final: bool = False
    """Whether it can't be taken back, so that it waits for a while first."""
    asks_answer: bool = False
    """Whether it answers a referral, which some leads don't ask for."""
    needs_reason: bool = False
    takes_changes: bool = False
    needs_value: bool = False


_NEW: Final = frozenset({"New"})
_ACTIVE: Final = frozenset({"Active"})
RULES: Final[Mapping[ActionKind, Rule]] = {
    "accept": Rule(_NEW, ("Active", "Accepted"), asks_answer=True, takes_changes=True),
    "decline": Rule(_NEW, ("Closed", "Declined"), final=True, asks_answer=True, needs_reason=True),
    "win": Rule(_ACTIVE, ("Closed", "Won"), final=True, takes_changes=True, needs_value=True),
    "lose": Rule(_ACTIVE, ("Closed", "Lost"), final=True, needs_reason=True),
    "update": Rule(_NEW | _ACTIVE, takes_changes=True),
}


@dataclass(frozen=True)
class Finding:
    """Why an action may not be done: the field it is about, a stable code, and a sentence for people."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Standing:
    """Of a referral, what the table asks for."""

    status: str | None
    substatus: str | None
    answerable: bool
    deal_value: Any


@dataclass(frozen=True)
class Wish:
    """What a person asks for, checked and normalised."""

    action: ActionKind
    changes: dict[str, Any]
    reason: str | None
    remark: str | None


_CLOSED: Final = "The referral is closed, and a closed one can't be changed."
_SENTENCES: Final[Mapping[ActionKind, str]] = {
    "accept": "Only a referral that is New can be accepted.",
    "decline": "Only a referral that is New can be declined.",
    "win": "Accept the referral first: only an active one can be won.",
    "lose": "Accept the referral first: only an active one can be lost.",
    "update": "Only a referral that is New or Active can be changed.",
}


def obstacle(action: ActionKind, standing: Standing) -> Finding | None:
    """What stands in an action's way as the referral stands; None: it may be done."""
    rule = RULES[action]
    if standing.status not in rule.statuses:
        if standing.status == "Closed":
            return Finding("status", "closed", _CLOSED)
        code = "already_accepted" if standing.status == "Active" else "not_accepted"
        return Finding("status", code, _SENTENCES[action])
    if rule.asks_answer and not standing.answerable:
        return Finding("status", "no_answer_needed", "This lead asks for no answer: it is for information only.")
    if rule.needs_value and not is_positive(standing.deal_value):
        return Finding("dealValue", "value_required", "A referral that is won needs a deal value above 0.")
    return None


def is_positive(value: Any) -> bool:
    """Whether a deal value counts as one for winning."""
    return isinstance(value, Decimal | int) and not isinstance(value, bool) and value > 0


def read_wish(action: Any, changes: Any, reason: Any, remark: Any) -> tuple[Wish, list[Finding]]:
    """What a person asks for, and what is wrong with it by itself, whatever the referral.

    Raises:
        InvalidParameter: the action, or a field of ``changes``, is none; or a part has no usable form at all.
    """
    if action not in KINDS:
        raise InvalidParameter(f"action has to be one of {', '.join(KINDS)}.")
    given = {} if changes is None else changes
    if not isinstance(given, dict):
        raise InvalidParameter("changes has to be an object.")
    unknown = sorted(set(given) - {*FIELDS, *TEAM_FIELDS})
    if unknown:
        raise InvalidParameter(f"changes has no field {unknown[0][:60]}.")
    if not isinstance(reason, str | None) or not isinstance(remark, str | None):
        raise InvalidParameter("reason and remark have to be texts.")
    findings: list[Finding] = []
    read: dict[str, Any] = {}
    for name in (*FIELDS, *TEAM_FIELDS):
        if name in given:
            try:
                read[name] = team_change(name, given[name]) if name in TEAM_FIELDS else FIELDS[name].read(given[name])
            except WrongValue as wrong:
                findings.append(Finding(name, wrong.code, wrong.sentence))
    line = (plain(remark) if remark else "") or None
    wish = Wish(action, read, reason or None, line)
    return wish, [*_of_the_whole(wish, given=bool(given)), *findings]


def _of_the_whole(wish: Wish, *, given: bool) -> list[Finding]:
    rule, findings = RULES[wish.action], []
    if rule.needs_reason and not wish.reason:
        findings.append(Finding("reason", "required", "Say why: a reason is needed."))
    elif wish.reason and (wish.reason not in PHRASES or not rule.needs_reason):
        known = f"The reason has to be one of {', '.join(PHRASES)}." if rule.needs_reason else "This takes no reason."
        findings.append(Finding("reason", "invalid", known))
    if given and not rule.takes_changes:
        findings.append(Finding("changes", "not_allowed", "Nothing else can be changed together with this."))
    if wish.action == "update" and not given and not wish.remark:
        findings.append(Finding("changes", "required", "Say what is to be changed."))
    if wish.remark and len(wish.remark) > NOTES_MOST - 20:
        findings.append(Finding("remark", "too_long", f"Notes can have at most {NOTES_MOST:,} letters."))
    return findings


def check(wish: Wish, standing: Standing, notes: str | None) -> list[Finding]:
    """What stands in the way of a wish on a referral with these notes, its own changes taken into account."""
    value = wish.changes.get("dealValue", standing.deal_value)
    found = obstacle(wish.action, Standing(standing.status, standing.substatus, standing.answerable, value))
    findings = [found] if found else []
    if wish.remark and len(wish.remark) <= NOTES_MOST - 20:
        before = wish.changes.get("notes", notes) or ""
        if len(before) + len(wish.remark) + len("\n[2026-01-01] ") > NOTES_MOST:
            findings.append(Finding("remark", "too_long", f"Notes can have at most {NOTES_MOST:,} letters in all."))
    return findings


def possibilities(
    referral: ReferralSummary, *, may_write: bool, off: HunterError | None, in_progress: bool
) -> dict[str, dict[str, str] | None]:
    """Each action with None where it may be done, else why not: what a page greys its buttons by.

    Args:
        referral: as it is stored.
        may_write: whether the person has the role.
        off: why nothing can be sent to Partner Center at all, such as writing that is switched off.
        in_progress: whether an action on it is under way.
    """
    everywhere: HunterError | None = None
    if not may_write:
        everywhere = Forbidden()
    elif off:
        everywhere = off
    elif in_progress:
        everywhere = ActionInProgress()
    standing = Standing(referral.status, referral.substatus, referral.answerable, referral.deal_value)
    found: dict[str, dict[str, str] | None] = {}
    for kind in KINDS:
        finding = obstacle(kind, standing)
        if everywhere:
            found[kind] = {"code": everywhere.code, "message": everywhere.message}
        else:
            found[kind] = {"code": finding.code, "message": finding.message} if finding else None
    return found
