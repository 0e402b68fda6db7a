"""Changes: through the API as a partner makes them, through the control endpoint, in process, and by time."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from local.simulator import Simulator

from .client import Client

SAMPLES = Path(__file__).parent.parent / "samples"


def _sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def _patch(client: Client, identity: str, operations: Any, **headers: str) -> requests.Response:
    return client.session.patch(f"{client.url}/{identity}", json=operations, headers=headers, timeout=60)


@pytest.fixture
def active(small: Simulator) -> str:
    """The id of a referral that is being worked on."""
    return small.data.create(status="Active", substatus="Accepted", details={"notes": "before"})


def test_the_sampled_patches_change_a_referral(small: Simulator, small_api: Client, active: str) -> None:
    before = small_api.get(f"/{active}").json()
    operations = _sample("patch-request.deal-value-and-notes.json")
    assert _patch(small_api, active, operations, **{"If-Match": before["eTag"]}).status_code == 204
    after = small_api.get(f"/{active}").json()

    assert str(after["details"]["dealValue"]) == str(operations[0]["value"])
    assert after["eTag"] != before["eTag"]
    assert after["updatedDateTime"] > before["updatedDateTime"]
    stale = _patch(small_api, active, operations, **{"If-Match": before["eTag"]})
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "preconditionFailed")
    added = _patch(small_api, active, _sample("patch-request.add-team-member.json"), Prefer="return=representation")
    assert added.status_code == 200
    assert len(added.json()["team"]) == 1


def test_a_closed_referral_is_final(small: Simulator, small_api: Client, active: str) -> None:
    assert _patch(small_api, active, _sample("patch-request.close-as-won.json")).status_code == 204
    closed = small_api.get(f"/{active}").json()

    assert (closed["status"], closed["substatus"]) == ("Closed", "Won")
    assert closed["closedDateTime"] is not None
    again = _patch(small_api, active, [{"op": "replace", "path": "/details/notes", "value": "after"}])
    assert (again.status_code, again.json()["error"]["code"]) == (400, "invalidRequest")


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "replace", "path": "/status", "value": "New"}],
        [{"op": "replace", "path": "/substatus", "value": "Won"}],
        [{"op": "remove", "path": "/details/notes"}],
        [{"op": "replace", "path": "/customerProfile/name", "value": "x"}],
        [{"op": "replace", "path": "/details/notes"}],
        {"details": {}},
        ["x"],
    ],
)
def test_what_may_not_be_changed_stays(small: Simulator, small_api: Client, active: str, operations: Any) -> None:
    before = small.data.get(active)

    assert _patch(small_api, active, operations).status_code == 400
    assert small.data.get(active) == before


def test_a_posted_deal_starts_accepted(small: Simulator, small_api: Client) -> None:
    for name in ("create-request.shared.v2019.json", "create-request.private.v2024.reconstructed.json"):
        answer = small_api.session.post(small_api.url, json=_sample(name), timeout=60)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert (made["status"], made["substatus"], made["direction"]) == ("Active", "Accepted", "Outgoing")
        assert small_api.get(f"/{made['id']}").json()["customerProfile"] == _sample(name)["customerProfile"]
    assert small_api.session.post(small_api.url, json={"type": "Shared"}, timeout=60).status_code == 400
    small.switches.role = "user"
    assert small_api.session.post(small_api.url, json=_sample(name), timeout=60).status_code == 403


def test_what_is_unanswered_for_14_days_expires_at_its_deadline(sim: Simulator, api: Client) -> None:
    def unanswered() -> list[dict[str, Any]]:
        return api.all(filter="status eq 'New' and direction eq 'Incoming'")

    before = len(unanswered())
    overdue = [record for record in unanswered() if record["createdDateTime"] < "2026-11-10T09"]
    assert overdue, "a service may be late"
    sim.clock.advance(timedelta(hours=20))
    some = len(unanswered())
    assert 0 < before - some < 10
    expired = api.get(orderby="updatedDateTime desc", top="1").json()["value"][0]
    assert (expired["status"], expired["substatus"]) == ("Closed", "Expired")
    assert expired["closedDateTime"] == expired["updatedDateTime"] > "2026-11-24T09"
    assert sim.advance(timedelta(days=15)) == some
    assert unanswered() == []


def test_changes_in_process(small: Simulator) -> None:
    identity = small.data.ids()[0]
    before = small.data.get(identity)
    assert before is not None
    small.data.change(identity, status="Closed", details={"dealValue": 12.5})
    after = small.data.get(identity)
    assert after is not None
    assert after["details"] == {**before["details"], "dealValue": 12.5}
    assert after["eTag"] != before["eTag"]
    assert after["updatedDateTime"] > before["updatedDateTime"]
    small.data.change(identity, touch=False, name="quietly")
    quiet = small.data.get(identity)
    assert quiet == {**after, "name": "quietly"}
    small.data.remove(identity)
    assert small.data.get(identity) is None
    with pytest.raises(KeyError):
        small.data.change(identity, name="x")
    with pytest.raises(ValueError, match="already"):
        small.data.add({"id": small.data.ids()[0]})
    assert small.data.add({"name": "no id"}) is None
    assert small.data.add(None) is None
    assert small.data.unusable() == 2
    assert len(small.data) == 26


def test_a_simulator_forgets_what_a_test_did_to_it(small: Simulator, small_api: Client) -> None:
    small.before_request = lambda _: small.data.clear()
    small.switches.page_size = 3
    small.faults.add(status=503, times=0)
    small.revoke("disabled")
    assert small_api.get().status_code == 503
    small.reset()
    assert small.requests == []
    assert small.entra.state()["problem"] is None
    assert small_api.get().status_code == 200
    assert small.switches.page_size == 100


def test_the_control_endpoint(small: Simulator, small_api: Client) -> None:
    base = f"{small.api_url}/control"

    def call(method: str, path: str = "", body: Any = None) -> requests.Response:
        return requests.request(method, base + path, json=body, timeout=60)

    identity = call("POST", "/referrals", {"name": "by control"}).json()["id"]
    assert small.data.get(identity) == call("GET", f"/referrals/{identity}").json()
    assert call("PATCH", f"/referrals/{identity}", {"status": "Active"}).json()["status"] == "Active"
    assert call("DELETE", f"/referrals/{identity}").status_code == 204
    assert call("DELETE", f"/referrals/{identity}").status_code == 404
    assert call("POST", "/referrals", {"name": "no id", "asItIs": True}).json() == {"id": None}
    assert len(call("GET", "/referrals").json()) == 26

    assert call("POST", "/faults", {"status": 503, "retryAfter": 4, "match": "list"}).status_code == 201
    assert small_api.get().headers["Retry-After"] == "4"
    assert call("POST", "/faults", {"kind": "reset", "times": 0}).json()["kind"] == "reset"
    assert len(call("GET", "/faults").json()) == 1
    assert call("DELETE", "/faults").status_code == 204
    assert call("POST", "/faults", {"kind": "fire"}).status_code == 400
    assert call("POST", "/faults", {"fire": 1}).status_code == 400

    assert [request["status"] for request in call("GET", "/requests").json()] == [503]
    assert call("DELETE", "/requests").status_code == 204
    assert call("GET", "/requests").json() == []

    assert call("POST", "/switches", {"pageSize": 5, "next_link": "evil"}).json()["page_size"] == 5
    assert call("POST", "/switches", {"page_size": 7, "unknown": 1}).status_code == 400
    assert call("POST", "/switches", {"role": "king"}).status_code == 400
    assert small.switches.page_size == 5
    small.switches.reset()
    assert small.switches.page_size == 100

    assert call("POST", "/clock", {"advanceDays": 20}).status_code == 200
    assert not [
        record for record in small.data.payloads() if isinstance(record, dict) and record.get("status") == "New"
    ]
    assert call("POST", "/sign-in", {"action": "revoke", "reason": "disabled"}).json()["problem"] == "disabled"
    assert call("POST", "/sign-in", {"action": "restore"}).json()["problem"] is None
    for action in ("approve", "decline", "expire", "expire_access_tokens"):
        assert call("POST", "/sign-in", {"action": action}).status_code == 200
    assert call("POST", "/sign-in", {"action": "dance"}).status_code == 400
    assert small_api.get().status_code == 401
    assert call("POST", "/expire-links", {}).status_code == 204
    state = call("GET").json()
    assert (state["referrals"], state["unusable"]) == (26, 1)
    assert state["tenants"] == small.tenants
    assert call("PUT").status_code == 404


def test_the_control_endpoint_is_for_this_machine(small: Simulator) -> None:
    address = f"{small.api_url}/control/switches"
    plain = requests.post(address, data='{"role":"none"}', headers={"Content-Type": "text/plain"}, timeout=60)
    assert plain.status_code == 403
    rebound = requests.post(address, json={"role": "none"}, headers={"Host": "evil.example:80"}, timeout=60)
    assert rebound.status_code == 403
    assert small.switches.role == "admin"
