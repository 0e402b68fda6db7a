"""All tables in one file, and back: what people made (links, merges, owners, comments, views, actions) exists nowhere else.

The file is gzip of JSON lines: a heading, then for each table its name and its rows as the service takes them, then an end
with counts and a digest. It is written and read row by row, so its size is bounded by the disk alone. It holds what the
tables hold, contacts of customers among it; the sign-in in it stays encrypted with HUNTER_TOKEN_CACHE_KEY.

A backup while a sync runs is good: SyncState is read first, so that rows are never older than the place of the sync, and
where a run came in between, ``quiet`` is false and a restored state asks the next sync to reckon all companies anew.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import json
import os
import pkgutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from shared.core.errors import InvalidRequest, SyncRunning
from shared.model import times
from shared.storage import tables
from shared.storage.engine.batches import write_stream
from shared.storage.engine.entities import Entity, encode
from shared.storage.engine.operations import Delete, Operation, Replace
from shared.storage.engine.tables import TableStore
from shared.storage.engine.wire import decode_row
from shared.storage.tables.sync_state import SyncState

VERSION: Final = 1
_OTHERS: Final = ("Referrals", "ReferralPayloads", "Companies", "SignIn")
"""Tables whose names stand in no module of ``storage/tables``."""
_FIRST: Final = "SyncState"
_WRITERS: Final = 4
_KEYS: Final = ["PartitionKey", "RowKey"]

Progress = Callable[[str, int], None]
"""Told a table and how many of its rows are done."""


def known_tables() -> list[str]:
    """All tables of the app: SyncState, then by name."""
    modules = (
        importlib.import_module(f"{tables.__name__}.{each.name}") for each in pkgutil.iter_modules(tables.__path__)
    )
    named = {str(module.TABLE) for module in modules if hasattr(module, "TABLE")} | set(_OTHERS)
    return [_FIRST, *sorted(named - {_FIRST})]


def save(store: TableStore, file: Path, progress: Progress = lambda table, rows: None) -> dict[str, int]:
    """Write all tables to a new file; it appears under its name when it is whole, for its owner alone.

    Returns:
        The rows of each table.

    Raises:
        InvalidRequest: there is a file of that name, or it can't be written.
        StorageUnavailable: storage does not answer.
    """
    if file.exists():
        raise InvalidRequest(f"There is a file {file.name} already. Give another name.")
    half = file.with_name(f"{file.name}.half")
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as out:
            counts = _written(store, _Writer(out.write), progress)
        half.replace(file)
    except OSError as error:
        raise InvalidRequest(f"{file.name} can't be written: {error.strerror}.") from None
    finally:
        half.unlink(missing_ok=True)
    return counts


class _Writer:
    """Writes lines and reckons their digest."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._digest = hashlib.sha256()

    def line(self, body: bytes) -> None:
        self._digest.update(body + b"\n")
        self._write(body + b"\n")

    def mark(self, **fields: Any) -> None:
        self.line(json.dumps(fields).encode())

    def digest(self) -> str:
        return self._digest.hexdigest()


def _written(store: TableStore, out: _Writer, progress: Progress) -> dict[str, int]:
    there, counts = store.names(), dict[str, int]()
    out.mark(hunter="backup", version=VERSION, at=times.public(times.from_datetime(store.clock.now())))
    before = _state(store) if _FIRST in there else {}
    for table in (name for name in known_tables() if name in there):
        out.mark(table=table)
        counts[table] = 0
        for row in store.table(table).query():
            out.line(encode(row))
            counts[table] += 1
            progress(table, counts[table])
    quiet = before == (_state(store) if _FIRST in there else {})
    out.mark(end=True, quiet=quiet, rows=counts, sha256=out.digest())
    return counts


def _state(store: TableStore) -> dict[str, str]:
    """What a run changes when it begins, goes on and ends."""
    rows = store.table(_FIRST).query(
        "RowKey ge @first and RowKey lt @last", {"first": "head-", "last": "head."}, ["RowKey"]
    )
    return {str(row["RowKey"]): str(row["etag"]) for row in rows}


