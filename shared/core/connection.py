"""Why a connection failed: for good, so that trying again helps nobody, or just now."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


def is_wrong_certificate(error: BaseException) -> bool:
    """Whether a certificate can't be trusted or is for another name; a handshake that breaks off is neither."""
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in _chain(error))


def is_lasting(error: BaseException) -> bool:
    """Whether it will not pass by itself: a wrong certificate, or a host name that does not exist.

    A name server that can't be asked just now (``EAI_AGAIN``) and a handshake that the other side ends pass like any lost
    connection.

    Args:
        error: what requests, urllib3 or a socket raised; what it was raised from is looked at too.
    """
    return is_wrong_certificate(error) or any(
        isinstance(each, socket.gaierror) and each.errno in _NO_SUCH_NAME for each in _chain(error)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those within it: requests and urllib3 wrap as arguments, as ``reason``, and by ``raise … from``."""
    waiting, seen = [error], set[int]()
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        inner = (here.__cause__, here.__context__, getattr(here, "reason", None), *here.args)
        waiting += [each for each in inner if isinstance(each, BaseException)]
