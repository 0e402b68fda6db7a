"""What is known of each referral by two hashes, that of its id and that of its bytes, and which of them a walk has met.

Pure. A hash of the bytes tells what did not change, and such a record is never read further.
"""

from __future__ import annotations

import hashlib
import heapq
import sys
from array import array
from collections.abc import Iterable
from typing import Final, NamedTuple

MOST_RECENT: Final = 2_000
"""Records that a run remembers for the next one, so that what comes first there needs no reading."""
_HASH_BYTES: Final = 8
_MISSING: Final = 0
"""In place of a hash of bytes: the row is marked as missing upstream, so a record of it is always looked at."""
_PLACES: Final = 4_096
"""To begin with; a power of two."""
_KNOWN, _MET, _MET_BEFORE = 1, 2, 4
"""There is, or will be, a row; the walk has met it; this run had met it before its walk began anew."""
_BEGUN_ANEW: Final = bytes(
    mark & ~(_MET | _MET_BEFORE) | (_MET_BEFORE if mark & (_MET | _MET_BEFORE) else 0) for mark in range(256)
)


class Sight(NamedTuple):
    """What a record's hashes tell."""

    same: bool
    """Whether its bytes are those that are stored, or on their way there."""
    repeated: bool
    """Whether this run has met the referral before."""
    known: bool
    """Whether there is, or will be, a row of the referral."""


