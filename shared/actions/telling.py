"""What of actions is to be told: that one failed, or that nobody knows yet whether it was done. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from shared.model import times
from shared.model.action import Action
from shared.model.occasion import Occasion

TOLD: Final = frozenset({"failed", "refused", "conflict"})
DOUBTFUL_AFTER: Final = timedelta(minutes=10)
"""How long an action is unconfirmed before that is told."""


def of_ended(ended: Iterable[Action]) -> list[Occasion]:
    """Of actions that have ended, those that did not do what was asked; one that is retried and fails again is told again."""
    return [_occasion(each, f"{each.id}-{each.state}-{each.finished_at}") for each in ended if each.state in TOLD]


def of_doubtful(under_way: Iterable[Action], now: datetime) -> list[Occasion]:
    """Of actions under way, those of which nobody has known for a while whether they were done."""
    return [
        _occasion(each, f"{each.id}-unconfirmed")
        for each in under_way
        if each.state == "unconfirmed" and now - times.to_datetime(each.not_before) >= DOUBTFUL_AFTER
    ]


def _occasion(action: Action, version: str) -> Occasion:
    return Occasion(
        kind="actionFailed",
        referral_id=action.referral_id,
        version=version,
        at=action.finished_at or action.not_before,
        facts={
            "actionId": action.id,
            "action": action.action,
            "state": action.state,
            "code": action.error.code if action.error else "",
            "byName": action.who.name,
        },
    )
