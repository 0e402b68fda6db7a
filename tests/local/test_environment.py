"""What dev.py makes on a machine is whole, or is made anew: the environment, keys, and settings read by one reader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from local.dev import stack, tools
from local.dev.steps import StepFailedError
from local.host.configuration import ConfigurationError, fill_environment
from shared.core import local_settings

STAMP = "installed-requirements"


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the environment is to be; nothing is required of it."""
    requirements = tmp_path / "requirements-dev.txt"
    requirements.write_text("")
    monkeypatch.setattr(tools, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(tools, "REQUIREMENTS", requirements)
    monkeypatch.setattr(tools, "ROOT", tmp_path)
    return tmp_path / ".venv"


@pytest.fixture
def made(venv: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that were run instead of making and filling an environment, which is only pretended."""
    ran: list[str] = []

    def quietly(command: list[str], env: object = None) -> None:
        ran.append("venv" if "venv" in command else "pip")
        if "venv" in command:
            python = tools.venv_python()
            for old in (python, venv / STAMP):
                old.unlink(missing_ok=True)
            python.parent.mkdir(parents=True, exist_ok=True)
            python.symlink_to(sys.executable)

    monkeypatch.setattr(tools, "quietly", quietly)
    tools.ensure_environment()
    assert ran == ["venv", "pip"]
    ran.clear()
    return ran


def test_an_environment_is_made_once(made: list[str]) -> None:
    tools.ensure_environment()
    assert made == []


def test_changed_requirements_are_installed_into_it(made: list[str]) -> None:
    tools.REQUIREMENTS.write_text("# other")
    tools.ensure_environment()
    assert made == ["pip"]


def _no_stamp(venv: Path) -> None:
    (venv / STAMP).unlink()


def _no_python(venv: Path) -> None:
    tools.venv_python().unlink()


def _broken_python(venv: Path) -> None:
    tools.venv_python().unlink()
    tools.venv_python().write_text("#!/bin/sh\nexit 1\n")
    tools.venv_python().chmod(0o755)


def _older_python(venv: Path) -> None:
    tools.venv_python().unlink()
    tools.venv_python().write_text("#!/bin/sh\necho 3.10\n")
    tools.venv_python().chmod(0o755)


def _dangling(venv: Path) -> None:
    tools.venv_python().unlink()
    tools.venv_python().symlink_to(venv / "gone")


def _older_stamp(venv: Path) -> None:
    (venv / STAMP).write_text("3.10 abc")


def _half_stamp(venv: Path) -> None:
    (venv / STAMP).write_text("3")


@pytest.mark.parametrize(
    "spoil", [_no_stamp, _no_python, _broken_python, _older_python, _dangling, _older_stamp, _half_stamp]
)
def test_what_is_not_whole_is_made_anew(made: list[str], venv: Path, spoil: object) -> None:
    assert callable(spoil)
    spoil(venv)
    tools.ensure_environment()
    assert made == ["venv", "pip"]
    tools.ensure_environment()
    assert made == ["venv", "pip"]


@pytest.mark.parametrize("step", ["venv", "pip"])
def test_an_interruption_leaves_nothing_that_looks_whole(
    made: list[str], venv: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretended = tools.quietly
    tools.REQUIREMENTS.write_text("# other")
    if step == "venv":
        _no_python(venv)

    def interrupted(command: list[str], env: object = None) -> None:
        if step in command or step == "venv":
            raise KeyboardInterrupt
        pretended(command)

    monkeypatch.setattr(tools, "quietly", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tools.ensure_environment()
    monkeypatch.setattr(tools, "quietly", pretended)
    made.clear()
    tools.ensure_environment()
    assert made == ["venv", "pip"]


def test_an_environment_without_pip_is_made_anew_for_real(venv: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    tools.ensure_environment()
    done = subprocess.run([str(tools.venv_python()), "-m", "pip", "--version"], capture_output=True, check=False)
    assert done.returncode == 0


def test_half_a_key_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "STATE", tmp_path)
    for half in ("", "abc", "\n"):
        (tmp_path / "token-cache.key").write_text(half)
        key = stack.token_cache_key()
        Fernet(key)
        assert stack.token_cache_key() == key
    assert [path.name for path in tmp_path.iterdir()] == ["token-cache.key"]


# -- local.settings.json: the same to the host, to dev.py and to the command line --------------------------------------

TEXT = json.dumps({"IsEncrypted": False, "Values": {"HUNTER_ÖZEL": "değer"}}, ensure_ascii=False)
READABLE = {
    "plain": (TEXT.encode(), {"HUNTER_ÖZEL": "değer"}),
    "byte order mark": (TEXT.encode("utf-8-sig"), {"HUNTER_ÖZEL": "değer"}),
    "UTF-16 of PowerShell": (TEXT.encode("utf-16"), {"HUNTER_ÖZEL": "değer"}),
    "Windows' lines": (TEXT.replace(",", ",\r\n").encode(), {"HUNTER_ÖZEL": "değer"}),
    "null": (b'{"Values": null}', {}),
    "no values": (b"{}", {}),
    "null with a mark": (b'\xef\xbb\xbf{"Values": null}', {}),
}
WRONG = {
    "no JSON": (b"[", "no JSON"),
    "empty": (b"", "no JSON"),
    "a list": (b"[]", "must hold a JSON object"),
    "encrypted": (b'{"IsEncrypted": true, "Values": {"A": "x"}}', "is encrypted"),
    "a list of values": (b'{"Values": ["A"]}', "must be an object"),
    "a number": (b'{"Values": {"A": 1}}', "A in local.settings.json must be a text"),
    "nothing": (b'{"Values": {"A": null}}', "A in local.settings.json must be a text"),
    "another encoding": ('{"Values": {"A": "ş"}}'.encode("cp1254"), "UTF-8"),
}


@pytest.mark.parametrize("kind", READABLE)
def test_whoever_reads_the_settings_reads_the_same(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, values = READABLE[kind]
    (tmp_path / local_settings.FILE).write_bytes(content)
    assert local_settings.read(tmp_path) == values
    environment: dict[str, str] = {}
    assert fill_environment(tmp_path, environment) == [*values]
    assert environment == values
    monkeypatch.setattr(stack, "LOCAL_SETTINGS", tmp_path / local_settings.FILE)
    assert stack.own_settings() == values
    assert local_settings.below({"HUNTER_ÖZEL": "of the environment"}, tmp_path)["HUNTER_ÖZEL"] == "of the environment"


@pytest.mark.parametrize("kind", WRONG)
def test_whoever_cannot_read_the_settings_says_the_same(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, sentence = WRONG[kind]
    (tmp_path / local_settings.FILE).write_bytes(content)
    with pytest.raises(local_settings.LocalSettingsError, match=sentence) as read:
        local_settings.read(tmp_path)
    with pytest.raises(ConfigurationError) as host:
        fill_environment(tmp_path, {})
    monkeypatch.setattr(stack, "LOCAL_SETTINGS", tmp_path / local_settings.FILE)
    with pytest.raises(StepFailedError) as developer:
        stack.own_settings()
    assert str(read.value) == str(host.value) == str(developer.value)
    command = [sys.executable, "-m", "shared.cli", "check"]
    path = {**os.environ, "PYTHONPATH": str(Path(tools.__file__).parents[2])}
    done = subprocess.run(command, cwd=tmp_path, env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().endswith(str(read.value)), done.stderr
