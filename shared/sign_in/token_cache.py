"""The sign-in to Partner Center as storage keeps it: MSAL's token cache, encrypted, and what the status shows of it.

One row, table SignIn, ``sign-in`` / ``token-cache``: every instance reads the same, and every write but a person's own
(sign-in, sign-out) carries If-Match. Sign-ins that wait for a person are rows beside it, one for each browser that began
one, so that they do not disturb each other. Tokens, codes and verifiers are encrypted by Fernet keys that storage never
sees; the first key encrypts, all of them decrypt (see docs/security.md for changing keys).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from shared.core.errors import ConfigurationError
from shared.core.settings import Settings
from shared.model.times import from_datetime
from shared.storage.engine.entities import Entity, get_bytes, put_bytes
from shared.storage.engine.tables import TableStore

TABLE: Final = "SignIn"
PARTITION: Final = "sign-in"
TOKEN_ROW: Final = "token-cache"  # noqa: S105 - a row's key, no token
PENDING_PREFIX: Final = "pending-"

State = Literal["signedOut", "signedIn", "expired"]
Outcome = Literal["", "used", "declined", "expired"]


class Unreadable(Exception):
    """What storage holds was encrypted with a key that is not among the settings', or was tampered with."""


class Vault:
    """Encrypts what storage may not read. ``purpose`` is part of what is encrypted: one thing can't stand in for another."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None

    def seal(self, purpose: str, text: str) -> bytes:
        """Encrypt with the first key.

        Raises:
            ConfigurationError: there is no key.
        """
        if self._fernet is None:
            raise ConfigurationError("HUNTER_TOKEN_CACHE_KEY: It is required for the sign-in to be stored.")
        return self._fernet.encrypt(f"{purpose}\n{text}".encode())

    def open(self, purpose: str, sealed: bytes) -> str:
        """Decrypt with whichever key fits.

        Raises:
            Unreadable: none does, or it was sealed for another purpose.
        """
        try:
            found, _, text = self._fernet.decrypt(sealed).decode().partition("\n") if self._fernet else ("", "", "")
        except (InvalidToken, UnicodeDecodeError):
            raise Unreadable from None
        if found != purpose:
            raise Unreadable
        return text


@dataclass(frozen=True, repr=False)
class StoredSignIn:
    """The sign-in. Times are our 7-digit text; "" where there is none."""

    state: State = "signedOut"
    cache: str = ""
    """MSAL's serialised token cache."""
    account: str = ""
    """The user principal name."""
    sign_in_id: str = ""
    """Which sign-in this is: a renewal keeps it, the next time a person signs in changes it."""
    signed_in_at: str = ""
    last_renewed_at: str = ""
    reason_code: str = ""
    reason_number: int = 0
    claimed_until: str = ""
    """Until when one process alone renews; refresh tokens may be good for one use."""
    unreadable: bool = False
    etag: str | None = None

    def __repr__(self) -> str:
        """Neither tokens nor the account."""
        return f"StoredSignIn(state={self.state})"


@dataclass(frozen=True, repr=False)
class Pending:
    """A sign-in that waits for a person."""

    id: str
    kind: str
    owner: str
    """Whoever began it (Principal.id); nobody else can end it."""
    created_at: str
    expires_at: str
    sealed: bytes
    outcome: Outcome = ""
    reason_code: str = ""
    reason_number: int = 0
    not_before: str = ""
    """Entra asked not to be asked again before this."""
    etag: str | None = None

    def is_waiting(self, now: datetime) -> bool:
        """Whether a person can still decide."""
        return not self.outcome and from_datetime(now) < self.expires_at

    def __repr__(self) -> str:
        """Nothing of the flow."""
        return f"Pending(kind={self.kind}, outcome={self.outcome!r})"


