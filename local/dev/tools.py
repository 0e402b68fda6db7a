"""What the commands need on the machine: the environment, Node's packages, a browser. Installed once, then reused."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.dev.steps import StepFailedError, step

ROOT = Path(__file__).resolve().parent.parent.parent
STATE = ROOT / ".local"
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements-dev.txt"
LEAST_PYTHON = (3, 11)


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for processes of the app and its tests: this one without what would mislead them.

    CONTAINER_NAME and WEBSITE_* make the app and Microsoft's worker believe to be in Azure; REQUESTS_CA_BUNDLE and
    CURL_CA_BUNDLE override which certificates requests and MSAL trust.
    """
    misleading = {"CONTAINER_NAME", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    kept = {
        name: value for name, value in os.environ.items() if name not in misleading and not name.startswith("WEBSITE_")
    }
    return {**kept, "PYTHONUNBUFFERED": "1", **(extra or {})}


def venv_python() -> Path:
    """The Python of the environment."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def quietly(command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """Run a command and show its output only when it fails. Raises StepFailedError."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise StepFailedError(f"{command[0]} can't be run: {error.strerror}.") from error
    if done.returncode != 0:
        raise StepFailedError(f"`{' '.join(command)}` failed with {done.returncode}:\n{done.stdout.strip()}")


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def ensure_environment() -> None:
    """Make .venv with exactly what requirements-dev.txt pins; nothing when it is there. Raises StepFailedError.

    The stamp in it says that it is whole, and is there only while it is: it is taken away before anything is changed and
    written when all is done. Whatever is found without one (a start that was interrupted), without pip, or of another
    Python is made anew.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stamp = VENV / "installed-requirements"
    wanted = f"{version} {_digest(REQUIREMENTS.read_bytes())}"
    present = stamp.read_text() if stamp.is_file() else ""
    runs = bool(present) and _answers("import sys; print('%d.%d' % sys.version_info[:2])") == version
    if present == wanted and runs:
        return
    stamp.unlink(missing_ok=True)
    if not runs or not present.startswith(f"{version} ") or not _answers("import pip; print(pip.__version__)"):
        with step(f"Making .venv with Python {version}"):
            if VENV.is_file() or (VENV.is_symlink() and not VENV.exists()):
                VENV.unlink()
            # Not by the Python in it, should that be the one that runs this.
            base = getattr(sys, "_base_executable", None) or sys.executable
            quietly([base, "-m", "venv", "--clear", str(VENV)])
    pip = [str(venv_python()), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    with step("Installing Python packages of requirements-dev.txt"):
        quietly([*pip, "--require-hashes", "-r", str(REQUIREMENTS)])
    _mark(stamp, wanted)


def _answers(code: str) -> str:
    """What a line of Python prints in the environment; "" when it does not run there."""
    try:
        done = subprocess.run([str(venv_python()), "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _mark(stamp: Path, text: str) -> None:
    """Write a stamp in one step: half of one would say something else."""
    half = stamp.with_suffix(".half")
    half.write_text(text)
    half.replace(stamp)


def ensure_node_packages() -> None:
    """Make node_modules with exactly what package-lock.json pins; nothing when it is there. Raises StepFailedError."""
    from local import node

    stamp = node.NODE_MODULES / ".installed-lock"
    wanted = _digest((ROOT / "package-lock.json").read_bytes())
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    with step("Installing Node packages of package-lock.json"):
        try:
            quietly(node.npm_ci_command(), env=node.npm_environment())
        except node.NodeError as error:
            raise StepFailedError(str(error)) from error
    _mark(stamp, wanted)


def ensure_chromium() -> None:
    """Have a Chromium for the tests of the page: the system's, else by apt as root, else Playwright's own."""
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return
    playwrights = (
        "import pathlib, sys; from playwright.sync_api import sync_playwright as p\n"
        "with p() as browsers: sys.exit(not pathlib.Path(browsers.chromium.executable_path).exists())"
    )
    if subprocess.run([str(venv_python()), "-c", playwrights], check=False, capture_output=True).returncode == 0:
        return
    with step("Installing Chromium"):
        if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
            noninteractive = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
            try:
                quietly(install, env=noninteractive)
            except StepFailedError:  # most often no package lists yet
                quietly(["apt-get", "update"], env=noninteractive)
                quietly(install, env=noninteractive)
        else:
            quietly([str(venv_python()), "-m", "playwright", "install", "chromium"])
