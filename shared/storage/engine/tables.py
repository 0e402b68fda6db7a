"""The one way to Table Storage: short calls, errors of ours, and the only place that retries them.

The SDK's own retry policy is switched off (``retry_total=0``): it has no jitter, waits on timeouts of 300 s and leaves
failed batches alone, and two layers of retries multiply. Every call here is repeated by :data:`BACKOFF`, batches too.
That is safe because a repeated write is conditional: an insert or replace whose first attempt was applied although its
answer got lost ends in :class:`RowConflict`, and the caller reads again and decides again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.exceptions import (
    HttpResponseError,
    IncompleteReadError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.utils import parse_connection_string
from azure.data.tables import (
    EdmType,
    EntityProperty,
    RequestTooLargeError,
    TableClient,
    TableServiceClient,
    TableTransactionError,
    UpdateMode,
)
from msgspec import Struct
from requests.utils import get_environ_proxies
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from shared.core import events
from shared.core.backoff import Backoff, retry_after
from shared.core.clock import Clock, SystemClock
from shared.core.errors import ConfigurationError, StorageUnavailable
from shared.core.log import get_logger
from shared.core.settings import Settings
from shared.storage.engine.entities import Entity
from shared.storage.engine.fast_lane import Credential, FastLane
from shared.storage.engine.lane import Lane, Question, Reader
from shared.storage.engine.operations import Delete, Insert, Operation, Replace
from shared.storage.engine.wire import PlainRows, TextRows

__all__ = [
    "BACKOFF",
    "BATCH_BYTES",
    "BATCH_ROWS",
    "PASSING",
    "BatchTooLarge",
    "Delete",
    "Insert",
    "Intercept",
    "Operation",
    "Replace",
    "RowConflict",
    "Table",
    "TableStore",
]

log = get_logger(__name__)
T = TypeVar("T")
R = TypeVar("R", bound=Struct)

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 15
_BLOCK_BYTES: Final = 1 << 20
"""In which answers are taken from what was read; by default the SDK's core cuts a page of a megabyte into 250 pieces."""
BATCH_ROWS: Final = 100
"""Operations in one entity group transaction (Azure's limit)."""
BATCH_BYTES: Final = 3_500_000
"""What we put into one entity group transaction; Azure's limit is 4 MiB with the envelope."""
_CONFLICTS: Final = frozenset(
    {"EntityAlreadyExists", "UpdateConditionNotSatisfied", "ConditionNotMet", "ResourceNotFound", "EntityNotFound"}
)
"""What the service says when an operation's condition does not hold."""
_TOO_LARGE: Final = frozenset({"RequestBodyTooLarge", "EntityTooLarge"})
# The emulator's well-known account, printed in Microsoft's documentation; it opens nothing but an emulator.
_EMULATOR: Final = (
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoMGMw==",
)


BACKOFF: Final = Backoff(tries=5, first=0.2, most=5.0)
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that may pass by themselves: those are tried again."""
_LONGEST_ASKED: Final = 60.0
"""Seconds; the service asks for a few at most, and a person waits."""


_PLAIN: Final = PlainRows()


class RowConflict(Exception):
    """A condition did not hold: the row exists, is gone, or has another ETag. ``index`` is the operation's in its batch."""

    def __init__(self, index: int = 0) -> None:
        super().__init__(f"operation {index} met another version of its row")
        self.index = index


class BatchTooLarge(Exception):
    """A batch was refused for its size; halve it."""


Intercept = Callable[[str, str, str], None]
"""Called with ("before" | "after", operation, table) around every request; tests raise from it. None in production."""


