"""What a table asks of whatever carries its lists and its batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from shared.storage.engine.operations import Operation

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """What is asked of a table."""

    table: str
    filter: str | None = None
    """OData filter with ``@name`` for values, or None for all rows."""
    parameters: Mapping[str, Any] | None = None
    """The values of those names."""
    columns: tuple[str, ...] | None = None
    """The properties wanted, or None for all."""


class Reader(Protocol[T]):
    """Makes rows of an answer: of a page's bytes, or of one row that was read as a dictionary."""

    def page(self, body: bytes) -> list[T]:
        """The rows of a page. Raises ValueError: it is not a page of rows."""

    def row(self, row: Mapping[str, Any]) -> T:
        """One row."""


class Lane(Protocol):
    """Carries lists and batches. Both methods raise errors of azure-core, as the SDK would."""

    def query(
        self, question: Question, reader: Reader[T], *, top: int | None = None, continuation: Any = None
    ) -> tuple[list[T], Any]:
        """One page of rows in key order, possibly empty, and where the next begins (None: nowhere)."""

    def transact(self, table: str, operations: Sequence[Operation]) -> list[str]:
        """One entity group transaction; the new ETags, "" for a deletion."""
