"""A full walk holds pages and batches, not the referrals: memory stays flat while their number grows."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable

import pytest

from shared.sync import handover, pages, write_queue
from shared.sync.service import TIMER_SECONDS
from tests.sync.conftest import NIGHTLY
from tests.sync.harness import World

FEW, MANY = (10_000, 100_000) if NIGHTLY else (1_000, 5_000)
INDEX_BYTES = 400
"""What a walk may remember of a referral: hashes of its id and of its bytes, and the entry of its company while those are
compared. A payload alone has 2,500 bytes."""


def peak(world: World) -> int:
    """Run a full walk; the most bytes that Python held beyond those before it."""
    gc.collect()
    tracemalloc.start()
    try:
        run = world.run("timer", mode="full", budget=TIMER_SECONDS * 10).succeeded
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert run.fetched == world.referrals
    return most


def test_memory_stays_flat(make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk that writes every referral, and then one that changes nothing."""
    if not NIGHTLY:  # bounds in proportion to the numbers, so that these are beyond them too
        monkeypatch.setattr(write_queue, "BUFFER_ROWS", 320)
        monkeypatch.setattr(pages, "WAITING_BYTES", 500_000)
        monkeypatch.setattr(handover, "MOST_TOUCHED", 500)
    few, many = measured(make_world, FEW), measured(make_world, MANY)
    print(f"bytes held at most: {FEW}: {few}, {MANY}: {many}")
    for fewest, most in zip(few, many, strict=True):
        assert most <= 1.5 * fewest + INDEX_BYTES * MANY, (
            f"{most / fewest:.2f} times as much for {MANY / FEW:g} times the rows"
        )


def measured(make_world: Callable[..., World], referrals: int) -> tuple[int, int]:
    world = make_world(referrals=referrals, page_size=100, fast=True, parallel=True)
    world.restore({name: {} for name in world.dump()})
    began = time.monotonic()
    first, again = peak(world), peak(world)
    print(f"{referrals} referrals twice in {time.monotonic() - began:.1f} s")
    return first, again
