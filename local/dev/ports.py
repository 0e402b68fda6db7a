"""Choosing ports: the usual one where it is free, else the next."""

from __future__ import annotations

import os
import socket

from local.dev.steps import StepFailedError, say
from local.dev.tools import STATE

_TRIED = 50


def is_free(port: int) -> bool:
    """Whether a server on 127.0.0.1 could have the port now."""
    with socket.socket() as probe:
        if os.name != "nt":
            # Connections of a server that ended a minute ago keep no new server from its port; do as servers do.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _reserve(port: int) -> bool:
    """Take the port for this process until it ends; False when another stack has, which may not listen there yet."""
    if os.name == "nt":
        return True
    import fcntl

    folder = STATE / "ports"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / str(port), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    return True  # the open descriptor holds it


def choose(purpose: str, wanted: int, taken: set[int]) -> int:
    """The wanted port or the next free one, and the choice said aloud when it is another. It is added to `taken`.

    Raises StepFailedError when there is none nearby.
    """
    for port in range(wanted, min(wanted + _TRIED, 65536)):
        if port not in taken and is_free(port) and _reserve(port):
            taken.add(port)
            if port != wanted:
                say(f"  Port {wanted} is busy; {purpose} takes {port}.")
            return port
    raise StepFailedError(f"No port from {wanted} to {wanted + _TRIED - 1} is free for {purpose}.")
