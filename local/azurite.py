"""Azurite's table service: Table Storage on one machine, as a context manager.

    with Azurite() as azurite:              # in memory, on a free port
        azurite.connection_string

The pinned Azurite of package-lock.json is run by Node itself; npx or a wrapper script would stand between this
process and the one that has to be stopped.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from local import node

SCRIPTS = node.NODE_MODULES / "azurite" / "dist" / "src"
LEASH = Path(__file__).with_name("end_with_parent.cjs")
DEFAULT_ACCOUNT = "devstoreaccount1"
# The emulator's well-known key, printed in Microsoft's documentation; it opens nothing but an emulator.
DEFAULT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
STARTED = re.compile("successfully (started on|listening at)")  # the table service alone; all services together
START_SECONDS = 60.0
STOP_SECONDS = 15.0


class AzuriteError(RuntimeError):
    """Azurite did not start; the message carries the end of what it wrote."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Azurite:
    """A running table service on 127.0.0.1.

    folder: where the data are kept; None keeps them in memory.
    port: 0 takes a free one.
    accounts: further account names, each an empty storage of its own.
    all_services: blobs and queues too, on free ports; Core Tools' timers keep their locks in blobs.
    log: the file that takes what Azurite writes; None takes a temporary one.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        port: int = 0,
        accounts: Sequence[str] = (),
        all_services: bool = False,
        log: Path | None = None,
    ) -> None:
        self.folder = folder
        self.port = port
        self.log = log
        self._wanted_port = port
        self._other_ports: dict[str, int] = {}
        self._all_services = all_services
        self._keys = {DEFAULT_ACCOUNT: DEFAULT_KEY}
        self._keys |= {name: base64.b64encode(name.encode()).decode() for name in accounts}
        self._process: subprocess.Popen[bytes] | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    @property
    def connection_string(self) -> str:
        """The connection string of the default account."""
        return self.connection_string_of(DEFAULT_ACCOUNT)

    def connection_string_of(self, account: str) -> str:
        """The connection string of one of the accounts. Raises KeyError for an account it was not started with.

        The address is 127.0.0.1 on purpose: azure-data-tables takes `localhost` for the Cosmos DB emulator.
        """
        endpoints = "".join(
            f"{service.capitalize()}Endpoint=http://127.0.0.1:{port}/{account};"
            for service, port in {**self._other_ports, "table": self.port}.items()
        )
        return f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={self._keys[account]};{endpoints}"

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> Self:
        """Start and wait until it takes requests (about half a second). Raises AzuriteError."""
        if not (SCRIPTS / "azurite.js").exists():
            node.npm_ci()
        log = self.log
        if log is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="azurite-")
            log = Path(self._temporary.name) / "azurite.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(5):
            self.port = self._wanted_port or _free_port()
            if self._started(log):
                return self
            ended = self._process is not None and self._process.poll() is not None
            self._end()
            if self._wanted_port or not ended:
                break  # a free port may be taken by another process before Azurite binds it; a given one is given
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
        self._forget_temporary()
        raise AzuriteError(f"Azurite did not start on port {self.port}:\n{tail}")

    def _started(self, log: Path) -> bool:
        script, services = "table/main.js", {"table": self.port}
        if self._all_services:
            self._other_ports = {"blob": _free_port(), "queue": _free_port()}
            script, services = "azurite.js", {**services, **self._other_ports}
        where = ["--inMemoryPersistence"]
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            where = ["--location", str(self.folder)]
        command = [
            node.node(),
            "--require",
            str(LEASH),
            str(SCRIPTS / script),
            "--disableTelemetry",
            "--skipApiVersionCheck",
        ]
        for service, port in services.items():
            command += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
        command += where
        accounts = ";".join(f"{name}:{key}" for name, key in self._keys.items())
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder or log.parent,  # Azurite leaves files of its own where it is started
                stdin=subprocess.PIPE,  # the leash: see end_with_parent.cjs
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "AZURITE_ACCOUNTS": accounts},
                start_new_session=True,  # Ctrl-C in a terminal reaches the supervisor, which stops this in its turn
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            # Its own word, and not an answer on the port: there another process might be the one that answers.
            if len(STARTED.findall(log.read_text(errors="replace"))) == len(services):
                return True
            time.sleep(0.02)
        return False

    def stop(self) -> None:
        """Stop it; without effect when it does not run."""
        self._end()
        self._forget_temporary()

    def kill(self) -> None:
        """End it at once, losing what it has not written yet; stop() is to be called still."""
        if self._process is not None:
            self._process.kill()

    def _forget_temporary(self) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def _end(self) -> None:
        """End the process as Ctrl-C would: it ignores a clean SIGTERM, and a kill loses the last seconds' writes."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
