"""The quick reading of usual records: it takes nothing that pydantic reads differently, and it takes nearly all there is."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from typing import Any, get_args, get_origin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from local.simulator.simulator import Simulator
from shared.model import usual
from shared.model.referral import Unstorable, fingerprint, read_for_lists, read_head, read_record, summarise
from shared.model.resource import Referral, Resource

LETTERS = st.characters(exclude_categories=()) | st.sampled_from("\x00\x7f\ud800\uffff&;_\"\\:'0")
TEXT = st.text(LETTERS, max_size=8) | st.sampled_from(["", " ", "a &amp; b", 'x_y": ', "msft"])
TIMES = st.sampled_from(
    [
        *(
            "2024-02-29T23:59:59.1234567Z",
            "2024-01-01T00:00:00Z",
            "2024-01-01",
            "2024-01-01T24:00:00Z",
            "2024-13-01",
            "",
        ),
        *(
            "2024-01-01T00:00:00+03:00",
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59Z",
            "1970-01-01T00:00:00Z",
            "soon",
            "1971",
        ),
        *("1970-12-31T23:59:59.5Z", "1971-01-01T00:00:00.5Z", "9998-12-31T23:59:59Z", "2023-02-29T00:00:00.0000000Z"),
    ]
)
AMOUNTS = (
    st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False).map(str)
    | st.sampled_from(["", " 12 ", "1,5", "1_000", "+5", "NaN", "٣", "0.10", "-0", "1e3", "12.", ".5", "9" * 50])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


def record_of(model: type[Resource]) -> st.SearchStrategy[dict[str, Any]]:
    """Records with the fields of a model, under their names or pydantic's, of their types and seldom of another."""
    fields = [
        st.tuples(st.sampled_from([field.alias] * 19 + [name]), value_of(name, field))
        for name, field in model.model_fields.items()
        if name != "id" or model is not Referral
    ]
    others = st.tuples(TEXT, ANYTHING)
    return st.lists(st.one_of(*fields, *fields, others), max_size=12).map(dict)


def value_of(name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    usual_one = of_type(field.annotation)
    usual_one = TIMES if name.endswith("date_time") else usual_one
    return st.integers(0, 19).flatmap(lambda chance: ANYTHING if chance == 0 else usual_one)


def of_type(annotation: Any) -> st.SearchStrategy[Any]:
    if isinstance(annotation, type) and issubclass(annotation, Resource):
        return st.deferred(lambda: record_of(annotation))
    if get_origin(annotation) is list:
        return st.lists(of_type(get_args(annotation)[0]), max_size=2) | st.just({})
    if get_origin(annotation) is dict:
        return st.dictionaries(TEXT, ANYTHING, max_size=2)
    if get_args(annotation):
        return st.one_of(*map(of_type, get_args(annotation)))
    return {str: TEXT, bool: st.booleans(), type(None): st.none()}.get(annotation, AMOUNTS)


def same(quick: Any, whole: Any) -> None:
    if isinstance(whole, Resource):
        for name in type(whole).model_fields:
            same(getattr(quick, name), getattr(whole, name))
    elif isinstance(whole, list):
        assert len(quick) == len(whole)
        for one, other in zip(quick, whole, strict=True):
            same(one, other)
    else:
        assert type(quick) is type(whole)
        assert quick == whole
        assert str(quick) == str(whole)  # 1.50 is not 1.5


def compare(raw: bytes) -> bool:
    """Read a record both ways; whether it was read quickly."""
    head = read_head(raw)
    quick = read_for_lists(raw, fingerprint(head, raw, b"")[1])
    whole = read_record(raw, fingerprint(head, raw, b"")[1])
    same(quick.referral, whole.referral)
    assert quick.problems == whole.problems
    assert summarise(quick, {"own.com"}) == summarise(whole, {"own.com"})
    return not isinstance(quick.referral, Referral)


@given(record_of(Referral), st.booleans())
@example({"details": {"deal_value": 5}}, True)
@example({"details": {"dealValue": True}}, True)
@example({"customerProfile": {"ids": {}}}, True)
@example({"customerProfile": {"ids": {"a": 1}, "team": None}}, True)
def test_what_is_read_quickly_is_read_as_pydantic_reads_it(record: dict[str, Any], escaped: bool) -> None:
    raw = json.dumps({**record, "id": "x"}, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    compare(raw)


@pytest.mark.parametrize(
    "raw",
    [
        rb'{"id":"a","created\u005fdate_time":"2024-01-01"}',
        rb'{"id":"a","created_date_tim\u0065" : "2024-01-01"}',
        b'{"id":"a","details":{"deal_value" :\n1}}',
        b'{"id":"a","name":"\xed\xa0\x80"}',
        b'{"id":"a","name":5}',
        b'{"id":"a","details":{"dealValue":1e40}}',
        b'{"id":"a","details":{"dealValue":true}}',
        b'{"id":"a","customerProfile":{"ids":{"b":1}}}',
    ],
)
def test_what_pydantic_makes_something_else_of_is_left_to_it(raw: bytes) -> None:
    assert usual.read(json.loads(raw.decode("utf-8", "surrogatepass"), parse_float=Decimal), raw) is None


def test_nearly_all_records_are_read_quickly() -> None:
    quick, records = 0, 0
    with Simulator(referrals=500, seed=1, port=0) as simulator:
        for raw in simulator.data.bodies():
            with contextlib.suppress(Unstorable):
                quick += compare(raw)
                records += 1
    assert quick > 0.9 * records
