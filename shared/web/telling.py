"""Subscriptions as answers carry them."""

from __future__ import annotations

from typing import Any

from shared.model import times
from shared.model.subscription import shown_target
from shared.notify.rules import Failure
from shared.notify.service import Fault, Subscribed


def subscription_item(subscribed: Subscribed) -> dict[str, Any]:
    """A subscription; of a Workflows address the host alone."""
    subscription, wish = subscribed.subscription, subscribed.subscription.wish
    return {
        "id": subscription.id,
        "name": wish.name,
        "viewId": wish.view_id,
        "events": list(wish.events),
        "channel": wish.channel,
        "target": shown_target(wish),
        "when": wish.when,
        "at": wish.at,
        "timeZone": wish.time_zone,
        "dueDays": list(wish.due_days),
        "language": wish.language,
        "enabled": wish.enabled,
        "owner": {"id": subscription.owner.id, "name": subscription.owner.name},
        "lastSentAt": times.public(subscribed.last_sent_at),
        "lastError": _fault(subscribed.last_error),
    }


def _fault(fault: Fault | None) -> dict[str, Any] | None:
    return {"code": fault.code, "message": fault.message, "at": times.public(fault.at)} if fault else None


def test_item(failure: Failure | None) -> dict[str, Any]:
    """How it went when a message was tried."""
    return {
        "state": "failed" if failure else "sent",
        "error": {"code": failure.code, "message": failure.message} if failure else None,
    }
