"""The local host answers as Microsoft's own worker does: the same functions, called by both."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.host import microsoft
from tests.hosting import HostProcess

SAMPLE = Path(__file__).with_name("sample_app")
SETTINGS = {"SAMPLE_SCHEDULE": "0 0 0 1 1 *"}
pytestmark = pytest.mark.xdist_group("microsoft")
OF_THE_CONNECTION = {"set-cookie", "date", "content-length", "connection"}

Call = dict[str, Any]


def call(
    target: str,
    function: str,
    params: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> Call:
    """One row: what goes over the wire, and what Azure's host makes of it for the worker."""
    return {
        "target": target,
        "function": function,
        "params": params or {},
        "query": query or {},
        "method": method,
        "headers": headers or {},
        "body": body.hex(),
    }


CALLS = [
    call("/api/echo/1", "echo", {"id": "1"}),
    call("/api/echo/fixed", "echo_fixed"),
    call("/API/ECHO/FIXED/", "echo_fixed"),
    call("/api/echo/a%2Fb%20c", "echo", {"id": "a%2Fb c"}),
    call("/api/echo/%C4%B0stanbul", "echo", {"id": "İstanbul"}),
    call("/api/echo/a+b%2Bc", "echo", {"id": "a+b+c"}),
    call("/api/echo/1?a=1&a=2&b=%C3%BC+x&c=", "echo", {"id": "1"}, {"a": "1,2", "b": "ü x"}),
    call("/api/echo/1?A=1&a=2&flag", "echo", {"id": "1"}, {"A": "1,2"}),
    call("/api/echo/1", "echo", {"id": "1"}, method="POST", body=b'{"a": "\xc3\xbc"}'),
    call("/api/echo/1", "echo", {"id": "1"}, method="POST", body=bytes(range(256))),
    call("/api/echo/1", "echo", {"id": "1"}, headers={"X-MS-CLIENT-PRINCIPAL": "abc", "If-None-Match": '"1"'}),
    call("/files", "files"),
    call("/files/a.js", "files", {"file": "a.js"}),
    call("/rest/a/b/c%2Fd", "rest", {"path": "a/b/c%2Fd"}, method="DELETE"),
    call("/number/42", "number", {"n": "42"}),
    call("/waits", "waits"),
    *(
        call(f"/returns/{what}", "returns", {"what": what})
        for what in ("text", "none", "number", "crash", "empty", "bytes", "plain", "cookies", "else")
    ),
]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    with HostProcess(SETTINGS, tmp_path_factory.mktemp("host") / "log", root=SAMPLE) as running:
        yield running


def over_the_wire(host: HostProcess, row: Call) -> tuple[dict[str, str], dict[str, Any]]:
    """Send a row to the local host: the headers that were sent, and the answer in the form of the worker's."""
    address = host.url.removeprefix("http://")
    body = bytes.fromhex(row["body"])
    sent = {"Host": address, **row["headers"], **({"Content-Length": str(len(body))} if body else {})}
    connection = http.client.HTTPConnection(address, timeout=300)
    try:
        connection.putrequest(row["method"], row["target"], skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        headers = [(name.lower(), value) for name, value in response.getheaders()]
        answer = {
            "ok": response.status != 500,
            "status": response.status,
            "cookies": [value for name, value in headers if name == "set-cookie"],
            "headers": {name: value for name, value in headers if name not in OF_THE_CONNECTION},
            "body": response.read().hex(),
        }
    finally:
        connection.close()
    return {name.lower(): value for name, value in sent.items()}, answer


def test_every_answer_of_the_sample_app_is_the_same(host: HostProcess) -> None:
    rows = [dict(row) for row in CALLS]
    ours = []
    for row in rows:
        row["headers"], answer = over_the_wire(host, row)
        row["url"] = host.url + row["target"]
        ours.append(answer)
    theirs = microsoft.run(SAMPLE, rows, SETTINGS)["answers"]
    for row, our, their in zip(rows, ours, theirs, strict=True):
        if not their["ok"]:
            assert (our["status"], our["body"]) == (500, ""), row["target"]
            continue
        if not their["headers"]:  # a text: the content type is given by Azure's host, not by the worker
            assert our["headers"].pop("content-type") == "text/plain; charset=utf-8"
        assert our == their, row["target"]


def test_functions_and_bindings_are_indexed_alike(host: HostProcess) -> None:
    theirs = microsoft.run(
        SAMPLE, [{"function": "tick", "timer": True}, {"function": "breaks", "timer": True}], SETTINGS
    )
    ours = [
        {"name": function["name"], "bindings": function["config"]["bindings"]}
        for function in host.get("/admin/functions").json()
    ]
    assert ours == theirs["functions"]
    assert [answer["ok"] for answer in theirs["answers"]] == [True, False]
