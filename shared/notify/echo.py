"""What was done from here comes back as a change of Partner Center's: its maker knows, so nobody is told. Pure.

Only what an action explains is left out: a value that somebody else changed in the same version is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, Literal

from shared.model import times
from shared.model.action import Action
from shared.model.occasion import Facts, Occasion, plain_amount

_ANSWERS: Final = {"accept": "accepted", "decline": "declined"}
_OUTCOMES: Final = {"win": "Won", "lose": "Lost"}
_UNDER_WAY: Final = frozenset({"sending", "unconfirmed"})
EXPLAINED: Final = frozenset({"answered", "closed", "changed"})
"""Kinds that an action may explain."""


class Echo:
    """The actions of the last day, those under way among them."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._by_referral: dict[str, list[Action]] = {}
        for action in actions:
            is_ours = action.state == "applied" and not action.already_done
            if is_ours or action.state in _UNDER_WAY:
                self._by_referral.setdefault(action.referral_id, []).append(action)

    def verdict(self, occasion: Occasion) -> Literal["", "own", "wait"]:
        """Whether an occasion is what an action did; ``wait``: what it may have done is not known yet."""
        if occasion.kind not in EXPLAINED:
            return ""
        explaining = [each for each in self._by_referral.get(occasion.referral_id, ()) if explains(each, occasion)]
        if any(each.state == "applied" for each in explaining):
            return "own"
        return "wait" if explaining else ""


def explains(action: Action, occasion: Occasion) -> bool:
    """Whether an action, once applied, is all that an occasion tells of."""
    facts = occasion.facts
    match occasion.kind:
        case "answered":
            return _ANSWERS.get(action.action) == facts["answer"]
        case "closed":
            return _OUTCOMES.get(action.action) == facts["substatus"]
        case "changed":
            wanted = _terms(action.changes)
            return all(wanted.get(name) == facts[name] for name in _changed(facts))
        case _:
            return False


def _changed(facts: Facts) -> list[str]:
    return [name for name in ("value", "currency", "closing") if facts[name] != facts[f"{name}Before"]]


def _terms(changes: dict[str, Any]) -> dict[str, str]:
    """Value and closing date that an action set, in the form of ``occasion.terms``."""
    found = {}
    if isinstance(changes.get("dealValue"), int | float | Decimal):
        found["value"] = plain_amount(Decimal(str(changes["dealValue"])))
    if isinstance(changes.get("currency"), str):
        found["currency"] = changes["currency"]
    if isinstance(changes.get("closingDateTime"), str):
        found["closing"] = times.parse_time(changes["closingDateTime"])
    return found