class TableStore:
    """The tables of one account; thread-safe, one for each process."""

    def __init__(
        self,
        service: TableServiceClient,
        lane: Lane,
        clock: Clock | None = None,
        intercept: Intercept | None = None,
    ) -> None:
        self._service = service
        self.lane = lane
        """What carries lists and batches; all the rest goes through the SDK."""
        self.clock: Clock = clock or SystemClock()
        self.intercept = intercept
        self._tables: dict[str, Table] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_settings(
        cls, settings: Settings, clock: Clock | None = None, intercept: Intercept | None = None
    ) -> TableStore:
        """Connect as the settings say, by connection string or by managed identity; nothing is sent yet.

        Args:
            settings: the app's settings.
            clock: the time.
            intercept: called around every request.

        Raises:
            ConfigurationError: there is no usable storage setting.
        """
        settings.require_storage()
        transport = _transport()
        options: dict[str, Any] = {"retry_total": 0, "transport": transport, "logging_enable": False}
        credential: Credential
        if settings.storage:
            try:
                service = TableServiceClient.from_connection_string(settings.storage, **options)
                credential = _credential(settings.storage)
            except (ValueError, KeyError):
                # The SDK's text holds the connection string: it must not travel on.
                raise ConfigurationError("HUNTER_STORAGE: This is not a storage connection string.") from None
        else:
            from azure.identity import DefaultAzureCredential  # 200 ms of import that a connection string never needs

            credential = DefaultAzureCredential(managed_identity_client_id=settings.storage_client_id or None)
            service = TableServiceClient(endpoint=settings.storage_uri, credential=credential, **options)
        transport.session.proxies.update(get_environ_proxies(service.url))
        return cls(service, FastLane(service.url, credential, transport), clock, intercept)

    def table(self, name: str) -> Table:
        """One table; it is created in storage when it is first needed."""
        with self._lock:
            if name not in self._tables:
                self._tables[name] = Table(self, self._service.get_table_client(name))
            return self._tables[name]

    def names(self) -> set[str]:
        """The tables that there are in storage. Raises as the methods of ``Table`` do."""
        listing = Table(self, self._service.get_table_client("Tables"))  # as the service calls the list itself
        return listing._call("list", lambda: {each.name for each in self._service.list_tables()})

    def create(self, name: str) -> None:
        """Create a table in storage, if it isn't there."""
        self._service.create_table_if_not_exists(name)


