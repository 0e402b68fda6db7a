"""What is known by hashes: a table of arrays, held against dictionary and sets."""

from __future__ import annotations

from random import Random

import pytest

from shared.sync import seen
from shared.sync.seen import Seen, Sight, id_hash, raw_hash


class Simple:
    """The same by a dictionary and sets."""

    def __init__(self) -> None:
        self.known: dict[int, int] = {}
        self.unmet: set[int] = set()
        self.before: set[int] = set()

    def add(self, identity: int, content: int) -> None:
        if identity not in self.known:
            self.unmet.add(identity)
        elif identity not in self.unmet:
            return
        self.known[identity] = content

    def meet(self, identity: int, content: int) -> Sight:
        known = self.known.get(identity)
        met = known is not None and identity not in self.unmet
        self.unmet.discard(identity)
        return Sight(known == content, met or identity in self.before, known is not None)

    def restart(self) -> None:
        self.before |= self.known.keys() - self.unmet
        self.unmet = set(self.known)


@pytest.mark.parametrize("seed", range(8))
def test_it_knows_what_a_dictionary_knows(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(seen, "_PLACES", 8)  # so that it grows often
    rng, table, simple = Random(seed), Seen(), Simple()
    # Many that want the same place, and some numbers at the ends.
    ids = [rng.getrandbits(3) | rng.getrandbits(60) << 4 for _ in range(300)] + [0, 1, 2**64 - 1, 2**63]
    for _ in range(3_000):
        identity, content = rng.choice(ids), rng.choice([0, 1, 2, 2**64 - 1])
        match rng.randrange(20):
            case 0:
                table.restart()
                simple.restart()
            case 1 | 2 | 3:
                table.add([identity, content])
                simple.add(identity, content)
            case 4:
                if identity in simple.known:
                    table.mark_missing(identity)
                    simple.known[identity] = 0
            case _:
                content = content or 1
                sight = table.meet(identity, content, None)
                assert sight == simple.meet(identity, content)
                if not sight.same:
                    table.expect(identity, content)
                    simple.known[identity] = content
        assert table.anything == bool(simple.known)
    earlier = rng.sample(ids, 20)
    unmet, visible = table.unmet(b"".join(each.to_bytes(8) for each in earlier))
    assert visible == sum(1 for content in simple.known.values() if content)
    assert unmet == {each for each in simple.unmet if simple.known[each]} - set(earlier)


def test_ids_met_are_kept_in_order_and_in_parts() -> None:
    table, ids = Seen(), [id_hash(str(number)) for number in range(10_000)]
    for identity in ids:
        table.meet(identity, 1, None)
        table.expect(identity, 1)
    assert table.unsaved == 10_000
    first, rest = table.take_unsaved(4), table.take_unsaved()
    assert (first + rest) == b"".join(identity.to_bytes(8) for identity in ids)
    assert table.unsaved == 0


def test_the_newest_are_remembered_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "MOST_RECENT", 3)
    table = Seen()
    for number in range(1, 8):
        table.meet(number, number * 10, f"2026-01-0{number}")
        table.expect(number, number * 10)
    table.mark_missing(6)
    following = Seen()
    following.add_recent(table.recent())
    assert [following.meet(number, number * 10, None).same for number in range(1, 8)] == [False] * 4 + [
        True,
        False,
        True,
    ]


def test_hashes_are_never_what_marks_a_missing_row() -> None:
    assert raw_hash(b"x", b"salt") != raw_hash(b"x", b"other")
    assert raw_hash(b"", b"") > 0
