"""Whatever a record holds, it is stored within Azure's limits and comes back as it was received."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from local.simulator.messages import Response
from shared.model.run import Run
from shared.storage.tables import quarantine
from shared.storage.tables.changes import load_changes
from shared.storage.tables.referrals import from_row, payload_of
from shared.storage.tables.sync_state import Walk, met_rows
from shared.sync import pages
from tests.sync import azure_limits
from tests.sync.harness import World

SAMPLES = Path(__file__).parents[1] / "samples"
OLD = "2026-01-02T03:04:05Z"


def raw(identity: str, rest: bytes = b"", *, times: bool = True) -> bytes:
    """A record as bytes, so that it can hold what no encoder would write."""
    stamps = f',"createdDateTime":"{OLD}","updatedDateTime":"{OLD}"' if times else ""
    return b'{"id":%s%s%s}' % (json.dumps(identity).encode(), stamps.encode(), b"," + rest if rest else b"")


def nested(depth: int) -> bytes:
    return b'"deep":' + b'{"a":[' * depth + b"1" + b"]}" * depth


def note(text: str, *, ascii_only: bool = False) -> bytes:
    return b'"details":{"notes":%s}' % json.dumps(text, ensure_ascii=ascii_only).encode()


def team(members: int) -> bytes:
    people = [
        {"firstName": f"Üye {number}", "lastName": "Ekip", "email": f"member{number}@customer-of-ours.com"}
        for number in range(members)
    ]
    return b'"customerProfile":{"name":"Many","team":%s}' % json.dumps(people, ensure_ascii=False).encode()


RECORDS: dict[str, bytes] = {
    "a note of 200 KB": raw("note-200k", note("x" * 200_000)),
    "a note of 200 KB outside ASCII": raw("note-200k-ğ", note("ğ" * 200_000)),
    "a note of pairs": raw("note-pairs", note("😀" * 120_000)),
    "a note just under a row": raw("note-under", note("x" * 480_000)),
    "a note just over a row": raw("note-over", note("x" * 500_000)),
    "a note of 2 MB": raw("note-2m", note("ı" * 1_000_000)),
    "thousands of team members": raw("team-5000", team(5_000)),
    "an id with forbidden characters": raw("a/b\\c#d?e%f'g+h=i\tj\u0001k"),
    "an id outside ASCII": raw("fırsat-😀-" + "ğ" * 50),
    "a very long id": raw("long-" + "x" * 3_000),
    "a very long id outside ASCII": raw("uzun-" + "ğ😀" * 1_000),
    "an id with half a pair": b'{"id":"half-\\ud83d"}',
    "an id that is a number": b'{"id":12345678901234567890123}',
    "an id of dots": raw(".."),
    "amounts beyond 2^31": raw("big", b'"details":{"dealValue":9007199254740993,"currency":"USD"}'),
    "an amount of 30 decimals": raw("exact", b'"details":{"dealValue":1.000000000000000000000000000001}'),
    "an amount beyond reason": raw("absurd", b'"details":{"dealValue":1e999999999}'),
    "an amount of very many digits": raw("digits", b'"details":{"dealValue":' + b"7" * 5_000 + b"}"),
    "a date before 1601": raw(
        "old", b'"closedDateTime":"1200-01-01T00:00:00Z","acceptedDateTime":"0001-01-01T00:00:00Z"'
    ),
    "a date beyond the calendar": raw("late", b'"expirationDateTime":"9999-12-31T23:59:59.9999999-14:00"'),
    "half a pair": raw("half", b'"name":"cut in an emoji \\ud83d","details":{"notes":"\\udc00 \\ud83d\\ud83d"}'),
    "escapes of nothing": raw("nul", b'"name":"a\\u0000b\\u0007\\uffff","statusReason":"\\u001f"'),
    "nesting": raw("nested-90", nested(90)),
    "deep nesting": raw("nested-400", nested(400)),
    "nesting without end": raw("nested-20000", nested(20_000)),
    "a name twice": raw("twice", b'"name":"first","name":"second","status":"New","status":"Active"'),
    "an id twice": b'{"id":"first-id","name":"x","id":"second-id"}',
    "spaces": b'\n  {  "id" :\t"spaces" , "name" : "x" }\r\n ',
    "long texts in every column": raw(
        "columns",
        b'"name":%s,"status":%s,"engagementId":%s,"customerProfile":{"name":%s,"size":%s}'
        % ((json.dumps("😀" * 3_000, ensure_ascii=False).encode(),) * 5),
    ),
    "many problems": raw(
        "problems",
        b'"customerProfile":{"team":[%s]}' % b",".join([b'{"email":["not a text"],"firstName":{}}'] * 300),
    ),
    "names that hurt": raw(
        "names", b'"__proto__":1,"constructor":{"a":1},"":2,"a b":3,"odata.type":"Edm.Int32","etag":"x"'
    ),
}


def serve(world: World, records: list[bytes]) -> None:
    """Let Partner Center send exactly these bytes, in one page."""
    body = b'{"@odata.context":"x","value":[' + b",".join(records) + b"]}"
    world.sim._api.answer = lambda request: Response(body=body)  # type: ignore[method-assign]


def check(world: World, name: str, record: bytes) -> None:
    """One record alone: stored within the limits, and back as it was."""
    serve(world, [record])
    run = world.run(mode="full").succeeded
    assert (run.fetched, run.quarantined) == (1, 0), name
    [row] = [row for row in world.store.table("Referrals").query() if not row.get("missingSince")]
    assert payload_of(world.store, row) == record.strip().decode(), name
    from_row(row)


@pytest.mark.parametrize("name", RECORDS, ids=str)
def test_a_record_is_stored_within_the_limits_and_comes_back(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    world = make_world(referrals=0)
    counts = azure_limits.enforce(monkeypatch)
    check(world, name, RECORDS[name])
    assert counts["transact"] >= 3


def test_one_odd_record_hides_no_other_of_its_page(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(referrals=0)
    azure_limits.enforce(monkeypatch)
    records = [*RECORDS.values(), *(raw(f"ordinary-{number}", b'"name":"x"') for number in range(40))]
    serve(world, records)
    run = world.run().succeeded
    assert (run.fetched, run.inserted, run.quarantined) == (len(records), len(records), 0)
    stored = sorted(payload_of(world.store, row) for row in world.store.table("Referrals").query())
    assert stored == sorted(record.strip().decode() for record in records)
    again = world.run(mode="full").succeeded
    assert again.unchanged == len(records)


def test_batches_of_large_rows_are_cut_to_size(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are small each and too much together, in the alphabet that takes the most bytes on the wire."""
    world = make_world(referrals=0)
    counts = azure_limits.enforce(monkeypatch)
    records = [raw(f"large-{number}", note("ğ" * 60_000)) for number in range(160)]
    serve(world, records)
    assert world.run().succeeded.inserted == 160
    assert counts["transact"] > 16


