"""``backup`` and ``restore``: all tables to a file and back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from shared.cli.console import DONE
from shared.services import Services
from shared.storage import backup as tables

_EVERY: Final = 1_000


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    command = commands.add_parser("backup", help="write all tables to a new file")
    command.add_argument("file", type=Path, help="the file; it holds personal data, so keep it accordingly")
    command.set_defaults(command=backup)
    command = commands.add_parser("restore", help="make the tables what they were when a backup was written")
    command.add_argument("file", type=Path, help="what backup wrote")
    command.add_argument(
        "--replace", action="store_true", help="overwrite what is there, and delete what the file has not"
    )
    command.set_defaults(command=restore)


def backup(services: Services, options: argparse.Namespace) -> int:
    """Write a backup."""
    counts = tables.save(services.store, options.file, _progress)
    print(f"{options.file}: {_said(counts)}")
    return DONE


def restore(services: Services, options: argparse.Namespace) -> int:
    """Read a backup back."""
    counts = tables.restore(services.store, options.file, replace=options.replace, progress=_progress)
    print(f"restored: {_said(counts)}")
    return DONE


def _progress(table: str, rows: int) -> None:
    if sys.stderr.isatty() and rows % _EVERY == 0:
        sys.stderr.write(f"\r{table}: {rows} rows\x1b[K")
        sys.stderr.flush()


def _said(counts: dict[str, int]) -> str:
    return f"{sum(counts.values())} rows (" + ", ".join(f"{table} {rows}" for table, rows in counts.items()) + ")"
