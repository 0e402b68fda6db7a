"""The host in a process of its own, serving the sample app."""

from __future__ import annotations

import signal
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosting import HostProcess, eventually

SAMPLE = Path(__file__).with_name("sample_app")
QUIET = {"SAMPLE_SCHEDULE": "0 0 0 1 1 *"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    with HostProcess(QUIET, tmp_path_factory.mktemp("host") / "log", root=SAMPLE) as running:
        yield running


def _raw(host: HostProcess, request: str) -> bytes:
    """What the host answers to exactly these bytes, to the end of the connection."""
    name, _, port = host.url.removeprefix("http://").partition(":")
    with socket.create_connection((name, int(port)), timeout=120) as connection:
        connection.sendall(request.encode("latin-1"))
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


def _get(host: HostProcess, target: str, **headers: str) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return _raw(host, f"GET {target} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n")


def test_a_function_sees_the_request_as_it_was_sent(host: HostProcess) -> None:
    seen = host.request(
        "POST",
        "/api/echo/a%2Fb%20c%25?q=%C4%B0&q=2&Q=3&empty=",
        data=b"\x00\xff",
        headers={"X-MS-CLIENT-PRINCIPAL": "x"},
    ).json()
    assert seen["method"] == "POST"
    assert seen["url"] == host.url + "/api/echo/a%2Fb%20c%25?q=%C4%B0&q=2&Q=3&empty="
    assert seen["route"] == {"id": "a%2Fb c%"}, "%2F neither splits the path nor is it decoded; all else is"
    assert seen["params"] == {"q": "İ,2,3"}
    assert seen["body"] == "00ff"
    assert seen["headers"]["x-ms-client-principal"] == "x", "who the caller is said to be is the app's to judge"
    assert all(name == name.lower() for name in seen["headers"])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/api/echo/fixed", "fixed"),
        ("/API/Echo/FIXED", "fixed"),
        ("/api/echo/fixed/", "fixed"),
        ("/files", "file None"),
        ("/files/", "file None"),
        ("/files/app.js", "file app.js"),
        ("/files/..%2F..%2Fetc", "file ..%2F..%2Fetc"),
        ("/rest/a/b%20c", "GET a/b c"),
        ("/number/12", "12"),
        ("/waits", "waited"),
    ],
)
def test_routes(host: HostProcess, path: str, text: str) -> None:
    answer = host.get(path)
    assert (answer.status_code, answer.text) == (200, text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/"),
        ("GET", "/api/echo"),
        ("GET", "/api/echo/1/2"),
        ("GET", "/number/x"),
        ("DELETE", "/api/echo/1"),
        ("HEAD", "/files/a"),
        ("GET", "/admin"),
        ("GET", "/admin/functions/nothing"),
        ("POST", "/admin/functions/nothing"),
        ("POST", "/admin/host/status"),
    ],
)
def test_what_no_function_takes_is_not_found(host: HostProcess, method: str, path: str) -> None:
    assert host.request(method, path, json={} if method == "POST" else None).status_code == 404


def test_dots_are_followed_before_a_route_is_looked_for(host: HostProcess) -> None:
    assert b"\r\n\r\nfixed" in _get(host, "/files/../api/echo/%2e/fixed")
    assert b" 404 " in _get(host, "/files/../../../etc/passwd")
    assert b" 400 " in _get(host, "/files/a%00b")


def test_an_absolute_target_is_understood(host: HostProcess) -> None:
    assert b"\r\n\r\nfixed" in _get(host, host.url + "/api/echo/fixed", Host="localhost")


def test_what_functions_return(host: HostProcess) -> None:
    text = host.get("/returns/text")
    assert (text.status_code, text.headers["Content-Type"], text.text) == (200, "text/plain; charset=utf-8", "Grüße")
    plain = host.get("/returns/plain")
    assert (plain.status_code, plain.headers["Content-Type"]) == (418, "text/plain; charset=utf-8")
    assert host.get("/returns/bytes").content == bytes(range(256))
    empty = host.get("/returns/empty")
    assert (empty.status_code, empty.content, "Content-Length" in empty.headers) == (204, b"", False)
    cookies = host.get("/returns/cookies")
    assert cookies.cookies.get_dict() == {"a": "1", "b": "2"}
    head = host.request("HEAD", "/api/echo/1")
    assert (head.status_code, head.content, head.headers["X-Kind"]) == (200, b"", "echo")


@pytest.mark.parametrize("what", ["none", "number", "crash"])
def test_what_fails_is_a_500_that_tells_nothing(host: HostProcess, what: str) -> None:
    answer = host.get(f"/returns/{what}")
    assert (answer.status_code, answer.content) == (500, b"")
    eventually(lambda: "Executed 'Functions.returns' (Failed" in host.log or what != "crash", "the failure in the log")


def test_the_context_is_there_for_who_asks(host: HostProcess) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert host.get("/context", headers={"traceparent": trace}).text == f"in_context True {trace}"


