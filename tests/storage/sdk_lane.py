"""Lists and batches through the SDK alone: what the fast lane is held against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from azure.core import MatchConditions
from azure.data.tables import EdmType, EntityProperty, TableServiceClient, UpdateMode

from shared.storage.engine.entities import Entity
from shared.storage.engine.lane import Question, Reader
from shared.storage.engine.operations import Delete, Insert, Operation
from shared.storage.engine.tables import TableStore

T = TypeVar("T")


class SdkLane:
    """A lane that takes the SDK's road."""

    def __init__(self, service: TableServiceClient) -> None:
        self._service = service

    def query(
        self, question: Question, reader: Reader[T], *, top: int | None = None, continuation: Any = None
    ) -> tuple[list[T], Any]:
        """One page of rows, and where the next begins."""
        client = self._service.get_table_client(question.table)
        columns = list(question.columns) if question.columns else None
        rows = (
            client.query_entities(
                question.filter, parameters=dict(question.parameters or {}), select=columns, results_per_page=top
            )
            if question.filter
            else client.list_entities(select=columns, results_per_page=top)
        )
        pages = rows.by_page(continuation_token=continuation)
        page = [reader.row(_read(entity)) for entity in next(pages, [])]
        return page, getattr(pages, "continuation_token", None)

    def transact(self, table: str, operations: Sequence[Operation]) -> list[str]:
        """One entity group transaction."""
        batch = [_operation(operation) for operation in operations]
        answers = self._service.get_table_client(table).submit_transaction(batch)
        return [str(answer.get("etag", "")) for answer in answers]


def _read(entity: Any) -> Entity:
    row: Entity = {name: value.value if isinstance(value, EntityProperty) else value for name, value in entity.items()}
    row["etag"] = entity.metadata["etag"]
    return row


def _write(entity: Entity) -> dict[str, Any]:
    return {
        name: EntityProperty(value, EdmType.INT64) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in entity.items()
        if value is not None and name != "etag"
    }


def _operation(operation: Operation) -> tuple[Any, ...]:
    if isinstance(operation, Insert):
        return ("create", _write(operation.entity))
    if isinstance(operation, Delete):
        keys = {"PartitionKey": operation.partition, "RowKey": operation.row}
        condition = {"etag": operation.etag, "match_condition": MatchConditions.IfNotModified} if operation.etag else {}
        return ("delete", keys, condition)
    if operation.etag is None:
        return ("upsert", _write(operation.entity), {"mode": UpdateMode.REPLACE})
    condition = {"etag": operation.etag, "match_condition": MatchConditions.IfNotModified}
    return ("update", _write(operation.entity), {"mode": UpdateMode.REPLACE, **condition})


def by_the_sdk(store: TableStore) -> TableStore:
    """The same tables, with lists and batches by the SDK."""
    return TableStore(store._service, SdkLane(store._service), store.clock, store.intercept)
