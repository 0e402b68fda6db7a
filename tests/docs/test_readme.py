"""The documents say what the code does: settings, routes, commands, and links that lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from shared.core.settings import SETTINGS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _table(heading: str) -> list[list[str]]:
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in row] for row in rows]


def test_the_settings_table_is_the_code_s() -> None:
    assert _table("Settings") == [[one.name, one.default, one.meaning] for one in SETTINGS]


def test_the_routes_table_is_the_function_list() -> None:
    served = set()
    # An app of its own: one can be asked for its functions only once.
    for function in runpy.run_path(str(ROOT / "function_app.py"))["app"].get_functions():
        trigger = function.get_trigger()
        assert trigger is not None
        binding = trigger.get_dict_repr()
        if binding["type"] == "httpTrigger":
            method = binding["methods"][0]
            served.add((f"{getattr(method, 'value', method)} /{binding['route']}", function.get_function_name()))
    assert {(row[0], row[1]) for row in _table("Routes")} == served


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text("utf-8")):
        if not target.startswith(("https://", "http://", "mailto:")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_name_no_place_outside(document: Path) -> None:
    text = document.read_text("utf-8")
    assert "/work/" not in text
    assert "../shared" not in text
