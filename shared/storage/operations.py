"""What a write to a table can be."""

from __future__ import annotations

from dataclasses import dataclass

from shared.storage.entities import Entity


@dataclass(frozen=True)
class Insert:
    """Create a row; conflict when there is one."""

    entity: Entity


@dataclass(frozen=True)
class Replace:
    """Write a whole row: over the version with this ETag, or (None) whatever is there."""

    entity: Entity
    etag: str | None


@dataclass(frozen=True)
class Delete:
    """Remove a row: the version with this ETag, or (None) whatever is there; conflict when there is none."""

    partition: str
    row: str
    etag: str | None = None


Operation = Insert | Replace | Delete
