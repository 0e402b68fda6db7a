"""docs/errors.md is the retry table and all codes; docs/reliability.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from shared.core import errors
from shared.core.errors import HunterError
from shared.partner_center import client, retry
from shared.storage.engine.tables import BACKOFF, PASSING

ROOT = Path(__file__).parents[2]
ERRORS = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
RELIABILITY = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def table(heading: str) -> list[tuple[str, ...]]:
    """The rows of the first table under a heading."""
    section = ERRORS.split(f"## {heading}\n")[1]
    lines = re.findall(r"(?m)^\|.*\|$", section.split("\n## ")[0])
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def concrete(kind: type[HunterError] = HunterError) -> set[type[HunterError]]:
    """All classes of errors that are raised, not only inherited from."""
    found = set() if kind.__subclasses__() else {kind}
    for each in kind.__subclasses__():
        found |= concrete(each)
    return found


def test_the_retry_table_is_that_of_the_code() -> None:
    expected = [(rule.met, rule.action.value, f"{rule.error.status} `{rule.error.code}`") for rule in retry.RULES]
    assert table("What happens on a failure at Partner Center") == expected


def test_all_codes_are_listed_with_their_status() -> None:
    listed = {(code.strip("`"), int(status)) for code, status, _ in table("All codes")}
    assert listed == {(kind.code, kind.status) for kind in concrete()}
    assert [code for code, *_ in table("All codes")] == sorted(code for code, *_ in table("All codes"))


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn = dict(re.findall(r"(?m)[├└]── (\w+) +([a-z_]+) +\d{3}$", errors.__doc__ or ""))
    statuses = dict(re.findall(r"(?m)[├└]── (\w+) +[a-z_]+ +(\d{3})$", errors.__doc__ or ""))
    kinds = {kind.__name__: kind for kind in concrete() if kind.__name__ in drawn}
    assert {name: kind.code for name, kind in kinds.items()} == drawn
    assert {name: str(kind.status) for name, kind in kinds.items()} == statuses


def test_figures_are_those_of_the_code() -> None:
    assert f"At most {retry.BACKOFF.tries} tries" in ERRORS
    assert f"min({retry.BACKOFF.most:g}, " in ERRORS
    assert (
        f"{retry.CONNECT_SECONDS} s to connect, {retry.READ_SECONDS} s of silence, {retry.ANSWER_SECONDS} s for a whole "
        f"answer, {client.MOST_BYTES >> 20} MiB" in ERRORS
    )
    assert f"{BACKOFF.tries} tries, full jitter from {BACKOFF.first} s to {BACKOFF.most:g} s" in ERRORS
    for status in PASSING:
        assert str(status) in ERRORS


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(\w+\.py)`", RELIABILITY))
    assert len(named) > 8
    there = {path.name for path in (ROOT / "tests").rglob("*.py")}
    assert named - there == set()
