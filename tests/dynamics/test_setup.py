"""Setup makes columns and keys, looks first, and says what a customiser must do; check says what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from local.dynamics import DynamicsSimulator
from shared.cli.__main__ import main

Make = Callable[..., DynamicsSimulator]
Cli = Callable[..., tuple[int, str]]


@pytest.fixture
def crm(make_crm: Make) -> DynamicsSimulator:
    """An environment that nobody prepared."""
    crm = make_crm()
    crm.switches.key_polls = 0
    return crm


@pytest.fixture
def cli(crm: DynamicsSimulator, storage_account: str, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs the command line: exit code and what it says."""
    settings = {
        "HUNTER_STORAGE": storage_account,
        **crm.settings(),
    }

    def run(*arguments: str, **more: str) -> tuple[int, str]:
        code = main(["dynamics", *arguments], {**settings, **more})
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_setup_makes_what_is_missing_and_nothing_twice(crm: DynamicsSimulator, cli: Cli) -> None:
    code, said = cli("setup", "--check")
    assert code == 1
    assert "FIX   column hnt_referralid of lead is missing" in said
    assert [one.method for one in crm.asked("POST")] == []
    code, said = cli("setup")
    assert code == 0, said
    assert {key.columns[0] for table in ("lead", "opportunity") for key in crm.store.schemas[table].keys.values()} == {
        "hnt_referralid"
    }
    crm.forget()
    assert cli("setup")[0] == 0
    assert crm.asked("POST") == []
    code, said = cli("check")
    assert code == 0, said
    assert "records are found by the key" in said


def test_without_rights_it_says_what_a_customiser_must_do(crm: DynamicsSimulator, cli: Cli) -> None:
    crm.switches.customiser = False
    code, said = cli("setup")
    assert code == 1
    assert "System Customizer" in said
    assert "Without them the sync works, too" in said


def test_a_customiser_signs_in_on_another_device(crm: DynamicsSimulator, cli: Cli) -> None:
    code, said = cli("setup", "--device-code", HUNTER_DYNAMICS_SETUP_CLIENT_ID="customiser")
    assert code == 0, said
    assert f"Open {crm.authority}/common/oauth2/deviceauth and enter " in said
    assert crm.asked("POST")
    assert cli("setup", "--check")[0] == 0


@pytest.mark.parametrize("decision", ["declined", "expired"])
def test_a_sign_in_that_is_not_completed_changes_nothing(crm: DynamicsSimulator, cli: Cli, decision: str) -> None:
    crm.switches.device_sign_in = decision
    code, said = cli("setup", "--device-code", HUNTER_DYNAMICS_SETUP_CLIENT_ID="customiser")
    assert code == 1
    assert "The sign-in was not completed. Run setup again." in said
    assert crm.asked("POST") == []


def test_a_device_code_needs_an_application_that_allows_it(crm: DynamicsSimulator, cli: Cli) -> None:
    code, said = cli("setup", "--device-code", HUNTER_DYNAMICS_CLIENT_ID="")
    assert code == 1
    assert "HUNTER_DYNAMICS_SETUP_CLIENT_ID" in said
    crm.switches.public_client = False
    code, said = cli("setup", "--device-code", HUNTER_DYNAMICS_SETUP_CLIENT_ID="customiser")
    assert code == 1
    assert "Does it allow public flows?" in said


def test_a_key_whose_index_failed_is_said(crm: DynamicsSimulator, cli: Cli) -> None:
    cli("setup")
    crm.store.schemas["lead"].keys["hnt_referralkey"].status = "Failed"
    code, said = cli("setup", "--check")
    assert code == 1
    assert "failed: two rows have the same hnt_referralid" in said


def test_check_names_each_thing_that_does_not_fit(crm: DynamicsSimulator, cli: Cli, tmp_path: Path) -> None:
    crm.people.add("solution", friendlyname="Partner Center Referrals Synchronization for Dynamics 365")
    crm.store.schemas["lead"].columns["leadsourcecode"].choices.pop(4)
    given = tmp_path / "mapping.json"
    fields: list[dict[str, Any]] = [
        {"field": "name", "lead": "subject", "opportunity": "name"},
        {"field": "constant", "lead": "leadsourcecode", "value": 4},
        {"field": "category", "lead": "new_kind"},
    ]
    given.write_bytes(msgspec.json.encode({"fields": fields}))
    code, said = cli("mapping", "set", str(given))
    assert (code, "version 2" in said) == (0, True)
    code, said = cli("check")
    assert code == 1
    assert "FIX   Microsoft's own Partner Center connector is installed" in said
    assert "FIX   mapping, constant: leadsourcecode of lead has no choice 4" in said
    assert "FIX   mapping, category: lead has no column new_kind" in said


def test_a_wrong_mapping_is_not_taken(cli: Cli, tmp_path: Path) -> None:
    given = tmp_path / "mapping.json"
    given.write_text('{"fields": [{"field": "nmae", "lead": "subject"}]}')
    code, said = cli("mapping", "set", str(given))
    assert (code, "There is no such field" in said) == (1, True)
    code, said = cli("mapping", "show")
    assert msgspec.json.decode(said)["version"] == 1
    assert "$schema" in msgspec.json.decode(cli("mapping", "show", "--schema")[1])


def test_sync_and_its_plan(cli: Cli) -> None:
    assert cli("sync", "--dry-run") == (0, "0 referrals to do; nothing was written.\n")
    code, said = cli("sync")
    assert code == 0
    assert said.startswith("0 created, 0 updated, 0 pulled")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"HUNTER_DYNAMICS_CLIENT_SECRET": "wrong"}, "dynamics_sign_in_failed: Entra does not accept"),
        ({"HUNTER_DYNAMICS_URL": ""}, "configuration_error"),
        ({"HUNTER_DYNAMICS_ENABLED": "false", "HUNTER_DYNAMICS_URL": ""}, "dynamics_disabled"),
    ],
)
def test_what_stands_in_the_way_is_said(cli: Cli, settings: dict[str, str], said: str) -> None:
    code, text = cli("check", **settings)
    assert code == 1
    assert said in text


def test_a_managed_identity_needs_no_secret(crm: DynamicsSimulator, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{crm.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", crm.entra.identity_header)
    code, said = cli("sync", HUNTER_DYNAMICS_CLIENT_SECRET="")
    assert code == 0, said
    crm.entra.expire()
    assert cli("sync", HUNTER_DYNAMICS_CLIENT_SECRET="")[0] == 0
