"""docs/how-to.md walked: each file that a step names is there, and holds what the step says is in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
PLACES = set(TRACKED) | {str(parent) for name in TRACKED for parent in Path(name).parents if parent != Path()}
DOCUMENTS = ("how-to.md", "reliability.md", "architecture.md")


def paths(text: str) -> list[str]:
    """The files and folders that a text names from the root on."""
    return re.findall(r"`((?:shared|tests|local|infra|docs|bench)/[\w./-]*\w)/?`", text)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_and_folders_that_a_step_names_are_there(document: str) -> None:
    text = (ROOT / "docs" / document).read_text("utf-8")
    assert paths(text)
    assert [name for name in paths(text) if name not in PLACES] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_tests_that_are_named_alone_are_there(document: str) -> None:
    names = {Path(name).name for name in TRACKED}
    text = (ROOT / "docs" / document).read_text("utf-8")
    assert [name for name in re.findall(r"`(test_\w+\.py)`", text) if name not in names] == []


def test_what_a_step_says_is_in_a_file_is_in_it() -> None:
    text = (ROOT / "docs" / "how-to.md").read_text("utf-8")
    said = re.findall(r"`([A-Z][A-Z_]+)` (?:of|in) `([\w./]+\.py)`", text)
    assert said
    for name, place in said:
        assert re.search(rf"(?m)^{name}\b", (ROOT / place).read_text("utf-8")), (name, place)


def test_every_promise_names_the_tests_that_try_to_break_it() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    parts = re.split(r"(?m)^## (?=\d+\. )", text)[1:]
    assert [int(part.partition(".")[0]) for part in parts] == list(range(1, 16))
    for first, part in enumerate(parts):
        # Promises 7 to 11 are tried by the same tests, named once behind the last of them.
        named = "".join(parts[first : 11 if 6 <= first < 11 else first + 1])
        assert re.search(r"`test_\w+\.py`", named), part[:60]