class SignInStore:
    """Reads and writes the rows of table SignIn. Every method raises StorageUnavailable when storage does not answer."""

    def __init__(self, settings: Settings, store: TableStore) -> None:
        self._vault = Vault(settings.token_cache_keys)
        self._store = store

    def load(self) -> StoredSignIn:
        """The sign-in, signed out when there is none; ``unreadable`` when no key decrypts it."""
        return self._stored(self._store.table(TABLE).get(PARTITION, TOKEN_ROW))

    def load_all(self) -> tuple[StoredSignIn, list[Pending]]:
        """The sign-in, and those that wait or waited, newest first, in one read."""
        stored, pending = None, []
        for row in self._store.table(TABLE).query("PartitionKey eq @partition", {"partition": PARTITION}):
            if row["RowKey"] == TOKEN_ROW:
                stored = row
            elif row["RowKey"].startswith(PENDING_PREFIX):
                pending.append(_pending(row))
        return self._stored(stored), sorted(pending, key=lambda attempt: (attempt.created_at, attempt.id), reverse=True)

    def save(self, sign_in: StoredSignIn, etag: str | None) -> str:
        """Write the sign-in over the version with this ETag (None: over whatever is there); returns the new ETag.

        Raises:
            RowConflict: another process wrote first.
        """
        row: Entity = {
            "PartitionKey": PARTITION,
            "RowKey": TOKEN_ROW,
            "state": sign_in.state,
            "account": sign_in.account,
            "signInId": sign_in.sign_in_id,
            "signedInAt": sign_in.signed_in_at,
            "lastRenewedAt": sign_in.last_renewed_at,
            "reasonCode": sign_in.reason_code,
            "reasonNumber": sign_in.reason_number,
            "claimedUntil": sign_in.claimed_until,
        }
        if sign_in.cache:
            put_bytes(row, "cache", self._vault.seal("token-cache", sign_in.cache))
        return self._store.table(TABLE).replace(row, etag)

    def seal_flow(self, flow: Mapping[str, Any]) -> bytes:
        """MSAL's flow (device code; or state, nonce and verifier) as a Pending holds it."""
        return self._vault.seal("flow", json.dumps(flow))

    def open_flow(self, pending: Pending) -> dict[str, Any]:
        """The flow again.

        Raises:
            Unreadable: the keys were changed meanwhile.
        """
        flow: dict[str, Any] = json.loads(self._vault.open("flow", pending.sealed))
        return flow

    def save_pending(self, pending: Pending) -> Pending:
        """Create a waiting sign-in (no ETag), or write over the version that was read; returns it with its new ETag.

        Raises:
            RowConflict: another process wrote first.
        """
        row: Entity = {
            "PartitionKey": PARTITION,
            "RowKey": PENDING_PREFIX + pending.id,
            "kind": pending.kind,
            "owner": pending.owner,
            "createdAt": pending.created_at,
            "expiresAt": pending.expires_at,
            "outcome": pending.outcome,
            "reasonCode": pending.reason_code,
            "reasonNumber": pending.reason_number,
            "notBefore": pending.not_before,
        }
        put_bytes(row, "flow", pending.sealed)
        table = self._store.table(TABLE)
        return replace(pending, etag=table.replace(row, pending.etag) if pending.etag else table.insert(row))

    def remove_pending(self, pending: Pending) -> None:
        """Forget one, whatever became of it."""
        self._store.table(TABLE).delete(PARTITION, PENDING_PREFIX + pending.id)

    def _stored(self, row: Entity | None) -> StoredSignIn:
        if row is None:
            return StoredSignIn()
        state: State = row.get("state", "signedOut")
        cache, unreadable = "", False
        if state != "signedOut":
            try:
                cache = self._vault.open("token-cache", get_bytes(row, "cache"))
            except Unreadable:
                unreadable = True
        return StoredSignIn(
            state=state,
            cache=cache,
            account=row.get("account", ""),
            sign_in_id=row.get("signInId", ""),
            signed_in_at=row.get("signedInAt", ""),
            last_renewed_at=row.get("lastRenewedAt", ""),
            reason_code=row.get("reasonCode", ""),
            reason_number=row.get("reasonNumber", 0),
            claimed_until=row.get("claimedUntil", ""),
            unreadable=unreadable,
            etag=row["etag"],
        )


def _pending(row: Entity) -> Pending:
    return Pending(
        id=row["RowKey"].removeprefix(PENDING_PREFIX),
        kind=row.get("kind", ""),
        owner=row.get("owner", ""),
        created_at=row.get("createdAt", ""),
        expires_at=row.get("expiresAt", ""),
        sealed=get_bytes(row, "flow"),
        outcome=row.get("outcome", ""),
        reason_code=row.get("reasonCode", ""),
        reason_number=row.get("reasonNumber", 0),
        not_before=row.get("notBefore", ""),
        etag=row["etag"],
    )
