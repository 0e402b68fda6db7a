"""Teams Workflows: "When a Teams webhook request is received", then a post to a channel.

A flow answers 202 at once and fails later by itself, so what it would fail with is noted beside the message: tests and
people can see it here, a sender in the cloud can't.
"""

from typing import Any

from local.simulator.messages import Json, Request, Response, json_response

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
MOST_BYTES = 28 * 1024


def outcome(body: Any, size: int) -> str:
    """What the flow would fail with; empty when it would post the card."""
    if size > MOST_BYTES:
        return "Request Entity Too Large"
    attachments = body.get("attachments") if isinstance(body, dict) else None
    if not isinstance(attachments, list):
        return "Send_each_adaptive_card: the result of triggerOutputs()?['body']?['attachments'] is of type 'Null'"
    if not attachments or not all(_is_card(each) for each in attachments):
        return "Property 'type' must be 'AdaptiveCard'"
    return ""


def _is_card(attachment: Any) -> bool:
    content = attachment.get("content") if isinstance(attachment, dict) else None
    return (
        isinstance(content, dict)
        and attachment.get("contentType") == CARD_TYPE
        and content.get("type") == "AdaptiveCard"
        and isinstance(content.get("version"), str)
    )


def texts_of(element: Any) -> list[str]:
    """Every text of a card, in its order."""
    if isinstance(element, list):
        return [text for each in element for text in texts_of(each)]
    if not isinstance(element, dict):
        return []
    own = [str(element[name]) for name in ("text", "title", "value") if isinstance(element.get(name), str)]
    return [*own, *(text for value in element.values() if isinstance(value, list | dict) for text in texts_of(value))]


def read(request: Request) -> tuple[Json | None, str, str, Response]:
    """The body, what the flow would fail with, the card's texts, and the answer."""
    if "sig" not in request.query:
        return None, "", "", json_response({"error": {"code": "DirectApiAuthorizationRequired"}}, 401)
    try:
        body = request.json()
    except ValueError:
        return None, "", "", json_response({"error": {"code": "InvalidRequestContent"}}, 400)
    problem = outcome(body, len(request.body))
    cards = [each.get("content") for each in body["attachments"]] if not problem else []
    return body, problem, "\n".join(texts_of(cards)), Response(202)
