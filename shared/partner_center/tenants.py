"""Which Entra tenant a domain belongs to, by the public OpenID discovery document of the domain.

Source: learn.microsoft.com/entra/identity-platform/v2-protocols-oidc ("Fetch the OpenID configuration document"): the
document of a tenant is found by any of its verified domains, and its issuer holds the tenant's id. A domain that belongs
to no tenant is answered by 400 ``invalid_tenant``, AADSTS90002.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import quote

import requests
from urllib3.exceptions import HTTPError as LowLevelError

from shared.model.tenant import TenantAnswer

CONNECT_SECONDS: Final = 3.0
_MOST_BYTES: Final = 256 * 1024
_CONSUMERS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of personal Microsoft accounts; a domain there is nobody's organisation."""
_ISSUER: Final = re.compile(
    r"https://[^/]+/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/(?:v2\.0)?", re.IGNORECASE | re.ASCII
)


def lookup_session() -> requests.Session:
    """A session that never sends credentials; for one thread."""
    session = requests.Session()
    session.auth = _no_credentials
    return session


def lookup_tenant(domain: str, session: requests.Session, authority: str, timeout: float) -> TenantAnswer:
    """Ask Entra for the tenant of a domain, once; never raises for what the network or Entra do.

    Args:
        domain: registrable, in punycode.
        session: see ``lookup_session``.
        authority: Entra's host, ``https://…`` without a final slash.
        timeout: seconds that Entra may take to answer.
    """
    url = f"{authority}/{quote(domain, safe='')}/v2.0/.well-known/openid-configuration"
    try:
        with session.get(
            url,
            headers={"Accept": "application/json"},
            timeout=(min(CONNECT_SECONDS, timeout), timeout),
            allow_redirects=False,
            verify=True,
            stream=True,
        ) as response:
            return _judge(response.status_code, _document(response))
    except (requests.RequestException, LowLevelError, UnicodeError):
        return TenantAnswer("failed")


def _judge(status: int, document: dict[str, Any]) -> TenantAnswer:
    if status in {401, 403, 429}:
        return TenantAnswer("refused")
    if status == 400:
        said_none = document.get("error") == "invalid_tenant" or 90002 in _codes(document)
        return TenantAnswer("unknown" if said_none else "failed")
    issuer = document.get("issuer")
    match = _ISSUER.fullmatch(issuer) if status == 200 and isinstance(issuer, str) else None
    if match is None:
        return TenantAnswer("failed")
    tenant_id = match[1].lower()
    return TenantAnswer("unknown") if tenant_id == _CONSUMERS else TenantAnswer("found", tenant_id)


def _codes(document: dict[str, Any]) -> list[Any]:
    codes = document.get("error_codes")
    return codes if isinstance(codes, list) else []


def _document(response: requests.Response) -> dict[str, Any]:
    """The answer's JSON object; empty when it is none or longer than any such document."""
    body = b""
    for chunk in response.iter_content(16 * 1024):
        body += chunk
        if len(body) > _MOST_BYTES:
            return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from sending what a .netrc has for the host."""
    return request
