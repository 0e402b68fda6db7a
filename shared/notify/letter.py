"""From what is to be told to a message's parts: what it is about, its lines, why it came, where its links lead. Pure.

Cards and mails are made of the same parts (``teams.py``, ``mail.py``).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from shared.model.occasion import KINDS, Facts, Kind, deadline_of, terms
from shared.model.subscription import Subscription
from shared.model.summary import ReferralSummary
from shared.notify.words import Words

MOST_LINES: Final = 10
_MOST_LETTERS: Final = 200
_ORDER: Final = ("due", "expired", "actionFailed", "new", "assigned", "answered", "closed", "changed")
"""What is urgent first."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One occasion that is told: its facts, and the referral as it is now."""

    kind: Kind
    facts: Facts
    referral: ReferralSummary


@dataclass(frozen=True, slots=True)
class ViewLink:
    """The view of a subscription: its name and query."""

    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Line:
    """One referral in a message: who, what happened, the facts by name, where it is shown."""

    title: str
    what: str
    facts: tuple[tuple[str, str], ...]
    url: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a button leads."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message. Texts are plain; ``more`` is how many lines were left out."""

    language: str
    subject: str
    heading: str
    lead: str
    lines: tuple[Line, ...]
    more: str
    links: tuple[Link, ...]
    why: str
    change: Link


def compose(
    subscription: Subscription, view: ViewLink | None, tellings: Sequence[Telling], public_url: str, now: datetime
) -> Letter:
    """A message of all that is told of at once.

    Args:
        subscription: whose it is.
        view: its view, if it has one.
        tellings: at least one.
        public_url: where the page is, without a slash at its end.
        now: the time, by which days are counted.
    """
    words = Words(subscription.wish.language, subscription.wish.time_zone)
    ordered = sorted(tellings, key=lambda telling: (_ORDER.index(telling.kind), deadline_of(telling.referral)))
    lines = tuple(_line(telling, words, public_url, now) for telling in ordered[:MOST_LINES])
    hidden = len(ordered) - len(lines)
    if len(ordered) == 1:
        heading = f"{lines[0].what}: {lines[0].title}"
        links: tuple[Link, ...] = (Link(words.say("open.referral"), lines[0].url), _list_link(view, words, public_url))
    else:
        counts = Counter(telling.kind for telling in ordered)
        heading = ", ".join(words.say(f"count.{kind}", n=counts[kind]) for kind in _ORDER if kind in counts)
        links = (_list_link(view, words, public_url),)
    return Letter(
        language=words.language,
        subject=words.say("subject", text=heading),
        heading=heading,
        lead="",
        lines=lines,
        more=words.say("more", n=hidden) if hidden else "",
        links=links,
        why=_why(subscription, view, words),
        change=Link(words.say("why.change"), subscription_url(public_url, subscription.id)),
    )


def compose_test(subscription: Subscription, view: ViewLink | None, public_url: str) -> Letter:
    """The message that the test button sends."""
    words = Words(subscription.wish.language, subscription.wish.time_zone)
    return Letter(
        language=words.language,
        subject=words.say("subject", text=words.say("test")),
        heading=words.say("test"),
        lead=words.say("test.lead"),
        lines=(),
        more="",
        links=(_list_link(view, words, public_url),),
        why=_why(subscription, view, words),
        change=Link(words.say("why.change"), subscription_url(public_url, subscription.id)),
    )


def referral_url(public_url: str, referral_id: str) -> str:
    """Where the page shows a referral."""
    return f"{public_url}/app?{urlencode({'view': 'referrals', 'id': referral_id}, quote_via=quote)}"


def subscription_url(public_url: str, subscription_id: str) -> str:
    """Where the page shows a subscription."""
    return f"{public_url}/app?{urlencode({'view': 'notifications', 'subscription': subscription_id}, quote_via=quote)}"


