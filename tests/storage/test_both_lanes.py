"""The fast lane and the SDK are held against each other: equal tables, equal answers, equal errors, equal retries."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import AccountSasPermissions, ResourceTypes, generate_account_sas
from msgspec import Struct

from local.azurite import Azurite
from shared.core.errors import ConfigurationError, StorageUnavailable
from shared.core.settings import load
from shared.storage.engine import tables, wire
from shared.storage.engine.entities import Entity
from shared.storage.engine.fast_lane import FastLane
from shared.storage.engine.lane import Question
from shared.storage.engine.tables import (
    BatchTooLarge,
    Delete,
    Insert,
    Operation,
    Replace,
    RowConflict,
    Table,
    TableStore,
)
from shared.storage.engine.wire import PlainRows, TextRows
from tests.storage.faulty_proxy import FaultyProxy
from tests.storage.sdk_lane import by_the_sdk

MOST: Final = 2**63 - 1
TEXTS: Final = {
    "empty": "",
    "quotes": """it's "quoted" `so` ''twice''""",
    "percent": "100% %20 %zz %",
    "turkish": "Şişli İığ ÇÖÜ",
    "arabic": "مرحبا \u202bright to left\u202c",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈",
    "lines": "one\ntwo\r\nthree\ttab",
    "separators": "a\u2028b\u2029c\x85d",
    "multipart": "--changeset_x\r\nHTTP/1.1 409 Conflict\r\nETag: no\r\n\r\n--batch_x--",
    "json": '{"odata.etag": "no", "value": [{"a@odata.type": "Edm.Int64"}]}',
    "null": "\x00\x01\x7f",
    "half": "half a pair \ud83d",
    "long": "ş" * 32_000,
    "path": "/a/../b?c=d#e&f=g+h;i",
}
VALUES: Final[dict[str, Any]] = {
    "true": True,
    "false": False,
    "zero": 0,
    "most": MOST,
    "least": -MOST - 1,
    "small": -7,
    "double": 1.5,
    "whole": 5.0,
    "tiny": 5e-324,
    "huge": 1.7976931348623157e308,
    "infinite": math.inf,
    "below": -math.inf,
    "bytes": bytes(range(256)),
    "nothing": b"",
    "many": random.Random(1).randbytes(60_000),
    **TEXTS,
}
KEYS: Final = (
    "plain",
    "it's",
    "100% %27",
    "ışıl İı",
    "مرحبا",
    "😀",
    "a b+c&d=e;f:g,h@i!j$k^l~m|n<o>p[q]r{s}t(u)v*w",
    "",
    "x" * 500,
)


