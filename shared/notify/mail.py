"""A message as mail: HTML that Outlook and phones show alike, and plain text beside it. Pure; nothing is loaded from outside.

Tables and inline styles, since Outlook on Windows lays out with Word (Microsoft Learn, "Word HTML and CSS rendering
capabilities in Outlook"). Colours of the dark form come by a media query, which Outlook on Windows leaves alone.
"""

from __future__ import annotations

import html
import uuid
from typing import Any, Final

from shared.notify.letter import Letter, Line, Link

Json = dict[str, Any]

GRAPH: Final = "https://graph.microsoft.com"
ACS_SCOPE: Final = "https://communication.azure.com/.default"
ACS_VERSION: Final = "2025-09-01"
_NAMESPACE: Final = uuid.UUID("6f0d3a0e-6f0c-4f0e-9c59-0f6a4d1c7b21")
_FONT: Final = "font-family:'Segoe UI',Arial,sans-serif"
_STYLE: Final = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
a { color: #0f548c; }
@media (prefers-color-scheme: dark) {
  .page { background: #1b1a19 !important; }
  .sheet { background: #252423 !important; border-color: #3b3a39 !important; }
  .text { color: #f3f2f1 !important; }
  .soft { color: #c8c6c4 !important; }
  .rule { border-color: #3b3a39 !important; }
  a { color: #6cb8f6 !important; }
  a.button { color: #ffffff !important; background: #0f6cbd !important; }
}
@media (max-width: 480px) { .pad { padding: 16px !important; } }
"""


def html_of(letter: Letter) -> str:
    """The HTML body."""
    rows = "".join(_row(line, first=number == 0) for number, line in enumerate(letter.lines))
    if len(letter.lines) == 1 and not letter.more:
        rows = _facts(letter.lines[0])
    lead = f'<p class="text" style="margin:12px 0 0;color:#242424">{_safe(letter.lead)}</p>' if letter.lead else ""
    more = f'<p class="soft" style="margin:12px 0 0;color:#616161">{_safe(letter.more)}</p>' if letter.more else ""
    buttons = "".join(_button(link, first=number == 0) for number, link in enumerate(letter.links))
    change = _anchor(letter.change)
    return (
        f'<!DOCTYPE html><html lang="{letter.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{_safe(letter.subject)}</title><style>{_STYLE}</style></head>"
        f'<body class="page" style="margin:0;padding:0;background:#f5f5f5;{_FONT}">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>'
        '<td align="center" style="padding:16px 8px"><table role="presentation" class="sheet" width="100%" '
        'cellpadding="0" cellspacing="0" border="0" '
        'style="max-width:600px;table-layout:fixed;background:#ffffff;border:1px solid #e0e0e0">'
        f'<tr><td class="pad" style="padding:24px;{_FONT};font-size:15px;line-height:22px;text-align:left;'
        'word-break:break-word;overflow-wrap:anywhere">'
        f'<h1 class="text" style="margin:0;font-size:19px;line-height:26px;font-weight:600;color:#242424">'
        f"{_safe(letter.heading)}</h1>{lead}"
        f'<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
        f'style="margin-top:12px">{rows}</table>{more}'
        f'<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin-top:20px"><tr>{buttons}</tr>'
        f'</table><p class="soft rule" style="margin:24px 0 0;padding-top:12px;border-top:1px solid #e0e0e0;'
        f'font-size:13px;line-height:18px;color:#616161">{_safe(letter.why)} {change}</p>'
        "</td></tr></table></td></tr></table></body></html>"
    )


def text_of(letter: Letter) -> str:
    """The plain text."""
    parts = [letter.heading, letter.lead]
    for line in letter.lines:
        facts = "\n".join(f"  {label}: {value}" for label, value in line.facts)
        parts.append("\n".join(filter(None, (f"{line.what}: {line.title}", facts, f"  {line.url}"))))
    parts.append(letter.more)
    parts.append("\n".join(f"{link.text}: {link.url}" for link in letter.links))
    parts.append(f"-- \n{letter.why}\n{letter.change.text}: {letter.change.url}")
    return "\n\n".join(part for part in parts if part) + "\n"


def graph_body(letter: Letter, to: str, key: str) -> Json:
    """The body of Graph's sendMail, whose JSON carries one form, HTML, and no headers of others but ``x-``.

    Args:
        letter: the message.
        to: the address.
        key: what tells this message from others.
    """
    return {
        "message": {
            "subject": letter.subject,
            "body": {"contentType": "HTML", "content": html_of(letter)},
            "toRecipients": [{"emailAddress": {"address": to}}],
            "internetMessageHeaders": [
                {"name": "x-hunter-key", "value": key},
                {"name": "x-auto-submitted", "value": "auto-generated"},
                {"name": "x-auto-response-suppress", "value": "All"},
            ],
        },
        "saveToSentItems": False,
    }


def acs_body(letter: Letter, to: str, sender: str) -> Json:
    """The body of Communication Services' send: both forms, no tracking (Microsoft Learn, "Email - Send")."""
    return {
        "senderAddress": sender,
        "recipients": {"to": [{"address": to}]},
        "content": {"subject": letter.subject, "plainText": text_of(letter), "html": html_of(letter)},
        "headers": {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
        "userEngagementTrackingDisabled": True,
    }


def operation_id(key: str) -> str:
    """The Operation-Id under which Communication Services takes a message once, however often it is sent."""
    return str(uuid.uuid5(_NAMESPACE, key))


def _row(line: Line, *, first: bool) -> str:
    about = " · ".join(value for _, value in line.facts if value != line.title)
    edge = "" if first else "border-top:1px solid #e0e0e0;"
    return (
        f'<tr><td class="text rule" style="padding:10px 0;{edge}color:#242424">{_safe(line.what)}: '
        f'<b>{_anchor(Link(line.title, line.url))}</b><br><span class="soft" '
        f'style="font-size:13px;line-height:18px;color:#616161">{_safe(about)}</span></td></tr>'
    )


def _facts(line: Line) -> str:
    return "".join(
        f'<tr><td class="soft" valign="top" style="padding:4px 16px 4px 0;color:#616161;white-space:nowrap">{_safe(label)}'
        f'</td><td class="text" width="100%" valign="top" style="padding:4px 0;color:#242424">{_safe(value)}</td></tr>'
        for label, value in line.facts
    )


def _button(link: Link, *, first: bool) -> str:
    if not first:
        return f'<td style="padding-left:16px">{_anchor(link)}</td>'
    return (
        f'<td style="background:#0f6cbd;border-radius:4px"><a class="button" href="{_safe(link.url)}" '
        f'style="display:inline-block;padding:9px 16px;color:#ffffff;text-decoration:none;font-weight:600">'
        f"{_safe(link.text)}</a></td>"
    )


def _anchor(link: Link) -> str:
    return f'<a href="{_safe(link.url)}">{_safe(link.text)}</a>'


def _safe(text: str) -> str:
    return html.escape(text, quote=True)
