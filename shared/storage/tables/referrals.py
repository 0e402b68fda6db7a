"""The Referrals table: a row for each referral, with its list columns and its payload as received.

PartitionKey is the first hex digit of the id's SHA-256 (16 partitions), RowKey the id: keys never hold what can change.
A payload too long for its row lies in pieces in ReferralPayloads, written before the row that points to them.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from datetime import timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from shared.core.errors import StorageUnavailable
from shared.model import times
from shared.model.summary import Problem, ReferralSummary
from shared.storage.engine import keyed
from shared.storage.engine.entities import ENTITY_BYTES, Entity, fits, get_text, key, put_text, split_text, unkey
from shared.storage.engine.tables import Table, TableStore
from shared.storage.engine.wire import TextRows

_READINGS: Final = 5
_YOUNG: Final = timedelta(hours=1)
"""Longer than any process is between the pieces of a payload and its row."""
PARTITIONS: Final = tuple("0123456789abcdef")
_TEXTS: Final = {
    "name": "name",
    "customerName": "customer_name",
    "companyKey": "company_key",
    "tenantHint": "tenant_hint",
    "category": "category",
    "type": "type",
    "qualification": "qualification",
    "direction": "direction",
    "status": "status",
    "substatus": "substatus",
    "country": "country",
    "city": "city",
    "size": "size",
    "duns": "duns",
    "currency": "currency",
    "closingDateTime": "closing_date_time",
    "createdDateTime": "created_date_time",
    "updatedDateTime": "updated_date_time",
    "acceptedDateTime": "accepted_date_time",
    "closedDateTime": "closed_date_time",
    "expirationDateTime": "expiration_date_time",
    "salesStage": "sales_stage",
    "engagementId": "engagement_id",
    "organizationName": "organization_name",
    "missingSince": "missing_since",
    "callToAction": "call_to_action",
}
"""Columns that are a text of the summary; a text is cut to ``_SHOWN`` here, never in the payload."""
_texts_of: Final = attrgetter(*_TEXTS.values())
_SHOWN: Final = 8_000
_SEARCHED: Final = 16_000
_LISTS: Final = 20_000
SUMMARY_COLUMNS: Final = ("RowKey", "id", *_TEXTS, "companyMentions", "dealValue", "searchText", "problems")
"""What a list needs of a row; the payload stays where it is."""
_COLUMN_OF: Final = {
    **{field: column for column, field in _TEXTS.items()},
    "company_mentions": "companyMentions",
    "deal_value": "dealValue",
    "search_text": "searchText",
}
_IN_ORDER: Final = tuple(_COLUMN_OF.get(field, field) for field in ReferralSummary.__struct_fields__)
"""The columns of a summary in the order of its fields, so that it is made of their values without naming them."""
_ID, _MENTIONS, _VALUE, _SEARCH, _PROBLEMS = map(
    _IN_ORDER.index, ("id", "companyMentions", "dealValue", "searchText", "problems")
)
_REPEATING: Final = tuple(
    map(
        _IN_ORDER.index,
        (
            *("category", "type", "qualification", "direction", "status", "substatus", "country", "city", "size"),
            *("currency", "salesStage", "organizationName", "companyKey", "customerName", "duns", "closingDateTime"),
        ),
    )
)
"""Where the values stand that repeat from row to row."""
_SUMMARY_ROWS: Final = TextRows(
    msgspec.defstruct("_SummaryRow", [(column, str | None, None) for column in ("RowKey", *_IN_ORDER)], gc=False)
)
_INDEX_ROWS: Final = TextRows(
    msgspec.defstruct(
        "_IndexRow", [(column, str | None, None) for column in ("RowKey", "rawHash", "missingSince")], gc=False
    )
)


def partition_of(referral_id: str) -> str:
    """The partition of a referral: the first hex digit of its id's SHA-256."""
    return hashlib.sha256(referral_id.encode("utf-8", "surrogatepass")).hexdigest()[0]


