"""Reading: times, keys and long texts, odd JSON, categories, and any record at all without an exception."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.model import odd_json, times
from shared.model.category import category_of
from shared.model.changes import diff
from shared.model.referral import Unstorable, content_hash, read_head, read_record, rules_salt, summarise
from shared.storage.engine import entities
from shared.storage.tables.referrals import as_stored, from_row, to_row
from tests.sync import azure_limits

# Times


@pytest.mark.parametrize(
    ("given_text", "kept", "public"),
    [
        ("2020-10-30T21:03:00.1234567Z", "2020-10-30T21:03:00.1234567Z", "2020-10-30T21:03:00.123456Z"),
        ("2020-10-30T21:03:00Z", "2020-10-30T21:03:00.0000000Z", "2020-10-30T21:03:00Z"),
        ("2020-10-30T21:03:00.17Z", "2020-10-30T21:03:00.1700000Z", "2020-10-30T21:03:00.17Z"),
        ("2020-10-30T21:03Z", "2020-10-30T21:03:00.0000000Z", "2020-10-30T21:03:00Z"),
        ("2020-10-30", "2020-10-30T00:00:00.0000000Z", "2020-10-30T00:00:00Z"),
        ("2020-10-30T21:03:00", "2020-10-30T21:03:00.0000000Z", "2020-10-30T21:03:00Z"),
        ("2020-10-30T21:03:00+03:00", "2020-10-30T18:03:00.0000000Z", "2020-10-30T18:03:00Z"),
        ("2020-01-01T00:30:00.5-0130", "2020-01-01T02:00:00.5000000Z", "2020-01-01T02:00:00.5Z"),
        (" 2020-10-30t21:03:00z ", "2020-10-30T21:03:00.0000000Z", "2020-10-30T21:03:00Z"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00.0000000Z", "0001-01-01T00:00:00Z"),
        ("2020-10-30T21:03:00.123456789Z", "2020-10-30T21:03:00.1234567Z", "2020-10-30T21:03:00.123456Z"),
    ],
)
def test_a_time_as_microsoft_writes_it(given_text: str, kept: str, public: str) -> None:
    assert times.parse_time(given_text) == kept
    assert times.public(kept) == public


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "",
        "soon",
        "2020-13-01",
        "2020-02-30T00:00:00Z",
        "2020-10-30T25:00:00Z",
        "٢٠٢٠-10-30",
        "1-1-1",
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T23:59:59-10:00",
        ["2020-10-30"],
        True,
    ],
)
def test_what_is_no_time(value: object) -> None:
    with pytest.raises(ValueError):
        times.parse_time(value)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_texts_sort_as_the_times_do(one: datetime, other: datetime) -> None:
    first, second = times.from_datetime(one), times.from_datetime(other)
    assert (first < second) is (one < other)
    assert times.to_datetime(first) == one
    assert times.parse_time(first) == first


# Keys and pieces

ANY_TEXT = st.text(st.characters(codec=None), max_size=300) | st.text("ğ😀/\\#?%=+'\x00\x7f\ud800a", max_size=600)


@given(ANY_TEXT)
@example("=~" + "x" * 500)
def test_a_key_is_one_that_azure_takes_and_leads_back(text: str) -> None:
    row_key = entities.key(text)
    azure_limits.check_key(row_key)
    assert entities.utf16_units(row_key) <= 400
    if "=~" not in row_key:
        assert entities.unkey(row_key) == text


@given(ANY_TEXT, ANY_TEXT)
@example("x" * 1_000, "x" * 1_001)
def test_different_texts_have_different_keys(one: str, other: str) -> None:
    assert (entities.key(one) == entities.key(other)) is (one == other)


@given(st.text("aığ😀", max_size=40), st.integers(1, 30))
def test_pieces_of_a_text_join_to_it(text: str, units: int) -> None:
    pieces = entities.split_text(text, max(units, 2))
    assert "".join(pieces) == text
    assert all(azure_limits.units(piece) <= max(units, 2) for piece in pieces)


@given(st.text("aığ😀", max_size=50), st.integers(1, 3_000), st.binary(max_size=200_000))
def test_long_values_come_back(text: str, times_over: int, data: bytes) -> None:
    row: entities.Entity = {"PartitionKey": "p", "RowKey": "r"}
    entities.put_text(row, "text", text * times_over)
    entities.put_bytes(row, "data", data)
    assert entities.get_text(row, "text") == text * times_over
    assert entities.get_bytes(row, "data") == data
    if entities.weight(row) <= entities.ENTITY_BYTES:
        azure_limits.check_entity(row)


# Odd JSON

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=25,
)


@given(JSON)
def test_pruning_changes_nothing_that_is_not_too_deep(value: Any) -> None:
    raw = json.dumps(value).encode()
    assert odd_json.loads(raw) == json.loads(raw)
    flat = odd_json.loads(raw, parse_int=int) if isinstance(value, dict | list) else None
    assert flat is None or flat == json.loads(raw)


@given(JSON, st.integers(1, 3))
def test_what_lies_deeper_is_null(value: Any, deepest: int) -> None:
    def cut(one: Any, depth: int) -> Any:
        if isinstance(one, list | dict) and depth > deepest:
            return None
        if isinstance(one, list):
            return [cut(each, depth + 1) for each in one]
        return {name: cut(each, depth + 1) for name, each in one.items()} if isinstance(one, dict) else one

    assert json.loads(odd_json.prune(json.dumps(value).encode(), deepest)) == cut(value, 1)


@given(st.lists(JSON, max_size=5), st.none() | st.text(max_size=10), st.booleans())
def test_a_page_is_split_as_msgspec_splits_it(records: list[Any], link: str | None, spaced: bool) -> None:
    page: dict[str, Any] = {"@odata.context": {"value": [1]}, "value": records, "other": [{"value": [2]}]}
    if link is not None:
        page["@odata.nextLink"] = link
    body = json.dumps(page, indent=1 if spaced else None).encode()
    found, found_link = odd_json.split_page(body)
    assert [json.loads(one) for one in found] == records
    assert found_link == link
    expected = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    assert [bytes(one) for one in msgspec.json.decode(expected["value"], type=list[msgspec.Raw])] == found


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"value":{}}',
        b'{"value":[}',
        b'{"value":[1,]}',
        b'{"value":[1}]',
        b'{"value":[1]} x',
        b"<html>",
        b'{"value":[1],"@odata.nextLink":7}',
        b'{"value":["\n"]}',
        b'{"value":[01]}',
        b'{"value":[1]',
        b'"',
        b"]",
    ],
)
def test_what_is_no_page(body: bytes) -> None:
    with pytest.raises(ValueError):
        odd_json.split_page(body)


# Any record

FIELDS = [
    "name", "status", "details", "customerProfile", "team", "createdDateTime", "updatedDateTime", "consent", "target",
    "inviteContext", "expirationDateTime", "direction", "type", "qualification", "eTag", "salesStage", "registrations",
]  # fmt: skip
INNER = [
    "email", "firstName", "dealValue", "currency", "closingDateTime", "team", "address", "country", "ids", "notes", "id",
    "profileType", "requirements", "solutions", "price", "invitedBy", "organizationId", "name",
]  # fmt: skip
ODD_TEXT = st.sampled_from(
    ["", " ", "NaN", "1e400", "-0", "\ud800", "\x00", "İ", "a@b.com", "a@@b", "@", "2020-10-30", "9" * 50]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ODD_TEXT | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=8), ANY_TEXT)
def test_any_record_with_an_id_is_stored_and_within_the_limits(fields: dict[str, Any], identity: str) -> None:
    raw = json.dumps({"id": f"x{identity}", **fields}).encode()
    head, reading = read_head(raw), read_record(raw)
    assert reading.referral.id == head.id
    summary = summarise(reading, {"own.com"})
    row, pieces = to_row(summary, raw.decode(), content_hash(raw), "0" * 16, 1)
    for one in (row, *pieces):
        azure_limits.check_entity(one)
    stored = from_row(row)
    assert stored.id == head.id
    assert as_stored(summary, row, raw.decode()) == stored
    diff(stored, summary)


@pytest.mark.parametrize(
    "name", ["n" * 8_001, "\ufdfa" * 2_000, "İ" * 8_100, ""], ids=["long", "grows", "long İ", "none"]
)
def test_what_is_cut_in_its_row_is_cut_in_what_later_versions_are_compared_with(name: str) -> None:
    raw = json.dumps({"id": "a", "name": name, "customerProfile": {"name": name}}, ensure_ascii=False)
    summary = summarise(read_record(raw), ())
    row, _ = to_row(summary, raw, "hash", "0" * 16, 1)
    assert as_stored(summary, row, raw) == from_row(row)


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_put_aside_and_never_an_exception(raw: bytes) -> None:
    try:
        read_record(raw)
    except Unstorable as error:
        reason = error.reason
    else:
        reason = ""
    assert reason in {"", "The record has no id.", "The record is not an object."}


def test_the_order_of_names_and_annotations_are_no_change() -> None:
    one = b'{"id":"a","b":1.50,"c":[1,2],"@odata.context":"x"}'
    assert content_hash(one) == content_hash(b'{"c":[1, 2],\n"b":1.50,"id":"a"}')
    assert content_hash(one) != content_hash(b'{"id":"a","b":1.5,"c":[2,1]}')
    assert content_hash(one, rules_salt({"a.com"})) != content_hash(one, rules_salt({"b.com"}))


def test_amounts_are_exact() -> None:
    for text in ("0", "0.10", "1e3", "9007199254740993", "123456789012345678.99", '"12.30"', "-5"):
        value = read_record(f'{{"id":"a","details":{{"dealValue":{text}}}}}'.encode()).referral.details
        assert value is not None
        assert value.deal_value == Decimal(text.strip('"'))
    for text in ("NaN", '"NaN"', '"Infinity"', "1e999999999", "9" * 60, '"1.250,50"'):
        reading = read_record(f'{{"id":"a","details":{{"dealValue":{text}}}}}'.encode())
        assert [one.field for one in reading.problems] == ["details.dealValue"], text


# Categories: docs/partner-center-api.md, the first rule that fits

NOBODY: dict[str, Any] = {}
MSFT, OTHERS = {"invitedBy": {"organizationId": "msft"}}, {"invitedBy": {"organizationId": "x"}}
HELP = {"assistanceRequestCode": "GeneralOrOther"}
SHARES, KEEPS = (
    {"consentToShareReferralWithMicrosoftSellers": True},
    {"consentToShareReferralWithMicrosoftSellers": False},
)
TO_MSFT = [{"type": "SolutionProfile", "id": "x"}, {"type": "BusinessProfileLocation", "id": "msft"}]


@pytest.mark.parametrize(
    ("kind", "qualification", "context", "consent", "target", "category"),
    [
        ("Independent", "Direct", MSFT, None, [], "marketplaceLead"),
        ("Independent", "Direct", NOBODY, None, [], "marketplaceLead"),
        ("Independent", "Direct", None, None, [], "marketplaceLead"),
        ("Independent", "Direct", OTHERS, None, [], "other"),
        ("independent", "direct", {"invitedBy": {"organizationId": "MSFT"}}, None, [], "marketplaceLead"),
        ("Independent", "SalesQualified", MSFT, None, [], "qualifiedLead"),
        ("Independent", "MarketingQualified", MSFT, None, [], "qualifiedLead"),
        ("Independent", "MarketingQualified", NOBODY, None, [], "other"),
        ("Independent", "SalesQualified", OTHERS, None, [], "partnerLed"),
        ("Independent", "SalesQualified", OTHERS, KEEPS, [], "private"),
        ("Independent", "None", NOBODY, KEEPS, [], "private"),
        ("Independent", None, None, None, None, "partnerLed"),
        ("Shared", "SalesQualified", MSFT, None, [], "coSell"),
        ("Shared", "Direct", MSFT, KEEPS, [], "coSell"),
        ("Shared", None, OTHERS, KEEPS, TO_MSFT, "coSell"),
        ("Shared", None, {**OTHERS, **HELP}, SHARES, [], "coSell"),
        ("Shared", None, {**OTHERS, **HELP}, KEEPS, [], "private"),
        ("Shared", None, {**OTHERS, **HELP}, None, [], "partnerLed"),
        ("Shared", None, {**OTHERS, "assistanceRequestCode": "Unknown"}, SHARES, [], "partnerLed"),
        ("Shared", None, {**OTHERS, "assistanceRequestCode": None}, SHARES, [], "partnerLed"),
        ("Shared", None, None, SHARES, None, "partnerLed"),
        ("Syndicated", "SalesQualified", MSFT, None, [], "other"),
        (None, None, MSFT, None, [], "other"),
    ],
)
def test_the_category_is_that_of_the_first_rule_that_fits(
    kind: Any, qualification: Any, context: Any, consent: Any, target: Any, category: str
) -> None:
    record = {
        "id": "a",
        "type": kind,
        "qualification": qualification,
        "inviteContext": context,
        "consent": consent,
        "target": target,
    }
    assert category_of(read_record(json.dumps(record)).referral) == category
