"""The app itself, indexed and called by Microsoft's own worker library: it answers there as on the local host."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.host import microsoft
from tests.host.test_against_microsoft import Call, call, over_the_wire
from tests.hosting import API, ROOT, HostProcess

pytestmark = pytest.mark.xdist_group("microsoft")
TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


def _post(body: bytes, headers: dict[str, str]) -> Call:
    return call(API + "/referrals/sync", "sync_referrals", method="POST", headers={**TRACE, **headers}, body=body)


def _rows(referral: str, company: str) -> list[Call]:
    return [
        call("/api/health", "health"),
        call("/app", "page"),
        call("/app/index.html", "page_file", {"file": "index.html"}),
        call("/app/core/dom.js", "page_file", {"file": "core/dom.js"}),
        call("/app/..%2Fhost.json", "page_file", {"file": "..%2Fhost.json"}, headers=TRACE),
        call(API + "/referrals", "list_referrals"),
        call(
            API + "/referrals?status=New&status=Active&q=%C4%B0st&sort=-dealValue",
            "list_referrals",
            query={"status": "New,Active", "q": "İst", "sort": "-dealValue"},
        ),
        call(API + "/referrals?wrong=1", "list_referrals", query={"wrong": "1"}, headers=TRACE),
        call(f"{API}/referrals/{referral}", "get_referral", {"id": referral}),
        call(f"{API}/referrals/{referral}?raw=true", "get_referral", {"id": referral}, {"raw": "true"}),
        call(API + "/referrals/no%2Fsuch%20one", "get_referral", {"id": "no%2Fsuch one"}, headers=TRACE),
        call(API + "/companies?m365=true", "list_companies", query={"m365": "true"}),
        call(f"{API}/companies/{company}", "get_company", {"key": company}),
        call(API + "/quarantine", "get_quarantine"),
        call(API + "/sync", "get_sync"),
        _post(b'{"mode": "wrong"}', {"Content-Type": "application/json"}),
        _post(b"{", {"Content-Type": "application/json"}),
        _post(b"", {"Content-Type": "text/plain"}),
        _post(b"", {"Sec-Fetch-Site": "cross-site"}),
    ]


def _comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what differs from one moment, or from one process, to the next."""
    text = bytes.fromhex(answer["body"]).decode()
    text = re.sub(r'"generatedAt": ?"[^"]*"', '"generatedAt":""', text)
    text = re.sub(r'"expiresInDays": ?-?\d+', '"expiresInDays":0', text)
    headers = {name: value for name, value in answer["headers"].items() if name != "x-correlation-id"}
    return {**answer, "body": text, "headers": headers}


def test_every_answer_of_the_app_is_the_same(app_host: HostProcess) -> None:
    referral = app_host.get(API + "/referrals").json()["items"][0]["id"]
    company = app_host.get(API + "/companies").json()["items"][0]["key"]
    rows = [dict(row) for row in _rows(referral, company)]
    ours = []
    for row in rows:
        row["headers"], answer = over_the_wire(app_host, row)
        row["url"] = app_host.url + row["target"]
        ours.append(answer)
    theirs = microsoft.run(ROOT, rows, app_host.settings)["answers"]
    for row, our, their in zip(rows, ours, theirs, strict=True):
        assert _comparable(our) == _comparable(their), row["target"]
    assert {answer["status"] for answer in theirs} >= {200, 400, 403, 404, 415}


def test_all_functions_are_indexed_alike_and_the_timer_runs(app_host: HostProcess) -> None:
    settings = {**app_host.settings, "HUNTER_PARTNER_CENTER_ENABLED": "false"}
    theirs = microsoft.run(ROOT, [{"function": "sync_on_schedule", "timer": True}], settings)
    ours = [
        {"name": function["name"], "bindings": function["config"]["bindings"]}
        for function in app_host.get("/admin/functions").json()
    ]
    assert json.dumps(ours) == json.dumps(theirs["functions"])
    assert len(ours) >= 15
    assert theirs["answers"] == [{"ok": True}]
