"""The hooks of `azd up`, run with a stand-in for azd that records what is set."""

from __future__ import annotations

import os
import re
import string
import subprocess
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.infra.bicep import INFRA

FAKE_AZD = """#!/bin/sh
test "$1 $2" = "env set" || exit 9
shift 2
case "$1" in -*) echo "unknown flag $1" >&2; exit 8;; esac
case "${2:-}" in -*) echo "unknown flag $2" >&2; exit 8;; esac
printf '%s=%s\\n' "$1" "$2" >> "$RECORD"
"""


@pytest.fixture
def azd(tmp_path: Path) -> Path:
    program = tmp_path / "bin" / "azd"
    program.parent.mkdir()
    program.write_text(FAKE_AZD, "utf-8")
    program.chmod(0o755)
    return tmp_path


def run(hook: str, azd: Path, **environment: str) -> tuple[dict[str, str], str]:
    """What the hook set, and what it printed."""
    record = azd / "record"
    record.unlink(missing_ok=True)
    done = subprocess.run(
        ["sh", str(INFRA / "hooks" / f"{hook}.sh")],
        env={"PATH": f"{azd / 'bin'}:{os.environ['PATH']}", "RECORD": str(record), **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    lines = record.read_text("utf-8").splitlines() if record.exists() else []
    return dict(line.split("=", 1) for line in lines), done.stdout + done.stderr


def test_the_first_time_a_key_is_made_that_works_and_is_not_shown(azd: Path) -> None:
    seen = set()
    for _ in range(12):
        values, printed = run("preprovision", azd)
        assert set(values) == {"HUNTER_TOKEN_CACHE_KEY"}
        key = values["HUNTER_TOKEN_CACHE_KEY"]
        assert set(key) <= set(string.ascii_letters + string.digits + "-_=")
        cipher = Fernet(key)
        assert cipher.decrypt(cipher.encrypt(b"token")) == b"token"
        assert key not in printed
        seen.add(key)
    assert len(seen) == 12


def test_a_key_that_was_given_or_is_in_the_vault_stays(azd: Path) -> None:
    assert run("preprovision", azd, HUNTER_TOKEN_CACHE_KEY=Fernet.generate_key().decode())[0] == {}
    assert run("preprovision", azd, AZURE_KEY_VAULT_NAME="kv-hunter")[0] == {}


def test_a_client_secret_is_remembered_as_a_fact_not_as_a_value(azd: Path) -> None:
    given = {"AZURE_KEY_VAULT_NAME": "kv-hunter", "HUNTER_PARTNER_CENTER_CLIENT_SECRET": "it is secret"}
    values, printed = run("preprovision", azd, **given)
    assert values == {"HUNTER_PARTNER_CENTER_USES_CLIENT_SECRET": "true"}
    assert "it is secret" not in printed


def test_a_budget_begins_in_the_month_of_its_first_deployment_and_stays_there(azd: Path) -> None:
    there = {"AZURE_KEY_VAULT_NAME": "kv-hunter"}
    values, _ = run("preprovision", azd, **there, HUNTER_MONTHLY_BUDGET="50")
    assert re.fullmatch(r"\d{4}-\d\d-01", values.pop("HUNTER_BUDGET_START"))
    assert values == {}
    begun = {**there, "HUNTER_MONTHLY_BUDGET": "50", "HUNTER_BUDGET_START": "2026-01-01"}
    assert run("preprovision", azd, **begun)[0] == {}
    assert run("preprovision", azd, **there, HUNTER_MONTHLY_BUDGET="0")[0] == {}
    assert run("preprovision", azd, **there)[0] == {}


def test_afterwards_no_secret_is_left_on_the_machine(azd: Path) -> None:
    values, printed = run(
        "postprovision", azd, HUNTER_TOKEN_CACHE_KEY="a key", HUNTER_PARTNER_CENTER_CLIENT_SECRET="a secret"
    )
    assert values == {"HUNTER_TOKEN_CACHE_KEY": "", "HUNTER_PARTNER_CENTER_CLIENT_SECRET": ""}
    assert printed == ""
    assert run("postprovision", azd)[0] == {}


@pytest.mark.parametrize("hook", ["preprovision", "postprovision"])
def test_both_systems_hooks_set_the_same_values(hook: str) -> None:
    def names(suffix: str) -> set[str]:
        text = (INFRA / "hooks" / f"{hook}.{suffix}").read_text("utf-8")
        return {
            name for name in text.replace("'", " ").replace("$", " ").replace(":", " ").split() if "HUNTER_" in name
        }

    assert {name.strip('"{}();') for name in names("sh")} <= {name.strip('"{}(),;') for name in names("ps1")}
