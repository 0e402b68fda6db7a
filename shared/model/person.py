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


def mail_key(mail: str) -> str:
    """An address as it is compared: without case and outer blanks, as Entra does it.

    A Turkish keyboard writes AYŞE.İNAN@CONTOSO.COM for one with i; no address in Entra has İ itself.
    """
    return mail.strip().replace("İ", "i").casefold()


def same_mail(first: str, second: str) -> bool:
    """Whether two addresses mean the same mailbox."""
    return mail_key(first) == mail_key(second)
