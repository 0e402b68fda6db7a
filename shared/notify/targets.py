"""Where messages may be sent. Pure: an address is judged as it is written, before anything is asked of it.

The platform can reach more than people can, so an address that a person typed goes nowhere but to the hosts that the
administrator listed (OWASP, "Server-Side Request Forgery Prevention", application layer allow-list). What does not look
plainly like an address of ours is refused rather than understood.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import quote

from shared.core.errors import InvalidTarget

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
MOST_LETTERS: Final = 4_000
MOST_LETTERS_OF_MAIL: Final = 254
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[::1\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*)?)?",
    re.ASCII | re.IGNORECASE,
)
_MAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:localhost|(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63})",
    re.ASCII,
)


def check_teams(address: str, hosts: Collection[str]) -> str:
    """The host of a Workflows address, in lower case, when messages may go there.

    Args:
        address: the whole address.
        hosts: names that are allowed with all below them; loopback counts only where it is listed, then by http and on
            any port, all else by https on 443.

    Raises:
        InvalidTarget: anything else.
    """
    match = _URL.fullmatch(address) if len(address) <= MOST_LETTERS else None
    if match is None:
        raise InvalidTarget("This is no address of a Teams workflow. Copy it from the workflow as it stands.")
    scheme, host, port = match["scheme"].lower(), match["host"].lower(), match["port"]
    allowed = {name.lower().strip() for name in hosts} - {""}
    listed = host in allowed or host.strip("[]") in allowed
    if host in LOOPBACK:
        if listed and 0 < int(port or 80) < 65_536:
            return host
    elif scheme == "https" and port in (None, "443") and (listed or _is_below(host, allowed)):
        return host
    raise InvalidTarget(
        f"Messages may be sent to {', '.join(sorted(allowed)) or 'no host'} only, by https. "
        "The administrator sets the hosts in HUNTER_TEAMS_HOSTS."
    )


def _is_below(host: str, allowed: Collection[str]) -> bool:
    labels = host.split(".")
    # An IP address is below nothing: it is allowed as it is listed, or not at all.
    if not all(labels) or labels[-1].isdigit():
        return False
    return any(".".join(labels[start:]) in allowed for start in range(1, len(labels)) if not _is_ip(labels[start:]))


def _is_ip(labels: Collection[str]) -> bool:
    return all(label.isdigit() for label in labels)


def check_mail(address: str) -> str:
    """A mail address, in lower case.

    Raises:
        InvalidTarget: it is none, or several.
    """
    if len(address) > MOST_LETTERS_OF_MAIL or not _MAIL.fullmatch(address):
        raise InvalidTarget("This is no mail address. Give one such as name@contoso.com.")
    return address.lower()


def mail_path(address: str) -> str:
    """A mail address as a segment of a path."""
    return quote(address, safe="@")
