"""The rooms of ``shared/`` and which of them may use which; ``docs/architecture.md`` draws the same table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOUNDATION = {"core", "model"}
STORED = FOUNDATION | {"storage"}
UPSTREAM = {"sign_in", "partner_center", "companies", "read_model"}
PARTS = {"sync", "exports", "webhook", "actions", "notify", "dynamics"}
MAY_IMPORT = {
    "core": set[str](),
    "model": {"core"},
    "storage": FOUNDATION,
    "sign_in": STORED,
    "partner_center": STORED,
    "companies": STORED | {"partner_center"},
    "read_model": STORED,
    "sync": STORED | {"partner_center", "companies"},
    "exports": FOUNDATION | {"read_model"},
    "webhook": STORED | {"sign_in", "partner_center"},
    "actions": STORED | {"partner_center", "sync"},
    "notify": STORED | {"read_model"},
    "dynamics": STORED | {"read_model", "actions"},
    "services": {"core", "storage", *UPSTREAM, "sync", "webhook", "actions", "notify", "dynamics"},
    "background": STORED | {"sync", "services"},
    "web": STORED | PARTS | {"partner_center", "companies", "read_model", "services", "background"},
    "cli": STORED | PARTS - {"notify"} | {"partner_center", "read_model", "services"},
}
"""Which rooms a room may use beside itself. Arrows run one way: a room never uses one that may use it."""


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ([f"shared.{alias.name}" for alias in node.names] if node.module == "shared" else [node.module])


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "shared").parts[0].removesuffix(".py")


def rooms_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if name.startswith("shared.")}


@pytest.mark.parametrize("path", modules("shared"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_arrow_runs_back(path: Path) -> None:
    assert not any(name.split(".")[0] in {"local", "tests", "bench"} for name in imported(path))
    if room_of(path) != "__init__":
        assert rooms_imported(path) <= MAY_IMPORT[room_of(path)] | {room_of(path)}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_each_arrow_is_there(room: str) -> None:
    paths = [path for path in modules("shared") if room_of(path) == room]
    assert set[str]().union(*map(rooms_imported, paths)) - {room} == MAY_IMPORT[room]


@pytest.mark.parametrize("path", sorted((ROOT / "shared").glob("*/__init__.py")), ids=lambda path: path.parent.name)
def test_each_room_says_what_it_may_import(path: Path) -> None:
    rooms = MAY_IMPORT[path.parent.name]
    *first, last = [room for room in MAY_IMPORT if room in rooms] or ["nothing of ours"]
    said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    assert f"May import {', '.join(first)}{' and ' if first else ''}{last}. Begin with " in " ".join(said.split())


def test_the_table_itself_runs_one_way() -> None:
    done: set[str] = set()
    while len(done) < len(MAY_IMPORT):
        ready = {room for room, uses in MAY_IMPORT.items() if room not in done and uses <= done}
        assert ready, f"a circle among {sorted(set(MAY_IMPORT) - done)}"
        done |= ready


def test_the_triggers_hold_nothing_but_triggers() -> None:
    tree = ast.parse((ROOT / "function_app.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            assert len(node.body) <= 3, f"{node.name} does more than hand over"
    assert rooms_imported(ROOT / "function_app.py") <= {"web", "services", "core"}


def test_the_model_does_no_input_or_output() -> None:
    forbidden = {"requests", "azure", "os", "time", "socket", "pathlib", "logging", "random"}
    for path in modules("shared/model"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                used = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                used = {node.module.split(".")[0]}
            else:
                continue
            assert not used & forbidden, path
