"""What people are told of: occasions, and which of them follow when a stored referral gets a new version. Pure.

An occasion is found once, where a version is written, and told later; ``holds`` says whether it is still true then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, get_args

import msgspec

from shared.model import times
from shared.model.summary import ReferralSummary

Kind = Literal["new", "due", "expired", "answered", "closed", "changed", "assigned", "actionFailed"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Facts = Mapping[str, str]

_OUTCOMES: Final = ("Won", "Lost")


class Occasion(msgspec.Struct, frozen=True):
    """Something about one referral that somebody may want to be told.

    ``version`` tells it from others of its kind and referral; ``origin`` is the version that it followed, so that of two
    occasions that follow the same one only the later can ever have been stored. ``updated`` is the referral's own time of
    change, ``at`` when it was found; both texts of ``model.times``, "" where there is none.
    """

    kind: Kind
    referral_id: str
    version: str
    origin: str = ""
    updated: str = ""
    at: str = ""
    facts: Facts = {}


def between(before: ReferralSummary | None, after: ReferralSummary) -> Iterator[tuple[Kind, Facts]]:
    """The occasions, each with its facts, that follow when a version is stored in place of another (None: of nothing).

    Declined is ``answered`` alone and Expired ``expired`` alone; won and lost are ``closed``, whatever was before.
    """
    if before is None:
        if is_new(after):
            yield "new", {}
        return
    if is_lapsed(after) and not is_lapsed(before):
        yield "expired", {"deadline": after.expiration_date_time or before.expiration_date_time or ""}
    outcome, answer = outcome_of(after), answer_of(after)
    if outcome and outcome != outcome_of(before):
        yield "closed", {"substatus": outcome}
    elif answer and answer != answer_of(before):
        yield "answered", {"answer": answer}
    if terms(after) != terms(before):
        yield "changed", {f"{name}Before": value for name, value in terms(before).items()} | terms(after)


def is_new(referral: ReferralSummary) -> bool:
    """Whether it came to us and nobody has dealt with it, be it one that asks for an answer or not."""
    return referral.direction == "Incoming" and referral.status == "New"


def answer_of(referral: ReferralSummary) -> Literal["accepted", "declined", ""]:
    """What was answered, if anything was: what is active, won or lost was accepted."""
    if referral.status == "Active" or outcome_of(referral):
        return "accepted"
    return "declined" if referral.status == "Closed" and referral.substatus == "Declined" else ""


def outcome_of(referral: ReferralSummary) -> str:
    """Won or Lost; "" while it is neither."""
    return referral.substatus or "" if referral.status == "Closed" and referral.substatus in _OUTCOMES else ""


def is_lapsed(referral: ReferralSummary) -> bool:
    """Whether it was closed because nobody answered in time."""
    return referral.status == "Closed" and referral.substatus == "Expired"


def deadline_of(referral: ReferralSummary) -> str:
    """Until when somebody waits for our answer; "" when nobody does, or it is gone."""
    waits = referral.unanswered and not referral.missing_since
    return referral.expiration_date_time or "" if waits else ""


def terms(referral: ReferralSummary) -> dict[str, str]:
    """Value and closing date as texts, "" for what is not known."""
    return {
        "value": plain_amount(referral.deal_value),
        "currency": referral.currency or "" if referral.deal_value is not None else "",
        "closing": referral.closing_date_time or "",
    }


def holds(kind: Kind, facts: Facts, referral: ReferralSummary, now: datetime) -> bool:
    """Whether what an occasion says of a referral is true now.

    Whose it became, and what became of an action, is not for the referral to say: those always hold here.
    """
    match kind:
        case "new":
            return is_new(referral) and not referral.missing_since
        case "due":
            return deadline_of(referral) == facts["deadline"] and not _has_passed(facts["deadline"], now)
        case "expired":
            return is_lapsed(referral) or _has_passed(deadline_of(referral), now)
        case "answered":
            return answer_of(referral) == facts["answer"]
        case "closed":
            return outcome_of(referral) == facts["substatus"]
        case "changed":
            return any(value != facts[f"{name}Before"] for name, value in terms(referral).items())
        case _:
            return True


def _has_passed(deadline: str, now: datetime) -> bool:
    return bool(deadline) and times.to_datetime(deadline) < now


def plain_amount(value: Decimal | None) -> str:
    """An amount as digits, the same for the same amount; "" for none."""
    return "" if value is None else format(value.normalize() + 0, "f")
