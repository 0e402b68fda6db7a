"""The command line, on real storage and a real sign-in: each answer says what is so and what to do."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from cryptography.fernet import Fernet

from local.simulator import Simulator
from shared.cli import __main__ as cli

KEY = Fernet.generate_key().decode()


@pytest.fixture
def world(storage_account: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Simulator, dict[str, str]]]:
    """A simulator that approves sign-ins by itself, and settings that fit it."""
    with Simulator(referrals=60, seed=5, auto_approve=True) as sim:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sim.ca_file))
        yield (
            sim,
            {
                "HUNTER_PARTNER_CENTER_ENABLED": "true",
                "HUNTER_PARTNER_CENTER_API_URL": sim.api_url,
                "HUNTER_PARTNER_CENTER_AUTHORITY": sim.authority,
                "HUNTER_PARTNER_CENTER_TENANT_ID": sim.tenant_id,
                "HUNTER_PARTNER_CENTER_CLIENT_ID": sim.client_id,
                "HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "0",
                "HUNTER_STORAGE": storage_account,
                "HUNTER_TOKEN_CACHE_KEY": KEY,
            },
        )


def test_from_sign_in_to_export(world: tuple[Simulator, dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    _, settings = world
    assert cli.main(["sign-in"], settings) == 0
    assert "Signed in as" in capsys.readouterr().out

    assert cli.main(["check"], settings) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["ok"] * 4

    assert cli.main(["sync", "--dry-run"], settings) == 0
    assert cli.main(["sync"], settings) == 0
    out = capsys.readouterr().out
    assert re.search(r"succeeded: 60 fetched, 60 new", out)

    assert cli.main(["export", "referrals", "--json"], settings) == 0
    items = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(items) == 60
    assert {"id", "customerName", "dealValue"} <= items[0].keys()

    assert cli.main(["export", "companies", "--csv", "--separator", ";"], settings) == 0
    text = capsys.readouterr().out
    assert text.startswith("\ufeffkey;name;")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert sum(int(row["referralCount"]) for row in rows) <= 60
    assert len(rows) > 5


def test_the_page_s_exports_by_command(
    world: tuple[Simulator, dict[str, str]], capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    _, settings = world
    assert cli.main(["sign-in"], settings) == 0
    assert cli.main(["sync"], settings) == 0
    capsysbinary.readouterr()

    workbook = tmp_path / "a.xlsx"
    query = ["--query", "status=New&sort=name", "--output", str(workbook), "--language", "tr"]
    assert cli.main(["export", "referrals", "--format", "xlsx", "--contacts", *query], settings) == 0
    book = openpyxl.load_workbook(workbook)
    assert book.sheetnames == ["Fırsatlar", "Hakkında"]
    assert {cell.value for cell in book["Fırsatlar"]["J"][1:]} == {"New"}
    assert book["Fırsatlar"]["B1"].value == "Ad"

    assert (
        cli.main(["export", "referrals", "--format", "csv", "--dialect", "eu", "--columns", "partnerCenter"], settings)
        == 0
    )
    content = capsysbinary.readouterr().out
    csv.field_size_limit(1_000_000)
    assert content.startswith(b"\xef\xbb\xbfErrors;Engagement ID;")
    assert len(list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))) == 61

    assert cli.main(["export", "referrals", "--query", "colour=red"], settings) == 1
    assert capsysbinary.readouterr().err.startswith(b"invalid_parameter: ")


BROKEN: dict[str, tuple[dict[str, str], str]] = {
    "switched off": ({"HUNTER_PARTNER_CENTER_ENABLED": "false"}, r"FIX +settings: .*HUNTER_PARTNER_CENTER_ENABLED"),
    "nothing set": (
        {"HUNTER_PARTNER_CENTER_TENANT_ID": "", "HUNTER_TOKEN_CACHE_KEY": ""},
        r"FIX +settings: (?=.*HUNTER_PARTNER_CENTER_TENANT_ID)(?=.*HUNTER_TOKEN_CACHE_KEY).*\(configuration_error\)",
    ),
    "storage away": (
        {"HUNTER_STORAGE": "AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a;"},
        r"FIX +storage: .*\(storage_unavailable\)",
    ),
    "nobody signed in": ({}, r"FIX +sign-in: .*sign-in.*\(sign_in_required\)"),
    "no storage setting": ({"HUNTER_STORAGE": ""}, r"FIX +storage: HUNTER_STORAGE: .*\(configuration_error\)"),
}


@pytest.mark.parametrize(("change", "says"), BROKEN.values(), ids=BROKEN)
def test_check_says_what_to_do(
    change: dict[str, str],
    says: str,
    world: tuple[Simulator, dict[str, str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.core.clock.SystemClock.sleep", lambda self, seconds: None)
    _, settings = world
    assert cli.main(["check"], settings | change) == 1
    out = capsys.readouterr().out
    assert re.search(says, out), out
    assert KEY not in out


def test_a_role_that_sees_nothing_is_named(
    world: tuple[Simulator, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    sim, settings = world
    assert cli.main(["sign-in"], settings) == 0
    sim.switches.role = "none"
    assert cli.main(["check"], settings) == 1
    assert re.search(r"FIX +Partner Center: .*Referrals admin.*\(access_denied\)", capsys.readouterr().out)


def test_a_sync_that_fails_says_so_and_exits_with_1(
    world: tuple[Simulator, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    _, settings = world
    assert cli.main(["sync"], settings) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("sign_in_required: ")


def test_the_exit_codes_are_documented() -> None:
    assert cli.__doc__ is not None
    for code in (cli.DONE, cli.FAILED, cli.PAUSED, cli.RUNNING):
        assert f"{code} " in cli.__doc__
