"""Somebody who uses the app, as records keep them."""

from __future__ import annotations

import msgspec


class Person(msgspec.Struct, frozen=True):
    """Who did something."""

    id: str
    """Entra's object id; ``local`` on a developer's machine, ``dynamics365`` for what the CRM changed."""
    name: str
    mail: str = ""
    """Compared without case, see :func:`same_mail`."""


def same_mail(first: str, second: str) -> bool:
    """Whether two addresses mean the same mailbox, as Entra compares them: without case and outer blanks."""
    return first.strip().casefold() == second.strip().casefold()
