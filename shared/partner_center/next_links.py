"""Next links. Microsoft's own sample points to ``http://`` and a shortened path (docs/partner-center-api.md): of a link only the
query is taken, and put on the address that is configured; a link to any other host is refused and nothing is sent there."""

from __future__ import annotations

from urllib.parse import urlsplit

from shared.core.errors import ContractChanged, UntrustedLink
from shared.core.setting_list import PUBLIC_API_URL

PATH = "/v1.0/engagements/referrals"


def next_query(link: str, api_url: str) -> str:
    """The query of a next link, unchanged.

    Args:
        link: ``@odata.nextLink`` as received.
        api_url: the configured address of the API.

    Raises:
        UntrustedLink: it points to another host.
        ContractChanged: it has no query, so it leads nowhere.
    """
    try:
        parts = urlsplit(link)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise UntrustedLink from None
    own = {urlsplit(api_url).hostname, urlsplit(PUBLIC_API_URL).hostname}
    relative = not parts.scheme and not parts.netloc
    if not relative and (host not in own or parts.scheme not in {"http", "https"}):
        raise UntrustedLink
    if not parts.query:
        raise ContractChanged
    return parts.query
