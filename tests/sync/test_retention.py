"""Contacts of referrals closed long ago are blanked where the setting says so, and only those."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from shared.core.settings import load
from shared.model.referral import content_hash, read_record, summarise
from shared.storage.engine.tables import TableStore
from shared.storage.tables.referrals import from_row, payload_of, read_rows, to_row, write_pieces
from shared.sync.retention import blank_old_contacts, without_contacts

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def _payload(referral_id: str, closed: str | None, notes: str = "n") -> dict[str, Any]:
    person = {"firstName": "Sue", "lastName": "Smith", "email": "sue@contoso.com", "phoneNumber": "1", "title": None}
    return {
        "id": referral_id,
        "name": "Deal",
        "status": "Closed" if closed else "Active",
        "closedDateTime": closed,
        "updatedDateTime": closed or "2020-01-01T00:00:00Z",
        "details": {"dealValue": 10.50, "notes": notes},
        "customerProfile": {"name": "Contoso", "team": [person, None, "odd"]},
        "team": [{"email": "own@fabrikam.com"}],
    }


def _store(connection_string: str, *payloads: dict[str, Any]) -> TableStore:
    store = TableStore.from_settings(load({"HUNTER_STORAGE": connection_string}))
    for payload in payloads:
        raw = json.dumps(payload)
        row, pieces = to_row(summarise(read_record(raw), ()), raw, content_hash(raw.encode()), "1" * 16, 1)
        write_pieces(store, pieces)
        store.table("Referrals").insert(row)
    return store


def _row(store: TableStore, referral_id: str) -> dict[str, Any]:
    return read_rows(store.table("Referrals"), [referral_id])[referral_id]


def test_only_those_closed_before_the_limit_are_blanked(connection_string: str) -> None:
    old, young, running = (
        _payload("old", "2025-10-01T00:00:00Z"),
        _payload("young", "2026-10-01T00:00:00Z"),
        _payload("running", None),
    )
    store = _store(connection_string, old, young, running)
    before = _row(store, "old")

    assert blank_old_contacts(store, 12, NOW) == 1

    after = _row(store, "old")
    blanked = json.loads(payload_of(store, after))
    assert blanked["customerProfile"]["team"][0] == dict.fromkeys(
        ("firstName", "lastName", "email", "phoneNumber", "title")
    )
    assert blanked["team"] == [{"email": None}]
    assert blanked["customerProfile"]["team"][1:] == [None, "odd"]
    assert blanked["details"] == old["details"]
    assert "sue" not in json.dumps(after, default=str).lower()
    assert after["contentHash"] == before["contentHash"]  # so that a walk leaves it as it is
    assert after["rawHash"] == before["rawHash"]
    assert from_row(after).customer_name == "Contoso"
    for kept in (young, running):
        assert json.loads(payload_of(store, _row(store, kept["id"]))) == kept
    assert blank_old_contacts(store, 12, NOW) == 0


def test_off_it_touches_nothing(connection_string: str) -> None:
    store = _store(connection_string, _payload("old", "2001-01-01T00:00:00Z"))
    before = _row(store, "old")
    assert blank_old_contacts(store, 0, NOW) == 0
    assert _row(store, "old") == before


def test_a_payload_in_pieces_keeps_nothing_of_the_contacts(connection_string: str) -> None:
    store = _store(connection_string, _payload("old", "2001-01-01T00:00:00Z", notes="x" * 2_000_000))
    assert blank_old_contacts(store, 1, NOW) == 1
    payload = payload_of(store, _row(store, "old"))
    assert len(json.loads(payload)["details"]["notes"]) == 2_000_000
    assert all("Smith" not in piece["text"] for piece in store.table("ReferralPayloads").query())
    assert "Smith" not in payload


def test_amounts_keep_their_decimals() -> None:
    assert '"dealValue":10.50' in without_contacts('{"id":"a","details":{"dealValue":10.50}}')
