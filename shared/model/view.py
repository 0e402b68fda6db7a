"""A view: a list's filters under a name, for oneself or for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, get_args

import msgspec

from shared.core.errors import InvalidParameter
from shared.model.person import Person

ListName = Literal["referrals", "companies"]
LISTS: Final = get_args(ListName)
NAME_LETTERS: Final = 200
QUERY_LETTERS: Final = 2_000
_MEMBERS: Final = ("name", "list", "query", "shared")
_SHOWN: Final = ("id", "owner", "createdAt", "updatedAt", "total")
"""What a view is answered with besides; whoever sends it back, unchanged or not, changes nothing by it."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A stored view. Times are texts of ``model.times``."""

    id: str
    name: str
    list: ListName
    query: str
    """As in the list's address, without ``page`` and ``pageSize``."""
    shared: bool
    owner: Person
    created_at: str
    updated_at: str

    def is_open_to(self, person: Person) -> bool:
        """Whether somebody may read it."""
        return self.shared or self.owner.id == person.id


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants a view to be."""

    name: str
    list: ListName
    query: str
    shared: bool


def read_draft(body: Mapping[str, Any], check: Callable[[ListName, str], object], known: View | None = None) -> Draft:
    """Read a view from a request's body.

    Args:
        body: the JSON object; of a view that is known, members may be left out.
        check: raises InvalidParameter where a query is none of a list's.
        known: the view that is to be changed, or None for a new one.

    Raises:
        InvalidParameter: a member is missing, unknown, or has a value that it can't have.
    """
    for name in body:
        if name not in _MEMBERS and name not in _SHOWN:
            raise InvalidParameter(f"A view has no member '{name[:40]}'. It takes {', '.join(_MEMBERS)}.")
    given = {name: getattr(known, name) for name in _MEMBERS} if known else {"list": "referrals", "shared": False}
    given |= {name: body[name] for name in _MEMBERS if name in body}
    draft = Draft(
        name=_name(given.get("name")),
        list=_list(given["list"]),
        query=_query(given.get("query")),
        shared=_flag(given["shared"]),
    )
    check(draft.list, draft.query)
    return draft


def _name(value: Any) -> str:
    name = " ".join(value.split()) if isinstance(value, str) else ""
    if not 1 <= len(name) <= NAME_LETTERS or not name.isprintable():
        raise InvalidParameter(f"'name' must be a text of 1 to {NAME_LETTERS} characters.")
    return name


def _list(value: Any) -> ListName:
    if value == "referrals":
        return "referrals"
    if value == "companies":
        return "companies"
    raise InvalidParameter(f"'list' must be {' or '.join(LISTS)}.")


def _query(value: Any) -> str:
    if not isinstance(value, str) or len(value) > QUERY_LETTERS:
        raise InvalidParameter(
            f"'query' must be a list's query of at most {QUERY_LETTERS} characters, such as status=New&country=TR."
        )
    return value.strip().removeprefix("?")


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidParameter("'shared' must be true or false.")
    return value