def id_hash(row_key: str) -> int:
    """The hash by which a walk remembers a referral: of its row key."""
    return int.from_bytes(hashlib.blake2b(row_key.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest())


def raw_hash(raw: bytes, salt: bytes) -> int:
    """The hash of a record's bytes, under the rules by which it is read (``model.referral.rules_salt``); never 0."""
    return int.from_bytes(hashlib.blake2b(raw, key=salt, digest_size=_HASH_BYTES).digest()) or 1


class Seen:
    """The hashes of one run.

    A table of its own, with open addressing over arrays: 17 bytes a place, at most half of them taken, where a dictionary
    of two numbers and a set of those not met need some 200 for each referral.
    """

    def __init__(self) -> None:
        self._ids = array("Q", bytes(_HASH_BYTES * _PLACES))
        self._contents = array("Q", bytes(_HASH_BYTES * _PLACES))
        """At the same place the hash of the bytes, of a row or of a record met."""
        self._marks = bytearray(_PLACES)
        """At the same place what is known of the referral; 0 where there is none."""
        self._count = 0
        self._unsaved = array("Q")
        """Ids met that are not kept in storage with the walk's place yet."""
        self._newest: list[tuple[str, int]] = []
        """A heap of the records met that changed last: when, and the hash of the id."""

    @property
    def anything(self) -> bool:
        """Whether any referral is known."""
        return self._count > 0

    @property
    def unsaved(self) -> int:
        """How many hashes of ids met are not kept yet."""
        return len(self._unsaved)

    def add(self, stored: Iterable[int]) -> None:
        """Take in what storage has: in turn hashes of ids and of bytes, the latter 0 where the row is marked missing."""
        numbers = iter(stored)
        for identity, content in zip(numbers, numbers, strict=True):
            place = self._place(identity)
            if not self._marks[place] & _MET:  # what was met is newer
                self._put(place, identity, content, _KNOWN)

    def add_recent(self, recent: bytes) -> None:
        """Take in what an earlier run met last (see ``recent``); what this run has met, or knows, is newer."""
        numbers = iter(_numbers(recent))
        for identity, content in zip(numbers, numbers, strict=False):
            place = self._place(identity)
            if not self._marks[place]:
                self._put(place, identity, content, _KNOWN)

    def meet(self, identity: int, content: int, updated: str | None) -> Sight:
        """The walk meets a record: hashes of its id and of its bytes, and when it was changed last."""
        marks, ids = self._marks, self._ids
        last = len(marks) - 1
        place = identity & last
        while (mark := marks[place]) and ids[place] != identity:  # as in _place, without a call for every record
            place = (place + 1) & last
        same = bool(mark) and self._contents[place] == content
        if not mark & _MET:
            if mark:
                marks[place] = mark | _MET
            else:
                self._put(place, identity, _MISSING, _KNOWN | _MET)
            self._unsaved.append(identity)
            self._note_newest(updated or "", identity)
        return Sight(same, bool(mark & (_MET | _MET_BEFORE)), bool(mark))

    def expect(self, identity: int, content: int) -> None:
        """Bytes with this hash are on their way to storage, or, where a newer version was found there, are there now."""
        self._put(self._place(identity), identity, content, _KNOWN | _MET)

    def mark_missing(self, identity: int) -> None:
        """Its row is marked as missing now."""
        self._put(self._place(identity), identity, _MISSING, _KNOWN)

    def restart(self) -> None:
        """The walk begins anew: what was met so far counts as repeated, and no longer as met by the walk."""
        self._marks = self._marks.translate(_BEGUN_ANEW)
        self._unsaved = array("Q")

    def take_unsaved(self, most: int | None = None) -> bytes:
        """The ids' hashes met since the last call, or the first so many of them, to be kept with the walk's place."""
        most = len(self._unsaved) if most is None else most
        taken = _bytes(self._unsaved[:most])
        del self._unsaved[:most]
        return taken

    def unmet(self, met_earlier: bytes) -> tuple[set[int], int]:
        """Rows that a complete walk did not meet.

        Args:
            met_earlier: hashes that earlier runs of the walk have met.

        Returns:
            The hashes of their row keys, and how many rows were not marked missing before.
        """
        visible, unmet = 0, set[int]()
        for marks, identity, content in zip(self._marks, self._ids, self._contents, strict=True):
            if marks and content != _MISSING:
                visible += 1
                if not marks & _MET:
                    unmet.add(identity)
        if unmet:
            unmet.difference_update(_numbers(met_earlier))
        return unmet, visible

    def recent(self) -> bytes:
        """Hashes of ids and bytes of the newest records met in this run, for the next run's ``add_recent``."""
        pairs = array("Q")
        for identity in {identity for _, identity in self._newest}:
            content = self._contents[self._place(identity)]
            if content != _MISSING:
                pairs.extend((identity, content))
        return _bytes(pairs)

    def _note_newest(self, updated: str, identity: int) -> None:
        entry = (updated, identity)
        if len(self._newest) < MOST_RECENT:
            heapq.heappush(self._newest, entry)
        elif entry > self._newest[0]:
            heapq.heapreplace(self._newest, entry)

    def _place(self, identity: int) -> int:
        """Where a referral is, or would be: the first place from its own on that is its, or free."""
        marks, ids = self._marks, self._ids
        last = len(marks) - 1
        place = identity & last
        while marks[place] and ids[place] != identity:
            place = (place + 1) & last
        return place

    def _put(self, place: int, identity: int, content: int, marks: int) -> None:
        """Note something of a referral at its place; makes room where that was free and half of all are taken."""
        if not self._marks[place]:
            self._ids[place] = identity
            self._count += 1
        self._contents[place] = content
        self._marks[place] |= marks
        if 2 * self._count > len(self._marks):
            self._grow()

    def _grow(self) -> None:
        marks, ids, contents = self._marks, self._ids, self._contents
        self._ids = array("Q", bytes(2 * _HASH_BYTES * len(ids)))
        self._contents = array("Q", bytes(2 * _HASH_BYTES * len(ids)))
        self._marks = bytearray(2 * len(ids))
        for mark, identity, content in zip(marks, ids, contents, strict=True):
            if mark:
                place = self._place(identity)
                self._marks[place], self._ids[place], self._contents[place] = mark, identity, content


def _numbers(hashes: bytes) -> array[int]:
    numbers = array("Q", hashes[: len(hashes) - len(hashes) % _HASH_BYTES])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _bytes(numbers: array[int]) -> bytes:
    """Numbers as they are stored: the most significant byte first. Uses the array up."""
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers.tobytes()
