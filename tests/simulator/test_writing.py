"""Changing referrals: what is validated, and each fault of a write on demand."""

from typing import Any

import pytest
import requests

from local.simulator import Simulator

from .client import Client

NOTES = [{"op": "replace", "path": "/details/notes", "value": "after"}]
ACCEPT = [
    {"op": "replace", "path": "/status", "value": "Active"},
    {"op": "replace", "path": "/substatus", "value": "Accepted"},
]


def _patch(client: Client, identity: str, operations: Any, **headers: str) -> requests.Response:
    return client.session.patch(f"{client.url}/{identity}", json=operations, headers=headers, timeout=60)


def _closed(substatus: str, reason: str | None = None) -> list[dict[str, Any]]:
    operations = [("/status", "Closed"), ("/substatus", substatus), *([("/statusReason", reason)] if reason else [])]
    return [{"op": "replace", "path": path, "value": value} for path, value in operations]


@pytest.fixture
def active(small: Simulator) -> str:
    """The id of a referral that is being worked on."""
    return small.data.create(status="Active", substatus="Accepted", details={"notes": "before"})


def test_two_writes_of_a_second_have_different_etags(small: Simulator, small_api: Client, active: str) -> None:
    seen = {small_api.get(f"/{active}").json()["eTag"]}
    for number in range(20):
        answer = _patch(
            small_api,
            active,
            [{"op": "replace", "path": "/campaignId", "value": f"{number}"}],
            Prefer="return=representation",
        )
        seen.add(answer.json()["eTag"])
    assert len(seen) == 21


def test_a_refused_operation_leaves_nothing_of_the_others(small: Simulator, small_api: Client, active: str) -> None:
    before = small.data.get(active)
    answer = _patch(small_api, active, [*NOTES, {"op": "replace", "path": "/name", "value": "x"}])
    assert answer.status_code == 400
    assert small.data.get(active) == before
    assert small.applied == []


@pytest.mark.parametrize("substatus", ["Declined", "Lost", "Error"])
def test_some_ends_need_a_reason(small: Simulator, small_api: Client, active: str, substatus: str) -> None:
    assert _patch(small_api, active, _closed(substatus)).status_code == 400
    assert _patch(small_api, active, _closed(substatus, "Other")).status_code == 204
    small.switches.reason_required = False
    other = small.data.create()
    assert _patch(small_api, other, _closed(substatus)).status_code == 204


def test_switches_of_writing(small: Simulator, small_api: Client, active: str) -> None:
    small.switches.update({"namePath": True, "absentReplace": "refuse", "representation": False, "closedStatus": 409})
    assert _patch(small_api, active, [{"op": "replace", "path": "/name", "value": "x"}]).status_code == 204
    absent = [{"op": "replace", "path": "/referralProgram", "value": "x"}]
    assert _patch(small_api, active, absent).status_code == 400
    added = _patch(small_api, active, [{**absent[0], "op": "add"}], Prefer="return=representation")
    assert added.status_code == 204
    assert _patch(small_api, active, _closed("Won")).status_code == 204
    assert _patch(small_api, active, NOTES).status_code == 409


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/details/dealValue", -1),
        ("/details/dealValue", "many"),
        ("/details/dealValue", True),
        ("/details/closingDateTime", "tomorrow"),
        ("/details/notes", "n" * 5001),
        ("/campaignId", "c" * 256),
        ("/campaignId", 7),
        ("/team", {"email": "a@contoso.com"}),
        ("/team", [{"firstName": "A"}]),
        ("/consent/consentToShareReferralWithMicrosoftSellers", False),
    ],
)
def test_values_are_checked(small: Simulator, small_api: Client, active: str, path: str, value: Any) -> None:
    assert _patch(small_api, active, [{"op": "replace", "path": path, "value": value}]).status_code == 400
    assert small.applied == []


def test_every_change_is_counted_with_its_intent(small: Simulator, small_api: Client, active: str) -> None:
    _patch(small_api, active, NOTES, **{"MS-RequestId": "intent-1"})
    [applied] = small.applied
    assert (applied.id, applied.operations, applied.intent) == (active, NOTES, "intent-1")
    listed = requests.get(f"{small.api_url}/control/applied", timeout=60).json()
    assert listed == [{"id": active, "operations": NOTES, "intent": "intent-1", "at": applied.at}]


@pytest.mark.parametrize(
    ("fault", "applied_then", "applied_in_the_end"),
    [
        ({"kind": "reset", "applies": "first"}, 1, 1),
        ({"kind": "reset"}, 0, 0),
        ({"kind": "reset", "applies": "late", "late": 0.2}, 0, 1),
        ({"status": 429, "applies": "first"}, 1, 1),
        ({"status": 429, "retry_after": 3}, 0, 0),
        ({"status": 500, "applies": "first"}, 1, 1),
        ({"kind": "html", "applies": "first"}, 1, 1),
        ({"status": 202, "shape": "empty", "applies": "late", "late": 0.2}, 0, 1),
        ({"status": 403}, 0, 0),
        ({"status": 404}, 0, 0),
        ({"status": 412}, 0, 0),
        ({"status": 423}, 0, 0),
    ],
)
def test_what_becomes_of_a_write_whose_answer_is_another(
    small: Simulator,
    small_api: Client,
    active: str,
    fault: dict[str, Any],
    applied_then: int,
    applied_in_the_end: int,
) -> None:
    etag = small_api.get(f"/{active}").json()["eTag"]
    small.faults.add(match="patch", **fault)
    try:
        answer = _patch(small_api, active, NOTES, **{"If-Match": etag})
        assert answer.status_code == fault.get("status", 502)
    except requests.ConnectionError:
        assert fault["kind"] == "reset"
    assert len(small.applied) == applied_then
    small.wait_for_late()
    assert len(small.applied) == applied_in_the_end
    small.reset()
    assert _patch(small_api, active, ACCEPT, **{"If-Match": etag}).status_code == (412 if applied_in_the_end else 204)


def test_somebody_else_is_faster(small: Simulator, small_api: Client) -> None:
    identity = small.data.create()
    etag = small_api.get(f"/{identity}").json()["eTag"]
    small.faults.add(kind="foreign", match="patch", change={"status": "Closed", "substatus": "Expired"})
    assert _patch(small_api, identity, ACCEPT, **{"If-Match": etag}).status_code == 412
    assert small_api.get(f"/{identity}").json()["substatus"] == "Expired"
    with pytest.raises(ValueError, match="first or late"):
        small.faults.add(applies="twice")
