"""A message as an Adaptive Card, wrapped as a Teams workflow takes it. Pure.

The wrapping is that of the template "Post to a channel when a webhook request is received"; anything else makes the flow
fail behind its 202 (Microsoft Learn, "Create incoming webhooks with Workflows for Microsoft Teams"). Version 1.4, and no
action but opening an address: others need a bot. Texts are rendered as Markdown, so those of others are escaped.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from shared.notify.letter import Letter, Line, clip

MOST_BYTES: Final = 20_000
"""A message in Teams takes about 28 KB; the flow adds to it."""
VERSION: Final = "1.4"
CARD_TYPE: Final = "application/vnd.microsoft.card.adaptive"
SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]()~<>#|!])")
_LIST: Final = re.compile(r"^([-+]|[0-9]+[.)])(?=\s)")
_SHORTER: Final = (200, 100, 60, 30)

Json = dict[str, Any]


def card_message(letter: Letter) -> Json:
    """The body of the request. Names are cut shorter until it is small enough."""
    for letters in _SHORTER:
        message = {
            "type": "message",
            "attachments": [{"contentType": CARD_TYPE, "contentUrl": None, "content": _card(letter, letters)}],
        }
        if len(encoded(message)) < MOST_BYTES:
            break
    return message


def encoded(message: Json) -> bytes:
    """The bytes that are sent."""
    return msgspec.json.encode(message)


def escaped(text: str) -> str:
    """A text of others, so that Markdown and templates show it as it is."""
    plain = _MARKDOWN.sub(r"\\\1", text)
    plain = _LIST.sub(lambda match: f"{match[1][:-1]}\\{match[1][-1]}", plain)
    # Between braces stand functions of dates and of templates: a space of no width takes them apart.
    return plain.replace("{{", "{\u200b{").replace("${", "$\u200b{")


def _card(letter: Letter, letters: int) -> Json:
    single = len(letter.lines) == 1 and not letter.more
    body: list[Json] = [_text(clip(letter.heading, letters + 60), size="Medium", weight="Bolder")]
    if letter.lead:
        body.append(_text(letter.lead))
    if single:
        body.append(_facts(letter.lines[0], letters))
    else:
        body += [_row(line, letters, first=number == 0) for number, line in enumerate(letter.lines)]
    if letter.more:
        body.append(_text(letter.more, isSubtle=True))
    why = f"{escaped(letter.why)} [{escaped(letter.change.text)}]({letter.change.url})"
    body.append(
        {"type": "TextBlock", "text": why, "wrap": True, "size": "Small", "isSubtle": True, "spacing": "Medium"}
    )
    return {
        "type": "AdaptiveCard",
        "$schema": SCHEMA,
        "version": VERSION,
        "lang": letter.language,
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": link.text, "url": link.url} for link in letter.links],
    }


def _text(text: str, **more: object) -> Json:
    return {"type": "TextBlock", "text": escaped(text), "wrap": True, **more}


def _facts(line: Line, letters: int) -> Json:
    facts = [{"title": label, "value": escaped(clip(value, letters))} for label, value in line.facts]
    return {"type": "FactSet", "facts": facts}


def _row(line: Line, letters: int, *, first: bool) -> Json:
    title = f"[{escaped(clip(line.title, letters))}]({line.url})"
    about = " · ".join(value for _, value in line.facts if value != line.title)
    return {
        "type": "Container",
        "spacing": "Medium" if first else "Small",
        "separator": not first,
        "items": [
            {"type": "TextBlock", "text": f"{escaped(line.what)}: {title}", "wrap": True},
            _text(clip(about, letters + 60), isSubtle=True, size="Small", spacing="None"),
        ],
    }
