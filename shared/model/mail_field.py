"""Mail addresses out of a field that people filled: several of them, with names, quotes, comments, or a whole link.

``email.utils`` reads what mail programs write (RFC 5322) and gives up at what people write: ``a@contoso.com;b@fabrikam.com`` is
one address to it, ``a@contoso.com (office)`` another. Only where the address is matters here, so that is looked for.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9._%+-]+@([A-Za-z0-9.-]+[A-Za-z0-9])", re.ASCII)
"""What most fields hold: one address."""
_COMMENT: Final = re.compile(r"\([^()]*\)")
_NAMED: Final = re.compile(r"[^<>]*?<([^<>]*@[^<>]*)>")
"""A name, which may look like an address itself, before the address in angle brackets."""
_WRITTEN_OUT: Final = re.compile(r"\s*[\[({]\s*(at|dot)\s*[\])}]\s*", re.IGNORECASE | re.ASCII)
_ADDRESS: Final = re.compile(
    r"[^\s@<>()\[\]{},;:/\\|=“”‘’„‚«»‹›]\s*"  # the end of the local part; a quote may close it
    r"@\s*([^\s@<>()\[\]{},;:/\\|=\"'`´“”‘’„‚«»‹›?!#&*+~^%$…]++)(?!\s*@)"
)
_DEEPEST: Final = 10


def hosts_in(field: str) -> list[str]:
    """What stands behind the ``@`` of each address in a mail field, in order; those in comments come last.

    They are as written: whether they are names that the internet has is for ``domains.hostname`` to say.
    """
    plain = _PLAIN.fullmatch(field.strip())
    return [plain[1]] if plain else list(dict.fromkeys(_looked_for(field)))


def _looked_for(field: str) -> Iterator[str]:
    text = html.unescape(field).replace("＠", "@").replace("%40", "@")
    text = _WRITTEN_OUT.sub(lambda found: "@" if found[1].lower() == "at" else ".", text)
    bare, comments = _without_comments(text)
    yield from _found(_NAMED.sub(r" \1 ", bare))
    for part in (bare, comments):
        yield from _found(part)


def _without_comments(text: str) -> tuple[str, str]:
    """The text outside of round brackets, and what stood in them."""
    comments = []
    for _ in range(_DEEPEST):
        found = _COMMENT.findall(text)
        if not found:
            break
        comments += found
        text = _COMMENT.sub(" ", text)
    return text, " ".join(comments)


def _found(text: str) -> Iterator[str]:
    for match in _ADDRESS.finditer(text):
        host = match[1].rstrip("._-")
        if host:
            yield host
