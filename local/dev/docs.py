"""`dev.py docs`: the tables of the documents that the code knows better, written from the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from local.dev.steps import say
from local.dev.tools import ROOT
from shared.core.errors import HunterError
from shared.core.setting_list import SETTINGS
from shared.web.routes import ROUTES

_BLOCK: Final = re.compile(r"(<!-- written by dev\.py docs: (?P<table>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines)


def _settings() -> str:
    rows = ((f"`{each.name}`", f"`{each.default}`" if each.default else "", each.meaning) for each in SETTINGS)
    return _table(("Name", "Default", "Meaning"), rows)


def _routes() -> str:
    rows = (
        (
            f"`{each.method} /{each.template.replace('{*', '{')}`",
            f"`{each.name}`",
            each.role.name.capitalize() if each.role else "open",
            each.summary,
        )
        for each in ROUTES
    )
    return _table(("Route", "Function", "Role", "Answer"), rows)


def kinds(root: type[HunterError] = HunterError) -> Iterator[type[HunterError]]:
    """All errors that are raised under a code of their own."""
    if not root.__subclasses__():
        yield root
    for each in root.__subclasses__():
        yield from kinds(each)


def _errors() -> str:
    shown = {each.code: each for each in sorted(kinds(), key=lambda kind: kind.code)}
    rows = ((f"`{code}`", str(each.status), " ".join((each.__doc__ or "").split())) for code, each in shown.items())
    return _table(("Code", "Status", "When"), rows)


def arrows(root: Path = ROOT) -> dict[str, set[str]]:
    """For each room of ``shared/`` the rooms whose modules its modules import."""
    package = root / "shared"
    found: dict[str, set[str]] = {}
    for path in sorted(package.rglob("*.py")):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        if room != "__init__":
            found.setdefault(room, set()).update(set(_rooms_imported(path)) - {room})
    return found


def _rooms_imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "shared":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("shared."):
            yield node.module.split(".")[1]


def _arrows() -> str:
    """A picture of the arrows; one that follows from others is left out."""
    direct = arrows()
    reached: dict[str, set[str]] = {}

    def reach(room: str) -> set[str]:
        if room not in reached:
            reached[room] = set(direct[room]).union(*(reach(other) for other in direct[room]))
        return reached[room]

    lines = []
    for room in sorted(direct):
        needed = {other for other in direct[room] if not any(other in reach(via) for via in direct[room] - {other})}
        lines += [f"  {room} --> {other}" for other in sorted(needed)]
    return "\n".join(["```mermaid", "graph TD", *lines, "```", ""])


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "settings": _settings,
    "routes": _routes,
    "errors": _errors,
    "arrows": _arrows,
}


def written(text: str) -> str:
    """A document with its tables as the code has them now."""
    return _BLOCK.sub(lambda block: f"{block[1]}{TABLES[block['table']]()}{block[3]}", text)


def documents(root: Path = ROOT) -> list[Path]:
    """All documents of the repository."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def stale(root: Path = ROOT) -> list[Path]:
    """The documents whose tables are not as the code has them."""
    return [path for path in documents(root) if written(path.read_text("utf-8")) != path.read_text("utf-8")]


def write() -> int:
    """Write the tables anew; the exit code."""
    for path in stale():
        path.write_text(written(path.read_text("utf-8")), "utf-8")
        say(f"{path.relative_to(ROOT)} is written anew.")
    return 0
