"""What a request's JSON may hold, read strictly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from azure.functions import HttpRequest

from shared.core.errors import InvalidParameter
from shared.web.app import body_of
from shared.web.parameters import no_parameters


def members_of(request: HttpRequest, *names: str) -> Mapping[str, Any]:
    """The members of a request's body, all of which must be there and no others.

    Raises:
        InvalidRequest: the body is no JSON object.
        InvalidParameter: a member is missing or unknown; the sentence names it.
    """
    body = body_of(request)
    refuse_others(body, names)
    for name in names:
        if name not in body:
            raise InvalidParameter(f"The body must have '{name}'.")
    return body


def nothing_asked(request: HttpRequest) -> None:
    """Make sure that a request whose address says all has no parameters, and no body or an empty object.

    Raises:
        InvalidRequest: the body is no JSON object.
        InvalidParameter: it has a parameter or a member; the sentence names it.
    """
    no_parameters(request)
    refuse_others(body_of(request), ())


def refuse_others(body: Mapping[str, Any], names: Sequence[str]) -> None:
    """Make sure that a body holds nothing but these members. Raises InvalidParameter."""
    for name in body:
        if name not in names:
            takes = f"It takes {', '.join(names)}." if names else "It takes none."
            raise InvalidParameter(f"The body has no member '{name[:40]}'. {takes}")


def flag_of(body: Mapping[str, Any], name: str) -> bool:
    """A member that is true or false, and false where it is left out. Raises InvalidParameter."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise InvalidParameter(f"'{name}' must be true or false.")
    return value
