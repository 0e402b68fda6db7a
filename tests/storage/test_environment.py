"""Storage is reached through the proxy, and trusts the certificates, that the environment names."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from local.simulator import Simulator
from shared.core.errors import StorageUnavailable
from shared.core.settings import load
from shared.storage.engine.tables import Table, TableStore
from tests.storage.faulty_proxy import FaultyProxy
from tests.sync.harness import ManualClock

KEY = base64.b64encode(b"key").decode()


def things(endpoint: str) -> Table:
    """A table of the account behind an address."""
    text = f"DefaultEndpointsProtocol=http;AccountName=acct;AccountKey={KEY};TableEndpoint={endpoint};"
    return TableStore.from_settings(load({"HUNTER_STORAGE": text}), ManualClock()).table("Things")


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """The environment's proxy, which answers each request by itself."""
    with FaultyProxy(0) as running:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{running.port}")
        yield running


def test_both_lanes_go_through_the_proxy(proxy: FaultyProxy) -> None:
    proxy.fail(status=200, body=b'{"value": []}', times=2)
    table = things("http://tables.example/acct")
    assert list(table.query()) == []
    assert table.get("a", "b") == {"value": [], "etag": None}
    assert [line.split("?")[0].split("(")[0] for line in proxy.seen] == 2 * ["GET http://tables.example/acct/Things"]


def test_not_where_the_environment_says_so(proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    proxy.fail(status=200, body=b'{"value": []}')
    assert list(things(f"http://127.0.0.1:{proxy.port}/acct").query()) == []
    assert proxy.seen == ["GET /acct/Things()"]


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_of_ones_own_are_trusted(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The simulator has no tables: who trusts it gets that far, and hears 404."""

    def how_it_ends() -> str:
        with pytest.raises(StorageUnavailable):
            things(simulator.authority).get("a", "b")
        return caplog.messages[-1]

    assert "status" not in how_it_ends()
    monkeypatch.setenv(name, str(simulator.ca_file))
    assert "status=404" in how_it_ends()
