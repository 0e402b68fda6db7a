"""All company rows as they should be, however many: in a database of its own that lies on the disk as soon as it is large."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import itemgetter
from typing import Final

import msgspec

from shared.core.errors import StorageUnavailable
from shared.model.company import Entry, Link, claims_of, entry_of, home_of, only_claimant
from shared.model.company_rows import CompanyRow
from shared.model.summary import ReferralSummary

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Entry)
_AT_ONCE: Final = 500
_SCHEMA: Final = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -4096;
    CREATE TABLE entries (home BLOB, packed BLOB);
    CREATE TABLE claims (mention BLOB, id BLOB, domain BLOB);
    CREATE TABLE merged (target BLOB, stub BLOB);
"""
_CLOSE: Final = """
    CREATE INDEX entries_of ON entries (home);
    CREATE INDEX claims_of ON claims (mention);
"""
_ONE_DOMAIN: Final = """
    SELECT mention, min(domain) FROM claims GROUP BY mention HAVING min(domain) = max(domain)
    AND EXISTS (SELECT 1 FROM entries WHERE home = mention)
"""
_PARTS: Final = """
    SELECT home, 0, packed, NULL FROM entries {0}
    UNION ALL SELECT mention, 1, id, domain FROM claims {1}
    UNION ALL SELECT target, 2, stub, NULL FROM merged {2}
"""
_ALL: Final = _PARTS.format("", "", "") + " ORDER BY 1"
_OF_ONE: Final = _PARTS.format("WHERE home = ?1", "WHERE mention = ?1", "WHERE target = ?1")
_Part = tuple[bytes, int, bytes, bytes | None]


class Ledger:
    """Takes all referrals, then gives row after row, to several threads if need be; to be closed.

    Args:
        links: what people said, by referral id.

    SQLite's unnamed database is nobody else's, and gone with this object: its first megabytes stay in memory, and the rest
    is in a file that has no name.

    All methods raise StorageUnavailable when that file can't be written.
    """

    def __init__(self, links: Mapping[str, Link]) -> None:
        self.links = links
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)
        self._lock = threading.Lock()
        self._entries: list[tuple[bytes, bytes]] = []
        self._claims: list[tuple[bytes, bytes, bytes]] = []

    def add(self, summary: ReferralSummary) -> None:
        """Take one referral; each once."""
        link = self.links.get(summary.id)
        home = home_of(summary, link)
        if home:
            self._entries.append((_bytes(home), _encoder.encode(entry_of(summary, link))))
        for mention, domain in claims_of(summary, link).items():
            self._claims.append((_bytes(mention), _bytes(summary.id), _bytes(domain)))
        if len(self._entries) + len(self._claims) >= _AT_ONCE:
            self._keep()

    def _keep(self) -> None:
        with _room_for_it():
            self._write_down()

    def _write_down(self) -> None:
        self._database.executemany("INSERT INTO entries VALUES (?, ?)", self._entries)
        self._database.executemany("INSERT INTO claims VALUES (?, ?, ?)", self._claims)
        self._entries, self._claims = [], []

    def complete(self) -> None:
        """All referrals are taken: see which companies became one."""
        with _room_for_it():
            self._write_down()
            self._database.executescript(_CLOSE)
            merged = [
                (_bytes(target), stub)
                for stub, domain in self._database.execute(_ONE_DOMAIN).fetchall()
                if (target := only_claimant(_text(stub), {_text(domain)}))
            ]
            self._database.executemany("INSERT INTO merged VALUES (?, ?)", merged)
            self._database.execute("CREATE INDEX merged_of ON merged (target)")

    def close(self) -> None:
        """Let go of everything."""
        self._database.close()

    def rows(self) -> Iterator[CompanyRow]:
        """All rows."""
        cursor = self._database.cursor()
        with self._lock, _room_for_it():
            cursor.execute(_ALL)
        pages = iter(lambda: self._locked(cursor), [])
        for name, parts in itertools.groupby(itertools.chain.from_iterable(pages), itemgetter(0)):
            yield self._row(_text(name), parts)

    def row(self, key: str) -> CompanyRow:
        """The row of a key, empty when there is none."""
        return self._row(key, self._of(key))

    def _row(self, key: str, parts: Iterator[_Part] | list[_Part]) -> CompanyRow:
        row = CompanyRow(key)
        for _, kind, first, second in parts:
            if kind == 0:
                entry = _decoder.decode(first)
                row.entries[entry.id] = entry
            elif kind == 1:
                row.claims[_text(first)] = _text(second or b"")
            else:
                stub = _text(first)
                row.merged[stub] = {
                    entry.id: entry
                    for _, kind, packed, _ in self._of(stub)
                    if kind == 0
                    for entry in [_decoder.decode(packed)]
                }
        return row

    def _of(self, key: str) -> list[_Part]:
        with self._lock, _room_for_it():
            return self._database.execute(_OF_ONE, (_bytes(key),)).fetchall()

    def _locked(self, cursor: sqlite3.Cursor) -> list[_Part]:
        with self._lock, _room_for_it():
            return cursor.fetchmany(_AT_ONCE)


@contextmanager
def _room_for_it() -> Iterator[None]:
    """Says what to do when the file behind the database can't be written."""
    try:
        yield
    except sqlite3.Error:
        raise StorageUnavailable(
            "The companies are worked out in the machine's temporary directory, which is full or can't be written to. "
            "Make room there, or set SQLITE_TMPDIR to a directory with room.",
            retry_after=60,
        ) from None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