def restore(
    store: TableStore, file: Path, *, replace: bool = False, progress: Progress = lambda table, rows: None
) -> dict[str, int]:
    """Make the tables what they were when ``save`` wrote the file. Interrupted, it can simply be run again.

    Args:
        store: the tables.
        file: what ``save`` wrote; it is read to its end before anything is changed.
        replace: whether tables that hold rows may be overwritten; what the file has not is deleted from them.
        progress: told how far it is.

    Returns:
        The rows of each table.

    Raises:
        InvalidRequest: the file is no whole backup, or tables hold rows and may not be overwritten.
        SyncRunning: a sync writes to the tables just now.
        StorageUnavailable: storage does not answer.
    """
    end = _checked(file)
    state = SyncState(store)
    if state.load().holder(store.clock.now()):
        raise SyncRunning
    there = store.names()
    full = [
        name for name in known_tables() if name in there and next(store.table(name).query(select=_KEYS, limit=1), None)
    ]
    if full and not replace:
        raise InvalidRequest(f"There are rows in {', '.join(full)}. To overwrite them, give --replace.")
    with ThreadPoolExecutor(_WRITERS) as executor:

        def write(table: str, operations: Iterator[Operation]) -> None:
            write_stream(store.table(table), operations, lambda _: None, executor)

        kept: dict[str, set[bytes]] = {}
        late: list[Entity] = []
        for table, rows in _tables_in(file):
            keys = kept.setdefault(table, set())
            if table == _FIRST:
                late = [_asking(row, quiet=end["quiet"]) for row in rows]
                keys.update(map(_digest, late))
            else:
                write(table, _replaced(rows, table, keys, progress))
        for table in full:
            write(table, _left_over(store, table, kept.get(table, set())))
        # Last, so that no sync goes on from a place whose rows are not there yet.
        write(_FIRST, iter([Replace(row, None) for row in late]))
    counts: dict[str, int] = end["rows"]
    return counts


def _replaced(rows: Iterator[Entity], table: str, keys: set[bytes], progress: Progress) -> Iterator[Operation]:
    for number, row in enumerate(rows, 1):
        keys.add(_digest(row))
        progress(table, number)
        yield Replace(row, None)


def _left_over(store: TableStore, table: str, kept: set[bytes]) -> Iterator[Operation]:
    for row in store.table(table).query(select=_KEYS):
        if _digest(row) not in kept:
            yield Delete(str(row["PartitionKey"]), str(row["RowKey"]))


def _digest(row: Entity) -> bytes:
    name = json.dumps([row["PartitionKey"], row["RowKey"]]).encode()
    return hashlib.blake2b(name, digest_size=16).digest()


def _asking(row: Entity, *, quiet: bool) -> Entity:
    """A row of SyncState; after a backup that was not quiet the lease asks for all companies to be reckoned."""
    return row if quiet or "settled" not in row else {**row, "settled": False}


def _checked(file: Path) -> dict[str, Any]:
    """The end of a backup that is whole and has the digest it says."""
    digest, last, version = hashlib.sha256(), dict[str, Any](), None
    try:
        for number, line in enumerate(_lines(file)):
            if not number:
                heading = json.loads(line)
                version = heading.get("version") if heading.get("hunter") == "backup" else None
            last = json.loads(line) if line.startswith(b'{"end"') else {}
            if not last:
                digest.update(line)
    except (ValueError, AttributeError):
        last = {}
    if version is not None and version != VERSION:
        raise InvalidRequest(f"{file.name} is of another version of Hunter. Restore it with that one.")
    if version is None or last.get("sha256") != digest.hexdigest():
        raise InvalidRequest(f"{file.name} is no whole backup, so nothing was changed.")
    return last


def _tables_in(file: Path) -> Iterator[tuple[str, Iterator[Entity]]]:
    """Each table of a backup with its rows; the rows have to be taken before the next table."""
    lines = _lines(file)
    next(lines)
    marks = [json.loads(next(lines))]

    def rows() -> Iterator[Entity]:
        for line in lines:
            if not line.startswith((b'{"table"', b'{"end"')):
                yield decode_row(line)
                continue
            marks.append(json.loads(line))
            return

    while "table" in (mark := marks.pop()):
        yield mark["table"], rows()


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with gzip.open(file, "rb") as lines:
            yield from lines
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is cut or no backup"
        raise InvalidRequest(f"{file.name} can't be read: {reason}. Nothing was changed.") from None
