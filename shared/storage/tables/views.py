"""The Views table: filters under a name. People write it, no sync does.

One partition, RowKey is the view's id: an organisation has tens of views, and a menu shows them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.model.person import Person
from shared.model.view import View
from shared.storage.engine.entities import Entity, get_text, key, put_text
from shared.storage.engine.tables import TableStore

TABLE: Final = "Views"
PARTITION: Final = "views"
_SUBSCRIPTIONS: Final = "Subscriptions"


def load_all(store: TableStore, person: Person) -> list[View]:
    """The views that somebody may read, in the order of their ids."""
    rows = store.table(TABLE).query(
        "PartitionKey eq @partition and (shared eq true or ownerId eq @person)",
        {"partition": PARTITION, "person": person.id},
    )
    return [_from_row(row) for row in rows]


def load(store: TableStore, view_id: str) -> tuple[View, str] | None:
    """A view, whosever it is, with its row's ETag."""
    row = store.table(TABLE).get(PARTITION, key(view_id))
    return (_from_row(row), str(row["etag"])) if row else None


def insert(store: TableStore, view: View) -> str:
    """Store a new view and return its row's ETag. Raises RowConflict when there is one of its id."""
    return store.table(TABLE).insert(_to_row(view))


def replace(store: TableStore, view: View, etag: str) -> str:
    """Store a view over the version that was read. Raises RowConflict when that is not there any more."""
    return store.table(TABLE).replace(_to_row(view), etag)


def delete(store: TableStore, view_id: str, etag: str) -> None:
    """Remove the version that was read. Raises RowConflict when another is there."""
    store.table(TABLE).delete(PARTITION, key(view_id), etag)


def is_used(store: TableStore, view_id: str) -> bool:
    """Whether any subscription tells of a view."""
    rows = store.table(_SUBSCRIPTIONS).query(
        "PartitionKey eq @partition and viewId eq @view", {"partition": "subscriptions", "view": view_id}, ["RowKey"], 1
    )
    return any(True for _ in rows)


def _to_row(view: View) -> Entity:
    row: Entity = {
        "PartitionKey": PARTITION,
        "RowKey": key(view.id),
        "id": view.id,
        "name": view.name,
        "list": view.list,
        "shared": view.shared,
        "ownerId": view.owner.id,
        "ownerName": view.owner.name,
        "ownerMail": view.owner.mail,
        "createdAt": view.created_at,
        "updatedAt": view.updated_at,
    }
    put_text(row, "query", view.query)
    return row


def _from_row(row: Mapping[str, Any]) -> View:
    return View(
        id=row["id"],
        name=row["name"],
        list=row["list"],
        query=get_text(row, "query"),
        shared=bool(row["shared"]),
        owner=Person(row["ownerId"], row["ownerName"], row.get("ownerMail", "")),
        created_at=row["createdAt"],
        updated_at=row["updatedAt"],
    )
