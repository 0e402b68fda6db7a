"""``sync``: sync now, however long it takes. ``resume``: end the pause that Partner Center asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Final, TextIO

from shared.cli.console import DONE, PAUSED, counts
from shared.model.run import Run
from shared.services import Services

SYNC_SECONDS: Final = 6 * 3600.0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    command = commands.add_parser("sync", help="sync now")
    command.add_argument("--full", action="store_true", help="read everything, not only what changed")
    command.add_argument("--dry-run", action="store_true", help="read and count, store nothing")
    command.add_argument(
        "--accept-missing", action="store_true", help="with --full: mark what is gone as missing, however much it is"
    )
    command.set_defaults(command=sync)
    command = commands.add_parser("resume", help="end the pause that Partner Center asked for before its time")
    command.set_defaults(command=resume)


def sync(services: Services, options: argparse.Namespace) -> int:
    """Sync now."""
    show = _progress(sys.stderr)
    run = services.sync.run(
        "cli",
        mode="full" if options.full else "incremental",
        dry_run=options.dry_run,
        accept_missing=options.accept_missing,
        budget=SYNC_SECONDS,
        progress=show,
    )
    show(run)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if not options.dry_run:
        services.tenant_lookup.run()
    print(f"{run.state}: {counts(run)}")
    return DONE if run.state == "succeeded" else PAUSED


def resume(services: Services, options: argparse.Namespace) -> int:
    """End the pause that Partner Center asked for."""
    lifted = services.state.lift_pause()
    print("The pause is over; the next sync asks Partner Center again." if lifted else "There is no pause.")
    return DONE


def _progress(out: TextIO) -> Callable[[Run], None]:
    def show(run: Run) -> None:
        if out.isatty():
            out.write(f"\r{run.mode}: page {run.pages} · {counts(run)}\x1b[K")
            out.flush()

    return show
