"""Starting the real host in a process of its own, for tests that speak HTTP to the app."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from cryptography.fernet import Fernet

from local.simulator import Simulator

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0
API = "/api/v1/partner-center"
TOKEN_CACHE_KEY = Fernet.generate_key().decode()


def eventually(condition: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    """Wait until the condition holds. Fails after the given seconds, saying what did not come.

    They are many, since a machine that has much else to do is slow and not wrong.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not come within {seconds:g} s: {what}"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may also end between the opening and the reading
        return False


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that sees these settings and nothing of the machine's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUNTER_", "WEBSITE_"))}
    for name in ("CONTAINER_NAME", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        kept.pop(name, None)
    return {**kept, "PYTHONUNBUFFERED": "1", **settings}


def app_settings(simulator: Simulator, storage: str) -> dict[str, str]:
    """The app's settings for a simulator and a connection string; its timer never fires by itself."""
    return {
        "HUNTER_PARTNER_CENTER_ENABLED": "true",
        "HUNTER_PARTNER_CENTER_API_URL": simulator.api_url,
        "HUNTER_PARTNER_CENTER_AUTHORITY": simulator.authority,
        "HUNTER_PARTNER_CENTER_TENANT_ID": simulator.tenant_id,
        "HUNTER_PARTNER_CENTER_CLIENT_ID": simulator.client_id,
        "HUNTER_PARTNER_CENTER_SYNC_SCHEDULE": "0 0 0 1 1 *",
        "HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "0",
        "HUNTER_STORAGE": storage,
        "HUNTER_TOKEN_CACHE_KEY": TOKEN_CACHE_KEY,
        "REQUESTS_CA_BUNDLE": str(simulator.ca_file),
    }


class HostProcess:
    """`python -m local.host` on a free port.

    settings: environment variables of the app. log: the file that takes its output. root: the folder of the app.
    """

    def __init__(self, settings: Mapping[str, str], log: Path, *, root: Path = ROOT, arguments: tuple[str, ...] = ()):
        self.log_file = log
        self.url = ""
        self._arguments = arguments
        self._root = root
        self.settings = dict(settings)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running process."""
        assert self._process is not None, "the host was not started"
        return self._process

    @property
    def log(self) -> str:
        """All that it wrote so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def launch(self) -> Self:
        """Start it without waiting for anything."""
        command = [sys.executable, "-m", "local.leash", "local.host", "--port", "0", "--root", str(self._root)]
        with self.log_file.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, *self._arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment(self.settings),
                start_new_session=True,
            )
        return self

    def start(self) -> Self:
        """Start it and wait until it listens."""
        self.launch()
        try:
            eventually(lambda: self._listens() or self.process.poll() is not None, "the host listens", START_SECONDS)
            assert self.url, f"the host ended with {self.process.returncode}:\n{self.log}"
        except BaseException:
            self.stop()
            raise
        return self

    def _listens(self) -> bool:
        match = re.search(r"Now listening on: (http\S+)\n", self.log)
        self.url = match.group(1) if match else ""
        return match is not None

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send the signal and wait for the end; the exit code."""
        if self._process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            if self.process.stdin is not None:
                self.process.stdin.close()
        return code

    def request(self, method: str, path: str, **options: object) -> requests.Response:
        """One request to the host; redirects are not followed."""
        options = {"timeout": 300, "allow_redirects": False, **options}
        return requests.request(method, self.url + path, **options)  # type: ignore[arg-type]

    def get(self, path: str, **options: object) -> requests.Response:
        """GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, json: object = None, **options: object) -> requests.Response:
        """POST, with a JSON body when one is given."""
        return self.request("POST", path, json=json, **options)

    def sign_in(self) -> None:
        """Sign in to a simulator that approves by itself."""
        assert (begun := self.post(API + "/sign-in")).status_code == 200, begun.text

        def signed_in() -> bool:
            return bool(self.post(API + "/sign-in/check").json().get("state") == "signedIn")

        eventually(signed_in, "the sign-in")

    def sync_to_the_end(self, body: object = None) -> dict[str, Any]:
        """Sync, go on while the answer says that the run paused, wait while another has the lease; the last run."""
        deadline = time.monotonic() + 300
        while (answer := self.post(API + "/referrals/sync", body)).status_code in {202, 409, 429}:
            assert time.monotonic() < deadline, answer.text
            if answer.status_code != 202:
                time.sleep(min(float(answer.headers.get("Retry-After", 2)), 5))  # as the answer asks
        assert answer.status_code == 200, answer.text
        run: dict[str, Any] = answer.json()
        return run

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
