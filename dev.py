#!/usr/bin/env python3
"""The commands of development: `python3 dev.py run`, `test`, `bench`, `lock`. Needs Python 3.11 or newer, nothing else.

It makes .venv with what requirements-dev.txt pins, and hands over to `local.dev` inside it.
"""

from __future__ import annotations

import os
import subprocess
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this line is for those who have an older one
    sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")

from local.dev.steps import StepFailedError, say
from local.dev.tools import ROOT, ensure_environment, venv_python


def main() -> int:
    """Make the environment and run the command in it."""
    try:
        ensure_environment()
    except StepFailedError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    os.chdir(ROOT)
    command = [str(venv_python()), "-m", "local.dev", *sys.argv[1:]]
    if os.name != "nt":
        os.execv(command[0], command)  # in place of this process: signals reach the one that has the children
    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main())
