"""What is known of each referral by two hashes, that of its id and that of its bytes, and which of them a walk has met.

Pure. A hash of the bytes tells what did not change, and such a record is never read further.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

MOST_RECENT: Final = 2_000
"""Records that a run remembers for the next one, so that what comes first there needs no reading."""
_HASH_BYTES: Final = 8
_MISSING: Final = 0
"""In place of a hash of bytes: the row is marked as missing upstream, so a record of it is always looked at."""


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
    """The hashes of one run."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}
        """Hash of the id to hash of the bytes, of rows and of records met."""
        self._unmet: set[int] = set()
        """Of those the ones that the walk has not met."""
        self._met_before: set[int] = set()
        """What this run had met before its walk began anew."""
        self._unsaved: list[int] = []
        """Ids met that are not kept in storage with the walk's place yet."""
        self._newest: list[tuple[str, int]] = []
        """A heap of the records met that changed last: when, and the hash of the id."""

    @property
    def anything(self) -> bool:
        """Whether any referral is known."""
        return bool(self._known)

    @property
    def unsaved(self) -> int:
        """How many hashes of ids met are not kept yet."""
        return len(self._unsaved)

    def add(self, stored: Iterable[tuple[int, int]]) -> None:
        """Take in what storage has: hashes of ids and of bytes, the latter 0 where the row is marked missing."""
        for identity, content in stored:
            if identity not in self._known:
                self._unmet.add(identity)
            elif identity not in self._unmet:
                continue  # it was met, and what was met is newer
            self._known[identity] = content

    def add_recent(self, recent: bytes) -> None:
        """Take in what an earlier run met last (see ``recent``); what this run has met is newer."""
        numbers = list(_numbers(recent))
        pairs = zip(numbers[::2], numbers[1::2], strict=False)
        self.add(pair for pair in pairs if pair[0] not in self._known)

    def meet(self, identity: int, content: int, updated: str | None) -> Sight:
        """The walk meets a record: hashes of its id and of its bytes, and when it was changed last."""
        known = self._known.get(identity)
        met = known is not None and identity not in self._unmet
        if not met:
            self._unmet.discard(identity)
            self._unsaved.append(identity)
            self._note_newest(updated or "", identity)
        return Sight(known == content, met or identity in self._met_before, known is not None)

    def expect(self, identity: int, content: int) -> None:
        """Bytes with this hash are on their way to storage, or, where a newer version was found there, are there now."""
        self._known[identity] = content

    def mark_missing(self, identity: int) -> None:
        """Its row is marked as missing now."""
        self._known[identity] = _MISSING

    def restart(self) -> None:
        """The walk begins anew: what was met so far counts as repeated, and no longer as met by the walk."""
        self._met_before |= self._known.keys() - self._unmet
        self._unmet = set(self._known)
        self._unsaved = []

    def take_unsaved(self, most: int | None = None) -> bytes:
        """The ids' hashes met since the last call, or the first so many of them, to be kept with the walk's place."""
        most = len(self._unsaved) if most is None else most
        taken = b"".join(identity.to_bytes(_HASH_BYTES) for identity in self._unsaved[:most])
        del self._unsaved[:most]
        return taken

    def unmet(self, met_earlier: bytes) -> tuple[set[int], int]:
        """Rows that a complete walk did not meet.

        Args:
            met_earlier: hashes that earlier runs of the walk have met.

        Returns:
            The hashes of their row keys, and how many rows were not marked missing before.
        """
        visible = sum(1 for content in self._known.values() if content)
        unmet = {identity for identity in self._unmet if self._known[identity]}
        unmet.difference_update(_numbers(met_earlier))
        return unmet, visible

    def recent(self) -> bytes:
        """Hashes of ids and bytes of the newest records met in this run, for the next run's ``add_recent``."""
        return b"".join(
            identity.to_bytes(_HASH_BYTES) + content.to_bytes(_HASH_BYTES)
            for identity in {identity for _, identity in self._newest}
            if (content := self._known.get(identity))
        )

    def _note_newest(self, updated: str, identity: int) -> None:
        entry = (updated, identity)
        if len(self._newest) < MOST_RECENT:
            heapq.heappush(self._newest, entry)
        elif entry > self._newest[0]:
            heapq.heapreplace(self._newest, entry)


def _numbers(hashes: bytes) -> Iterator[int]:
    return (int.from_bytes(hashes[start : start + _HASH_BYTES]) for start in range(0, len(hashes), _HASH_BYTES))
