"""What the commands share: exit codes, and streams that take every text."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO, Final

from shared.model.run import Run

DONE: Final = 0
FAILED: Final = 1
PAUSED: Final = 3
RUNNING: Final = 4


def prepare() -> None:
    """Let both streams print whatever is in a name: what the terminal's encoding lacks comes escaped, not as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def binary_output() -> BinaryIO:
    """Standard output for files: their bytes as they are, wherever it leads.

    As text, redirected on Windows, they would be in the code page of the system, where neither a byte order mark nor most
    names exist, and end lines in CR CR LF.
    """
    sys.stdout.flush()
    return sys.stdout.buffer


def give_up_output() -> None:
    """Nobody reads standard output any more (``| head``): what is left in it must not become a message at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def counts(run: Run) -> str:
    """What a run did, in words."""
    named: Iterator[tuple[str, int]] = iter(
        (
            ("fetched", run.fetched),
            ("new", run.inserted),
            ("changed", run.updated),
            ("unchanged", run.unchanged),
            ("repeated", run.repeated),
            ("in quarantine", run.quarantined),
            ("missing", run.missing),
        )
    )
    return ", ".join(f"{number} {name}" for name, number in named if number or name == "fetched")
