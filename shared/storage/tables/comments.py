"""The Comments table: what people say about referrals. People write it, no sync does.

The partition is the referral's, the RowKey its key and the comment's id, which begins with the time. A comment is created
once and never changed, so nothing can be overwritten.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from shared.model.desk import Comment
from shared.model.person import Person
from shared.storage.engine.entities import Entity, get_text, key, put_text
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables.referrals import partition_of

TABLE: Final = "Comments"


def load_texts(store: TableStore) -> Iterator[tuple[str, str]]:
    """The text of every comment, with its referral's id; those of one referral in their order."""
    for row in store.table(TABLE).query(None, select=["PartitionKey", "RowKey", "referralId", "text"]):
        yield str(row["referralId"]), get_text(row, "text")


def load(store: TableStore, referral_id: str) -> list[Comment]:
    """A referral's comments, oldest first."""
    first = f"{key(referral_id)}|"
    rows = store.table(TABLE).query(
        "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last",
        {"partition": partition_of(referral_id), "first": first, "last": f"{first[:-1]}}}"},
    )
    # An id may hold the sign that parts ours from the comment's, so the row says whose it is.
    return [_from_row(row) for row in rows if row["referralId"] == referral_id]


def add(store: TableStore, referral_id: str, text: str, by: Person, at: str) -> Comment:
    """Store a comment of somebody, written at a time of ``model.times``."""
    digits = "".join(letter for letter in at if letter.isdigit())
    comment = Comment(referral_id, f"{digits}-{secrets.token_hex(4)}", text, by, at)
    row: Entity = {
        "PartitionKey": partition_of(referral_id),
        "RowKey": _row_key(referral_id, comment.id),
        "referralId": referral_id,
        "id": comment.id,
        "byId": by.id,
        "byName": by.name,
        "byMail": by.mail,
        "at": at,
    }
    put_text(row, "text", text)
    with suppress(RowConflict):  # our own first attempt, whose answer was lost: nobody else makes this id
        store.table(TABLE).insert(row)
    return comment


def find(store: TableStore, referral_id: str, comment_id: str) -> Comment | None:
    """One comment, or None."""
    row = store.table(TABLE).get(partition_of(referral_id), _row_key(referral_id, comment_id))
    return _from_row(row) if row and row["referralId"] == referral_id else None


def delete(store: TableStore, comment: Comment) -> None:
    """Remove a comment; that it is gone already is fine."""
    store.table(TABLE).delete(partition_of(comment.referral_id), _row_key(comment.referral_id, comment.id))


def _row_key(referral_id: str, comment_id: str) -> str:
    return f"{key(referral_id)}|{key(comment_id)}"


def _from_row(row: Mapping[str, Any]) -> Comment:
    return Comment(
        str(row["referralId"]),
        str(row["id"]),
        get_text(row, "text"),
        Person(row["byId"], row["byName"], row.get("byMail", "")),
        row["at"],
    )
