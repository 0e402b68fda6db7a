"""Microsoft's worker library in an environment of its own, for comparing its answers with the local host's."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.hosting import ROOT, environment

WORKER = Path(__file__).with_name("microsoft_worker.py")
RUNTIME = "azure-functions-runtime==1.3.0"
REQUIREMENTS = ROOT / "requirements.txt"


def _python() -> str | None:
    """A Python 3.13, the only one that the library runs on."""
    installed = sorted((Path.home() / ".pyenv" / "versions").glob("3.13*/bin/python3.13"))
    for candidate in [*map(str, reversed(installed)), shutil.which("python3.13")]:
        if candidate and subprocess.run([candidate, "--version"], capture_output=True, check=False).returncode == 0:
            return candidate
    return None


def worker_python() -> Path:
    """The Python of an environment with the library and the app's requirements; made when missing.

    Skips the test that asks on a machine without Python 3.13.
    """
    python = _python()
    if python is None:
        pytest.skip("Microsoft's azure-functions-runtime needs Python 3.13, and there is none on this machine.")
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + RUNTIME.encode() + python.encode()).hexdigest()
    folder = ROOT / ".local" / "azure-functions-runtime"
    stamp = folder / "installed"
    inside = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for command in (
            [python, "-m", "venv", str(folder)],
            [*pip, "--require-hashes", "-r", str(REQUIREMENTS)],
            [*pip, RUNTIME],
        ):
            installing = subprocess.run(command, capture_output=True, text=True, check=False)
            assert installing.returncode == 0, installing.stderr
        stamp.write_text(wanted)
    return inside


def run(root: Path, calls: Sequence[Mapping[str, Any]], settings: Mapping[str, str]) -> dict[str, Any]:
    """Index the app in the folder and make the calls; see microsoft_worker.py for both ends."""
    done = subprocess.run(
        [str(worker_python()), str(WORKER), str(root)],
        input=json.dumps(calls).encode(),
        capture_output=True,
        env={**environment(settings), "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    answered: dict[str, Any] = json.loads(done.stdout)
    return answered
