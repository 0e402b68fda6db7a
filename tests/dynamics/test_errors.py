"""Every error of the Web API as it reads: on the record, in the answer, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.dynamics import DynamicsSimulator
from shared.core.errors import (
    DynamicsAccessDenied,
    DynamicsSignInFailed,
    DynamicsThrottled,
    DynamicsUnavailable,
    HunterError,
)
from shared.dynamics import answers
from shared.dynamics.answers import understand
from tests.dynamics.world import World, referral

Make = Callable[..., DynamicsSimulator]
ONE = referral(1)["id"]


def body(code: str, message: str = "", **more: Any) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, **more}}).encode()


READ = [
    (
        400,
        "0x0",
        "… ODataException: Invalid property 'hnt_nosuch' was found in entity 'Microsoft.Dynamics.CRM.lead'.",
        "column_missing",
        "hnt_nosuch",
    ),
    (
        400,
        "",
        "Could not find a property named 'nosuch' on type 'Microsoft.Dynamics.CRM.lead'.",
        "column_missing",
        "nosuch",
    ),
    (
        400,
        "0x80060888",
        "Could not find a property named 'nosuch' on type 'Microsoft.Dynamics.CRM.lead'.",
        "column_missing",
        "nosuch",
    ),
    (
        400,
        "0x80048d19",
        "An undeclared property 'parentaccount' which only has property annotations",
        "mapping_wrong",
        "parentaccount",
    ),
    (
        400,
        "0x80044331",
        "The length of the 'subject' attribute of the 'lead' entity exceeded the maximum allowed length of '300'.",
        "text_too_long",
        "300",
    ),
    (
        400,
        "0x8004431a",
        "The value 99 of 'leadsourcecode' on record of type 'lead' is outside the valid range.",
        "choice_invalid",
        "leadsourcecode",
    ),
    (400, "0x8004432F", "", "number_out_of_range", ""),
    (400, "0x80044330", "", "number_out_of_range", ""),
    (400, "0x80048CFB", "", "currency_not_active", ""),
    (400, "0x80048CFC", "", "currency_not_active", ""),
    (400, "0x80060890", "The specified key attributes are not a defined key for the lead entity", "key_not_ready", ""),
    (400, "", "The key in the request URI is not valid for resource 'leads'", "key_not_ready", ""),
    (
        400,
        "0x80040265",
        "Customer rule: a lead needs a cost centre.",
        "refused_by_rule",
        "Customer rule: a lead needs a cost centre.",
    ),
    (400, "-2147220891", "Customer rule.", "refused_by_rule", "Customer rule."),
    (400, "0x80048408", "", "state_refused", ""),
    (400, "0x80100005", "", "state_refused", ""),
    (400, "0x80040519", "", "already_closed", ""),
    (400, "0x80040515", "", "already_closed", ""),
    (400, "0x80040516", "", "quotes_open", ""),
    (403, "0x80048306", "", "record_access_denied", ""),
    (
        403,
        "0x80040220",
        "Principal user (Id=…, type=8), is missing prvCreateLead privilege (Id=…) on OTC=4 for entity 'lead'.",
        "dynamics_access_denied",
        "prvCreateLead on lead",
    ),
    (
        403,
        "-2147220960",
        "is missing prvReadOpportunity privilege for entity 'opportunity'.",
        "dynamics_access_denied",
        "prvReadOpportunity on opportunity",
    ),
    (403, "0x80072560", "The user is not a member of the organization.", "dynamics_access_denied", "application user"),
    (403, "0x80042f09", "", "dynamics_access_denied", "no role"),
    (403, "0x80040225", "", "dynamics_access_denied", "disabled"),
    (403, "0x8004D24B", "", "dynamics_access_denied", "licence"),
    (401, "", "", "dynamics_sign_in_failed", ""),
    (404, "0x80040217", "lead With Id = 5f0c1d52-6a1e-4c1b-9a63-0d0f3f6b7a11 Does Not Exist", "record_not_found", ""),
    (404, "0x80060891", "", "record_not_found", ""),
    (404, "0x8006088a", "Resource not found for the segment 'Leads'.", "not_supported", ""),
    (405, "0x8004023B", "", "not_supported", ""),
    (405, "0x80040315", "", "not_supported", ""),
    (405, "0x80040227", "", "not_supported", ""),
    (412, "0x80060882", "", "changed_meanwhile", ""),
    (412, "0x80040237", "", "record_exists", ""),
    (412, "0x80060892", "", "key_taken", ""),
    (412, "0x80040333", "", "duplicate_found", ""),
    (500, "0x80040333", "", "duplicate_found", ""),
    (413, "0x8004418A", "", "too_large", ""),
    (429, "0x80072322", "", "dynamics_throttled", "too many requests"),
    (429, "0x80072321", "", "dynamics_throttled", "too much time"),
    (429, "0x80072326", "", "dynamics_throttled", "at once"),
    (429, "-2147015902", "", "dynamics_throttled", "too many requests"),
    (500, "0x80044151", "", "dynamics_unavailable", ""),
    (500, "0x80040216", "", "refused", ""),
    (500, "0x80049999", "", "refused", ""),
    (503, "", "", "dynamics_unavailable", ""),
    (502, "", "", "dynamics_unavailable", ""),
    (418, "0xabc", "", "refused", ""),
]


@pytest.mark.parametrize(("status", "code", "message", "kind", "said"), READ)
def test_each_error_has_a_meaning_and_a_sentence(status: int, code: str, message: str, kind: str, said: str) -> None:
    refusal = understand(status, body(code, message))
    assert refusal.kind == kind
    assert said in refusal.message
    assert refusal.message.endswith((".", "…", "?")) or kind == "refused_by_rule"
    assert "{" not in refusal.message


def test_upstream_text_is_shown_for_a_customers_rule_alone() -> None:
    for meaning in answers.TABLE.values():
        assert ("{text}" in meaning.sentence) == (meaning.kind == "refused_by_rule")
    shown = understand(400, body("0x80040265", "x" * 400)).message
    assert len(shown) <= len(answers.TABLE["80040265"].sentence) + 200


@pytest.mark.parametrize(
    "content", [b"", b"<html>401</html>", b"[]", b'{"error": 5}', b'{"error": {"code": 7}}', b"\xff"]
)
def test_what_is_no_error_document_is_read_by_its_status(content: bytes) -> None:
    assert understand(401, content).kind == "dynamics_sign_in_failed"
    assert understand(503, content).kind == "dynamics_unavailable"


def _break(world: World, what: str) -> None:
    switches = world.crm.switches
    if what == "not a member":
        switches.member = False
    elif what == "no role":
        switches.roles = False
    elif what == "wrong token":
        world.crm.entra.audience = "https://another.crm4.dynamics.com"
    elif what == "down":
        world.crm.faults.add(status=503, times=0)
    elif what == "html":
        world.crm.faults.add(kind="html", status=502, times=0)
    elif what == "reset":
        world.crm.faults.add(kind="reset", times=0)
    elif what == "paused":
        world.crm.faults.add(kind="requests", retry_after=900, times=1)
    elif what == "role lacks":
        switches.denied = ["prvCreateOpportunity"]


@pytest.mark.parametrize(
    ("what", "error", "said"),
    [
        ("not a member", DynamicsAccessDenied, "application user of the environment"),
        ("no role", DynamicsAccessDenied, "no role"),
        ("wrong token", DynamicsSignInFailed, "sign in"),
        ("down", DynamicsUnavailable, "not answering"),
        ("html", DynamicsUnavailable, "not answering"),
        ("reset", DynamicsUnavailable, "not answering"),
        ("paused", DynamicsThrottled, "pause"),
        ("role lacks", DynamicsAccessDenied, "prvCreateOpportunity on opportunity"),
    ],
)
def test_what_concerns_all_records_ends_the_run(
    make_crm: Make, storage_account: str, what: str, error: type[HunterError], said: str
) -> None:
    world = World(make_crm(with_key=True), storage_account)
    world.put(referral(1))
    _break(world, what)
    with pytest.raises(error) as caught:
        world.run()
    assert said in caught.value.message
    exchange = world.dynamics.exchange()
    assert exchange.fault
    assert exchange.fault.code == caught.value.code
    assert exchange.status.reachable is (
        False if error is DynamicsUnavailable else None if error is DynamicsSignInFailed else True
    )
    with pytest.raises(error):
        world.desk.act(ONE, {"action": "push"})
    assert world.link(ONE).error is not None


def test_a_pause_holds_for_every_instance_until_it_is_over(make_crm: Make, storage_account: str) -> None:
    crm = make_crm(with_key=True)
    world, other = World(crm, storage_account), World(crm, storage_account)
    world.put(referral(1))
    crm.faults.add(kind="time", retry_after=600, times=1)
    with pytest.raises(DynamicsThrottled) as caught:
        world.run()
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 590
    crm.forget()
    with pytest.raises(DynamicsThrottled):
        other.run()
    assert crm.asked() == []
    other.clock.advance(601)
    assert other.run().run.created == 1


def test_a_short_pause_is_waited_for_and_never_cut(make_crm: Make, storage_account: str) -> None:
    world = World(make_crm(with_key=True), storage_account)
    world.put(*(referral(number) for number in range(4)))
    world.crm.faults.add(kind="concurrent", retry_after=27, times=2, method="PATCH")
    assert world.run().run.created == 4
    assert sum(world.clock.sleeps) >= 27


def test_a_record_that_was_refused_is_shown_with_field_and_next_time(make_crm: Make, storage_account: str) -> None:
    world = World(make_crm(with_key=True), storage_account)
    world.crm.store.schemas["opportunity"].columns["name"].most = 10
    world.put(referral(1))
    world.dynamics.state.put_environment(b'{"read_at": "never"}')
    world.run()
    assert world.record(ONE)["name"] == "Backup fo…"  # metadata are read before the first write
    world.crm.faults.add(
        status=400,
        code="0x80044331",
        message="'name' attribute of 'opportunity': maximum allowed length of '9'",
        method="PATCH",
        path="opportunities",
    )
    world.change(ONE, name="Longer")
    world.run()
    link = world.link(ONE)
    assert link.error is not None
    assert (link.state, link.error.code, link.error.field) == ("failed", "text_too_long", "name")
    assert link.next_at is not None
    world.clock.advance(700)
    world.run()
    assert world.link(ONE).state in {"linked", "pending"}
