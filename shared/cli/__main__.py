"""The command line: ``python -m shared.cli COMMAND``, one of
``check | sync | action | actions | export | sign-in | webhook | backup | restore | dynamics``.

It works against whatever storage the settings name, with the same code as the functions. Settings come from the
environment; ``local.settings.json`` in the current folder fills what the environment does not set.

Exit codes: 0 done; 1 it failed, and the last line says why; 2 the command line is wrong; 3 the sync paused and goes on
with the next one; 4 another sync is running.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from shared.cli import action, backup, check, dynamics, export, sign_in, sync, webhook
from shared.cli.console import DONE, FAILED, PAUSED, RUNNING, give_up_output, prepare
from shared.core import local_settings
from shared.core.errors import HunterError, SyncRunning
from shared.core.log import configure
from shared.services import Services

__all__ = ["DONE", "FAILED", "PAUSED", "RUNNING", "main"]

GROUPS: Final = (check, sync, action, export, sign_in, webhook, backup, dynamics)
"""The groups of commands, each a module with ``add``; in the order of ``--help``."""


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run one command and return its exit code."""
    prepare()
    options = _parser().parse_args(arguments)
    configure()
    try:
        options.environ = local_settings.below(os.environ if environ is None else environ, Path())
        code: int = options.command(Services(options.environ), options)
        sys.stdout.flush()
    except local_settings.LocalSettingsError as error:
        print(f"configuration_error: {error}", file=sys.stderr)
        return FAILED
    except SyncRunning as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return RUNNING
    except HunterError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        give_up_output()
        return FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shared.cli", description="Hunter Partner Center Sync")
    commands = parser.add_subparsers(required=True, metavar="command")
    for group in GROUPS:
        group.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
