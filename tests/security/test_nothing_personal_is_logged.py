"""Everything is synced, read and broken on purpose; then all that the process wrote is searched for what it must not hold.

Once as on a developer's machine, once as in Azure, where logs are JSON and the caller is a signed-in user.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from local.azurite import Azurite
from local.simulator import Simulator
from shared.core.settings import load
from shared.sign_in.token_cache import SignInStore
from shared.storage.engine.tables import TableStore
from tests.hosting import API, TOKEN_CACHE_KEY, HostProcess, app_settings
from tests.web.test_access import OPERATE, header

AZURE = {"WEBSITE_SITE_NAME": "hunter", "WEBSITE_HOSTNAME": "127.0.0.1", "WEBSITE_AUTH_ENABLED": "True"}
PLANTED = "Zeynep Gizlioğlu zeynep.gizlioglu@ozel.example +90 555 0199887"


@pytest.fixture
def own_simulator() -> Iterator[Simulator]:
    """One whose faults and people are this test's own."""
    with Simulator(referrals=80, seed=7, auto_approve=True) as running:
        running.data.create(
            customerProfile={
                "name": "Gizlioğlu Holding",
                "team": [{"firstName": "Zeynep", "lastName": "Gizlioğlu", "email": "zeynep.gizlioglu@ozel.example"}],
            },
            details={"notes": PLANTED, "dealValue": "kırk bin Gizlioğlu", "currency": "TRY"},
        )
        running.data.add({"no id": PLANTED, "customerProfile": {"name": "Gizlioğlu Holding"}})
        yield running


def personal(payloads: list[Any]) -> set[str]:
    """Names, addresses, numbers and notes of the payloads, long enough to mean something."""
    found: set[str] = set()
    for payload in payloads:
        if not isinstance(payload, dict):
            continue
        customer = payload.get("customerProfile") or {}
        people = [*_list(customer, "team"), *_list(payload, "team")]
        for person in people:
            full = f"{person.get('firstName')} {person.get('lastName')}"
            found |= {str(person.get("email")), str(person.get("phoneNumber")), full}
        details = payload.get("details")
        found |= {str(payload.get("name")), str(customer.get("name") if isinstance(customer, dict) else "")}
        found |= {str(details.get("notes") if isinstance(details, dict) else "")}
    return {text for text in found if len(text) > 7 and text != "None None"}


