"""shared/core/events.py against the code: every event is emitted somewhere, with fields of its list and no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from shared.core import events
from shared.model.run import Run
from tests.infra.bicep import ROOT

NAMES: dict[str, str] = {
    name: value
    for name, value in vars(events).items()
    if name.isupper() and not name.startswith("_") and isinstance(value, str)
}


def calls() -> Iterator[tuple[str, str, set[str]]]:
    """Where, which event, which fields: every ``log.info|warning|error(events.NAME, field=...)`` of the app."""
    for path in sorted([*ROOT.glob("function_app.py"), *(ROOT / "shared").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            first = node.args[0]
            if isinstance(first, ast.Attribute) and isinstance(first.value, ast.Name) and first.value.id == "events":
                fields = {keyword.arg for keyword in node.keywords if keyword.arg}
                yield f"{path.name}:{node.lineno}", NAMES.get(first.attr, first.attr), fields


def test_every_event_has_its_fields_listed() -> None:
    assert set(events.FIELDS) == set(NAMES.values())


def test_the_code_logs_events_of_the_list_with_fields_of_the_list() -> None:
    found = list(calls())
    assert found
    for where, event, fields in found:
        assert event in events.FIELDS, f"{where}: {event} is not in shared/core/events.py"
        extra = fields - set(events.FIELDS[event]) - set(events.COMMON_FIELDS)
        assert not extra, f"{where}: {event} carries {sorted(extra)}"


def test_a_run_logs_the_fields_that_queries_may_name() -> None:
    run = Run(id="20261124T000000000-abc", mode="full", trigger="timer", started_at="2026-11-24T00:00:00.0000000Z")
    for event in (events.SYNC_SUCCEEDED, events.SYNC_PAUSED, events.SYNC_FAILED):
        assert set(run.log_fields()) - set(events.COMMON_FIELDS) <= set(events.FIELDS[event])
    assert set(events.FIELDS[events.SYNC_SUCCEEDED]) == set(run.log_fields()) - set(events.COMMON_FIELDS)


@pytest.mark.parametrize("event", sorted(NAMES.values()))
def test_every_event_is_emitted(event: str) -> None:
    assert event in {name for _, name, _ in calls()}


def test_no_field_can_hold_personal_data() -> None:
    """By name: an account, a name, an address, a note or a payload would show here."""
    suspicious = ("account", "name", "mail", "phone", "note", "payload", "token", "domain", "url", "body")
    for event, fields in events.FIELDS.items():
        for field in fields:
            assert not any(word in field.lower() for word in suspicious), f"{event}: {field}"
