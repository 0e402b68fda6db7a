"""Filters, facets, search, order and pages over items in memory, by sets of bits.

The items of an index are numbered; a set of them is one integer whose bit ``i`` stands for item ``i``. So "status New or
Active, in Germany" is a few operations on integers of 6 KB at 50,000 items, a count is ``int.bit_count``, and a facet
(which obeys all filters but its own) costs as much as the filters do. Items are numbered in the order of their keys: equal
sort values keep that order, both ways.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, compress, islice, repeat
from operator import contains
from typing import Any, Final

from shared.model.text import fold

Bits = int
"""A set of items."""
SortValue = str | Decimal | int | tuple[str, Decimal] | None
_TRUTH: Final = bytes.maketrans(b"01", b"\x00\x01")
_DIGITS: Final = bytes.maketrans(b"\x00\x01", b"01")
_QUESTIONS_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Selection:
    """What a query found."""

    positions: Sequence[int]
    """The items of the page asked for, in order."""
    total: int
    """How many items fit, on all pages."""
    facets: Mapping[str, Mapping[str, int]]
    """For each facet and value how many items fit all filters but the facet's own; values that nothing has are left out."""


class Index:
    """An immutable index over ``size`` items. What a query first needs (an order) is computed then, and kept."""

    def __init__(
        self,
        size: int,
        columns: Mapping[str, Sequence[str | None]],
        facets: Sequence[str],
        sort_values: Mapping[str, Callable[[], Sequence[SortValue]]],
    ) -> None:
        """Index items.

        Args:
            size: how many there are.
            columns: by column, the value of each item, for exact matches.
            facets: the columns that are counted in every answer.
            sort_values: by sort field, what computes its values; None sorts last both ways.
        """
        self.size = size
        self.everything: Bits = (1 << size) - 1
        self._postings = {name: postings(values, size) for name, values in columns.items()}
        self._facets = tuple(facets)
        self._sort_values = sort_values
        self._orders: dict[str, array[int]] = {}

    def having(self, column: str, values: Iterable[str]) -> Bits:
        """The items with one of these values in a column."""
        found, having = 0, self._postings[column]
        for value in values:
            found |= having.get(value, 0)
        return found

    def values(self, column: str) -> list[str]:
        """The values that a column has."""
        return list(self._postings[column])

    def without(self, column: str) -> Bits:
        """The items that have no value in a column."""
        return self.everything & ~self.having(column, self._postings[column])

    def select(
        self,
        filters: Mapping[str, Bits],
        sort: str,
        *,
        descending: bool,
        offset: int = 0,
        limit: int = 50,
        more_facets: Mapping[str, Mapping[str, Bits]] | None = None,
    ) -> Selection:
        """The items that are in all sets, a page of them in order, and the facets.

        Args:
            filters: sets by the name of what asked for them; a facet ignores the set under its own name.
            sort: a key of ``sort_values``.
            descending: largest first; items without a value come last all the same.
            offset: how many items to skip.
            limit: how many to return at most.
            more_facets: facets over what the index does not hold: by name and value, the items that have it.
        """
        fitting = self.fitting(filters)
        facets: dict[str, dict[str, int]] = {}
        counted_columns = {facet: self._postings[facet] for facet in self._facets} | dict(more_facets or {})
        for facet, postings_of_facet in counted_columns.items():
            others = fitting
            if facet in filters:
                others = self.everything
                for name, bits in filters.items():
                    if name != facet:
                        others &= bits
            counted = ((value, (bits & others).bit_count()) for value, bits in postings_of_facet.items())
            facets[facet] = {value: count for value, count in counted if count}
        positions = islice(self.ordered(fitting, sort, descending=descending), offset, offset + limit)
        return Selection(list(positions), fitting.bit_count(), facets)

    def fitting(self, filters: Mapping[str, Bits]) -> Bits:
        """The items that are in all sets."""
        fitting = self.everything
        for bits in filters.values():
            fitting &= bits
        return fitting

    def ordered(self, bits: Bits, sort: str, *, descending: bool) -> Iterator[int]:
        """The items of a set, in order."""
        order = self.order(sort, descending=descending)
        flags = _flags(bits, self.size)
        return compress(order, map(flags.__getitem__, order))

    def order(self, sort: str, *, descending: bool) -> Sequence[int]:
        """All items in order; those without a value last, equal ones in the order of their keys."""
        name = f"-{sort}" if descending else sort
        known = self._orders.get(name)
        if known is None:
            values = self._sort_values[sort]()
            full = [position for position, value in enumerate(values) if value is not None]
            full.sort(key=values.__getitem__, reverse=descending)  # type: ignore[arg-type]
            empty = (position for position, value in enumerate(values) if value is None)
            known = self._orders[name] = array("I", [*full, *empty])
        return known


