"""`dev.py run`: the whole product on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import time
from contextlib import ExitStack
from typing import Any

import requests

from local.azurite import Azurite, AzuriteError
from local.dev import stack
from local.dev.ports import choose
from local.dev.processes import ChildDiedError, Process, Stopped, Supervisor, TableService
from local.dev.steps import StepFailedError, say, step
from local.dev.tools import ROOT, STATE, child_environment, ensure_node_packages
from shared.core.setting_list import SETTINGS

API = "/api/v1/partner-center"
LOGS = STATE / "logs"
AZURITE_PORT, SIMULATOR_PORT, DYNAMICS_PORT, INBOX_PORT = 10002, 7080, 7081, 7090
START_SECONDS = 120.0  # a machine that has much else to do is slow
SYNC_SECONDS = 1800.0  # a first sync of a very large partner goes on over several pauses


def run(arguments: argparse.Namespace) -> int:
    """Start everything, sign in, sync, name the page, and stay. Exit code 0 after Ctrl-C, 1 when something failed."""
    started = time.monotonic()
    try:
        ensure_node_packages()
        with ExitStack() as held, Supervisor() as supervisor:
            _Run(supervisor, held, arguments).start(started)
            supervisor.watch()
    except Stopped:
        say("Stopped.")
        return 0
    except (StepFailedError, ChildDiedError, TimeoutError, AzuriteError) as error:
        say(str(error))
    except requests.RequestException as error:
        say(f"The host does not answer any more: {type(error).__name__}. Its log is {LOGS.relative_to(ROOT)}/.")
    return 1


class _Run:
    """One start of the stack."""

    def __init__(self, supervisor: Supervisor, held: ExitStack, arguments: argparse.Namespace) -> None:
        self.supervisor = supervisor
        self.held = held
        self.live: bool = arguments.live
        self.referrals: int = arguments.referrals
        self.wanted_port: int = arguments.port
        self.ports: set[int] = set()
        self.url = ""
        self.beside: list[str] = []
        """What else can be opened, named at the end."""
        self.ready = False
        # Answers come from this machine: a proxy of the environment has no part in it.
        self.http = requests.Session()
        self.http.trust_env = False
        held.callback(self.http.close)

    def start(self, started: float) -> None:
        """Everything up to the line that names the page."""
        port = choose("the host", self.wanted_port, self.ports)
        self.url = f"http://127.0.0.1:{port}"
        settings = self._live() if self.live else self._simulated()
        self._host(port, settings)
        self._sign_in()
        self._sync()
        if not self.live:
            self._register()
        for line in self.beside:
            say(f"  {line}")
        say(f"Ready after {time.monotonic() - started:.1f} s. The timer goes on; Ctrl-C ends all of it.")
        say(f"Page: {self.url}/app")
        self.ready = True

    # Storage, Partner Center, host

    def _storage(self, folder_name: str) -> str:
        port = choose("Azurite", AZURITE_PORT, self.ports)
        folder, holder = stack.own_folder(folder_name)
        if holder is not None:
            self.held.callback(holder.close)
        log = LOGS / "azurite.log"
        azurite = Azurite(folder, port=port, log=log, all_services=stack.host_command(0)[0] == "func")
        with step(f"Azurite (table storage) on port {port}"):
            self.supervisor.start(lambda: TableService(azurite.start(), log))
        return azurite.connection_string

    def _simulated(self) -> dict[str, str]:
        storage = self._storage(str(self.referrals))
        port = choose("the simulator", SIMULATOR_PORT, self.ports)
        with step(f"Simulator of Partner Center and Entra on port {port}") as current:
            control = self._started("simulator", port, stack.simulator_command(port, self.referrals))
            current.note = f"{control['referrals']} referrals"
        port = choose("Dynamics", DYNAMICS_PORT, self.ports)
        with step(f"Simulator of Dynamics 365 Sales on port {port}"):
            crm = self._started("dynamics", port, stack.dynamics_command(port, self.referrals))
        port = choose("the inbox", INBOX_PORT, self.ports)
        with step(f"Inbox for Teams cards and mails on port {port}"):
            inbox = self._started("inbox", port, stack.inbox_command(port))
        self.beside = [
            f"Dynamics 365: {crm['url']}",
            f"A Teams address to try: {inbox['teamsUrl']}",
            f"Inbox (what Teams and mail would get): {inbox['url']}",
        ]
        return {
            **stack.simulated_settings(control, storage),
            **stack.dynamics_settings(crm),
            **inbox["settings"],
            "HUNTER_PUBLIC_URL": self.url,
        }

    def _started(self, name: str, port: int, command: list[str]) -> dict[str, Any]:
        """Start a simulator and wait for it; what its GET /control says."""
        self.supervisor.start(lambda: Process(name, command, LOGS / f"{name}.log", child_environment(), ROOT))
        address = f"http://127.0.0.1:{port}/control"
        self.supervisor.wait_for(lambda: self._answers(address), f"The answer of {name}", START_SECONDS)
        control: dict[str, Any] = self.http.get(address, timeout=30).json()
        return control

    def _live(self) -> dict[str, str]:
        own = stack.own_settings()
        settings = {}
        if stack.is_emulator(own.get("HUNTER_STORAGE", "")):
            settings["HUNTER_STORAGE"] = self._storage("live")  # its port may be another than the file says
        if not own.get("HUNTER_TOKEN_CACHE_KEY"):
            settings["HUNTER_TOKEN_CACHE_KEY"] = stack.token_cache_key()
        schedule = "HUNTER_PARTNER_CENTER_SYNC_SCHEDULE"
        if not own.get(schedule):
            settings[schedule] = next(known.default for known in SETTINGS if known.name == schedule)
        return settings

    def _host(self, port: int, settings: dict[str, str]) -> None:
        name, command = stack.host_command(port)
        env = stack.host_environment(settings, settings.get("HUNTER_STORAGE", ""))
        with step(f"Functions host ({'Core Tools' if name == 'func' else 'local.host'}) on port {port}"):

            def show(line: str) -> None:
                if self.ready:  # before, it would come between the steps
                    say(f"  {name} | {line}")

            self.supervisor.start(lambda: Process(name, command, LOGS / "host.log", env, ROOT, show))
            health = f"{self.url}/api/health"
            self.supervisor.wait_for(lambda: self._answers(health), "The host's answer", START_SECONDS)

    def _answers(self, address: str) -> bool:
        with contextlib.suppress(requests.RequestException):
            return self.http.get(address, timeout=10).ok
        return False

    # The app, by HTTP

    def _call(self, method: str, path: str) -> tuple[int, dict[str, Any]]:
        """One call of the app's API: status and JSON. A host that died is reported rather than its silence."""
        try:
            answer = self.http.request(method, self.url + API + path, timeout=600)
            return answer.status_code, answer.json()
        except (requests.RequestException, ValueError):
            time.sleep(0.3)
            self.supervisor.check()
            raise

    def _sign_in(self) -> None:
        _, sync = self._call("GET", "/sync")
        if sync.get("signIn", {}).get("state") == "signedIn":
            return
        status, begun = self._call("POST", "/sign-in")
        if status >= 400:
            say(f"  Not signed in: {begun.get('detail') or begun.get('title')}")
            return
        if self.live:
            self._show_how(begun)
        with step("Signing in") as current:
            state: dict[str, Any] = {}
            while (state.get("state") or "pending") == "pending":
                self.supervisor.check()
                time.sleep(2.0 if self.live else 0.1)
                _, state = self._call("POST", "/sign-in/check")
            current.note = str(state.get("state") if state.get("state") == "signedIn" else state.get("detail") or state)

    def _show_how(self, begun: dict[str, Any]) -> None:
        if begun.get("flow") == "deviceCode":
            say(f"  Sign in: open {begun['verificationUri']} and enter {begun['userCode']}")
        else:
            say(f"  Sign in: open {begun['authorizationUri']}")

    def _sync(self) -> None:
        _, sync = self._call("GET", "/sync")
        first = not sync.get("lastSuccess")
        if self.live and not first:
            return
        with step("First sync" if first else "Sync of what changed since") as current:
            current.note = self._sync_to_the_end()
        status, listed = self._call("GET", "/referrals?pageSize=1")
        _, companies = self._call("GET", "/companies?pageSize=1")
        if status == 200:
            say(f"  Stored: {listed['total']} referrals, {companies.get('total')} companies")

    def _register(self) -> None:
        """Have the simulator's events sent to the host: a change there shows here within a second or two."""
        with step("Registering for the simulator's events") as current:
            status, webhook = self._call("POST", "/webhook")
            current.note = "" if status == 200 else f"not done: {webhook.get('detail')}"

    def _sync_to_the_end(self) -> str:
        deadline = time.monotonic() + SYNC_SECONDS
        while True:
            status, run_ = self._call("POST", "/referrals/sync")
            if status == 200:
                names = ("fetched", "inserted", "updated", "unchanged", "repeated", "quarantined")
                return ", ".join(f"{run_[name]} {name}" for name in names if run_.get(name))
            if status not in {202, 409, 429} or time.monotonic() > deadline:
                return f"not done: {run_.get('detail') or run_.get('title') or status}"
            if status != 202:  # a run that was killed holds its lease for a minute
                time.sleep(2.0)
            self.supervisor.check()
