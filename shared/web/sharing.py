"""Views, comments and people as answers carry them."""

from __future__ import annotations

from typing import Any

from shared.model import times
from shared.model.desk import Comment
from shared.model.view import View
from shared.storage.tables.people import Seen


def view_item(view: View, total: int | None) -> dict[str, Any]:
    """A view.

    Args:
        view: the view.
        total: how many rows it has now for who asks; None where its query is none any more.
    """
    return {
        "id": view.id,
        "name": view.name,
        "list": view.list,
        "query": view.query,
        "shared": view.shared,
        "owner": {"id": view.owner.id, "name": view.owner.name},
        "createdAt": times.public(view.created_at),
        "updatedAt": times.public(view.updated_at),
        "total": total,
    }


def comment_item(comment: Comment) -> dict[str, Any]:
    """A comment."""
    return {
        "id": comment.id,
        "text": comment.text,
        "by": {"id": comment.by.id, "name": comment.by.name},
        "at": times.public(comment.at),
    }


def person_item(person: Seen) -> dict[str, Any]:
    """Somebody who has used the app."""
    return {"mail": person.mail, "name": person.name, "lastSeenAt": times.public(person.at)}
