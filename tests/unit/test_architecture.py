"""Arrows run one way: function_app -> web -> sync -> intake -> row_writer -> {partner_center, storage} -> model."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOUNDATION = {"errors", "clock", "log", "events", "settings", "telemetry", "schedule"}
MAY_IMPORT = {
    "errors": set[str](),
    "clock": set[str](),
    "events": set[str](),
    "log": set[str](),
    "schedule": set[str](),
    "settings": {"errors"},
    "telemetry": {"model"},
    "model": {"errors", "model"},
    "storage": FOUNDATION | {"model", "storage"},
    "partner_center": FOUNDATION | {"model", "storage", "partner_center"},
    "retention": FOUNDATION | {"model", "storage"},
    "tenant_lookup": FOUNDATION | {"model", "storage", "partner_center"},
    "row_writer": FOUNDATION | {"model", "storage"},
    "intake": FOUNDATION | {"model", "storage", "row_writer"},
    "settling": FOUNDATION | {"model", "storage", "intake"},
    "sync_run": FOUNDATION | {"model", "storage", "partner_center", "intake", "settling", "retention"},
    "sync": FOUNDATION | {"model", "storage", "sync_run"},
    "web": FOUNDATION | {"model", "storage", "partner_center", "sync", "retention", "tenant_lookup", "web"},
    "cli": FOUNDATION | {"model", "storage", "partner_center", "sync", "web"},
}
"""Which rooms a room may use. The sign-in keeps its tokens in storage, so partner_center may use it."""


def _rooms_imported(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"shared.{alias.name}" for alias in node.names] if node.module == "shared" else [node.module]
        rooms |= {name.split(".")[1] for name in names if name.startswith("shared.")}
        assert not any(name.split(".")[0] in {"local", "tests", "bench"} for name in names), path
    return rooms


@pytest.mark.parametrize(
    "path", sorted((ROOT / "shared").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_arrow_runs_back(path: Path) -> None:
    room = path.relative_to(ROOT / "shared").parts[0].removesuffix(".py")
    if room == "__init__":
        return
    assert _rooms_imported(path) <= MAY_IMPORT[room] | {room}


def test_the_triggers_hold_nothing_but_triggers() -> None:
    tree = ast.parse((ROOT / "function_app.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            assert len(node.body) == 2, f"{node.name} does more than hand over"
            assert node.decorator_list
    assert _rooms_imported(ROOT / "function_app.py") <= {"web", "log"}


def test_the_model_does_no_input_or_output() -> None:
    forbidden = {"requests", "azure", "os", "time", "socket", "pathlib", "logging", "random"}
    for path in (ROOT / "shared" / "model").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                used = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                used = {node.module.split(".")[0]}
            else:
                continue
            assert not used & forbidden, path