def test_every_call_is_in_the_log(host: HostProcess) -> None:
    host.get("/waits")
    eventually(lambda: "Executed 'Functions.waits' (Succeeded, Id=" in host.log, "the end of the call")
    assert (
        "Executing 'Functions.waits' (Reason='This function was programmatically called via the host APIs.'" in host.log
    )


def test_only_names_of_this_machine_are_served(host: HostProcess) -> None:
    for name in ("localhost", "127.0.0.1:7071", "[::1]:7071", "LOCALHOST:80"):
        assert b" 200 " in _get(host, "/api/echo/fixed", Host=name)
    for name in ("evil.example", "evil.example:7071", "localhost.evil.example", "10.0.0.1", "127.0.0.1.evil.example"):
        assert b" 403 " in _get(host, "/api/echo/fixed", Host=name)
        assert b" 403 " in _get(host, "/admin/host/status", Host=name)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(host: HostProcess) -> None:
    size = 100 * 1024 * 1024 + 1
    head = f"POST /api/echo/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    assert b" 413 " in _raw(host, head).splitlines()[0]


def test_the_admin_addresses(host: HostProcess) -> None:
    status = host.get("/admin/host/status").json()
    assert status["state"] == "Running"
    assert host.get("/admin/host/ping").status_code == 200
    functions = {function["name"]: function for function in host.get("/admin/functions").json()}
    assert functions["echo"]["invoke_url_template"] == host.url + "/api/echo/{id}"
    assert functions["tick"]["invoke_url_template"] is None
    assert host.get("/admin/functions/Tick").json()["config"]["bindings"][0]["type"] == "timerTrigger"


