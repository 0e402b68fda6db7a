"""What is measured against, and how a case gets a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.azurite import Azurite

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".local" / "bench"
Result = dict[str, Any]


class PartnerCenter:
    """The simulator with its pages made beforehand, in a process of its own."""

    def __init__(self, referrals: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.server", str(referrals)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.told: dict[str, str] = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The simulator ended.")
        return json.loads(line)

    def tell(self, **command: Any) -> int:
        """Carry out a command; how many requests came since the last."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return int(self._answer())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


class Storage(Azurite):
    """A fresh account in memory."""

    def cpu_seconds(self) -> float:
        """What it has used so far; 0 where that can't be told."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(
    case: str,
    partner_center: PartnerCenter,
    storage: Storage | None = None,
    *,
    python: Path | str = sys.executable,
    module: str = "bench.cases",
    **options: Any,
) -> Result:
    """Run a case in a process of its own.

    Returns:
        What the case says of itself (``seconds`` without imports, ``cpu`` of that, ``memory`` in MB, and more), with
        ``wall`` of the whole process, ``api`` requests, and ``storageCpu``.
    """
    partner_center.tell()
    told: Mapping[str, Any] = {
        **partner_center.told,
        "storage": storage.connection_string if storage else "",
        "work": str(WORK),
        **options,
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HUNTER_", "WEBSITE_"))}
    environment.pop("REQUESTS_CA_BUNDLE", None)
    environment["BENCH"] = json.dumps(told)
    before, started = storage.cpu_seconds() if storage else 0.0, time.perf_counter()
    done = subprocess.run(
        [str(python), "-m", module, case], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    wall = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{module} {case} failed:\n{done.stderr[-3000:]}")
    result: Result = json.loads(done.stdout.splitlines()[-1])
    result["wall"], result["api"] = wall, partner_center.tell()
    result["storageCpu"] = storage.cpu_seconds() - before if storage else 0.0
    return result