def _list_link(view: ViewLink | None, words: Words, public_url: str) -> Link:
    query = f"&{view.query}" if view and view.query else ""
    return Link(words.say("open.view" if view else "open.list"), f"{public_url}/app?view=referrals{query}")


def _why(subscription: Subscription, view: ViewLink | None, words: Words) -> str:
    return words.say(
        "why",
        name=clip(subscription.wish.name) or words.say("unnamed.subscription"),
        events=", ".join(words.say(f"event.{kind}") for kind in KINDS if kind in subscription.wish.events),
        view=words.say("why.view", name=clip(view.name)) if view else "",
    )


def _line(telling: Telling, words: Words, public_url: str, now: datetime) -> Line:
    referral = telling.referral
    name = clip(referral.name or "") or words.say("unnamed")
    customer = clip(referral.customer_name or referral.organization_name or "")
    facts = [(words.say("field.customer"), customer), (words.say("field.referral"), name if customer else "")]
    facts += _facts(telling, words)
    return Line(
        title=customer or name,
        what=_what(telling, words, now),
        facts=tuple((label, value) for label, value in facts if value),
        url=referral_url(public_url, referral.id),
    )


def _what(telling: Telling, words: Words, now: datetime) -> str:
    facts = telling.facts
    match telling.kind:
        case "due":
            days = words.days_to(facts["deadline"], now)
            return (
                words.say(f"due.{('today', 'tomorrow')[days]}") if days in (0, 1) else words.say("due.days", days=days)
            )
        case "answered":
            return words.say(f"answered.{facts['answer']}")
        case "closed":
            return words.say(f"closed.{facts['substatus']}")
        case "actionFailed" if facts.get("state") == "unconfirmed":
            return words.say("actionFailed.unconfirmed")
        case kind:
            return words.say(kind)


def _facts(telling: Telling, words: Words) -> list[tuple[str, str]]:
    referral, facts = telling.referral, telling.facts
    now_terms = terms(referral)
    value = words.money(now_terms["value"], now_terms["currency"]) if now_terms["value"] else ""
    deadline = facts.get("deadline") or deadline_of(referral)
    usual = [(words.say("field.value"), value), (words.say("field.country"), clip(referral.country or ""))]
    match telling.kind:
        case "new" | "due" | "expired" | "assigned":
            by = clip(facts.get("byName", ""))
            shown = (words.say("field.deadline"), words.moment(deadline) if deadline else "")
            return [*usual, shown, (words.say("field.by"), by)]
        case "changed":
            return _changes(facts, now_terms, words)
        case "actionFailed":
            return [
                (words.say("field.action"), words.say(f"action.{facts.get('action', '')}")),
                (words.say("field.reason"), words.say(f"state.{facts.get('state', 'failed')}")),
                (words.say("field.by"), clip(facts.get("byName", ""))),
            ]
        case _:
            return usual


def _changes(facts: Facts, after: dict[str, str], words: Words) -> list[tuple[str, str]]:
    """What changed, each as "from → to"."""

    def amount(value: str, currency: str) -> str:
        return words.money(value, currency) if value else words.say("none")

    changes = []
    before = (facts["valueBefore"], facts["currencyBefore"])
    if before != (after["value"], after["currency"]):
        changes.append((words.say("field.value"), f"{amount(*before)} → {amount(after['value'], after['currency'])}"))
    if facts["closingBefore"] != after["closing"]:
        days = [words.day(text) if text else words.say("none") for text in (facts["closingBefore"], after["closing"])]
        changes.append((words.say("field.closing"), " → ".join(days)))
    return changes


def clip(text: str, letters: int = _MOST_LETTERS) -> str:
    """A text of others on one line: without what turns or hides letters, cut with a mark."""
    line = " ".join("".join(letter if _shows(letter) else " " for letter in text).split())
    return line if len(line) <= letters else f"{line[: letters - 1].rstrip()}…"


def _shows(letter: str) -> bool:
    """Not a control, and no mark that turns the direction of writing; joiners are part of names and signs."""
    return letter in "\u200c\u200d" or unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