def test_the_admin_trigger_takes_json_alone(host: HostProcess) -> None:
    for data, kind, status in [
        (b"{}", "application/json", 202),
        (b'{"input": ""}', "application/json; charset=utf-8", 202),
        (b"", "application/json", 202),
        (b"[]", "application/json", 400),
        (b"{", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
    ]:
        answer = host.request("POST", "/admin/functions/tick", data=data, headers={"Content-Type": kind})
        assert answer.status_code == status, (data, kind)


def test_an_http_function_is_triggered_too(host: HostProcess) -> None:
    before = host.log.count("Executed 'Functions.rest'")
    assert host.post("/admin/functions/rest", {"input": "x"}).status_code == 202
    eventually(lambda: host.log.count("Executed 'Functions.rest'") > before, "the call")


def test_a_timer_that_fails_is_logged_and_harms_nothing(host: HostProcess) -> None:
    assert host.post("/admin/functions/breaks", {}).status_code == 202
    eventually(lambda: "The function breaks failed." in host.log, "the failure in the log")
    assert host.get("/waits").status_code == 200


class TestTimers:
    def test_a_timer_fires_and_never_overlaps_itself(self, tmp_path: Path) -> None:
        notes = tmp_path / "notes"
        settings = {"SAMPLE_SCHEDULE": "* * * * * *", "SAMPLE_NOTES": str(notes), "SAMPLE_TICK_SECONDS": "1.4"}
        with HostProcess(settings, tmp_path / "log", root=SAMPLE) as host:
            eventually(lambda: notes.exists(), "the first tick")
            for _ in range(2):
                assert host.post("/admin/functions/tick", {}).status_code == 202
            eventually(lambda: notes.read_text().count("end") >= 4, "four ticks")
            words = Counter(notes.read_text().split())
            assert words["overlap"] == 0
            assert words["begin"] - words["end"] in {0, 1}

    def test_missed_ticks_are_dropped(self, tmp_path: Path) -> None:
        settings = {"SAMPLE_SCHEDULE": "* * * * * *", "SAMPLE_TICK_SECONDS": "2.3"}
        with HostProcess(settings, tmp_path / "log", root=SAMPLE) as host:
            eventually(lambda: host.log.count("Executed 'Functions.tick'") >= 3, "three ticks")
            began = [line[1:20] for line in host.log.splitlines() if "Executing 'Functions.tick'" in line]
            ended = [line[1:20] for line in host.log.splitlines() if "Executed 'Functions.tick'" in line]
        # Each takes so long that two are missed, and the next comes with a whole second after its end, not at once.
        assert all(end < begin for end, begin in zip(ended, began[1:], strict=False)), (began, ended)
        assert len(set(began)) == len(began)

    @pytest.mark.parametrize("schedule", [None, "every morning", "0 0 0 * * 7"])
    def test_a_wrong_schedule_stops_the_timer_alone(self, tmp_path: Path, schedule: str | None) -> None:
        settings = {"SAMPLE_SCHEDULE": schedule} if schedule else {}
        with HostProcess(settings, tmp_path / "log", root=SAMPLE) as host:
            assert "The timer tick does not run: " in host.log
            assert schedule is not None or "The setting SAMPLE_SCHEDULE is missing." in host.log
            assert host.get("/waits").status_code == 200
            assert host.post("/admin/functions/tick", {}).status_code == 500


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_it_after_the_calls_under_way(self, tmp_path: Path, number: int) -> None:
        notes = tmp_path / "notes"
        host = HostProcess({**QUIET, "SAMPLE_NOTES": str(notes)}, tmp_path / "log", root=SAMPLE).start()
        call = "GET /sleeps?seconds=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        name, _, port = host.url.removeprefix("http://").partition(":")
        with socket.create_connection((name, int(port))) as connection:
            connection.sendall(call.encode())
            eventually(lambda: notes.exists(), "the call")
            assert host.stop(number) == 0
        assert "Executed 'Functions.sleeps' (Succeeded" in host.log

    def test_a_call_without_end_does_not_hold_it(self, tmp_path: Path) -> None:
        settings = {"SAMPLE_SCHEDULE": "* * * * * *", "SAMPLE_TICK_SECONDS": "600"}
        host = HostProcess(settings, tmp_path / "log", root=SAMPLE).start()
        eventually(lambda: "Executing 'Functions.tick'" in host.log, "the tick")
        assert host.stop() == 0
        assert "Stopped while still running: tick." in host.log


class TestRefusals:
    def _ends(self, log: Path, root: Path = SAMPLE, *arguments: str) -> tuple[int, str]:
        host = HostProcess(QUIET, log, root=root, arguments=arguments).launch()
        try:
            return host.process.wait(120), host.log
        finally:
            host.stop()

    def test_an_address_others_can_reach(self, tmp_path: Path) -> None:
        code, log = self._ends(tmp_path / "log", SAMPLE, "--host", "0.0.0.0")
        assert code == 2
        assert "listens on loopback addresses alone" in log

    def test_a_port_that_is_taken(self, tmp_path: Path, host: HostProcess) -> None:
        port = host.url.rpartition(":")[2]
        code, log = self._ends(tmp_path / "log", SAMPLE, "--port", port)
        assert code == 1
        assert f"Port {port} of 127.0.0.1 can't be had" in log

    @pytest.mark.parametrize(
        ("files", "words"),
        [
            ({}, "There is no function_app.py"),
            ({"function_app.py": "import nowhere_to_be_found"}, "ModuleNotFoundError: No module named 'nowhere"),
            ({"function_app.py": "1 / 0"}, "can't be imported: ZeroDivisionError"),
            ({"function_app.py": "x ="}, "can't be imported: SyntaxError"),
            ({"function_app.py": ""}, "must define one FunctionApp and defines 0"),
            ({"function_app.py": "", "host.json": "{"}, "host.json is no JSON"),
            ({"function_app.py": "", "local.settings.json": "["}, "local.settings.json is no JSON"),
            (
                {"function_app.py": "", "local.settings.json": '{"IsEncrypted": true}'},
                "local.settings.json is encrypted",
            ),
            (
                {"function_app.py": "", "local.settings.json": '{"Values": {"A": 1}}'},
                "A in local.settings.json must be a text",
            ),
        ],
    )
    def test_an_app_that_can_not_be_served(self, tmp_path: Path, files: dict[str, str], words: str) -> None:
        folder = tmp_path / "app"
        folder.mkdir()
        for name, text in {"host.json": "{}", **files}.items():
            (folder / name).write_text(text)
        code, log = self._ends(tmp_path / "log", folder)
        assert code == 1
        assert words in log

    @pytest.mark.parametrize("route", ["admin/x", "Runtime/x", "a{b}c", "{*rest}/x", "{id:range(1,2)}"])
    def test_a_route_that_can_not_be_served(self, tmp_path: Path, route: str) -> None:
        (tmp_path / "host.json").write_text('{"extensions": {"http": {"routePrefix": ""}}}')
        (tmp_path / "function_app.py").write_text(
            "import azure.functions as func\napp = func.FunctionApp()\n"
            f"@app.route(route={route!r})\ndef one(req: func.HttpRequest) -> str: return ''\n"
        )
        code, log = self._ends(tmp_path / "log", tmp_path)
        assert code == 1
        assert route in log


def test_local_settings_fill_what_the_environment_does_not_set(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{}")
    (tmp_path / "function_app.py").write_text(
        "import os\nimport azure.functions as func\napp = func.FunctionApp()\n"
        "@app.route(route='seen')\ndef seen(req: func.HttpRequest) -> str:\n"
        "    return f\"{os.environ['FROM_FILE']} {os.environ['FROM_BOTH']}\"\n"
    )
    (tmp_path / "local.settings.json").write_text('{"Values": {"FROM_FILE": "secret", "FROM_BOTH": "file"}}')
    with HostProcess({"FROM_BOTH": "environment"}, tmp_path / "log", root=tmp_path) as host:
        assert host.get("/api/seen").text == "secret environment", "and the prefix is `api` where host.json names none"
        assert "From local.settings.json: FROM_FILE" in host.log
        assert "secret" not in host.log
