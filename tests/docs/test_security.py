"""docs/security.md: every threat has a test that exists, and the figures are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared import services
from shared.read_model import questions
from shared.sign_in import entra, tokens
from shared.web import access

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
THREATS = [line for line in TEXT.split("## Threats")[1].split("\n## ")[0].splitlines() if line.startswith("| ")][2:]


@pytest.mark.parametrize("row", THREATS, ids=lambda row: str(row).strip("| ").partition(" |")[0][:60])
def test_every_threat_has_its_test(row: str) -> None:
    path, name = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)[0]
    assert re.search(rf"def {name}\(", (ROOT / path).read_text("utf-8")), f"{path} has no {name}"


def test_the_table_is_read() -> None:
    assert len(THREATS) > 25


def test_the_figures_are_those_of_the_code() -> None:
    for most in set(services.A_MINUTE.values()):
        assert f"{most} at once, then {most} a minute" in TEXT
    assert f"{access.BODY_BYTES // 1024} KiB" in TEXT
    limits = (questions.MOST_PARAMETERS, questions.MOST_VALUES, questions.MOST_LETTERS, questions.MOST_ON_A_PAGE)
    assert "{}, {} of one, {} characters; {}".format(*limits) in TEXT
    assert f"lasts {tokens.CLAIM_SECONDS:g} s" in TEXT
    assert tokens.CHECK_SECONDS == 60
    assert f"| {entra.BACKOFF.tries}, 5, 5, with jitter" in TEXT
