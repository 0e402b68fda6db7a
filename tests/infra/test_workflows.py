"""The workflows: pinned, with the least rights, and running what a developer runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.bicep import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(path: Path) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(path.read_text("utf-8"))
    return content


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_a_commit_and_say_which_version(path: Path) -> None:
    uses = re.findall(r"uses: (.+)$", path.read_text("utf-8"), re.MULTILINE)
    assert uses
    for use in uses:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use), use


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_the_default_is_to_read_and_jobs_end(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_the_gate_is_the_developers_command() -> None:
    steps = load(ROOT / ".github" / "workflows" / "test.yml")["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step][-1] == "python3 dev.py test"


def test_the_bicep_is_compiled_linted_and_compared() -> None:
    jobs = load(ROOT / ".github" / "workflows" / "infra.yml")["jobs"]
    commands = "\n".join(step.get("run", "") for job in jobs.values() for step in job["steps"])
    for command in ("az bicep build", "az bicep lint", "az deployment sub what-if"):
        assert command in commands
    assert jobs["what-if"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in (ROOT / ".github" / "workflows" / "infra.yml").read_text("utf-8"), "OIDC needs none"
