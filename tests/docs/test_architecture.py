"""docs/architecture.md, and whatever a comment or a document cites: true, and there."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text("utf-8")
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
CITED = re.compile(r"(?<![\w/.-])((?:[\w-]+/)*[\w-]+\.md)\b")
"""A document's name, with or without its folder."""


def stops() -> list[tuple[str, str]]:
    walk = TEXT.split("## From Microsoft's page to the screen")[1].split("\n## ")[0]
    return re.findall(r"`([\w/]+\.py)::(\w+)`", walk)


def test_the_walk_has_ten_stops() -> None:
    walk = TEXT.split("## From Microsoft's page to the screen")[1].split("\n## ")[0]
    assert re.findall(r"(?m)^(\d+)\.", walk) == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize(("path", "name"), stops())
def test_each_stop_of_the_walk_is_there(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_table_of_tables_is_the_code_s() -> None:
    listed = set(re.findall(r"(?m)^\| (\w+) \| [^|]+ \| [^|]* \|", TEXT.split("## Tables")[1].split("\n## ")[0]))
    used = {"Referrals", "ReferralPayloads"}
    for path in (ROOT / "shared").rglob("*.py"):
        used |= set(re.findall(r'(?m)^TABLE: Final = "(\w+)"', path.read_text("utf-8")))
    assert listed - {"Table"} == used


@pytest.mark.parametrize("room", [path.name for path in sorted((ROOT / "shared").iterdir()) if path.is_dir()])
def test_each_room_is_in_the_plan(room: str) -> None:
    if room != "__pycache__":
        assert re.search(rf"(?m)^  {room}/ ", TEXT), room


def test_whatever_document_is_cited_is_there() -> None:
    documents = {Path(name).name for name in TRACKED if name.endswith(".md")}
    for name in TRACKED:
        if name.endswith((".py", ".js", ".md", ".bicep")) and not name.startswith("tests/samples"):
            text = (ROOT / name).read_text("utf-8", "replace")
            assert {cited for cited in CITED.findall(text) if Path(cited).name not in documents} == set(), name


def test_the_glossary_is_short() -> None:
    words = re.findall(r"(?m)^\| ([a-z][a-z -]+) \|", (ROOT / "docs" / "glossary.md").read_text("utf-8"))
    assert words == sorted(words)
    assert len(words) <= 25
