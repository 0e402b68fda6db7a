"""What people would use instead: installed by the bench alone, each in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.world import WORK

REQUIREMENTS = Path(__file__).with_name("requirements-dlt.txt")


def prepare(say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """For each peer, how ``world.run`` runs it; installs what is missing."""
    place = WORK / "dlt"
    python = place / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    stamp = place / "installed"
    wanted = REQUIREMENTS.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        say("installing dlt")
        venv.create(place, clear=True, with_pip=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(REQUIREMENTS)], check=True
        )
        stamp.write_text(wanted)
    dlt = {"python": python, "module": "bench.peer_dlt"}
    return {
        "naive": {"module": "bench.peer_naive", "case": "naive"},
        "dlt to the same store": {**dlt, "case": "tables"},
        "dlt to DuckDB": {**dlt, "case": "duckdb"},
        "dlt to DuckDB, parquet": {**dlt, "case": "parquet"},
    }


def clean() -> None:
    """Forget what a pipeline kept."""
    shutil.rmtree(WORK / "pipelines", ignore_errors=True)