def _list(owner: Any, name: str) -> list[dict[str, Any]]:
    value = owner.get(name) if isinstance(owner, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def exercise(host: HostProcess, simulator: Simulator, headers: dict[str, str]) -> None:
    """Use everything, and break what can be broken."""

    def post(path: str, body: Any = None, **more: Any) -> int:
        return host.post(path, body, headers=headers, **more).status_code

    def get(path: str) -> int:
        return host.get(path, headers=headers).status_code

    assert post(f"{API}/referrals/sync") == 503  # nobody is signed in
    assert post(f"{API}/sign-in") == 200
    checked = host.post(f"{API}/sign-in/check", headers=headers).json()
    assert (checked["state"], checked["account"]) == ("signedIn", simulator.account)
    assert post(f"{API}/referrals/sync") == 200
    items = host.get(f"{API}/referrals?pageSize=200", headers=headers).json()["items"]
    assert len(items) > 50
    one = items[0]["id"]
    assert get(f"{API}/referrals/{one}?raw=true") == 200
    assert get(f"{API}/quarantine") == get(f"{API}/summary") == get(f"{API}/sync") == 200
    assert get(f"{API}/companies/{quote(items[0]['companyKey'], safe='')}") == 200
    assert post(f"{API}/referrals/{one}/company", {"domain": "gizlioglu.com.tr", "name": PLANTED}) == 200
    as_json = {**headers, "Content-Type": "application/json"}
    company = f"{API}/companies/{quote(items[0]['companyKey'], safe='')}"
    name = json.dumps({"name": PLANTED}).encode()
    assert host.request("PUT", f"{company}/name", data=name, headers=as_json).status_code in {200, 404}
    into = json.dumps({"into": PLANTED}).encode()
    assert host.request("PUT", f"{company}/merged", data=into, headers=as_json).status_code == 404
    # Mistakes of callers, with personal data in them.
    assert get(f"{API}/referrals?q={quote(PLANTED)}") == 200
    assert get(f"{API}/referrals?{quote(PLANTED)}=1") == 400
    assert get(f"{API}/referrals/{quote(PLANTED)}") == 404
    assert post(f"{API}/referrals/{one}/company", {"key": PLANTED}) in {400, 404}
    broken = host.request("POST", f"{API}/referrals/sync", data=PLANTED.encode(), headers=headers)
    assert broken.status_code == 415
    assert host.request("POST", f"{API}/referrals/sync", data=PLANTED.encode(), headers=as_json).status_code == 400
    assert get(f"{API}/sign-in/callback?code={quote(PLANTED)}&state=a.b") == 303
    host.get(f"{API}/summary", headers={**headers, "x-correlation-id": PLANTED.encode(), "traceparent": b"zeynep"})
    # Microsoft's side fails, with personal data in what it says.
    faults: list[dict[str, Any]] = [
        {
            "kind": "status",
            "status": 400,
            "body": {"error": {"code": "x", "message": PLANTED}},
            "match": "pages",
            "times": 0,
        },
        {"kind": "status", "status": 403, "body": PLANTED, "match": "pages"},
        {"kind": "wrong_shape", "body": {"value": PLANTED}, "match": "pages", "times": 0},
        {"kind": "wrong_shape", "body": {"value": [PLANTED] * 9}, "match": "pages", "times": 0},
        {"kind": "redirect", "location": f"https://evil.example/{quote(PLANTED)}", "match": "pages"},
    ]
    for fault in faults:
        simulator.faults.add(**fault)
        assert post(f"{API}/referrals/sync", {"mode": "full"}) == 502
        simulator.faults.clear()
    simulator.revoke("password_changed")
    simulator.expire_access_tokens()
    assert post(f"{API}/referrals/sync") == 503
    simulator.faults.add(kind="status", status=400, body={"error": "x", "error_description": PLANTED}, match="entra")
    assert post(f"{API}/sign-in") == 500
    simulator.faults.clear()
    assert post(f"{API}/sign-in") == 200
    assert post(f"{API}/sign-in/check") == 200
    assert post(f"{API}/referrals/sync", {"mode": "full"}) == 200


@pytest.mark.parametrize("place", ["local", "azure"])
def test_all_output_is_free_of_personal_data_and_secrets(
    place: str,
    own_simulator: Simulator,
    storage_account: str,
    make_app_host: Callable[..., HostProcess],
    azurite: Azurite,
) -> None:
    simulator = own_simulator
    secret = {"HUNTER_PARTNER_CENTER_CLIENT_SECRET": None}
    environ = {**secret, **(AZURE if place == "azure" else {})}
    host = make_app_host(simulator=simulator, storage=storage_account, **environ)
    headers = header(OPERATE) if place == "azure" else {}
    seen = personal(simulator.data.payloads())
    assert len(seen) > 150
    exercise(host, simulator, headers)
    settings = load(app_settings(simulator, storage_account))
    stored = SignInStore(settings, TableStore.from_settings(settings)).load()
    tokens = {
        entry["secret"]
        for kind in ("AccessToken", "RefreshToken", "IdToken")
        for entry in json.loads(stored.cache)[kind].values()
    }
    assert len(tokens) == 3
    host.post(f"{API}/sign-out", headers=headers)
    host.stop()
    output = host.log
    for event in ("sync_succeeded", "sync_failed", "sign_in_required", "signed_in", "function_executed", "quarantined"):
        assert event in output
    key = settings.storage.partition("AccountKey=")[2].partition(";")[0]
    keys = {
        TOKEN_CACHE_KEY,
        key,
        simulator.account,
        "gizlio",
        "Gizlioğlu",
        "zeynep",
        "0199887",
        "Selin",
        "eyJ",
        "Bearer",
    }
    leaked = sorted(text for text in seen | tokens | keys if text.lower() in output.lower() or quote(text) in output)
    assert leaked == []
    if place == "azure":
        events = [json.loads(line[line.index("{") :]) for line in output.splitlines() if '{"event"' in line]
        ended = [event for event in events if event["event"] == "sync_succeeded"]
        assert ended
        assert all({"runId", "correlationId", "function", "durationSeconds"} <= set(event) for event in ended)