class Clock:
    """Notes waits instead of waiting."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> datetime:
        """Some time."""
        return datetime(2026, 11, 24, tzinfo=UTC) + timedelta(seconds=sum(self.waits))

    def monotonic(self) -> float:
        """Seconds waited."""
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        """Note a wait."""
        self.waits.append(seconds)


def connect(connection_string: str, fast: bool, clock: Clock | None = None, **more: Any) -> TableStore:
    settings = load({"HUNTER_STORAGE": connection_string})
    store = TableStore.from_settings(settings, clock or Clock(), **more)
    return store if fast else by_the_sdk(store)


@pytest.fixture(params=[True, False], ids=["lane", "sdk"])
def fast(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def table(connection_string: str, fast: bool) -> Table:
    return connect(connection_string, fast).table("Things")


def row(number: int, partition: str = "p", **columns: Any) -> Entity:
    return {"PartitionKey": partition, "RowKey": f"{number:05}", **columns}


def dump(table: Table) -> list[Entity]:
    return [{name: value for name, value in one.items() if name != "etag"} for one in table.query()]


# -- values and keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VALUES)
def test_every_value_comes_back_as_it_was(table: Table, name: str) -> None:
    value = VALUES[name]
    written = row(1, value=value, none=None, etag="no column")
    [etag] = table.transact([Insert(written)])
    expected = {**row(1, value=value), "etag": etag}
    for read in (
        table.get("p", "00001"),
        next(table.query()),
        next(table.query("RowKey eq @row", {"row": "00001"}, ["PartitionKey", "RowKey", "value"])),
    ):
        assert read == expected
        assert type(read["value"]) is type(value)


def test_not_a_number_comes_back(table: Table) -> None:
    table.transact([Insert(row(1, value=math.nan))])
    assert math.isnan(next(table.query())["value"])


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, {"a": 1}, [1], 1j])
def test_what_no_column_takes_is_a_programming_error(table: Table, value: object) -> None:
    with pytest.raises(TypeError):
        table.transact([Insert(row(1, value=value))])


@pytest.mark.parametrize("key", KEYS)
def test_any_key_the_service_takes_names_one_row(table: Table, key: str) -> None:
    one: Entity = {"PartitionKey": key, "RowKey": key}
    [first] = table.transact([Insert({**one, "step": 1})])
    assert table.get(key, key) == {**one, "step": 1, "etag": first}
    [second] = table.transact([Replace({**one, "step": 2}, first)])
    [third] = table.transact([Replace({**one, "step": 3}, None)])
    assert len({first, second, third}) == 3
    found = list(table.query("PartitionKey eq @key and RowKey eq @key", {"key": key}))
    assert found == [{**one, "step": 3, "etag": third}]
    table.transact([Delete(key, key, third)])
    assert list(table.query()) == []


def test_values_in_filters_are_values(table: Table) -> None:
    table.transact([Insert(row(number, text=text)) for number, text in enumerate(TEXTS.values()) if len(text) < 1_000])
    for text in (
        "x' or PartitionKey ne 'y",
        "'",
        "@row",
        "' or '1' eq '1",
        "100% %20 %zz %",
        TEXTS["emoji"],
        "@row eq",
    ):
        found = [one["text"] for one in table.query("text eq @text and RowKey ge @row", {"text": text, "row": ""})]
        assert found == [each for each in TEXTS.values() if each == text]


def test_filters_compare_by_type(table: Table) -> None:
    table.transact(
        [
            Insert(row(number, i=number * 2**33, d=number / 4, b=bytes([number]), t=number % 2 == 0))
            for number in range(9)
        ]
    )

    def numbers(filter: str, **parameters: Any) -> list[int]:
        return [int(one["RowKey"]) for one in table.query(filter, parameters, ["RowKey"])]

    assert numbers("i ge @i", i=7 * 2**33) == [7, 8]
    assert numbers("d lt @d", d=0.5) == [0, 1]
    assert numbers("b eq @b", b=b"\x03") == [3]
    assert numbers("t eq @t", t=True) == [0, 2, 4, 6, 8]


# -- batches -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 100])
def test_a_batch_of_all_kinds(table: Table, count: int) -> None:
    etags = table.transact([Insert(row(number, step=1)) for number in range(count)])
    assert len(etags) == count
    assert all(etags)
    kinds: list[Callable[[int], Operation]] = [
        lambda number: Replace(row(number, step=2), etags[number]),
        lambda number: Replace(row(number, step=3), None),
        lambda number: Delete("p", f"{number:05}", etags[number]),
        lambda number: Delete("p", f"{number:05}"),
        lambda number: Insert(row(number + 1_000, step=4)),
        lambda number: Replace(row(number + 2_000, step=5), None),
    ]
    answers = table.transact([kinds[number % len(kinds)](number) for number in range(count)])
    assert [bool(answer) for answer in answers] == [number % 6 not in {2, 3} for number in range(count)]
    expected = [row(number, step=number % 6 + 2) for number in range(count) if number % 6 < 2]
    expected += [row(number, step=1) for number in range(count) if number % 6 > 3]
    expected += [row(number + 1_000, step=4) for number in range(count) if number % 6 == 4]
    expected += [row(number + 2_000, step=5) for number in range(count) if number % 6 == 5]
    assert dump(table) == sorted(expected, key=lambda one: str(one["RowKey"]))
    again = {one["RowKey"]: one["etag"] for one in table.query()}
    assert {again[f"{number:05}"] for number in range(count) if number % 6 < 2} == {
        answers[number] for number in range(count) if number % 6 < 2
    }


CONFLICTS: Final[dict[str, Operation]] = {
    "exists": Insert(row(1, step=9)),
    "other version": Replace(row(1, step=9), "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""),
    "absent": Replace(row(7_777, step=9), "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""),
    "other version to delete": Delete("p", "00001", "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""),
    "absent to delete": Delete("p", "07777"),
}


@pytest.mark.parametrize("position", [0, 57, 99])
@pytest.mark.parametrize("kind", CONFLICTS)
def test_a_conflict_names_its_operation_and_nothing_is_written(table: Table, kind: str, position: int) -> None:
    table.transact([Insert(row(1, step=1))])
    batch: list[Operation] = [Insert(row(number + 100, text="x" * 1_000)) for number in range(99)]
    batch.insert(position, CONFLICTS[kind])
    with pytest.raises(RowConflict) as conflict:
        table.transact(batch)
    assert conflict.value.index == position
    assert dump(table) == [row(1, step=1)]


def test_the_size_that_a_batch_may_have(table: Table) -> None:
    large = {f"text{number}": "x" * 30_000 for number in range(30)}
    table.transact([Insert(row(number, **large)) for number in range(4)])
    assert dump(table) == [row(number, **large) for number in range(4)]


def test_a_missing_table_is_made(connection_string: str, fast: bool) -> None:
    store = connect(connection_string, fast)
    assert list(store.table("NeverSeen").query()) == []
    assert store.table("NeverWritten").transact([Insert(row(1))])
    assert len(list(store.table("NeverWritten").query())) == 1
    with pytest.raises(RowConflict):
        store.table("NeverEither").transact([Replace(row(1), "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\"")])


# -- lists -------------------------------------------------------------------------------------------------------------


def fill(table: Table) -> Table:
    """Rows for three pages of a list, in two partitions."""
    for start in range(0, 2_300, 100):
        table.transact([Insert(row(number, a=number, b=str(number))) for number in range(start, start + 100)])
    for start in range(0, 300, 100):
        table.transact([Insert(row(number, "q", a=number, b="")) for number in range(start, start + 100)])
    return table


@pytest.fixture(scope="module")
def full_account(azurite: Azurite, _unused_accounts: Iterator[str]) -> str:
    """The connection string of an account with such a table, to be read."""
    account = azurite.connection_string_of(next(_unused_accounts))
    fill(connect(account, fast=True).table("Things"))
    return account


@pytest.fixture
def many(full_account: str, fast: bool) -> Table:
    return connect(full_account, fast).table("Things")


def test_lists_go_on_over_all_pages(many: Table) -> None:
    everything = [row(number, a=number, b=str(number)) for number in range(2_300)]
    everything += [row(number, "q", a=number, b="") for number in range(300)]
    assert dump(many) == everything
    names = [one["RowKey"] for one in many.query("PartitionKey eq @p", {"p": "p"}, ["RowKey"])]
    assert names == [one["RowKey"] for one in everything[:2_300]]
    sparse = [one["a"] for one in many.query("a ge @a and PartitionKey eq @p", {"a": 2_298, "p": "p"})]
    assert sparse == [2_298, 2_299]


@pytest.mark.parametrize("limit", [1, 999, 1_000, 1_001, 2_000, 9_999])
def test_a_limit_is_kept_over_pages(many: Table, limit: int) -> None:
    assert [one["a"] for one in many.query("PartitionKey eq @p", {"p": "p"}, ["a"], limit)] == [
        *range(min(limit, 2_300))
    ]


def test_a_selection_has_what_was_asked_for_and_the_version(many: Table) -> None:
    first = next(many.query(None, None, ["RowKey", "b", "never"]))
    whole = many.get("p", "00000")
    assert whole is not None
    assert {name: value for name, value in first.items() if value is not None} == {
        "RowKey": "00000",
        "b": "0",
        "etag": whole["etag"],
    }


class Columns(Struct):
    """Some columns of texts."""

    RowKey: str | None = None
    value: str | None = None
    never: str | None = None


@pytest.mark.parametrize("name", VALUES)
def test_columns_of_texts_hold_texts_and_nothing_else(table: Table, name: str) -> None:
    value = VALUES[name]
    table.transact([Insert(row(1, value=value, other=1)), Insert(row(2, value="plain"))])
    text = value if isinstance(value, str) else None
    assert list(table.texts(TextRows(Columns))) == [Columns("00001", text), Columns("00002", "plain")]


def test_columns_of_texts_are_what_a_query_shows(table: Table) -> None:
    """Over pages and partitions; of the pages one holds half a pair of surrogates, one a number of 64 bits."""
    many = fill(table)
    odd = {3: "half \ud83d", 1_500: 2**40, 1_501: True, 1_502: "Şişli", 2_250: 7.5, 2_251: ""}
    many.transact([Replace(row(number, value=value), None) for number, value in odd.items()])
    for filter in (None, "PartitionKey eq @p", "RowKey ge @p", "PartitionKey eq @p and value ge ''"):
        asked = (filter, {"p": "p"}) if filter else (None, None)
        expected = [
            Columns(one["RowKey"], text if isinstance(text := one.get("value"), str) else None)
            for one in many.query(*asked)
        ]
        assert list(many.texts(TextRows(Columns), *asked)) == expected
    assert len(list(many.texts(TextRows(Columns)))) == 2_600


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"value": 1}', b'{"value": [1]}', b'{"value": "\xff"}']
)
def test_what_is_no_page_of_rows_is_a_value_error(body: bytes) -> None:
    for read in (TextRows(Columns).page, wire.decode):
        with pytest.raises(ValueError):
            read(body)


# -- faults ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def proxy(connection_string: str) -> Iterator[FaultyProxy]:
    with FaultyProxy(
        int(connection_string.partition("TableEndpoint=http://127.0.0.1:")[2].partition("/")[0])
    ) as running:
        yield running


class World:
    """A table behind the proxy, and what was called and waited for."""

    def __init__(self, connection_string: str, proxy: FaultyProxy, fast: bool) -> None:
        head, mark, tail = connection_string.partition("TableEndpoint=http://127.0.0.1:")
        self.clock, self.proxy = Clock(), proxy
        self.calls: list[tuple[str, str, str]] = []
        through = f"{head}{mark}{proxy.port}/{tail.partition('/')[2]}"
        store = connect(through, fast, self.clock, intercept=lambda *call: self.calls.append(call))
        self.table = store.table("Things")
        self.direct = connect(connection_string, fast=False).table("Things")
        self.direct.insert(row(0, step=0))

    def act(self, what: str) -> object:
        if what == "query":
            return [one["RowKey"] for one in self.table.query()]
        if what == "texts":
            return [one.RowKey for one in self.table.texts(TextRows(Columns))]
        if what == "insert":
            return len(self.table.transact([Insert(row(1)), Insert(row(2))]))
        return len(self.table.transact([Replace(row(1), None), Replace(row(2), None)]))


@pytest.fixture
def world(connection_string: str, proxy: FaultyProxy, fast: bool) -> World:
    return World(connection_string, proxy, fast)


def refusal(code: str) -> bytes:
    return json.dumps(
        {"odata.error": {"code": code, "message": {"lang": "en-US", "value": f"{code}.\nTime:now"}}}
    ).encode()


def refused_part(status: int, code: str, index: int = 0) -> Callable[[bytes], bytes]:
    """The answer of a batch whose operation was refused, as Microsoft documents it."""
    text = json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": f"{index}:{code}"}}})

    def body(_: bytes) -> bytes:
        return (
            "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
            "--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            f"HTTP/1.1 {status} Whatever\r\nX-Content-Type-Options: nosniff\r\n"
            "Content-Type: application/json;odata=minimalmetadata;streaming=true;charset=utf-8\r\n\r\n"
            f"{text}\r\n--changesetresponse_1--\r\n--batchresponse_1--\r\n"
        ).encode()

    return body


MULTIPART: Final = {"Content-Type": "multipart/mixed; boundary=batchresponse_1"}
SDK_LETS_THROUGH: Final = "here the SDK lets errors of its transport or its parser through"
DONE: Final[dict[str, object]] = {"query": ["00000"], "texts": ["00000"], "upsert": 2, "insert": 2}


@pytest.mark.parametrize("what", DONE)
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(world: World, what: str, status: int) -> None:
    world.proxy.fail(status=status, body=refusal("ServerBusy"), times=4)
    assert world.act(what) == DONE[what]
    assert len(world.proxy.seen) == 5
    assert len(world.clock.waits) == 4
    assert max(world.clock.waits) <= tables.BACKOFF.most
    name = "query" if what in {"query", "texts"} else "transact"
    assert world.calls == [("before", name, "Things")] * 4 + [("before", name, "Things"), ("after", name, "Things")]


@pytest.mark.parametrize("what", DONE)
def test_the_service_may_ask_for_a_longer_wait(world: World, what: str) -> None:
    world.proxy.fail(status=503, headers={"Retry-After": "17"}, body=refusal("ServerBusy"))
    assert world.act(what) == DONE[what]
    assert world.clock.waits[0] >= 17


@pytest.mark.parametrize("what", DONE)
@pytest.mark.parametrize("kind", ["answer", "reset", "lost", "cut"])
def test_after_five_tries_storage_is_away(world: World, fast: bool, what: str, kind: Any) -> None:
    if kind in {"lost", "cut"} and what == "insert":
        pytest.skip("its second try is a conflict")
    if kind == "cut" and what == "upsert" and not fast:
        pytest.skip(SDK_LETS_THROUGH)
    world.proxy.fail(kind, times=9)
    with pytest.raises(StorageUnavailable) as error:
        world.act(what)
    assert error.value.retry_after == 60
    assert len(world.proxy.seen) == 5


@pytest.mark.parametrize("what", DONE)
def test_a_broken_connection_is_tried_again(world: World, what: str) -> None:
    world.proxy.fail("reset")
    assert world.act(what) == DONE[what]
    assert len(world.proxy.seen) == 2


@pytest.mark.parametrize("what", DONE)
def test_silence_is_given_up_and_tried_again(
    connection_string: str, proxy: FaultyProxy, fast: bool, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "READ_SECONDS", 2)
    world = World(connection_string, proxy, fast)
    world.proxy.fail("stall")
    assert world.act(what) == DONE[what]
    assert len(world.proxy.seen) == 1 + len(world.clock.waits) >= 2


@pytest.mark.parametrize("kind", ["lost", "cut"])
def test_a_lost_answer_shows_as_a_conflict_or_not_at_all(world: World, fast: bool, kind: Any) -> None:
    if kind == "cut" and not fast:
        pytest.skip(SDK_LETS_THROUGH)
    world.proxy.fail(kind)
    assert world.act("upsert") == 2
    world.proxy.fail(kind)
    assert world.act("query") == ["00000", "00001", "00002"]
    world.direct.delete("p", "00001")
    world.direct.delete("p", "00002")
    world.proxy.fail(kind)
    with pytest.raises(RowConflict) as conflict:
        world.act("insert")
    assert conflict.value.index == 0
    assert dump(world.direct) == [row(0, step=0), row(1), row(2)]


@pytest.mark.parametrize(("status", "code"), [(500, "InternalError"), (500, "OperationTimedOut"), (503, "ServerBusy")])
def test_a_batch_that_failed_inside_is_tried_again(world: World, status: int, code: str) -> None:
    world.proxy.fail(status=202, headers=MULTIPART, body=refused_part(status, code), matches="$batch")
    assert world.act("upsert") == 2
    assert len(world.proxy.seen) == 2


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (409, "EntityAlreadyExists", RowConflict),
        (412, "UpdateConditionNotSatisfied", RowConflict),
        (412, "ConditionNotMet", RowConflict),
        (404, "ResourceNotFound", RowConflict),
        (404, "EntityNotFound", RowConflict),
        (400, "EntityTooLarge", BatchTooLarge),
        (413, "RequestBodyTooLarge", BatchTooLarge),
        (400, "PropertyValueTooLarge", StorageUnavailable),
        (400, "InvalidInput", StorageUnavailable),
        (403, "AuthorizationPermissionMismatch", ConfigurationError),
    ],
)
def test_what_a_refusal_inside_a_batch_means(world: World, status: int, code: str, expected: type[Exception]) -> None:
    world.proxy.fail(status=202, headers=MULTIPART, body=refused_part(status, code, index=1))
    with pytest.raises(expected) as error:
        world.act("upsert")
    if isinstance(error.value, RowConflict):
        assert error.value.index == 1
    assert len(world.proxy.seen) == 1


@pytest.mark.parametrize("what", DONE)
@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "InvalidAuthenticationInfo", ConfigurationError),
        (403, "AuthenticationFailed", ConfigurationError),
        (403, "AuthorizationFailure", ConfigurationError),
        (400, "InvalidInput", StorageUnavailable),
        (501, "NotImplemented", StorageUnavailable),
    ],
)
def test_what_a_refusal_means(world: World, what: str, status: int, code: str, expected: type[Exception]) -> None:
    world.proxy.fail(status=status, body=refusal(code), headers={"Content-Type": "application/json"})
    with pytest.raises(expected) as error:
        world.act(what)
    assert len(world.proxy.seen) == 1
    assert code not in str(error.value)


def test_a_batch_refused_for_its_size(world: World) -> None:
    world.proxy.fail(status=413, body=refusal("RequestBodyTooLarge"))
    with pytest.raises(BatchTooLarge):
        world.act("upsert")


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"", b"[]", b'{"value": 5}', b'{"value": [', b"\xff"])
def test_a_page_that_is_none(world: World, fast: bool, body: bytes) -> None:
    world.proxy.fail(status=200, body=body, headers={"Content-Type": "application/json"})
    if not fast:
        pytest.skip(SDK_LETS_THROUGH)
    with pytest.raises(StorageUnavailable):
        world.act("query")


def test_a_table_that_is_being_deleted_comes_back(world: World) -> None:
    world.proxy.fail(status=409, body=refusal("TableBeingDeleted"), headers={"Content-Type": "application/json"})
    assert world.act("query") == ["00000"]


def test_an_empty_page_may_go_on(world: World) -> None:
    goes_on = {"x-ms-continuation-NextPartitionKey": "p", "x-ms-continuation-NextRowKey": "00000"}
    world.proxy.fail(status=200, body=b'{"value":[]}', headers={"Content-Type": "application/json", **goes_on})
    assert world.act("query") == ["00000"]
    first, second = world.proxy.seen
    assert "NextRowKey" not in first
    assert "NextPartitionKey=p" in second
    assert "NextRowKey=00000" in second


def test_where_a_list_goes_on_is_passed_as_it_came(world: World) -> None:
    odd = {"x-ms-continuation-NextPartitionKey": "1!8!cA--/+%= é".encode().decode("latin-1")}
    world.proxy.fail(status=200, body=b'{"value":[]}', headers={"Content-Type": "application/json", **odd})
    world.proxy.fail(status=200, body=b'{"value":[]}', headers={"Content-Type": "application/json"})
    assert world.act("query") == []
    assert "NextPartitionKey=1%218%21cA--%2F%2B%25%3D%20" in world.proxy.seen[1]


# -- signing in --------------------------------------------------------------------------------------------------------


def test_a_shared_access_signature_opens(connection_string: str, fast: bool) -> None:
    parts = dict(part.split("=", 1) for part in connection_string.rstrip(";").split(";"))
    signature = generate_account_sas(
        AzureNamedKeyCredential(parts["AccountName"], parts["AccountKey"]),
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions.from_string("rwdlacup"),
        datetime.now(UTC) + timedelta(hours=1),
        protocol="https,http",
    )
    connect(connection_string, fast).table("Things").insert(row(0))
    store = connect(f"TableEndpoint={parts['TableEndpoint']};SharedAccessSignature={signature}", fast)
    assert store.table("Things").transact([Insert(row(1)), Replace(row(2), None)])
    assert [one["RowKey"] for one in store.table("Things").query()] == ["00000", "00001", "00002"]


def test_a_wrong_key_is_a_matter_of_configuration(connection_string: str, fast: bool) -> None:
    head, mark, tail = connection_string.partition("AccountKey=")
    table = connect(f"{head}{mark}aGVsbG8=;{tail.partition(';')[2]}", fast).table("Things")
    for act in (lambda: list(table.query()), lambda: table.transact([Insert(row(1))])):
        with pytest.raises(ConfigurationError):
            act()


def test_an_identity_gives_its_token() -> None:
    sent: list[dict[str, str]] = []

    class Transport(RequestsTransport):  # type: ignore[misc]  # the package loads it lazily, without a type
        def send(self, request: Any, **_: Any) -> Any:
            sent.append(dict(request.headers))
            raise ConnectionRefusedError

    class Identity:
        def get_token(self, *scopes: str, **_: Any) -> AccessToken:
            assert scopes == ("https://storage.azure.com/.default",)
            return AccessToken("the-token", 2**40)

    lane = FastLane("https://account.table.core.windows.net", Identity(), Transport())
    with pytest.raises(ConnectionRefusedError):
        lane.query(Question("Things"), PlainRows())
    with pytest.raises(ConnectionRefusedError):
        lane.transact("Things", [Insert(row(1))])
    assert [headers["Authorization"] for headers in sent] == ["Bearer the-token"] * 2


@pytest.mark.parametrize("text", ["nonsense", "AccountName=a", "AccountName=a;AccountKey", ""])
def test_what_is_no_connection_string(text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        TableStore.from_settings(load({"HUNTER_STORAGE": text}))
    assert "AccountKey" not in error.value.message
