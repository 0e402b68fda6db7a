"""What people add to a referral here: who takes care of it, and what they say about it. Partner Center never sees it."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from shared.core.errors import InvalidParameter
from shared.model.person import Person
from shared.model.text import NO_LETTERS

COMMENT_LETTERS: Final = 4_000
_MAIL_LETTERS: Final = 320
_MAIL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+")


class Owner(msgspec.Struct, frozen=True):
    """Who takes care of a referral."""

    mail: str
    name: str
    """The mail, where nobody of that address has used the app."""


class Comment(msgspec.Struct, frozen=True):
    """What somebody said about a referral; it never changes."""

    referral_id: str
    id: str
    """Begins with the time, so that the order of ids is that of comments."""
    text: str
    by: Person
    at: str
    """Text of ``model.times``."""


def read_mail(value: Any) -> str:
    """An owner's address. Raises InvalidParameter where it is none."""
    mail = value.strip() if isinstance(value, str) else ""
    if not mail.isprintable() or len(mail) > _MAIL_LETTERS or not _MAIL.fullmatch(mail):
        raise InvalidParameter("'mail' must be an e-mail address, or null for no owner.")
    return mail


def read_comment(value: Any) -> str:
    """A comment's text. Raises InvalidParameter where it is none, or too long."""
    text = value.strip() if isinstance(value, str) else ""
    if not 1 <= len(text) <= COMMENT_LETTERS:
        raise InvalidParameter(f"'text' must have 1 to {COMMENT_LETTERS:,} characters.")
    return NO_LETTERS.sub("\ufffd", text)
