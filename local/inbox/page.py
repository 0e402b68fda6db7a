"""The page that shows what came: a list, and each message as its reader sees it."""

import html
import json
import re
from typing import TYPE_CHECKING

from local.node import ROOT
from local.simulator.messages import Request, Response, html_response, json_response

from .messages import Message

if TYPE_CHECKING:
    from .inbox import Inbox

CARD_LIBRARY = ROOT / "node_modules/adaptivecards/dist/adaptivecards.min.js"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; "
    "connect-src 'self'"
)
_STYLE = """
body { font: 15px/1.5 'Segoe UI', system-ui, sans-serif; margin: 0; background: #f5f5f5; color: #242424; }
main { max-width: 860px; margin: 0 auto; padding: 24px 16px; }
a { color: #0f548c; text-decoration: none; } a:hover { text-decoration: underline; }
li { background: #fff; border: 1px solid #e0e0e0; border-radius: 8px; margin: 8px 0; padding: 10px 14px; list-style: none; }
ul { padding: 0; } small { color: #616161; } .problem { color: #b10e1c; }
#card { background: #fff; border: 1px solid #d1d1d1; border-radius: 8px; padding: 8px; max-width: 720px; }
iframe { width: 100%; height: 70vh; border: 1px solid #d1d1d1; border-radius: 8px; background: #fff; }
pre { white-space: pre-wrap; background: #fff; border: 1px solid #e0e0e0; border-radius: 8px; padding: 10px 14px; }
"""
_SHOW_CARD = """
const place = document.getElementById("card");
const answer = await fetch(place.dataset.source);
const card = new AdaptiveCards.AdaptiveCard();
card.hostConfig = new AdaptiveCards.HostConfig({ fontFamily: "Segoe UI, system-ui, sans-serif" });
card.parse(await answer.json());
card.onExecuteAction = (action) => window.open(action.url, "_blank", "noopener");
place.append(card.render());
"""


class Page:
    """Answers everything that is no service."""

    def __init__(self, inbox: "Inbox") -> None:
        self._inbox = inbox

    def answer(self, request: Request) -> Response:
        """A page, or one of its files."""
        response = (
            self._route(request.path) if request.method == "GET" else json_response({"message": "Not here."}, 404)
        )
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _route(self, path: str) -> Response:
        if path == "/":
            return html_response(self._list())
        if path == "/adaptivecards.js":
            return (
                Response(200, CARD_LIBRARY.read_bytes(), "text/javascript") if CARD_LIBRARY.exists() else Response(404)
            )
        if path == "/show-card.js":
            return Response(200, _SHOW_CARD.encode(), "text/javascript")
        found = re.fullmatch(r"/messages/(\d+)(/html|/card)?", path)
        message = next((each for each in list(self._inbox.messages) if found and each.id == int(found[1])), None)
        if message is None or found is None:
            return json_response({"message": "The inbox serves no such address."}, 404)
        if found[2] == "/html":
            # A sandboxed frame: what a mail brings must not run, nor load anything, here as little as in Outlook.
            response = html_response(message.html)
            response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
            return response
        if found[2] == "/card":
            cards = [each.get("content") for each in message.content.get("attachments") or []]
            return json_response(cards[0] if cards else {})
        return html_response(self._message(message))

    def _list(self) -> str:
        rows = [
            f'<li><a href="/messages/{message.id}">{html.escape(message.subject)}</a><br><small>{message.via} · '
            f"{html.escape(', '.join(message.to))} · {message.at:%H:%M:%S} UTC</small>{_problem(message)}</li>"
            for message in reversed(list(self._inbox.messages))
        ]
        teams = html.escape(self._inbox.teams_url())
        return _page(
            "Inbox",
            f"<h1>Inbox</h1><p>A Workflows address of this inbox:<br><small>{teams}</small></p>"
            f"<ul>{''.join(rows) or '<li>Nothing has come yet.</li>'}</ul>",
        )

    def _message(self, message: Message) -> str:
        shown = f'<div id="card" data-source="/messages/{message.id}/card"></div>'
        scripts = '<script src="/adaptivecards.js"></script><script type="module" src="/show-card.js"></script>'
        if message.via != "teams":
            shown = f'<iframe sandbox src="/messages/{message.id}/html" title="The mail"></iframe>'
            shown += f"<h2>Text</h2><pre>{html.escape(message.text)}</pre>" if message.text else ""
            scripts = ""
        content = html.escape(json.dumps(message.content, ensure_ascii=False, indent=2))
        return _page(
            message.subject,
            f'<p><a href="/">Inbox</a></p><h1>{html.escape(message.subject)}</h1>'
            f"<p><small>{message.via} · {html.escape(', '.join(message.to))} · {message.at:%Y-%m-%d %H:%M:%S} UTC</small>"
            f"{_problem(message)}</p>{shown}<h2>As it came</h2><pre>{content}</pre>{scripts}",
        )


def _problem(message: Message) -> str:
    return (
        f'<br><small class="problem">The flow fails: {html.escape(message.problem)}</small>' if message.problem else ""
    )


def _page(title: str, content: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{content}</main></body></html>"
    )
