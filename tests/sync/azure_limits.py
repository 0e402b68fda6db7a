"""The limits of Azure's Table Storage that Azurite does not enforce, enforced in front of it.

Source: Microsoft Learn, "Understanding the Table service data model", "Performing entity group transactions", and
"Querying tables and entities" (at most 15 comparisons in a filter).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from shared.storage.engine.tables import Delete, Operation, Table

_FORBIDDEN_IN_KEYS = re.compile("[/\\\\#?\x00-\x1f\x7f-\x9f]")
_PROPERTY_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_ENVELOPE_OF_A_PART = 700
"""Bytes of headers and addresses around each operation of a batch; the SDK's are a little fewer."""


def units(text: str) -> int:
    """UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_key(value: str) -> None:
    """A PartitionKey or RowKey."""
    assert isinstance(value, str)
    assert units(value) <= 512, "a key of more than 1 KiB"
    assert not _FORBIDDEN_IN_KEYS.search(value), f"a forbidden character in a key: {value!r}"
    value.encode("utf-8")  # no halves of surrogate pairs in an address


def check_entity(entity: Mapping[str, Any]) -> None:
    """One row, as it is sent."""
    own = {name: value for name, value in entity.items() if name not in {"PartitionKey", "RowKey", "etag"}}
    own = {name: value for name, value in own.items() if value is not None}
    check_key(entity["PartitionKey"])
    check_key(entity["RowKey"])
    assert len(own) <= 252, "too many properties"
    weight = 4 + 2 * (units(entity["PartitionKey"]) + units(entity["RowKey"]))
    for name, value in own.items():
        assert _PROPERTY_NAME.fullmatch(name), name
        weight += 8 + 2 * units(name)
        if isinstance(value, bool):
            weight += 1
        elif isinstance(value, int):
            assert -(2**63) <= value < 2**63
            weight += 8
        elif isinstance(value, str):
            assert units(value) <= 32 * 1024, f"{name} is too long"
            value.encode("utf-8")
            weight += 4 + 2 * units(value)
        elif isinstance(value, bytes):
            assert len(value) <= 64 * 1024, f"{name} is too long"
            weight += 4 + len(value)
        else:
            raise AssertionError(f"{name} is a {type(value).__name__}")
    assert weight <= 1024 * 1024, f"an entity of {weight} bytes"


def check_batch(operations: Sequence[Operation]) -> None:
    """One entity group transaction."""
    assert 1 <= len(operations) <= 100
    keys = []
    size = 0
    for operation in operations:
        size += _ENVELOPE_OF_A_PART
        if isinstance(operation, Delete):
            check_key(operation.row)
            keys.append((operation.partition, operation.row))
            continue
        check_entity(operation.entity)
        keys.append((operation.entity["PartitionKey"], operation.entity["RowKey"]))
        # As the SDK writes it: with every letter outside ASCII as six bytes, every key property among the others.
        size += len(json.dumps(operation.entity, default=lambda value: "=" * (len(value) * 4 // 3 + 3)))
    assert len(set(keys)) == len(keys), "a row twice in a batch"
    assert len({partition for partition, _ in keys}) == 1, "more than one partition"
    assert size <= 4 * 1024 * 1024, f"a batch of {size} bytes"


def check_filter(text: str | None, parameters: Mapping[str, Any] | None) -> None:
    """A query."""
    comparisons = len(re.findall(r"\b(?:eq|ne|gt|ge|lt|le)\b", text or ""))
    assert comparisons <= 15, f"{comparisons} comparisons in a filter"
    values = [str(value) for value in (parameters or {}).values()]
    address = len(text or "") + sum(len(value.encode()) * 3 for value in values)
    assert address <= 16_000, f"an address of about {address} letters"


def enforce(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """From now on every call is checked before it goes to storage; returns how many were."""
    counts: Counter[str] = Counter()

    def guarded(name: str, check: Callable[..., None]) -> None:
        original = getattr(Table, name)

        def call(self: Table, *arguments: Any, **options: Any) -> Any:
            check(*arguments, **options)
            counts[name] += 1
            return original(self, *arguments, **options)

        monkeypatch.setattr(Table, name, call)

    guarded("transact", check_batch)
    guarded("insert", check_entity)
    guarded("replace", lambda entity, etag: check_entity(entity))
    guarded("query", lambda filter=None, parameters=None, *rest, **more: check_filter(filter, parameters))
    guarded("get", lambda partition, row, *rest, **more: check_key(row))
    return counts
