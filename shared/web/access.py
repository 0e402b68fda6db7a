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
from collections.abc import Mapping
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

PRINCIPAL_HEADER: Final = "x-ms-client-principal"
BODY_BYTES: Final = 64 * 1024
"""The longest body that any route takes."""
ROLE_CLAIMS: Final = frozenset({"roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"})
ID_CLAIMS: Final = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid", "sub")
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Role(enum.Enum):
    """What a route asks for; OPERATE reads too."""

    READ = "read"
    OPERATE = "operate"


@dataclass(frozen=True, repr=False)
class Principal:
    """Who sent a request. ``id`` is an opaque token that tells people apart and names nobody."""

    id: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Whether a role's routes are open to this caller."""
        return role in self.roles or (role is Role.READ and Role.OPERATE in self.roles)

    def __repr__(self) -> str:
        """The roles alone."""
        return f"Principal(roles={sorted(role.value for role in self.roles)})"


LOCAL: Final = Principal("local", frozenset(Role))
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
        principal = _principal(_header(headers, PRINCIPAL_HEADER), settings)
    elif in_azure(environ):
        raise Unauthenticated("The app's authentication is switched off. The administrator has to switch it on.")
    else:
        principal = LOCAL
    if not principal.may(role):
        raise Forbidden
    return principal


def _principal(header: str, settings: Settings) -> Principal:
    """What the platform's header says: base64 of {auth_typ, name_typ, role_typ, claims: [{typ, val}]}."""
    try:
        content = msgspec.json.decode(base64.b64decode(header, validate=True))
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        raise Unauthenticated from None
    claims = _claims(content)
    if not claims:
        raise Unauthenticated
    role_types = ROLE_CLAIMS | {str(content.get("role_typ") or "roles")}
    names = {value for kind, value in claims if kind in role_types}
    roles = {Role.READ: settings.role_read, Role.OPERATE: settings.role_operate}
    known = dict(reversed(claims))
    # Without an id claim the whole principal tells people apart.
    identity = next((known[name] for name in ID_CLAIMS if name in known), header)
    return Principal(
        hashlib.sha256(identity.encode()).hexdigest()[:32],
        frozenset(role for role, name in roles.items() if name in names),
    )


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
