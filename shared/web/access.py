"""Who may do what: the platform's word on who is signed in, app roles, and what a browser must say of a state change.

It fails closed. App Service authentication hands the signed-in user over in ``X-MS-CLIENT-PRINCIPAL`` and removes that
header from what clients send, but only while it is switched on; so the header counts only when the platform says that
it is (``WEBSITE_AUTH_ENABLED``). In Azure without it nobody gets in: a wrong deployment shows nothing. On a developer's
machine, where the host listens on loopback alone, there is no sign-in, and the header changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from shared.core.errors import (
    CrossSiteRequest,
    Forbidden,
    RequestTooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from shared.core.log import in_azure
from shared.core.settings import Settings
from shared.model.person import Person

PRINCIPAL_HEADER: Final = "x-ms-client-principal"
BODY_BYTES: Final = 64 * 1024
"""The longest body that any route takes."""
ROLE_CLAIMS: Final = frozenset({"roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"})
ID_HEADER: Final = "x-ms-client-principal-id"
ID_CLAIMS: Final = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid")
OTHER_ID_CLAIMS: Final = ("sub", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier")
MAIL_CLAIMS: Final = (
    "preferred_username",
    "email",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
)
"""Where a person's address is, the best first. App Service maps some claims of Entra to the long names."""
NAME_CLAIMS: Final = ("name", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name")
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Role(enum.IntEnum):
    """What a route asks for; each role includes those before it."""

    READ = 1
    WRITE = 2
    OPERATE = 3


@dataclass(frozen=True, repr=False)
class Principal:
    """Who sent a request, and the highest role that they have; None for somebody without any."""

    person: Person
    role: Role | None

    @property
    def id(self) -> str:
        """What tells people apart."""
        return self.person.id

    @property
    def roles(self) -> tuple[Role, ...]:
        """All roles that they have, the lowest first."""
        return tuple(role for role in Role if self.may(role))

    def may(self, role: Role) -> bool:
        """Whether a role's routes are open to this caller."""
        return self.role is not None and self.role >= role

    def __repr__(self) -> str:
        """The role alone."""
        return f"Principal(role={self.role})"


ANYONE: Final = Principal(Person("anyone", "Anyone"), None)
"""Whoever calls a route that is open to everybody."""
LOCAL: Final = Principal(Person("local", "Developer", "developer@localhost"), Role.OPERATE)
"""Whoever sits at a developer's machine."""


def require(
    headers: Mapping[str, str], role: Role, settings: Settings, environ: Mapping[str, str] | None = None
) -> Principal:
    """The caller, when the caller may use a route that asks for this role.

    Raises:
        Unauthenticated: the platform vouches for nobody.
        Forbidden: somebody is signed in, without the app role.
    """
    environ = os.environ if environ is None else environ
    if environ.get("WEBSITE_AUTH_ENABLED", "").strip().lower() == "true":
        principal = _principal(headers, settings)
    elif in_azure(environ):
        raise Unauthenticated("The app's authentication is switched off. The administrator has to switch it on.")
    else:
        principal = LOCAL
    if not principal.may(role):
        raise Forbidden
    return principal


def _principal(headers: Mapping[str, str], settings: Settings) -> Principal:
    """What the platform's header says: base64 of {auth_typ, name_typ, role_typ, claims: [{typ, val}]}."""
    header = _header(headers, PRINCIPAL_HEADER)
    try:
        content = msgspec.json.decode(base64.b64decode(header, validate=True))
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        raise Unauthenticated from None
    claims = _claims(content)
    if not claims:
        raise Unauthenticated
    role_types = ROLE_CLAIMS | {str(content.get("role_typ") or "roles")}
    names = {value for kind, value in claims if kind in role_types}
    wanted = {Role.READ: settings.role_read, Role.WRITE: settings.role_write, Role.OPERATE: settings.role_operate}
    role = max((role for role, name in wanted.items() if name in names), default=None)
    return Principal(_person(dict(reversed(claims)), headers), role)


def _person(claims: Mapping[str, str], headers: Mapping[str, str]) -> Person:
    """Who that is. Without any id the whole principal tells people apart."""
    identity = _first(claims, ID_CLAIMS) or _header(headers, ID_HEADER) or _first(claims, OTHER_ID_CLAIMS)
    identity = identity or hashlib.sha256(_header(headers, PRINCIPAL_HEADER).encode()).hexdigest()[:32]
    mail = _first(claims, MAIL_CLAIMS)
    return Person(identity, _first(claims, NAME_CLAIMS) or mail or identity, mail)


def _first(claims: Mapping[str, str], names: Sequence[str]) -> str:
    return next((value for name in names if (value := claims.get(name, "").strip())), "")


def _claims(content: Any) -> list[tuple[str, str]]:
    claims = content.get("claims") if isinstance(content, dict) else None
    return [
        (claim["typ"], claim["val"])
        for claim in (claims if isinstance(claims, list) else [])
        if isinstance(claim, dict) and isinstance(claim.get("typ"), str) and isinstance(claim.get("val"), str)
    ]


def _header(headers: Mapping[str, str], name: str) -> str:
    """A header by its lower-case name, from a mapping of any spelling."""
    return next((value for key, value in headers.items() if key.lower() == name), "").strip()


def check_state_change(method: str, headers: Mapping[str, str], body: bytes) -> None:
    """Make sure that a request that changes something came from our own page, or from no browser at all.

    A page of another site can send forms and plain text to us, with the user's cookies; it cannot send JSON without
    being asked first, and the browser itself says in Sec-Fetch-Site where a request comes from.

    Raises:
        CrossSiteRequest: a browser says that it is not from the same origin.
        RequestTooLarge: the body is over 64 KiB.
        UnsupportedMediaType: there is a body or a Content-Type, and it is not application/json.
    """
    if method.upper() in SAFE_METHODS:
        return
    site = _header(headers, "sec-fetch-site").lower()
    if site and site != "same-origin":
        raise CrossSiteRequest
    if len(body) > BODY_BYTES:
        raise RequestTooLarge(f"The request's body is larger than {BODY_BYTES // 1024} KiB.")
    content_type = _header(headers, "content-type")
    if (body or content_type) and content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType
