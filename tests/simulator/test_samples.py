"""The official samples parse, and come back from the API as they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.simulator import Simulator

from .client import Client

SAMPLES = Path(__file__).parent.parent / "samples"
REFERRALS = sorted(
    path.name
    for pattern in ("list-*", "get-*", "observed-*", "create-response*", "put-*")
    for path in SAMPLES.glob(pattern)
)


def _records(name: str) -> list[dict[str, Any]]:
    document = json.loads((SAMPLES / name).read_text())
    return list(document["value"]) if "value" in document else [document]


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: str(path.name))
def test_every_sample_is_json(path: Path) -> None:
    assert json.loads(path.read_text())


@pytest.mark.parametrize("name", REFERRALS)
def test_a_sampled_referral_is_served_as_it_is(small: Simulator, small_api: Client, name: str) -> None:
    small.data.clear()
    records = _records(name)
    for record in records:
        small.data.add(record)

    assert sorted(map(json.dumps, small_api.all())) == sorted(map(json.dumps, records))
    one = small_api.get(f"/{records[0]['id']}").json()
    context = one.pop("@odata.context")
    assert {"@odata.context": context, **records[0]} == {"@odata.context": context, **one} | records[0]
