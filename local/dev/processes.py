"""The processes of the local stack: started in groups of their own, watched, and ended in any case."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Protocol

from local.azurite import Azurite
from local.dev.steps import say

GRACE_SECONDS = 12.0
_POSIX = os.name != "nt"


class Stopped(BaseException):
    """SIGINT, SIGTERM or SIGHUP came."""


class ChildDiedError(Exception):
    """A process of the stack ended by itself; the message says which, with the end of its log."""


class Child(Protocol):
    """A process of the stack."""

    name: str
    log: Path

    def code(self) -> int | None:
        """Its exit code, None while it runs."""

    def stop(self) -> None:
        """End it as Ctrl-C would, by force after a grace time."""

    def kill(self) -> None:
        """Send what ends it and all it started at once; stop() is to be called still."""


class Process:
    """A command in a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone.

    show: called with every line that it writes; all of them go to the log as well.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str],
        cwd: Path,
        show: Callable[[str], None] | None = None,
    ) -> None:
        self.name, self.log = name, log
        log.parent.mkdir(parents=True, exist_ok=True)
        output = log.open("wb")
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.PIPE,  # the leash: see local/leash.py
            stdout=subprocess.PIPE if show else output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
        )
        self._reader: threading.Thread | None = None
        if show and self._process.stdout is not None:
            self._reader = threading.Thread(
                target=_copy, args=(self._process.stdout, output, show), name=f"log-{name}", daemon=True
            )
            self._reader.start()
        else:
            output.close()

    def code(self) -> int | None:
        return self._process.poll()

    def stop(self) -> None:
        if self.code() is None:
            self._process.send_signal(signal.SIGINT if _POSIX else signal.SIGTERM)
            try:
                self._process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                say(f"  {self.name} does not end; it is killed.")
        self.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._reader is not None:
            self._reader.join(5)

    def kill(self) -> None:
        if _POSIX:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left
                os.killpg(self._process.pid, signal.SIGKILL)  # also what it started and left behind
        elif self.code() is None:
            self._process.kill()


def _copy(source: IO[bytes], log: IO[bytes], show: Callable[[str], None]) -> None:
    with source, log:
        for line in source:
            log.write(line)
            log.flush()
            show(line.decode(errors="replace").rstrip())


class TableService:
    """Azurite as a child of the stack."""

    name = "Azurite"

    def __init__(self, azurite: Azurite, log: Path) -> None:
        self.azurite, self.log = azurite, log

    def code(self) -> int | None:
        return None if self.azurite.pid is not None else 1

    def stop(self) -> None:
        self.azurite.stop()

    def kill(self) -> None:
        self.azurite.kill()


class Supervisor:
    """Has the children of the stack. A context manager: at its end none of them runs any more."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self._holding = False
        self._asked = False
        self._stopping = False

    def __enter__(self) -> Supervisor:
        # Set by hand also for SIGINT: a process started in a shell's background has it ignored.
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        for child in reversed(self.children):
            child.stop()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._stopping:  # asked again while ending: no more patience
            for child in self.children:
                child.kill()
        elif self._holding:
            self._asked = True
        elif not self._asked:
            self._asked = True
            raise Stopped

    def start(self, make: Callable[[], Child]) -> Child:
        """Start a child. A signal that comes meanwhile waits until the child is known, so that none is lost."""
        self._holding = True
        try:
            child = make()
            self.children.append(child)
        finally:
            self._holding = False
        if self._asked:
            raise Stopped
        return child

    def check(self) -> None:
        """Raise ChildDiedError when a child has ended."""
        for child in self.children:
            code = child.code()
            if code is not None:
                time.sleep(0.2)  # its last lines may be on their way into the log
                lines = child.log.read_text(errors="replace").splitlines() if child.log.exists() else []
                tail = "\n".join(f"    {line}" for line in lines[-15:])
                raise ChildDiedError(
                    f"{child.name} ended by itself with code {code}. The end of {child.log.name}:\n{tail}"
                )

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until the condition holds. Raises ChildDiedError, and TimeoutError naming what did not come."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come within {seconds:g} s.")
            time.sleep(0.05)

    def watch(self) -> None:
        """Stay until a signal comes (Stopped) or a child ends (ChildDiedError)."""
        while True:
            self.check()
            time.sleep(0.2)
