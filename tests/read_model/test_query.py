"""The index against the plainest implementation of the same: a loop over items."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.read_model.query import Index, Ranking, Search, to_bits

COLOURS = ("red", "green", "blue", None)
SHAPES = ("round", "square", None)


@dataclass(frozen=True)
class Thing:
    colour: str | None
    shape: str | None
    weight: int | None
    text: str


things = st.lists(
    st.builds(
        Thing,
        colour=st.sampled_from(COLOURS),
        shape=st.sampled_from(SHAPES),
        weight=st.none() | st.integers(0, 5),
        text=st.text("abc\n", max_size=8),
    ),
    max_size=70,
)


def index_of(items: list[Thing]) -> Index:
    return Index(
        len(items),
        {"colour": [one.colour for one in items], "shape": [one.shape for one in items]},
        ("colour", "shape"),
        {"weight": lambda: [one.weight for one in items]},
    )


@settings(max_examples=300, deadline=None)
@given(
    items=things,
    colours=st.sets(st.sampled_from(["red", "green", "pink"])),
    shapes=st.sets(st.sampled_from(["round", "square"])),
    least=st.none() | st.integers(-1, 6),
    most=st.none() | st.integers(-1, 6),
    words=st.lists(st.text("abc", min_size=1, max_size=3), max_size=3),
    descending=st.booleans(),
    offset=st.integers(0, 80),
    limit=st.integers(1, 20),
)
def test_selection_is_that_of_a_loop(
    items: list[Thing],
    colours: set[str],
    shapes: set[str],
    least: int | None,
    most: int | None,
    words: list[str],
    descending: bool,
    offset: int,
    limit: int,
) -> None:
    index = index_of(items)
    filters = {}
    if colours:
        filters["colour"] = index.having("colour", colours)
    if shapes:
        filters["shape"] = index.having("shape", shapes)
    if least is not None or most is not None:
        weights = ((one.weight, place) for place, one in enumerate(items) if one.weight is not None)
        filters["weight"] = Ranking(weights, len(items)).between(least, most)
    if words:
        filters["words"] = Search([one.text for one in items]).find(words)
    found = index.select(filters, "weight", descending=descending, offset=offset, limit=limit)

    def fits(one: Thing, ignoring: str = "") -> bool:
        if colours and ignoring != "colour" and one.colour not in colours:
            return False
        if shapes and ignoring != "shape" and one.shape not in shapes:
            return False
        if least is not None and (one.weight is None or one.weight < least):
            return False
        if most is not None and (one.weight is None or one.weight > most):
            return False
        return all(word in one.text for word in words)

    fitting = [place for place, one in enumerate(items) if fits(one)]

    def rank(place: int) -> tuple[Any, ...]:
        weight = items[place].weight
        return (weight is None, (-weight if descending else weight) if weight is not None else 0, place)

    assert list(found.positions) == sorted(fitting, key=rank)[offset : offset + limit]
    assert found.total == len(fitting)
    assert found.facets == {
        "colour": Counter(one.colour for one in items if one.colour and fits(one, "colour")),
        "shape": Counter(one.shape for one in items if one.shape and fits(one, "shape")),
    }


@settings(max_examples=200, deadline=None)
@given(
    texts=st.lists(st.text("ab\n", max_size=6), max_size=40),
    shared=st.text("ab", max_size=4),
    questions=st.lists(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=3), max_size=12),
)
def test_what_was_asked_before_never_changes_what_is_found(
    texts: list[str], shared: str, questions: list[list[str]]
) -> None:
    members = [place for place in range(len(texts)) if place % 3 == 0]
    search = Search(texts, [(shared, members)])
    for words in questions:
        found = search.find(words)
        expected = [
            place
            for place, text in enumerate(texts)
            if all(word in text or (place in members and word in shared) for word in words)
        ]
        assert found == to_bits(expected, len(texts))


def test_more_questions_than_are_kept_stay_right() -> None:
    texts = [f"{number:03}" for number in range(200)]
    search = Search(texts)
    for _ in range(2):
        for number in range(200):
            assert search.find([f"{number:03}"]) == 1 << number


def test_an_empty_index_answers() -> None:
    index = index_of([])
    found = index.select({"words": Search([]).find(["a"])}, "weight", descending=True)
    assert (list(found.positions), found.total, found.facets) == ([], 0, {"colour": {}, "shape": {}})


def test_without_words_everything_is_found() -> None:
    assert Search(["a", "b"]).find([]) == 0b11
