"""What lists are answered from: all referrals and companies in memory, one snapshot for each version of the data.

A request costs one point read, of the versions; only when they changed are the tables read again: the 16 partitions of
referrals side by side, or, when people changed owners or comments alone, just those. A snapshot never changes, so requests
share it without locks. It belongs to the version that was read before its rows: whatever is written while they are read
brings another version, and another reading.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from shared.core.context import ContextExecutor
from shared.model.summary import ReferralSummary
from shared.read_model import desk
from shared.read_model.snapshot import Snapshot
from shared.storage.engine.tables import TableStore
from shared.storage.tables import companies as stored_companies
from shared.storage.tables import company_edits, company_links, quarantine, referrals
from shared.storage.tables import tenants as stored_tenants
from shared.storage.tables.data_version import Versions, read_versions

if TYPE_CHECKING:
    from shared.model.resource import Referral

READERS: Final = 8


class ReadModel:
    """The snapshots of one process; thread-safe."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._snapshot: Snapshot | None = None
        self._versions = Versions()
        """Those that the snapshot was read under."""
        self._number = 0
        """Of the reading that gave the snapshot."""
        self._begun = 0
        """How many readings were begun."""
        self._reading = threading.Lock()

    def known(self) -> Snapshot | None:
        """The data as it was read last, however long ago; None before the first reading. No request."""
        return self._snapshot

    def snapshot(self) -> Snapshot:
        """The data as it is now. Raises what storage raises.

        Requests that come while the tables are being read wait for that: either it began after they came, and is as new as
        they need it, or it gave the version that they found, or the next of them reads again.
        """
        begun = self._begun
        versions = read_versions(self._store)
        known = self._snapshot
        if known and known.version == str(versions):
            return known
        with self._reading:
            known = self._snapshot
            if known and (known.version == str(versions) or self._number > begun):
                return known
            self._begun += 1
            number = self._begun
            versions = read_versions(self._store)
            if known and self._versions.data == versions.data:
                self._snapshot = known.with_desk(str(versions), desk.read(self._store))
            else:
                self._snapshot = read(self._store, str(versions))
            self._versions, self._number = versions, number
            return self._snapshot

    def payloads(self, ids: Collection[str]) -> Iterator[tuple[str, Referral]]:
        """The records of these ids as they were received; see ``payloads.read_payloads``."""
        from shared.read_model.payloads import read_payloads  # reads whole records, which no list needs

        return read_payloads(self._store, ids)


def read(store: TableStore, version: str) -> Snapshot:
    """Read all tables that lists need, side by side."""
    repeated = referrals.Repeated()
    with ContextExecutor(READERS, thread_name_prefix="read-model") as readers:
        companies = readers.submit(stored_companies.load_all, store)
        links = readers.submit(company_links.load_all, store)
        edits = readers.submit(company_edits.load_all, store)
        tenants = readers.submit(stored_tenants.load_all, store)
        quarantined = readers.submit(quarantine.count, store)
        people_s = readers.submit(desk.read, store)
        partitions = readers.map(lambda partition: _partition(store, partition, repeated), referrals.PARTITIONS)
        rows = [referral for partition in partitions for referral in partition]
        snapshot = Snapshot(
            version,
            rows,
            companies.result().companies,
            merged=companies.result().merged,
            links=links.result(),
            tenants=tenants.result(),
            quarantined=quarantined.result(),
            edits=edits.result(),
        )
        return snapshot.with_desk(version, people_s.result())


def _partition(store: TableStore, partition: str, repeated: referrals.Repeated) -> list[ReferralSummary]:
    return list(referrals.scan_summaries(store.table("Referrals"), partition, repeated))
