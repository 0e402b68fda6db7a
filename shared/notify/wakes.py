"""When notifications have something to do: rows of the Work table, so that a tick with nothing to do asks for nothing more.

A row that somebody works on can be noted anew meanwhile: the note changes its data, so whoever ends the work sees that there is
more, and no note is ever lost.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Final

from shared.model import times
from shared.storage.tables.outbox import EVALUATE, NOTIFY
from shared.storage.tables.work import WorkItem, WorkTable

PRUNE: Final = "prune"
MESSAGE: Final = "message"
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
_AGAIN: Final = "again-"
_TRIES: Final = 20


def evaluate_soon(work: WorkTable, now: datetime) -> None:
    """Note that something was found, or asked for: the next tick looks."""
    work.put(NOTIFY, EVALUATE, now, _token())


def message_soon(work: WorkTable, subscription_id: str, due: datetime) -> None:
    """Note that something waits for a subscription. A later due time of what is noted already stays: its target rests."""
    for _ in range(_TRIES):
        item = work.get(MESSAGE, subscription_id)
        if item is None:
            if work.add(MESSAGE, subscription_id, due, _token()):
                return
        elif work.move(item, times.to_datetime(item.due_at), _token()):
            return


def take(work: WorkTable, item: WorkItem, until: datetime) -> str | None:
    """Take a row on for a while; what ends or puts off the work then, or None when somebody else was quicker."""
    token = _token()
    return token if work.move(item, until, token) else None


def put_off(work: WorkTable, kind: str, id: str, token: str, due: datetime, *, data: str = "") -> bool:
    """End taken work that has to go on later; False, and due at once, when there is more since it was taken."""
    item = work.get(kind, id)
    if item is None:
        return True
    if item.data == token:
        return work.move(item, due, data)
    return False


def end(work: WorkTable, kind: str, id: str, token: str) -> None:
    """End taken work that is done; it stays, and is due at the end of its taking, when there is more since."""
    item = work.get(kind, id)
    if item is not None and item.data == token:
        work.finish(item)


def _token() -> str:
    return f"{_AGAIN}{uuid.uuid4().hex}"
