"""What the command line writes is the same wherever it leads: any encoding of the terminal, a pipe, a file on Windows."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from local.simulator import Simulator
from shared.cli import __main__ as cli
from tests.hosting import app_settings

ROOT = Path(__file__).parents[2]
ENCODINGS = ["cp1254", "ascii", "utf-8", "latin-1", "utf-16", "cp437"]


@pytest.fixture(scope="module")
def settings(azurite: object, _unused_accounts: Iterator[str]) -> Iterator[dict[str, str]]:
    """Storage with 12 synced referrals whose names no code page of Windows has."""
    storage = azurite.connection_string_of(next(_unused_accounts))  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch, Simulator(referrals=12, seed=3, auto_approve=True) as sim:
        patch.setenv("REQUESTS_CA_BUNDLE", str(sim.ca_file))
        sim.data.change(sim.data.ids()[0], name="日本 ışık İĞÜŞÖÇ 🙂 \r\n two lines")
        given = {**app_settings(sim, storage), "HUNTER_TOKEN_CACHE_KEY": Fernet.generate_key().decode()}
        assert cli.main(["sign-in"], given) == 0
        assert cli.main(["sync"], given) == 0
        yield given


def ran(settings: dict[str, str], folder: Path, encoding: str, *arguments: str) -> bytes:
    """Standard output of the command in a process of that encoding."""
    environ = {**os.environ, **settings, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "shared.cli", *arguments], cwd=folder, env=environ, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_csv_is_utf_8_with_lines_of_rfc_4180(settings: dict[str, str], tmp_path: Path, encoding: str) -> None:
    out = ran(settings, tmp_path, encoding, "export", "referrals", "--csv")
    assert out.startswith(b"\xef\xbb\xbfid,")
    assert b"\r\r\n" not in out
    rows = list(csv.DictReader(io.StringIO(out.decode("utf-8-sig"), newline="")))
    assert len(rows) == 12
    assert any("日本 ışık İĞÜŞÖÇ 🙂" in row["name"] for row in rows)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_utf_8_a_line_each(settings: dict[str, str], tmp_path: Path, encoding: str) -> None:
    out = ran(settings, tmp_path, encoding, "export", "referrals", "--json")
    assert b"\r" not in out
    items = [json.loads(line) for line in out.decode("utf-8").splitlines()]
    assert len(items) == 12
    assert any("日本" in item["name"] for item in items)


@pytest.mark.parametrize("encoding", ["ascii", "cp1254"])
def test_no_command_fails_for_a_letter_that_the_terminal_lacks(
    settings: dict[str, str], tmp_path: Path, encoding: str
) -> None:
    folder = tmp_path / "日本"
    folder.mkdir()
    assert b"ok" in ran(settings, folder, encoding, "check")
    assert b"rows" in ran(settings, folder, encoding, "backup", "yedek-日本.hunter")


def test_a_reader_that_goes_away_is_no_error_message(settings: dict[str, str], tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m shared.cli export referrals --json | head -c 10 > /dev/null'
    environ = {**os.environ, **settings, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, env=environ, capture_output=True, check=False)
    assert done.stderr == b""
