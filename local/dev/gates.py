"""`dev.py test`: what has to hold before anything is merged, in one command with one summary line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from local import node
from local.dev.steps import StepFailedError, say
from local.dev.tools import ROOT, child_environment, ensure_chromium, ensure_node_packages

QUICK = ("tests/core", "tests/docs", "tests/model", "tests/read_model", "tests/storage")
"""What `--quick` runs of the tests."""


@dataclass
class Counts:
    """What the summary line counts: each gate and each test is one."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def _checks() -> list[tuple[str, list[str]]]:
    """The checks of the sources: name and command."""
    checks = [
        ("ruff check", [sys.executable, "-m", "ruff", "check", "."]),
        ("ruff format", [sys.executable, "-m", "ruff", "format", "--check", "."]),
        ("mypy", [sys.executable, "-m", "mypy"]),
    ]
    packages = node.NODE_MODULES
    for project in ("jsconfig.json", "tsconfig.json"):
        if (ROOT / project).exists():
            compiler = packages / "typescript" / "bin" / "tsc"
            checks.append(("tsc", [node.node(), str(compiler), "--noEmit", "-p", project]))
    if any(ROOT.glob("eslint.config.*")):
        checks.append(("eslint", [node.node(), str(packages / "eslint" / "bin" / "eslint.js"), "."]))
    return checks


def _run(name: str, command: list[str]) -> int:
    """Run one gate with its output on the terminal; its exit code."""
    say(f"--- {name}")
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env=child_environment(), stdin=subprocess.DEVNULL, check=False).returncode
    say(f"--- {name}: {'passed' if code == 0 else f'failed ({code})'} after {time.monotonic() - started:.1f} s")
    return code


def _pytest(arguments: list[str], counts: Counts) -> int:
    parallel = [] if any(argument.startswith("-n") for argument in arguments) else ["-n", "2", "--dist", "loadgroup"]
    with tempfile.TemporaryDirectory(prefix="test-results-") as folder:
        results = Path(folder) / "results.xml"
        command = [sys.executable, "-m", "pytest", f"--junitxml={results}", "--durations=15", *parallel, *arguments]
        code = _run("pytest", command)
        failed = _read_results(results, counts)
    if code != 0 and failed == 0:
        counts.failed += 1  # it ended before or beside the tests: a crash, a usage error, nothing collected
    return code


def _read_results(path: Path, counts: Counts) -> int:
    """Add the tests in pytest's result file to the counts; how many of them failed."""
    if not path.exists():
        return 0
    failed = 0
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        wrong = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        counts.passed += int(suite.get("tests", 0)) - wrong - skipped
        counts.skipped += skipped
        failed += wrong
    counts.failed += failed
    return failed


def test(arguments: list[str]) -> int:
    """All gates and all tests; with arguments only pytest, which gets them. Exit code 0 when all passed.

    ``--quick`` leaves out what needs a browser or takes long.
    """
    quick = "--quick" in arguments
    arguments = [argument for argument in arguments if argument != "--quick"]
    return _all(_checks() if quick or not arguments else [], [*(QUICK if quick else ()), *arguments])


def check() -> int:
    """Style and types alone. Exit code 0 when all passed."""
    return _all(_checks(), None)


def _all(checks: list[tuple[str, list[str]]], arguments: list[str] | None) -> int:
    """The checks, then pytest with these arguments (None: not at all), then one summary line."""
    counts = Counts()
    # SIGTERM ends the gate under way as Ctrl-C does; its own children end with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        ensure_node_packages()
        if arguments is not None:
            ensure_chromium()
        for name, command in checks:
            if _run(name, command) == 0:
                counts.passed += 1
            else:
                counts.failed += 1
        if arguments is not None:
            _pytest(arguments, counts)
    except StepFailedError as error:
        say(str(error))
        counts.failed += 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    say(str(counts))
    return 1 if counts.failed else 0


def bench(arguments: list[str]) -> int:
    """Hand over to the benchmarks."""
    try:
        ensure_node_packages()
        return subprocess.run(
            [sys.executable, "-m", "bench", *arguments], cwd=ROOT, env=child_environment(), check=False
        ).returncode
    except StepFailedError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def lock() -> int:
    """Compile requirements.in and requirements-dev.in into their .txt files: one version each, with hashes.

    The files name no index: whoever installs from them takes their own.
    """
    options = "--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header"
    for name in ("requirements", "requirements-dev"):
        command = [sys.executable, "-m", "uv", "pip", "compile", *options.split(), "--quiet", f"{name}.in"]
        code = subprocess.run(
            [*command, "--output-file", f"{name}.txt"], cwd=ROOT, env=dict(os.environ), check=False
        ).returncode
        if code != 0:
            return code
        say(f"{name}.txt is compiled.")
    return 0