class Table:
    """One table. All methods raise :class:`StorageUnavailable` when storage does not answer after all tries."""

    def __init__(self, store: TableStore, client: TableClient) -> None:
        self._store = store
        self._client = client
        self.name: str = client.table_name

    def get(self, partition: str, row: str, select: Sequence[str] | None = None) -> Entity | None:
        """One row, or None."""

        def call() -> Entity | None:
            try:
                return _read(self._client.get_entity(partition, row, select=list(select) if select else None))
            except ResourceNotFoundError as error:
                if _is_table_missing(error):
                    raise
                return None

        return self._call("get", call)

    def query(
        self,
        filter: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        select: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> Iterator[Entity]:
        """Rows in key order, page by page; each page is one call with retries of its own.

        Args:
            filter: OData filter with ``@name`` for values, or None for all rows.
            parameters: the values of those names; the SDK quotes them.
            select: the properties wanted, or None for all.
            limit: the first so many rows only.
        """
        question = Question(self.name, filter, parameters, tuple(select) if select else None)
        return self._rows(question, _PLAIN, limit)

    def texts(
        self, rows: TextRows[R], filter: str | None = None, parameters: Mapping[str, Any] | None = None
    ) -> Iterator[R]:
        """As ``query``, but rows as structs of those columns: what is read by the ten thousand.

        Args:
            rows: the columns wanted, all of them texts.
            filter: OData filter with ``@name`` for values, or None for all rows.
            parameters: the values of those names.
        """
        return self._rows(Question(self.name, filter, parameters, rows.columns), rows)

    def _rows(self, question: Question, reader: Reader[T], left: int | None = None) -> Iterator[T]:
        token: Any = None
        while True:

            def call(token: Any = token, left: int | None = left) -> tuple[list[T], Any]:
                return self._store.lane.query(question, reader, top=left, continuation=token)

            page, token = self._call("query", call)
            yield from page[:left]
            if left is not None:
                left -= len(page)
            if not token or (left is not None and left <= 0):
                return

    def insert(self, entity: Entity) -> str:
        """Create a row and return its ETag.

        Raises:
            RowConflict: the row exists (perhaps from our own first attempt whose answer was lost).
        """
        return str(self._call("insert", lambda: self._client.create_entity(_write(entity)))["etag"])

    def replace(self, entity: Entity, etag: str | None) -> str:
        """Write a whole row, over the version with this ETag or (None) whatever is there; returns the new ETag.

        Raises:
            RowConflict: the row has another version or is gone.
        """
        if etag is None:
            call = lambda: self._client.upsert_entity(_write(entity), mode=UpdateMode.REPLACE)  # noqa: E731
        else:
            call = lambda: self._client.update_entity(  # noqa: E731
                _write(entity), mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
            )
        return str(self._call("replace", call)["etag"])

    def delete(self, partition: str, row: str, etag: str | None = None) -> None:
        """Remove a row; that it is gone already is fine.

        Raises:
            RowConflict: the row has another version.
        """
        condition: dict[str, Any] = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        self._call("delete", lambda: self._client.delete_entity(partition, row, **condition))

    def transact(self, operations: Sequence[Operation]) -> list[str]:
        """One entity group transaction: all or nothing, one partition, at most 100 operations; returns the new ETags.

        Raises:
            RowConflict: a condition did not hold; ``index`` says of which operation.
            BatchTooLarge: the service refused the batch for its size.
        """
        return self._call("transact", lambda: self._store.lane.transact(self.name, operations))

    def _call(self, name: str, call: Callable[[], T]) -> T:
        """Run one request with retries, and turn the SDK's errors into ours."""
        retrying = Retrying(
            stop=stop_after_attempt(BACKOFF.tries),
            retry=retry_if_exception(_passes),
            wait=_wait,
            sleep=self._store.clock.sleep,
            before_sleep=lambda state: _log_retry(name, self.name, state),
            reraise=True,
        )
        try:
            result: T = retrying(self._attempt, name, call)
            return result
        except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
            raise RowConflict from None
        except (HttpResponseError, ServiceRequestError, ServiceResponseError, IncompleteReadError) as error:
            if isinstance(error, TableTransactionError):
                if isinstance(error, RequestTooLargeError) or _code(error) in _TOO_LARGE:
                    raise BatchTooLarge from None
                if _code(error) in _CONFLICTS:
                    raise RowConflict(error.index or 0) from None
            status = getattr(error, "status_code", None)
            log.error(events.STORAGE_FAILED, operation=name, table=self.name, status=status, kind=type(error).__name__)
            if status in {401, 403}:
                raise ConfigurationError(
                    "The app may not use its storage. Its identity needs the role Storage Table Data Contributor "
                    "on the account, or HUNTER_STORAGE has a wrong key."
                ) from None
            raise StorageUnavailable(retry_after=60) from None

    def _attempt(self, name: str, call: Callable[[], T]) -> T:
        intercept = self._store.intercept
        if intercept:
            intercept("before", name, self.name)
        try:
            result = call()
        except (ResourceNotFoundError, TableTransactionError) as error:
            if not _is_table_missing(error):
                raise
            self._store.create(self.name)
            result = call()
        if intercept:
            intercept("after", name, self.name)
        return result


def _transport() -> RequestsTransport:
    """What sends, open already: two threads at once would open it twice.

    It looks for certificates and proxies in the environment once: for each request anew, that is a tenth of its cost.
    """
    transport = RequestsTransport(
        connection_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        connection_data_block_size=_BLOCK_BYTES,
        connection_verify=os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True,
        use_env_settings=False,
    )
    transport.open()
    return transport


def _credential(connection_string: str) -> Credential:
    """Key or shared access signature of a connection string. Raises KeyError, ValueError."""
    if connection_string.strip().lower().rstrip(";") == "usedevelopmentstorage=true":
        return AzureNamedKeyCredential(*_EMULATOR)
    parts = parse_connection_string(connection_string)
    if "accountkey" in parts:
        return AzureNamedKeyCredential(parts["accountname"], parts["accountkey"])
    return AzureSasCredential(parts["sharedaccesssignature"])


def _passes(error: BaseException) -> bool:
    """Whether an error may pass by itself."""
    if isinstance(error, TableTransactionError) and error.status_code == 202:
        # The envelope was accepted; what counts is the failed operation's own code.
        return _code(error) in {"ServerBusy", "OperationTimedOut", "InternalError"}
    if isinstance(error, IncompleteReadError):  # to the SDK it is a kind of HttpResponseError, of no status
        return True
    if isinstance(error, HttpResponseError):
        return error.status_code in PASSING or _code(error) == "TableBeingDeleted"
    return isinstance(error, ServiceRequestError | ServiceResponseError)


def _wait(state: RetryCallState) -> float:
    """Full jitter, and never less than the service asked for."""
    error = state.outcome.exception() if state.outcome else None
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    asked = retry_after(headers, datetime.now(UTC))
    return BACKOFF.wait(state.attempt_number, min(asked or 0.0, _LONGEST_ASKED))


def _log_retry(operation: str, table: str, state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning(
        events.STORAGE_RETRY,
        operation=operation,
        table=table,
        attempt=state.attempt_number,
        waitSeconds=round(state.next_action.sleep, 3) if state.next_action else None,
        status=getattr(error, "status_code", None),
        kind=type(error).__name__,
    )


def _code(error: HttpResponseError) -> str:
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def _is_table_missing(error: HttpResponseError) -> bool:
    # A single insert is the one call for which the SDK leaves the code in the text.
    return "TableNotFound" in (_code(error) or str(error))


def _read(entity: Any) -> Entity:
    """A row as plain values; long integers come wrapped."""
    row: Entity = {name: value.value if isinstance(value, EntityProperty) else value for name, value in entity.items()}
    row["etag"] = entity.metadata["etag"]
    return row


def _write(entity: Entity) -> dict[str, Any]:
    """A row as the SDK takes it: without our ETag, without None, integers with 64 bits."""
    return {
        name: EntityProperty(value, EdmType.INT64) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in entity.items()
        if value is not None and name != "etag"
    }