def to_row(
    summary: ReferralSummary, raw: str, content_hash: str, raw_hash: str, fence: int
) -> tuple[Entity, list[Entity]]:
    """A referral as its row, and the pieces of its payload that do not fit in there.

    Args:
        summary: the list columns.
        raw: the payload as received, JSON.
        content_hash: of the canonical payload, see ``model.referral``.
        raw_hash: of the payload's bytes, by which an unchanged record is told without reading it.
        fence: the lease's generation under which it is written.
    """
    row: Entity = {
        "PartitionKey": partition_of(summary.id),
        "RowKey": key(summary.id),
        "id": summary.id[:_LISTS],
        "contentHash": content_hash,
        "rawHash": raw_hash,
        "fence": fence,
    }
    for column, value in zip(_TEXTS, _texts_of(summary), strict=True):
        if value is not None:
            row[column] = value[:_SHOWN]
    if summary.deal_value is not None:
        row["dealValue"] = str(summary.deal_value)
    if summary.company_mentions:
        row["companyMentions"] = "\n".join(summary.company_mentions)
    row["searchText"] = summary.search_text[:_SEARCHED]
    if summary.problems:
        row["problems"] = _problems_text(summary.problems)
    whole = dict(row)
    put_text(whole, "payload", raw)
    if fits(whole, ENTITY_BYTES):
        return whole, []
    pieces = split_text(raw)
    row["payloadPieces"] = len(pieces)
    partition = row["PartitionKey"]
    return row, [
        {"PartitionKey": partition, "RowKey": _piece_key(summary.id, content_hash, number), "text": piece}
        for number, piece in enumerate(pieces)
    ]


class Repeated:
    """What repeats from row to row, each different value once; shared by threads."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.mentions: dict[str, tuple[str, ...]] = {}
        self.amounts: dict[str, Decimal] = {}


def as_stored(summary: ReferralSummary, row: Entity, raw: str) -> ReferralSummary:
    """A summary as it will be read from the row that ``to_row`` made of it: what is too long for a column is cut there."""
    short = len(raw) <= _SHOWN and len(summary.search_text) <= _SEARCHED and not summary.problems
    return summary if short else from_row(row)


def from_row(row: Mapping[str, Any]) -> ReferralSummary:
    """The summary that ``to_row`` stored."""
    return _summary(row.get("RowKey"), list(map(row.get, _IN_ORDER)))


def scan_summaries(table: Table, partition: str, repeated: Repeated | None = None) -> Iterator[ReferralSummary]:
    """All referrals of a partition, straight from the answers: quicker than ``from_row`` over ``scan``.

    Args:
        table: Referrals.
        partition: one of ``PARTITIONS``.
        repeated: where values that repeat are kept once, for who holds many summaries; None makes all of them anew.
    """
    for row in table.texts(_SUMMARY_ROWS, "PartitionKey eq @partition", {"partition": partition}):
        row_key, *values = astuple(row)
        yield _summary(row_key, values, repeated)


def scan_hashes(table: Table, partition: str) -> Iterator[tuple[str, int]]:
    """Of every referral of a partition its row key and the hash of its bytes, or 0 where it is marked missing: what a full
    walk needs to tell what changed."""
    for row in table.texts(_INDEX_ROWS, "PartitionKey eq @partition", {"partition": partition}):
        row_key, raw_hash, missing = astuple(row)
        yield row_key, 0 if missing else int(raw_hash, 16)


def _summary(row_key: Any, values: list[Any], repeated: Repeated | None = None) -> ReferralSummary:
    """A summary of the values of ``_IN_ORDER``."""
    if not values[_ID]:
        values[_ID] = unkey(row_key)
    mentions, value, problems = values[_MENTIONS], values[_VALUE], values[_PROBLEMS]
    values[_SEARCH] = values[_SEARCH] or ""
    values[_PROBLEMS] = (
        tuple(Problem(field, reason) for field, reason in msgspec.json.decode(problems)) if problems else ()
    )
    if repeated is None:
        values[_MENTIONS] = tuple(mentions.split("\n")) if mentions else ()
        values[_VALUE] = Decimal(value) if value is not None else None
        return ReferralSummary(*values)
    keep = repeated.texts.setdefault
    for position in _REPEATING:
        text = values[position]
        if text is not None:
            values[position] = keep(text, text)
    values[_MENTIONS] = ()
    if mentions:
        values[_MENTIONS] = repeated.mentions.get(mentions) or repeated.mentions.setdefault(
            mentions, tuple(mentions.split("\n"))
        )
    if value is not None:
        values[_VALUE] = repeated.amounts.get(value) or repeated.amounts.setdefault(value, Decimal(value))
    return ReferralSummary(*values)


class PayloadMoved(ValueError):
    """A payload's pieces are no longer those of the row that was read: read the row again."""


def read_whole(store: TableStore, referral_id: str) -> tuple[Entity, str] | None:
    """A referral's row with its payload, both of one version; None without a row.

    Row and pieces are read one after the other, so that a newer version may take the older one's pieces away in between.

    Raises:
        StorageUnavailable: storage does not answer, or the row changed each time.
    """
    for _ in range(_READINGS):
        row = read_rows(store.table("Referrals"), [referral_id]).get(referral_id)
        if row is None:
            return None
        with contextlib.suppress(PayloadMoved):
            return row, payload_of(store, row)
    raise StorageUnavailable(retry_after=10)


