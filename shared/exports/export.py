"""Exports: what a list's query finds, all of it, as a file. The routes and the command line use this one way."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TypeVar

from shared.core.errors import TooManyRequests
from shared.exports import about, csv, ndjson, people, xlsx
from shared.exports.cells import Column
from shared.exports.columns import (
    Extent,
    Item,
    Row,
    company_columns,
    company_json_columns,
    hunter_columns,
    json_columns,
    partner_center_columns,
)
from shared.exports.spool import Spool
from shared.read_model import items
from shared.read_model.current import ReadModel
from shared.read_model.questions import CompanyQuery, ReferralQuery
from shared.read_model.snapshot import Snapshot

R = TypeVar("R")
Format = Literal["xlsx", "csv", "ndjson"]
FORMATS: Final = ("xlsx", "csv", "ndjson")
COLUMNS: Final = ("hunter", "partnerCenter")
LANGUAGES: Final = ("en", "tr")
AT_ONCE: Final = 2
"""So many exports run beside each other in a process; others wait."""
WAIT_SECONDS: Final = 60
_running: Final = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be."""

    format: Format = "xlsx"
    columns: str = "hunter"
    contacts: bool = False
    """Whether the customer's people are in it."""
    dialect: csv.Dialect = csv.RFC
    language: str | None = "en"
    """Of the headers; None writes the columns' names, for programs."""


class Exporter:
    """Writes exports; thread-safe.

    Args:
        read_model: what lists are answered from.
    """

    def __init__(self, read_model: ReadModel) -> None:
        self._read_model = read_model

    def referrals(self, path: Path, query: ReferralQuery, options: Options, origin: about.Origin, now: datetime) -> int:
        """Write all referrals that a query finds, in its order, and return how many they are.

        Args:
            path: the file.
            query: what is asked; its page does not count.
            options: how the file is to be.
            origin: what its second sheet says.
            now: the time.

        Raises:
            TooManyRequests: other exports take too long.
            StorageUnavailable: the payloads can't be read.
        """
        with _turn():
            snapshot = self._read_model.snapshot()
            positions = list(snapshot.ordered(query, now))
            whole = options.columns == "partnerCenter"
            if not whole and not options.contacts:
                rows = (Row(items.item(snapshot, position, now)) for position in positions)
                return _write(path, _columns(options, Extent()), rows, options, origin)
            with Spool(len(snapshot.referrals)) as spool:
                extract = people.partner_center_of if whole else people.contacts_of
                for referral_id, referral in self._read_model.payloads(
                    [snapshot.referrals[position].id for position in positions]
                ):
                    place = snapshot.referral(referral_id)
                    if place is not None:
                        spool.put(place, extract(referral))
                rows = (Row(items.item(snapshot, position, now), spool.get(position)) for position in positions)
                return _write(path, _columns(options, spool.extent), rows, options, origin)

    def companies(self, path: Path, query: CompanyQuery, options: Options, origin: about.Origin) -> int:
        """Write all companies that a query finds; as ``referrals``."""
        with _turn():
            snapshot = self._read_model.snapshot()
            rows = (items.company_item(snapshot, company) for company in snapshot.ordered_companies(query))
            return _write(path, _company_columns(snapshot, options), rows, options, origin)


@contextmanager
def _turn() -> Iterator[None]:
    if not _running.acquire(timeout=WAIT_SECONDS):
        raise TooManyRequests("Other exports are still being written. Try again in a minute.", retry_after=60)
    try:
        yield
    finally:
        _running.release()


def _columns(options: Options, extent: Extent) -> Sequence[Column[Row]]:
    if options.columns == "partnerCenter":
        return partner_center_columns(extent, contacts=options.contacts)
    if options.format == "ndjson":
        return json_columns(contacts=options.contacts)
    return hunter_columns(extent, contacts=options.contacts)


def _company_columns(snapshot: Snapshot, options: Options) -> Sequence[Column[Item]]:
    if options.format == "ndjson":
        return company_json_columns()
    return company_columns(
        {currency for company in snapshot.companies for currency in (*company.open_value, *company.won_value)}
    )


def _write(path: Path, columns: Sequence[Column[R]], rows: Iterable[R], options: Options, origin: about.Origin) -> int:
    if options.format == "xlsx":
        language = options.language or "en"
        titles = about.TITLES[language][origin.which]
        written = xlsx.write(
            path, columns, rows, titles, lambda written: origin.lines(written, language), language=options.language
        )
        return written.rows
    with path.open("wb") as out:
        if options.format == "csv":
            return csv.write(out, columns, rows, options.dialect, options.language)
        return ndjson.write(out, columns, rows)
