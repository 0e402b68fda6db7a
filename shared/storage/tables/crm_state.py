"""The CrmState table, one partition: the connection to Dynamics 365, its pause, the mapping, and the lease of a run."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from shared.core.clock import Clock
from shared.model import times
from shared.storage.engine.entities import Entity, get_text, put_text
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables.crm_links import LinkError

TABLE: Final = "CrmState"
PARTITION: Final = "dynamics"
LEASE_SECONDS: Final = 45
HEARTBEAT_SECONDS: Final = 10
RUNS_KEPT: Final = 20


class CrmRun(msgspec.Struct, kw_only=True, frozen=True):
    """One run; the counts are of referrals."""

    at: str
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    pulled: int = 0
    failed: int = 0
    requests: int = 0


class CrmStatus(msgspec.Struct, kw_only=True, frozen=True):
    """What the last runs found."""

    reachable: bool | None = None
    organisation: str = ""
    user: str = ""
    key: str = "none"
    connector: bool = False
    pending: int = 0
    """How many referrals the last run did not come to."""
    runs: tuple[CrmRun, ...] = ()
    """Newest first."""
    error: LinkError | None = None
    handled: str = ""
    """The version of the data that was looked at last."""
    scanned_at: str = ""
    """When the CRM was looked at last."""


_status = msgspec.json.Decoder(CrmStatus)


class CrmState:
    """Reads and writes it. Every method raises StorageUnavailable when storage does not answer."""

    def __init__(self, store: TableStore, clock: Clock) -> None:
        self._table = store.table(TABLE)
        self._clock = clock

    def _text(self, row: str) -> str | None:
        found = self._table.get(PARTITION, row)
        return get_text(found, "json") if found else None

    def _put(self, row: str, data: bytes) -> None:
        entity: Entity = {"PartitionKey": PARTITION, "RowKey": row}
        put_text(entity, "json", data.decode())
        self._table.replace(entity, None)

    def status(self) -> CrmStatus:
        """What is known of the connection."""
        text = self._text("status")
        return _status.decode(text) if text else CrmStatus()

    def put_status(self, status: CrmStatus) -> None:
        """Note what a run found."""
        self._put("status", msgspec.json.encode(status))

    def environment(self) -> str | None:
        """The environment as it was read last, JSON."""
        return self._text("environment")

    def put_environment(self, data: bytes) -> None:
        """Keep what was read of it."""
        self._put("environment", data)

    def forget_environment(self) -> None:
        """What was read of it holds no longer: the next run reads it anew."""
        self._put("environment", b"")

    def pause(self) -> datetime | None:
        """Until when Dynamics 365 asked to be left alone."""
        row = self._table.get(PARTITION, "pause")
        return times.to_datetime(row["until"]) if row else None

    def put_pause(self, until: datetime) -> None:
        """Every instance waits until then; a longer pause stays."""
        known = self.pause()
        if known is None or known < until:
            row: Entity = {"PartitionKey": PARTITION, "RowKey": "pause", "until": times.from_datetime(until)}
            self._table.replace(row, None)

    # The mapping

    def mapping(self) -> str | None:
        """The mapping that people set, JSON; None while the built-in one holds."""
        return self._text("mapping")

    def put_mapping(self, data: bytes, version: int) -> None:
        """Set it; the version is kept beside those before."""
        self._put(f"mapping-{version:06d}", data)
        self._put("mapping", data)

    # One run at a time

    def take(self) -> CrmLease | None:
        """The lease of a run; None while another holds it."""
        now = self._clock.now()
        row = self._table.get(PARTITION, "lease")
        if row and times.to_datetime(row["until"]) > now:
            return None
        token = secrets.token_hex(8)
        entity = _lease(token, now)
        try:
            etag = self._table.replace(entity, str(row["etag"])) if row else self._table.insert(entity)
        except RowConflict:
            return None
        return CrmLease(self, token, etag)

    def is_held(self) -> bool:
        """Whether a run holds the lease."""
        row = self._table.get(PARTITION, "lease", ["until"])
        return bool(row) and times.to_datetime(row["until"]) > self._clock.now() if row else False

    def renew(self, token: str, etag: str) -> str | None:
        """The lease for longer; None when it is another's by now."""
        try:
            return self._table.replace(_lease(token, self._clock.now()), etag)
        except RowConflict:
            return None

    def release(self, etag: str) -> None:
        """End it, if it is still ours."""
        try:
            self._table.delete(PARTITION, "lease", etag)
        except RowConflict:
            return


def _lease(token: str, now: datetime) -> Entity:
    until = times.from_datetime(now + timedelta(seconds=LEASE_SECONDS))
    return {"PartitionKey": PARTITION, "RowKey": "lease", "token": token, "until": until}


class CrmLease:
    """Held by one run, and renewed from a thread of its own; it ends with the process."""

    def __init__(self, state: CrmState, token: str, etag: str) -> None:
        self._state = state
        self._token = token
        self._etag: str | None = etag
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="crm-lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        if self._etag and (kind is None or issubclass(kind, Exception)):
            self._state.release(self._etag)

    @property
    def lost(self) -> bool:
        """Whether another run has it by now."""
        return self._etag is None

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            etag = self._etag
            if etag is None:
                return
            try:
                self._etag = self._state.renew(self._token, etag)
            except Exception:  # noqa: BLE001 - storage is away: the lease ends by itself
                return


Json = Mapping[str, Any]