def with_payload(store: TableStore, row: Entity) -> tuple[Entity, str] | None:
    """A row that was read, with its payload; both read anew where a newer version took the pieces away since. None: it is gone.

    Raises:
        StorageUnavailable: storage does not answer, or the row changed each time.
    """
    try:
        return row, payload_of(store, row)
    except PayloadMoved:
        return read_whole(store, str(row.get("id") or unkey(row["RowKey"])))


def payload_of(store: TableStore, row: Mapping[str, Any]) -> str:
    """The payload of a row as it was received.

    Raises:
        PayloadMoved: it is in pieces of which some are gone; see ``with_payload``.
    """
    pieces = row.get("payloadPieces")
    if pieces is None:
        return get_text(row, "payload")
    table, referral_id = store.table("ReferralPayloads"), str(row.get("id") or unkey(row["RowKey"]))
    first, last = (_piece_key(referral_id, row["contentHash"], number) for number in (0, int(pieces) - 1))
    rows = table.query(
        "PartitionKey eq @partition and RowKey ge @first and RowKey le @last",
        {"partition": row["PartitionKey"], "first": first, "last": last},
    )
    texts = [str(piece["text"]) for piece in rows]
    if len(texts) != int(pieces):
        raise PayloadMoved
    return "".join(texts)


def write_pieces(store: TableStore, pieces: Iterable[Entity]) -> None:
    """Store the pieces of a long payload; their key holds the content's hash, so repeating it changes nothing."""
    table, now = store.table("ReferralPayloads"), times.from_datetime(store.clock.now())
    for piece in pieces:
        table.replace({**piece, "at": now}, None)


def set_payload(store: TableStore, row: Entity, payload: str) -> None:
    """Put another, not longer payload into a row that was read whole; its pieces, if it has any, are written at once."""
    for name in [name for name in row if name == "payload" or name.startswith("payload_")]:
        del row[name]
    if row.get("payloadPieces") is None:
        put_text(row, "payload", payload)
        return
    pieces = split_text(payload)
    # As many pieces as before: the last ones may be empty, so that none of the old text stays behind.
    pieces += [""] * (int(row["payloadPieces"]) - len(pieces))
    row["payloadPieces"] = len(pieces)
    referral_id = str(row.get("id") or unkey(row["RowKey"]))
    write_pieces(
        store,
        (
            {
                "PartitionKey": row["PartitionKey"],
                "RowKey": _piece_key(referral_id, row["contentHash"], number),
                "text": piece,
            }
            for number, piece in enumerate(pieces)
        ),
    )


def sweep_pieces(store: TableStore) -> None:
    """Remove pieces that no row points to any more; with none stored, one request.

    Young ones stay until the next time: somebody else, an action or an event, may just be about to write their row.
    """
    table, rows = store.table("ReferralPayloads"), store.table("Referrals")
    limit = times.from_datetime(store.clock.now() - _YOUNG)
    columns = ["PartitionKey", "RowKey", "at"]
    pieces = (piece for piece in table.query(None, select=columns) if (piece.get("at") or "") < limit)
    for (partition, row_key), group in itertools.groupby(
        pieces, key=lambda piece: (piece["PartitionKey"], piece["RowKey"].rpartition("|")[0])
    ):
        owner, _, content = row_key.rpartition("|")
        row = rows.get(partition, owner, ["contentHash", "payloadPieces"])
        if not row or row["contentHash"] != content or row.get("payloadPieces") is None:
            for piece in group:
                table.delete(partition, piece["RowKey"])


def read_rows(
    table: Table, ids: Iterable[str], select: Iterable[str] | None = None, executor: Executor | None = None
) -> dict[str, Entity]:
    """The rows of these ids, by id; ids without a row are left out.

    Few are read one by one; many by queries over two partitions each, which read as much as queries over one and are half
    as many.
    """
    by_key = {(partition_of(referral_id), key(referral_id)): referral_id for referral_id in ids}
    columns = list(select) if select else None
    rows = keyed.read(table, by_key, columns, executor, points=len(PARTITIONS), together=_pair)
    return {by_key[row["PartitionKey"], row["RowKey"]]: row for row in rows}


def _pair(partition: str) -> int:
    return int(partition, 16) // 2


def scan(table: Table, partition: str, columns: Iterable[str]) -> Iterator[Entity]:
    """All rows of a partition, as a projection."""
    yield from table.query("PartitionKey eq @partition", {"partition": partition}, list(columns))


def _piece_key(referral_id: str, content_hash: str, number: int) -> str:
    return f"{key(referral_id)}|{content_hash}|{number:06d}"


def _problems_text(problems: tuple[Problem, ...]) -> str | None:
    if not problems:
        return None
    kept = [[problem.field[:200], problem.reason[:200]] for problem in problems[:50]]
    return msgspec.json.encode(kept).decode()[:_LISTS]
