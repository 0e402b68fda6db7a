"""The port: http and https together, certificates of its own, keep-alive, and a clean end."""

import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from local.simulator import Simulator
from local.simulator.__main__ import time_of_data
from local.simulator.tls import certificates

from .client import Client

ROOT = Path(__file__).parent.parent.parent


def test_one_port_serves_http_and_https(small: Simulator) -> None:
    address = f"/{small.tenant_id}/v2.0/.well-known/openid-configuration"

    secure = requests.get(small.authority + address, verify=str(small.ca_file), timeout=60)
    assert secure.json()["token_endpoint"] == f"{small.authority}/{small.tenant_id}/oauth2/v2.0/token"
    assert requests.get(small.api_url + address, timeout=60).status_code == 400, "Entra is served by https alone"
    by_name = small.authority.replace("127.0.0.1", "localhost") + address
    assert requests.get(by_name, verify=str(small.ca_file), timeout=60).status_code == 200
    assert requests.get(f"{small.authority}/control", verify=str(small.ca_file), timeout=60).status_code == 200


def test_nobody_trusts_it_without_its_ca(small: Simulator) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{small.authority}/control", timeout=60)


def test_a_certificate_may_be_for_another_name(tmp_path: Path) -> None:
    with (
        Simulator(0, ca_dir=tmp_path, certificate_for=("api.partner.microsoft.com",)) as other,
        pytest.raises(requests.exceptions.SSLError, match=r"127\.0\.0\.1"),
    ):
        requests.get(f"{other.secure_api_url}/control", verify=str(other.ca_file), timeout=60)


def test_the_certificates_satisfy_strict_verification(small: Simulator) -> None:
    context = ssl.create_default_context(cafile=str(small.ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection(("127.0.0.1", small.port), 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        certificate = secure.getpeercert()
    assert certificate is not None
    assert set(certificate["subjectAltName"]) == {("DNS", "localhost"), ("IP Address", "127.0.0.1")}


def test_certificates_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: certificates(tmp_path), range(8)))
    contents = (tmp_path / "server.pem").read_bytes(), (tmp_path / "ca.pem").read_bytes()

    assert len(set(made)) == 1
    assert contents[1] in contents[0]
    assert contents[0].count(b"PRIVATE KEY-----") == 2, "the authority's own key is not kept"
    assert b"PRIVATE" not in contents[1]
    with Simulator(0, ca_dir=tmp_path):
        pass
    assert (made[0].server_file.read_bytes(), made[0].ca_file.read_bytes()) == contents
    assert {path.name for path in tmp_path.iterdir()} == {"server.pem", "ca.pem", "signing.key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_it_listens_on_loopback_alone(small: Simulator) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Simulator(0, host="0.0.0.0").start()
    with pytest.raises(OSError, match="in use"):
        Simulator(0, port=small.port).start()


def test_a_connection_is_kept_and_answers_take_a_few_milliseconds(sim: Simulator, api: Client) -> None:
    identity = sim.data.ids()[0]
    times = []
    for _ in range(60):
        begin = time.perf_counter()
        assert api.get(f"/{identity}").status_code == 200
        times.append(time.perf_counter() - begin)

    # That would be waited for by every request once the connection is no longer new; a busy machine lets some be quick.
    assert min(times[30:]) < 0.03, "Nagle and delayed acknowledgement would cost 0.044 s"


def test_many_clients_at_once(sim: Simulator) -> None:
    def walk(_: int) -> int:
        with Client(sim) as client:
            return len(client.all(orderby="updatedDateTime desc"))

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(walk, range(6))) == [739] * 6


@pytest.mark.parametrize("fault", [None, "stall", "slow"])
def test_stopping_breaks_open_connections_and_leaves_no_thread(ca_dir: Path, fault: str | None) -> None:
    before = threading.active_count()
    simulator = Simulator(5, ca_dir=ca_dir).start()
    session = requests.Session()
    assert session.get(simulator.api_url + "/control", timeout=60).status_code == 200
    hanging = ThreadPoolExecutor(1)
    if fault is not None:
        simulator.faults.add(kind=fault, delay=600 if fault == "slow" else None)
        waiting = hanging.submit(session.get, simulator.api_url + "/v1.0/engagements/referrals", timeout=300)
        _until(lambda: len(simulator.requests) == 1)
    begin = time.monotonic()
    simulator.stop()

    assert time.monotonic() - begin < 60
    if fault is not None:
        waiting.exception(120)
    hanging.shutdown()
    session.close()
    _until(lambda: threading.active_count() <= before)


def test_idle_bytes_and_strangers_do_no_harm(small: Simulator) -> None:
    for first in (b"", b"\x16\x03\x01", b"\x00", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"BREW /pot HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", small.port), 5) as stranger:
            stranger.sendall(first)
    with Client(small) as client:
        assert client.get().status_code == 200


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_the_command_prints_what_one_needs_and_ends_cleanly(tmp_path: Path, number: str) -> None:
    command = [sys.executable, "-m", "local.simulator", "--port", "0", "--referrals", "12", "--ca-dir", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(7)]
        values = {line[:17].strip(): line[17:].strip() for line in lines[1:]}
        state = requests.get(values["control"], timeout=60).json()
        assert state["referrals"] == 12
        assert (values["API URL"], values["authority"]) == (state["apiUrl"], state["authority"])
        assert (values["tenant id"], values["client id"]) == (state["tenantId"], state["clientId"])
        assert Path(values["CA file"]) == (tmp_path / "ca.pem").resolve()
        process.send_signal(getattr(signal, number))
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()
        process.communicate()


def test_a_restart_serves_the_same_data(tmp_path: Path) -> None:
    first = time_of_data(tmp_path, 739, 1)
    assert time_of_data(tmp_path, 739, 1) == first
    assert time_of_data(tmp_path, 739, 2) > first
    (tmp_path / "seeded.json").write_text("broken")
    assert time_of_data(tmp_path, 739, 2) > first


def test_fast_pages_are_the_same_pages(ca_dir: Path) -> None:
    with Simulator(250, ca_dir=ca_dir, fast=True) as fast, Client(fast) as client:
        walk = client.all(orderby="createdDateTime asc")
        assert walk == fast.data.payloads()
        identity = fast.data.ids()[0]
        fast.data.change(identity, name="changed")
        assert client.all(orderby="updatedDateTime desc")[0]["name"] == "changed"
        fast.switches.role = "user"
        assert len(client.all()) < 200
        fast.page_delay = 0.1
        assert client.get().elapsed.total_seconds() >= 0.1


def _until(condition: object) -> None:
    deadline = time.monotonic() + 120
    while callable(condition) and not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
