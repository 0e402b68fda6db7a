"""Change tracking: everything at first, then what changed since a mark, and what was deleted."""

import re
from datetime import UTC, datetime
from urllib.parse import quote

from .errors import Refused
from .schema import Row, TableSchema
from .store import Store

_TOKEN = re.compile(r"(\d+)!(?:.+)")
_WITHOUT = ("$filter", "$orderby", "$expand", "$top")


def is_tracked(prefer: str, query: dict[str, str]) -> bool:
    """Whether a list is asked for with change tracking, or by the link of an earlier one."""
    return "odata.track-changes" in prefer or "$deltatoken" in query


def check(store: Store, schema: TableSchema, query: dict[str, str]) -> None:
    """Whether the table and the question allow it. Raises Refused."""
    if not schema.change_tracking:
        raise Refused(400, "0x80072491", f"Entity {schema.name} isn't enabled for change tracking.")
    for name in _WITHOUT:
        if name in query:
            raise Refused(400, "0x80060888", f"The query option {name} is not supported with change tracking.")
    if "$deltatoken" in query and store.switches.tracking_expired:
        text = "Version stamp associated with the client has expired. Please perform a full sync."
        raise Refused(400, "0x80044352", text)


def changed(store: Store, schema: TableSchema, token: str) -> tuple[list[Row], list[str]]:
    """The rows that changed since a mark, and the ids of those that were deleted."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise Refused(400, "0x80040203", "The delta token is malformed.")
    since = int(match[1])
    rows = [row for row in store.all(schema.name) if row["versionnumber"] > since]
    gone = [row_id for row_id, version in store.deleted[schema.name].items() if version > since]
    return rows, gone


def link(base: str, schema: TableSchema, query: dict[str, str], version: int) -> str:
    """Where what changes from now on is asked for."""
    kept = "".join(f"{name}={quote(value, safe=',')}&" for name, value in query.items() if name == "$select")
    mark = datetime.now(UTC).strftime("%m/%d/%Y %H:%M:%S")
    return f"{base}{schema.set_name}?{kept}$deltatoken={quote(f'{version}!{mark}', safe='')}"
