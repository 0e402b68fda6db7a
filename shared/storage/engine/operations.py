"""What a write to a table can be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from shared.storage.engine.entities import Entity, encode


@dataclass(frozen=True)
class _Write:
    entity: Entity

    @cached_property
    def body(self) -> bytes:
        """The row as it is sent, so that batches are cut by what they really weigh."""
        return encode(self.entity)


@dataclass(frozen=True)
class Insert(_Write):
    """Create a row; conflict when there is one."""


@dataclass(frozen=True)
class Replace(_Write):
    """Write a whole row: over the version with this ETag, or (None) whatever is there."""

    etag: str | None


@dataclass(frozen=True)
class Delete:
    """Remove a row: the version with this ETag, or (None) whatever is there; conflict when there is none."""

    partition: str
    row: str
    etag: str | None = None
    body = b""


Operation = Insert | Replace | Delete
