"""What Partner Center is asked for when the CRM changed: actions, under the same rules as people's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Protocol

from msgspec import structs

from shared.core.errors import ActionInProgress, ActionNotAllowed, WritingDisabled
from shared.dynamics.facts import Facts
from shared.dynamics.plan import Ask, Plan
from shared.dynamics.work import Work, with_carried
from shared.storage.tables.crm_links import Asked, Link, LinkError

FINAL_WAIT: Final = timedelta(minutes=15)
"""How long won and lost can be cancelled."""
_UNDER_WAY: Final = frozenset({"waiting", "sending", "unconfirmed"})


class Actions(Protocol):
    """What is asked of Partner Center, under the rules of people's actions."""

    def begin(self, referral_id: str, ask: Ask, seen: Mapping[str, Any], wait: timedelta, once: str) -> str:
        """Begin an action as Dynamics 365, the same one for the same ``once``; its id.

        Raises ActionInProgress, ActionNotAllowed, WritingDisabled.
        """

    def state(self, action_id: str) -> str:
        """The state of an action; ``failed`` for one that is not known."""

    def cancel(self, action_id: str) -> bool:
        """Cancel an action that waits; False when it is too late."""


class Asker:
    """Asks Partner Center, and follows what became of it.

    Args:
        actions: how it is asked.
        now: the time, text of ``model.times``.
    """

    def __init__(self, actions: Actions, now: str) -> None:
        self._actions, self._now = actions, now

    def withdrawn(self, link: Link) -> Link:
        """Nothing is to be asked any more: what still waits ends, and is never sent."""
        if link.asked is None:
            return link
        if self._actions.state(link.asked.action_id) == "waiting" and not self._actions.cancel(link.asked.action_id):
            return link
        return (
            structs.replace(link, asked=None) if self._actions.state(link.asked.action_id) not in _UNDER_WAY else link
        )

    def ask(self, work: Work, plan: Plan, ask: Ask, link: Link) -> tuple[Link, str, LinkError | None, bool]:
        """The link after asking, its state, what is to be said, and whether an action began."""
        if link.asked and link.asked.fingerprint == ask.fingerprint:
            return (*self._followed(work, plan, link, link.asked), False)
        if link.asked and self._actions.state(link.asked.action_id) == "waiting":
            self._actions.cancel(link.asked.action_id)
        wait = FINAL_WAIT if ask.action in {"win", "lose"} else timedelta()
        try:
            once = f"crm-{ask.fingerprint}-{link.round}-{work.row.version if work.row else ''}"
            action_id = self._actions.begin(work.facts.id, ask, _seen(ask, work.facts), wait, once)
        except ActionInProgress:
            return (
                link,
                "pending",
                LinkError("action_in_progress", None, "Another action on the referral is under way; this follows."),
                False,
            )
        except WritingDisabled as error:
            return link, "pending", LinkError(error.code, None, error.message), False
        except ActionNotAllowed as error:
            asked = Asked("", ask.fingerprint, dict(ask.columns))
            return (
                structs.replace(link, asked=asked),
                "conflict",
                _refused(error),
                False,
            )
        asked = Asked(action_id, ask.fingerprint, dict(ask.columns))
        link = structs.replace(link, asked=asked, carried=with_carried(link, ask.columns, self._now))
        return (*self._followed(work, plan, link, asked), True)

    def _followed(self, work: Work, plan: Plan, link: Link, asked: Asked) -> tuple[Link, str, LinkError | None]:
        """What became of an action that was asked for this very state of the CRM."""
        state = self._actions.state(asked.action_id) if asked.action_id else "refused"
        if state in _UNDER_WAY:
            return link, "pending", None
        if state == "applied":
            pairs = {
                difference.column: (difference.want, difference.found)
                for difference in plan.differences
                if difference.column in asked.columns
            }
            reference = "done" if link.reference == "asked" else link.reference
            return structs.replace(link, asked=None, base={**link.base, **pairs}, reference=reference), "linked", None
        words = {
            "cancelled": "Somebody cancelled what Dynamics 365 asked for.",
            "refused": "Partner Center does not take what Dynamics 365 asked for.",
            "conflict": "The referral changed in Partner Center meanwhile.",
        }
        what = words.get(state, "What Dynamics 365 asked for could not be done.")
        sentence = f"{what} Nothing more is sent until one side changes, or somebody retries."
        return link, "conflict", LinkError(f"action_{state}", None, sentence)


def _seen(ask: Ask, facts: Facts) -> dict[str, Any]:
    """What Partner Center had when this was decided: nothing newer is overwritten."""
    names = [*ask.changes, *(("status", "substatus") if ask.action != "update" else ())]
    return {name: facts.seen.get(name) for name in names}


def _refused(error: ActionNotAllowed) -> LinkError:
    """What is said of an action that may not be done: by the first thing that stands in its way, where that is known."""
    reasons = error.extra.get("reasons")
    code = reasons[0]["code"] if isinstance(reasons, list) and reasons else None
    return LinkError("action_refused", None, error.message, phrase=f"action_refused.{code}" if code else None)
