"""The parts of dev.py that can be tried without the whole stack."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from local.dev import gates, ports, stack, tools
from local.dev.processes import ChildDiedError, Process, Stopped, Supervisor
from local.simulator import Simulator
from shared.core.setting_list import SETTINGS
from shared.core.settings import load
from tests.hosting import ROOT, eventually, runs


class TestPorts:
    def test_the_next_port_is_taken_and_said(self, capsys: pytest.CaptureFixture[str]) -> None:
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            wanted = busy.getsockname()[1]
            taken: set[int] = set()
            chosen = ports.choose("the page", wanted, taken)
            assert chosen > wanted
            assert f"Port {wanted} is busy; the page takes {chosen}." in capsys.readouterr().out
            assert ports.choose("another", chosen, taken) > chosen, "a port is promised once"

    def test_stacks_that_start_at_once_choose_different_ports(self) -> None:
        """The other has chosen already and does not listen yet."""
        code = "from local.dev import ports; print('chosen', ports.choose('it', 7171, set()), flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            chosen = next(line for line in other.stdout if line.startswith("chosen"))  # a busy port is said before
            theirs = int(chosen.split()[-1])
            assert ports.is_free(theirs)
            assert ports.choose("us", theirs, set()) > theirs
            other.communicate("\n", timeout=120)

    def test_a_port_that_had_connections_a_moment_ago_is_free(self) -> None:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", 0))
            server.listen()
            port = server.getsockname()[1]
            client = socket.create_connection(("127.0.0.1", port))
            connection, _ = server.accept()
            connection.close()  # the server's side closes first: its port is in TIME_WAIT now
            client.close()
        assert ports.is_free(port)


class TestSupervisor:
    def _python(self, name: str, code: str, folder: Path) -> Process:
        return Process(name, [sys.executable, "-c", code], folder / f"{name}.log", dict(os.environ), folder)

    def test_a_child_that_dies_is_named_with_the_end_of_its_log(self, tmp_path: Path) -> None:
        code = "import sys; print('what went wrong'); sys.exit(3)"
        supervisor = Supervisor()

        def watched() -> None:
            with supervisor:
                supervisor.start(lambda: self._python("sleeper", "import time; time.sleep(600)", tmp_path))
                supervisor.start(lambda: self._python("broken", code, tmp_path))
                supervisor.watch()

        with pytest.raises(ChildDiedError, match=r"(?s)broken ended by itself with code 3.*what went wrong"):
            watched()
        assert [child.code() is not None for child in supervisor.children] == [True, True]

    def test_the_end_reaches_what_a_child_started_itself(self, tmp_path: Path) -> None:
        code = (
            "import subprocess, sys, time\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
            "open('grandchild', 'w').write(str(child.pid)); print('up', flush=True); time.sleep(600)"
        )
        with Supervisor() as supervisor:
            child = supervisor.start(lambda: self._python("parent", code, tmp_path))
            eventually(lambda: "up" in child.log.read_text(), "the grandchild")
            grandchild = int((tmp_path / "grandchild").read_text())
            assert runs(grandchild)
        eventually(lambda: not runs(grandchild), "the grandchild's end")

    def test_a_child_that_ignores_signals_is_killed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("local.dev.processes.GRACE_SECONDS", 0.5)
        code = "import signal, time; signal.signal(2, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
        with Supervisor() as supervisor:
            child = supervisor.start(lambda: self._python("deaf", code, tmp_path))
            eventually(lambda: "up" in child.log.read_text(), "the child")
        assert child.code() == -signal.SIGKILL

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_signals_end_it(self, tmp_path: Path, number: int) -> None:
        supervisor = Supervisor()

        def watched() -> None:
            with supervisor:
                supervisor.start(lambda: self._python("sleeper", "import time; time.sleep(600)", tmp_path))
                os.kill(os.getpid(), number)
                supervisor.watch()

        with pytest.raises(Stopped):
            watched()
        assert supervisor.children[0].code() is not None

    @pytest.fixture(autouse=True)
    def _signals_as_before(self) -> object:
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        yield
        for number, handler in before.items():
            signal.signal(number, handler)

    def test_what_a_child_writes_is_shown_and_kept(self, tmp_path: Path) -> None:
        shown: list[str] = []
        code = "print('one'); print('two', flush=True); import time; time.sleep(600)"
        log = tmp_path / "log"
        with Supervisor() as supervisor:
            supervisor.start(
                lambda: Process("host", [sys.executable, "-c", code], log, dict(os.environ), tmp_path, shown.append)
            )
            eventually(lambda: shown == ["one", "two"], "both lines")
        assert log.read_text().startswith("one\ntwo\n")

    def test_a_leashed_module_ends_with_its_parent(self, tmp_path: Path) -> None:
        (tmp_path / "sleeper.py").write_text("import time\nprint('up', flush=True)\ntime.sleep(600)\n")
        code = (
            "import os, signal, subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-m', 'local.leash', 'sleeper'],"
            " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
            "child.stdout.readline(); print(child.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
        )
        path = os.pathsep.join([str(ROOT), str(tmp_path)])
        parent = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False
        )
        eventually(lambda: not runs(int(parent.stdout)), "the module's end")


class TestSettingsOfTheStack:
    def test_a_simulated_host_has_every_setting_and_no_problem(self) -> None:
        with Simulator(referrals=1) as simulator:
            control = {
                "apiUrl": simulator.api_url,
                "authority": simulator.authority,
                "tenantId": simulator.tenant_id,
                "clientId": simulator.client_id,
                "caFile": str(simulator.ca_file),
            }
        settings = stack.simulated_settings(control, "UseDevelopmentStorage=true")
        assert {setting.name for setting in SETTINGS} <= settings.keys(), "or local.settings.json would fill it in"
        assert load(settings).problems == ()

    def test_the_key_is_made_once_and_is_its_owners_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stack, "STATE", tmp_path / "state")
        assert stack.token_cache_key() == stack.token_cache_key()
        assert stat.S_IMODE((tmp_path / "state" / "token-cache.key").stat().st_mode) == 0o600

    def test_children_do_not_believe_to_be_in_azure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("CONTAINER_NAME", "WEBSITE_SITE_NAME", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, "x")
        assert not {"CONTAINER_NAME", "WEBSITE_SITE_NAME", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} & set(
            tools.child_environment()
        )
        assert tools.child_environment({"REQUESTS_CA_BUNDLE": "ca.pem"})["REQUESTS_CA_BUNDLE"] == "ca.pem"

    def test_core_tools_are_the_host_where_they_are(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert stack.host_command(7071)[1][1:4] == ["-m", "local.leash", "local.host"]
        func = tmp_path / "func"
        func.write_text("#!/bin/sh\n")
        func.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        assert stack.host_command(7071) == ("func", [str(func), "start", "--port", "7071"])

    def test_two_stacks_never_share_a_data_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(stack, "STATE", tmp_path)
        monkeypatch.setattr(stack, "ROOT", tmp_path)
        first, holder = stack.own_folder("739")
        second, other = stack.own_folder("739")
        assert (first, second) == (tmp_path / "azurite" / "739", tmp_path / "azurite" / "739-2")
        assert "Another stack is running" in capsys.readouterr().out
        for held in (holder, other):
            assert held is not None
            held.close()
        third, again = stack.own_folder("739")
        assert third == first
        assert again is not None
        again.close()

    def test_the_example_names_every_setting_with_its_default(self) -> None:
        example = json.loads((ROOT / "local.settings.example.json").read_text())["Values"]
        own = {"HUNTER_PARTNER_CENTER_ENABLED", "HUNTER_STORAGE"}
        assert {name: value for name, value in example.items() if name.startswith("HUNTER_") and name not in own} == {
            setting.name: setting.default for setting in SETTINGS if setting.name not in own
        }
        assert stack.is_emulator(example["HUNTER_STORAGE"])
        assert {problem.name for problem in load(example).problems} == {
            "HUNTER_PARTNER_CENTER_TENANT_ID",
            "HUNTER_PARTNER_CENTER_CLIENT_ID",
            "HUNTER_TOKEN_CACHE_KEY",
        }, "what nobody but the owner can fill in"


class TestGates:
    def test_the_summary_counts_tests_and_gates(self, tmp_path: Path) -> None:
        results = tmp_path / "results.xml"
        results.write_text(
            '<testsuites><testsuite tests="10" failures="1" errors="1" skipped="3"></testsuite></testsuites>'
        )
        counts = gates.Counts(passed=3)
        assert gates._read_results(results, counts) == 2
        assert str(counts) == "8 passed, 2 failed, 3 skipped"
        assert str(gates.Counts(1, 0)) == "1 passed, 0 failed"

    @pytest.mark.parametrize(
        ("test", "code", "summary"),
        [
            ("def test_one(): pass", 0, "1 passed, 0 failed"),
            ("def test_one(): assert False\ndef test_two(): pass", 1, "1 passed, 1 failed"),
            ("", 1, "0 passed, 1 failed"),  # nothing collected is no success
        ],
    )
    def test_a_run_ends_with_one_line(self, tmp_path: Path, test: str, code: int, summary: str) -> None:
        (tmp_path / "test_given.py").write_text(test)
        command = [sys.executable, "-m", "local.dev", "test", "-n0", "-p", "no:cacheprovider", "-c", "/dev/null"]
        done = subprocess.run(
            [*command, "--rootdir", str(tmp_path), str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == code
        assert done.stdout.splitlines()[-1] == summary


@pytest.mark.xdist_group("together")
def test_tests_of_one_group_stay_on_one_worker(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", False):  # set in workers alone
        pytest.skip("There are no groups without parallel workers.")
    assert request.node.nodeid.endswith("@together"), "pytest and pytest-xdist do not fit together"


def test_dev_py_says_which_python_it_needs() -> None:
    source = (ROOT / "dev.py").read_text()
    first_import = source.index("from local.")
    assert source.index("sys.version_info < (3, 11)") < first_import, "an older Python must get as far as the sentence"
