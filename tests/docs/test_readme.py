"""The documents say what the code does: settings, routes, commands, and links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.dev import docs
from shared.core.setting_list import SETTINGS
from shared.web.routes import ROUTES

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_tables_are_those_of_the_code() -> None:
    assert not docs.stale(), "python3 dev.py docs writes them anew"


def test_every_setting_route_and_error_is_in_a_table() -> None:
    for name, wanted in {
        "settings.md": [each.name for each in SETTINGS],
        "routes.md": [each.name for each in ROUTES],
        "errors.md": [each.code for each in docs.kinds()],
    }.items():
        text = (ROOT / "docs" / name).read_text("utf-8")
        assert [entry for entry in wanted if f"| `{entry}` |" not in text] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text("utf-8")):
        if not target.startswith(("https://", "http://", "mailto:")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_name_no_place_outside(document: Path) -> None:
    text = document.read_text("utf-8")
    assert re.findall(r"(?<![\w./])/(?:home|opt|root|srv|tmp|Users|work)/[\w.-]+", text) == []
    assert "../shared" not in text
