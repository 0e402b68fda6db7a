"""The People table: who has used the app, and when last. One partition, RowKey is the person's id."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from shared.model import times
from shared.model.person import Person
from shared.storage.engine.entities import Entity, key
from shared.storage.engine.tables import TableStore

TABLE: Final = "People"
PARTITION: Final = "people"
EVERY: Final = timedelta(minutes=10)
"""``lastSeenAt`` is written no oftener."""
_REMEMBERED: Final = 5_000


class Seen(Person, frozen=True):
    """A person, and when the app was last used."""

    at: str = ""
    """Text of ``model.times``."""


class People:
    """Notes who uses the app; thread-safe, one for each process."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._noted: dict[Person, datetime] = {}
        """When each was last found or written to have been seen."""
        self._lock = threading.Lock()

    def load(self) -> list[Seen]:
        """Everybody, who was seen last first."""
        rows = self._store.table(TABLE).query("PartitionKey eq @partition", {"partition": PARTITION})
        return sorted((_from_row(row) for row in rows), key=lambda seen: seen.at, reverse=True)

    def note(self, person: Person, now: datetime) -> None:
        """Somebody uses the app now. At most every ten minutes, over all instances, that is written; a person without an
        address is not noted. Raises what storage raises."""
        if not person.mail:
            return
        with self._lock:
            noted = self._noted.get(person)
            if noted and now - noted < EVERY:
                return
            if len(self._noted) >= _REMEMBERED:
                self._noted.clear()
            self._noted[person] = now
        table = self._store.table(TABLE)
        row = table.get(PARTITION, key(person.id))
        known = _from_row(row) if row else None
        if known and (known.mail, known.name) == (person.mail, person.name):
            seen = times.to_datetime(known.at)
            if now - seen < EVERY:
                with self._lock:
                    self._noted[person] = seen
                return
        # Whoever writes last is right: all write the same person, and times that hardly differ.
        table.replace(_to_row(person, now), None)


def _to_row(person: Person, now: datetime) -> Entity:
    return {
        "PartitionKey": PARTITION,
        "RowKey": key(person.id),
        "id": person.id,
        "mail": person.mail,
        "name": person.name,
        "lastSeenAt": times.from_datetime(now),
    }


def _from_row(row: Mapping[str, Any]) -> Seen:
    return Seen(row["id"], row["name"], row["mail"], row["lastSeenAt"])