class Search:
    """Finds the items in whose text every word occurs, and remembers the latest questions."""

    def __init__(self, texts: Sequence[str], groups: Sequence[tuple[str, Sequence[int]]] = ()) -> None:
        """Take what is searched.

        Args:
            texts: the folded text of each item.
            groups: folded texts that several items share (their company's), with those items.
        """
        # Copies, made one after the other, lie side by side in memory: reading them all takes half the time.
        self._texts = [f"{text}\n" for text in texts]
        self._shared_texts = [text for text, _ in groups]
        self._members = [members for _, members in groups]
        self._size = len(texts)
        self._found: OrderedDict[tuple[str, ...], Bits] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, words: Iterable[str]) -> Bits:
        """The items in which every word occurs somewhere; words are folded, and without any all items are found."""
        asked = tuple(sorted({*words}, key=lambda word: (-len(word), word)))
        if not asked:
            return (1 << self._size) - 1
        with self._lock:
            known = self._found.get(asked)
            if known is not None:
                self._found.move_to_end(asked)
                return known
            # What was found for "cont" holds all that "contoso" can find: as someone types, less and less is read.
            found = min(
                (
                    bits
                    for earlier, bits in self._found.items()
                    if all(any(part in word for word in asked) for part in earlier)
                ),
                key=int.bit_count,
                default=None,
            )
        for word in asked:
            found = self._having(word, found)
        assert found is not None  # noqa: S101 - at least one word was asked for
        with self._lock:
            self._found[asked] = found
            if len(self._found) > _QUESTIONS_KEPT:
                self._found.popitem(last=False)
        return found

    def _having(self, word: str, among: Bits | None) -> Bits:
        """The items in whose text a word occurs; looks at those in ``among`` alone."""
        if among is None:
            flags = bytearray(map(contains, self._texts, repeat(word)))
        else:
            flags = bytearray(self._size)
            places = list(compress(range(self._size), _flags(among, self._size)))
            for place in compress(places, map(contains, map(self._texts.__getitem__, places), repeat(word))):
                flags[place] = 1
        sharing = compress(self._members, map(contains, self._shared_texts, repeat(word)))
        for place in chain.from_iterable(sharing):
            flags[place] = 1
        found = _from_flags(flags)
        return found if among is None else found & among


class Ranking:
    """Items by a value they have, for ranges: who is due until then, whose amount lies between."""

    def __init__(self, values: Iterable[tuple[Any, int]], size: int) -> None:
        """Take (value, item) pairs; items without a value are simply not given."""
        pairs = sorted(values)
        self._values = [value for value, _ in pairs]
        self._positions = array("I", [position for _, position in pairs])
        self._size = size

    def between(self, least: Any = None, most: Any = None) -> Bits:
        """The items whose value is neither below ``least`` nor above ``most``; None leaves that end open."""
        start = 0 if least is None else bisect_left(self._values, least)
        end = len(self._values) if most is None else bisect_right(self._values, most)
        return to_bits(self._positions[start:end], self._size) if start < end else 0


def postings(values: Sequence[str | None], size: int) -> dict[str, Bits]:
    """For each value the items that have it; in the values' order of first appearance."""
    members: dict[str, list[int]] = {}
    for position, value in enumerate(values):
        if value is not None:
            members.setdefault(value, []).append(position)
    return {value: to_bits(positions, size) for value, positions in members.items()}


def to_bits(positions: Iterable[int], size: int) -> Bits:
    """The set of these items."""
    flags = bytearray(size)
    for position in positions:
        flags[position] = 1
    return _from_flags(flags)


def positions_of(bits: Bits, size: int) -> list[int]:
    """The items of a set, in the order of their numbers."""
    return list(compress(range(size), _flags(bits, size)))


def _flags(bits: Bits, size: int) -> bytes:
    """A byte for each item, 1 where it is in the set: quicker to look up than bits of a long integer."""
    return format(bits, f"0{size}b")[::-1].encode().translate(_TRUTH)


def _from_flags(flags: bytes | bytearray) -> Bits:
    """The set that ``_flags`` would give these bytes for."""
    return int(flags[::-1].translate(_DIGITS) or b"0", 2)


def folded(texts: Iterable[str | None]) -> Sequence[SortValue]:
    """Texts as they sort; an empty one is none. Names repeat, and folding is slow, so each is folded once."""
    known: dict[str, str | None] = {}
    folded = []
    for text in texts:
        if text is not None and text not in known:
            known[text] = fold(text) or None
        folded.append(known[text] if text is not None else None)
    return folded