def test_a_huge_record_without_an_id_fits_the_quarantine(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(referrals=0)
    azure_limits.enforce(monkeypatch)
    huge = [b'{"name":"%s"}' % ("😀" * 400_000).encode(), b'"' + "ğ".encode() * 600_000 + b'"', b"[" * 500 + b"]" * 500]
    serve(world, [*huge, *(raw(f"ordinary-{number}") for number in range(4))])
    assert world.run().succeeded.quarantined == 3
    assert quarantine.count(world.store) == 3
    assert len(quarantine.load(world.store)) == 3


def test_long_ids_are_asked_for_in_filters_that_azure_takes(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(referrals=0)
    azure_limits.enforce(monkeypatch)
    records = [raw("ğ" * 380 + f"-{number}") for number in range(60)]
    serve(world, records)
    world.run()
    serve(world, [record.replace(b"}", b',"name":"changed"}') for record in records])
    assert world.run().succeeded.updated == 60


def test_changes_of_every_followed_field_with_long_texts_stay_readable(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(referrals=0)
    azure_limits.enforce(monkeypatch)
    for letter in ("a", "😀"):
        text = json.dumps(letter * 4_000, ensure_ascii=False).encode()
        body = (
            b'"name":%s,"status":%s,"substatus":%s,"qualification":%s,"direction":%s,"salesStage":%s,'
            b'"customerProfile":{"name":%s,"address":{"city":%s,"country":%s}},"details":{"currency":%s}'
        ) % ((text,) * 10)
        serve(world, [raw("long", body)])
        world.run()
    [entry] = load_changes(world.store, "long")
    assert len(entry["changes"]) >= 10
    serve(world, [raw("long", body + b',"substatus":"Won"')])
    world.run()
    newest = next(one for one in load_changes(world.store, "long") if len(one["changes"]) == 1)
    assert [one["field"] for one in newest["changes"]] == ["substatus"]


def samples() -> list[Any]:
    """All referrals among Microsoft's samples and what was seen in the wild."""
    found: list[Any] = []
    for file in sorted(SAMPLES.glob("*.json")):
        content = json.loads(file.read_bytes())
        if isinstance(content, dict) and isinstance(content.get("value"), list):
            found += [(file.name, one) for one in content["value"]]
        elif isinstance(content, dict) and "id" in content and "customerProfile" in content:
            found.append((file.name, content))
    return found


def test_all_samples_are_stored_and_come_back(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(referrals=0)
    azure_limits.enforce(monkeypatch)
    found = samples()
    assert len({name for name, _ in found}) >= 4
    by_id = {one["id"]: one for _, one in found if one.get("id")}
    serve(world, [msgspec.json.encode(one) for one in by_id.values()])
    assert world.run().succeeded.inserted == len(by_id)
    rows = {row["id"]: row for row in world.store.table("Referrals").query()}
    for one in by_id.values():
        assert json.loads(payload_of(world.store, rows[one["id"]])) == one
        assert not from_row(rows[one["id"]]).problems


def test_a_walk_that_met_hundreds_of_thousands_keeps_its_place(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(referrals=0)
    azure_limits.enforce(monkeypatch)
    walk = Walk(id="long", mode="full", started_at="2026-11-24T09:00:00.0000000Z", met_chunks=3)
    hashes = random.Random(1).randbytes(8 * pages.MOST_UNSAVED)
    world.run()
    head = world.state.load()
    lease, _ = world.state.acquire(Run.start("full", "http", world.clock.now()), head)
    rows = met_rows(walk, hashes)
    lease.commit(cursor=head.cursor, recent=head.recent, met=rows)
    assert world.state.met(walk) == hashes
    assert [row["RowKey"][-6:] for row in rows] == ["000003", "000004", "000005", "000006"]
