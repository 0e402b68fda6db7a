"""Lists are live: what changes between two pages repeats or is missed, by key as by offset (docs/partner-center-api.md)."""

import pytest

from local.simulator import RequestInfo, Simulator

from .client import Client

NEWEST_FIRST = "updatedDateTime desc"


def test_a_record_edited_ahead_of_the_cursor_is_missed_in_a_walk_by_key(small: Simulator, small_api: Client) -> None:
    last = small_api.all(orderby=NEWEST_FIRST)[-1]["id"]
    small.before_request = _at_second_page(lambda: small.data.change(last, status="Closed", substatus="Won"))
    walk = [record["id"] for record in small_api.all(orderby=NEWEST_FIRST)]

    assert last not in walk
    assert len(walk) == 24
    small.before_request = None
    assert small_api.all(orderby=NEWEST_FIRST)[0]["id"] == last


def test_a_record_edited_behind_the_cursor_repeats_in_an_ascending_walk(small: Simulator, small_api: Client) -> None:
    first = small_api.all(orderby="updatedDateTime asc")[0]["id"]
    small.before_request = _at_second_page(lambda: small.data.change(first, name="edited"))
    walk = [record["id"] for record in small_api.all(orderby="updatedDateTime asc")]

    assert walk.count(first) == 2
    assert len(walk) == 26


def test_creation_order_by_key_neither_repeats_nor_skips_what_stays(small: Simulator, small_api: Client) -> None:
    before = [record["id"] for record in small_api.all(orderby="createdDateTime asc")]

    def disturb() -> None:
        small.data.remove(before[3])
        small.data.change(before[20], name="edited")
        small.data.create(name="made in the middle of the walk")

    small.before_request = _at_second_page(disturb)
    walk = [record["id"] for record in small_api.all(orderby="createdDateTime asc")]

    assert walk[:25] == before
    assert len(walk) == 26


@pytest.mark.parametrize(("disturbance", "repeated", "skipped"), [("create", 1, 0), ("remove", 0, 1)])
def test_paging_by_offset_repeats_and_skips(
    small: Simulator, small_api: Client, disturbance: str, repeated: int, skipped: int
) -> None:
    small.switches.paging = "offset"
    order = "createdDateTime desc"
    before = [record["id"] for record in small_api.all(orderby=order)]

    def disturb() -> None:
        if disturbance == "create":
            small.data.create()
        else:
            small.data.remove(before[3])

    small.before_request = _at_second_page(disturb)
    walk = [record["id"] for record in small_api.all(orderby=order)]

    assert len(walk) - len(set(walk)) == repeated
    assert len(set(before) - set(walk)) == skipped


def test_records_of_the_same_instant_are_neither_lost_nor_repeated_at_a_page_s_end(
    small: Simulator, small_api: Client
) -> None:
    small.data.clear()
    same = "2026-10-30T21:03:00.0000000Z"
    for number in range(35):
        small.data.add({"id": f"id-{number}", "createdDateTime": same, "updatedDateTime": same})

    for order in ("createdDateTime asc", NEWEST_FIRST):
        assert sorted(record["id"] for record in small_api.all(orderby=order)) == sorted(small.data.ids())


def test_filtered_lists_page_too(small: Simulator, small_api: Client) -> None:
    small.switches.page_size = 3
    for paging in ("key", "offset"):
        small.switches.update({"paging": paging})
        found = [
            record["id"] for record in small_api.all(filter="direction eq 'Incoming'", orderby="createdDateTime asc")
        ]
        wanted = [record["id"] for record in small.data.payloads() if record["direction"] == "Incoming"]
        assert found == wanted
        assert len(wanted) > 6


class _at_second_page:  # noqa: N801 - reads as what it is: a hook
    def __init__(self, action: object) -> None:
        self._action = action

    def __call__(self, request: RequestInfo) -> None:
        action, self._action = (self._action, None) if request.kind == "next" else (None, self._action)
        if callable(action):
            action()
