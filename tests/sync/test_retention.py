"""Contacts of referrals closed long ago are blanked where the setting says so, and only those."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.core.settings import load
from shared.model.referral import content_hash, read_record, summarise
from shared.storage.engine.tables import Insert, TableStore
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


ODD = {
    "half a pair": (b'"notes":"cut in an emoji \\ud83d"', b""),
    "an integer without end": (b'"dealValue":' + b"7" * 5_000, b""),
    "a byte order mark": (b'"notes":"n"', "\ufeff".encode()),
    "no number": (b'"dealValue":NaN,"other":-Infinity', b""),
    "nesting without end": (b'"deep":' + b'{"a":[' * 3_000 + b"1" + b"]}" * 3_000, b""),
    "an escaped name": (b'"\\u006eotes":"n"', b""),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_payloads_are_blanked_too_and_stay_as_they_are_otherwise(connection_string: str, name: str) -> None:
    details, begin = ODD[name]
    person = (
        b'{"firstName":"Sue","l\\u0061stName":"Smith","email": "sue@contoso.com","phoneNumber":{"n":["1"]},"title":""}'
    )
    payload = begin + (
        b'{"id":"old","status":"Closed","closedDateTime":"2001-01-01T00:00:00Z","details":{%s},'
        b'"customerProfile" : {"name":"Contoso","team":[%s, null]},"team":[{"email":"own@fabrikam.com"}],"email":"kept"}'
    ) % (details, person)
    raw = payload.decode("utf-8", "surrogatepass")
    store = TableStore.from_settings(load({"HUNTER_STORAGE": connection_string}))
    row, pieces = to_row(summarise(read_record(payload), ()), raw, content_hash(payload), "1" * 16, 1)
    write_pieces(store, pieces)
    store.table("Referrals").transact([Insert(row)])
    left: list[int] = []

    assert blank_old_contacts(store, 12, NOW, left.append) == 1

    assert left == [0]
    after = _row(store, "old")
    blank = raw.replace('"Sue"', "null").replace('"Smith"', "null").replace('"sue@contoso.com"', "null")
    assert payload_of(store, after) == blank.replace('{"n":["1"]}', "null").replace('"own@fabrikam.com"', "null")
    assert "sue" not in after["searchText"]


def test_what_cannot_be_blanked_is_counted_and_logged(connection_string: str, caplog: pytest.LogCaptureFixture) -> None:
    store = _store(connection_string, _payload("old", "2001-01-01T00:00:00Z"))
    row = _row(store, "old")
    store.table("Referrals").replace({**row, "payload": row["payload"] + "}"}, row["etag"])
    left: list[int] = []
    assert blank_old_contacts(store, 12, NOW, left.append) == 0
    assert left == [1]
    assert "contacts_not_blanked" in caplog.text
