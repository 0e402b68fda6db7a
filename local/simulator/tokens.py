"""The simulator's tokens: signed, so that they outlive a restart of it, and readable by nobody but itself.

Lifetimes run on real time, not on the simulated clock: the sign-in library that holds the tokens knows no other.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

Claims = dict[str, Any]


def b64(data: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of URL-safe base64 without padding. Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Signer:
    """Makes and checks JWTs with a key of its own, kept in a file when a folder is given."""

    def __init__(self, folder: Path | None = None) -> None:
        self._key = secrets.token_bytes(32) if folder is None else _kept_key(folder / "signing.key")

    def sign(self, claims: Claims) -> str:
        """A JWT (HS256) of the claims."""
        head = b64(b'{"typ":"JWT","alg":"HS256"}')
        body = b64(json.dumps(claims, separators=(",", ":")).encode())
        return f"{head}.{body}.{self._signature(f'{head}.{body}')}"

    def read(self, token: str, kind: str) -> Claims | None:
        """The claims of a token of this kind (`knd`) that this key signed and that has not expired, else None."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._signature(signed).encode(), signature.encode()):
            return None
        claims: Claims = json.loads(unb64(signed.partition(".")[2]))
        return claims if claims.get("knd") == kind and claims.get("exp", 0) > time.time() else None

    def _signature(self, text: str) -> str:
        return b64(hmac.new(self._key, text.encode(), hashlib.sha256).digest())


def _kept_key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        deadline = time.monotonic() + 5
        while len(key := path.read_bytes()) < 32 and time.monotonic() < deadline:
            time.sleep(0.01)  # another process has made the file and is about to write it
        return key
    with os.fdopen(handle, "wb") as file:
        file.write(key := secrets.token_bytes(32))
    return key
