"""Routes of HTTP triggers: the template syntax and the precedence of ASP.NET, which Azure Functions uses.

`api/items/{id}`, `{page?}` (may be missing), `{*rest}` (the remaining path), `{id:int}`, `{id:guid}`, `{id:alpha}`.
Letters of fixed segments match in either case, a slash at the end does not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

_CONSTRAINTS = {
    "int": re.compile(r"[+-]?\d{1,10}"),
    "guid": re.compile(r"\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE),
    "alpha": re.compile(r"[a-z]*", re.IGNORECASE),
}
_ESCAPED_SLASH = re.compile("(%2f)", re.IGNORECASE)
_PARAMETER = re.compile(r"\{(?P<rest>\*{0,2})(?P<name>\w+)(?P<constraints>(:\w+)*)(?P<optional>\?)?\}")


class RouteError(ValueError):
    """A route template that this host can't serve."""


@dataclass(frozen=True)
class _Segment:
    literal: str | None = None
    name: str = ""
    rest: bool = False
    optional: bool = False
    constraints: tuple[re.Pattern[str], ...] = ()

    @property
    def precedence(self) -> int:
        if self.literal is not None:
            return 1
        return (4 if self.rest else 2) + (0 if self.constraints else 1)

    def takes(self, text: str) -> bool:
        if self.literal is not None:
            return self.literal.lower() == text.lower()
        return all(constraint.fullmatch(text) for constraint in self.constraints)


@dataclass(frozen=True)
class Route:
    """One template, ready to be matched."""

    template: str
    segments: tuple[_Segment, ...]

    @property
    def precedence(self) -> tuple[int, ...]:
        """Sorts routes as they are tried: fixed text before parameters, parameters before the remaining path."""
        return tuple(segment.precedence for segment in self.segments)

    def match(self, path: list[str]) -> Mapping[str, str] | None:
        """The parameters when the path's segments fit, else None."""
        found: dict[str, str] = {}
        for position, segment in enumerate(self.segments):
            if segment.rest:
                found[segment.name] = "/".join(path[position:])
                return found
            if position >= len(path):
                if not segment.optional:
                    return None
                continue
            if not segment.takes(path[position]):
                return None
            if segment.literal is None:
                found[segment.name] = path[position]
        return found if len(path) <= len(self.segments) else None


def parse(template: str) -> Route:
    """Read a template. Raises RouteError."""
    segments = tuple(_segment(template, text) for text in template.strip("/").split("/") if text)
    if segments and segments[0].literal is not None and segments[0].literal.lower() in {"admin", "runtime"}:
        raise RouteError(
            f"The route '{template}' begins with '{segments[0].literal}', which the host keeps for itself."
        )
    if any(segment.rest for segment in segments[:-1]):
        raise RouteError(f"In the route '{template}' only the last segment may take the remaining path.")
    return Route(template, segments)


def _segment(template: str, text: str) -> _Segment:
    if "{" not in text and "}" not in text:
        return _Segment(literal=text)
    match = _PARAMETER.fullmatch(text)
    if match is None:
        raise RouteError(f"The local host does not know the segment '{text}' of the route '{template}'.")
    names = [name for name in match["constraints"].split(":") if name]
    unknown = [name for name in names if name not in _CONSTRAINTS]
    if unknown:
        raise RouteError(f"The local host does not know the constraint '{unknown[0]}' of the route '{template}'.")
    return _Segment(
        name=match["name"],
        rest=bool(match["rest"]),
        optional=bool(match["optional"]),
        constraints=tuple(_CONSTRAINTS[name] for name in names),
    )


def path_segments(raw_path: str) -> list[str]:
    """The segments of a path as it came over the wire, decoded as Azure's web server does it.

    Everything is decoded but `%2F`, which neither splits the path nor becomes a slash: the function gets `a%2Fb`
    (https://github.com/dotnet/aspnetcore/issues/4718). `.` and `..` are followed, encoded ones too.
    """
    segments: list[str] = []
    for raw in raw_path.split("/"):
        text = "".join(piece if index % 2 else unquote(piece) for index, piece in enumerate(_ESCAPED_SLASH.split(raw)))
        if text == "..":
            del segments[-1:]
        elif text not in {"", "."}:
            segments.append(text)
    return segments
