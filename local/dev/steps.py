"""Telling a person what is done: one line a step, with its seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StepFailedError(Exception):
    """A step did not succeed; the message is all that a person needs."""


def say(text: str = "") -> None:
    """Print a line at once, also into a pipe."""
    print(f"{text}\n", end="", flush=True)  # in one piece: the host's lines come from another thread


class Step:
    """A step under way. `note` is shown behind its seconds."""

    note = ""


@contextmanager
def step(name: str) -> Iterator[Step]:
    """Show the name, run the body, show how long it took, and how it ended when it did not succeed."""
    current = Step()
    started = time.monotonic()
    print(f"  {name:<58}", end="", flush=True)
    try:
        yield current
    except BaseException:
        say(f"{time.monotonic() - started:7.1f} s  stopped")
        raise
    say(f"{time.monotonic() - started:7.1f} s  {current.note}".rstrip())
