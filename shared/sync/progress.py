"""How far a run is, and where its walk is: kept in storage with the lease, so that whoever comes next can go on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

import msgspec

from shared.core.clock import Clock
from shared.model import times
from shared.model.run import Mode, Run, RunError
from shared.storage.engine.entities import Entity
from shared.storage.tables.sync_state import Head, HeldLease, Walk, met_rows
from shared.sync.handover import Handover
from shared.sync.seen import Seen

SHOWN_EVERY_SECONDS: Final = 2.0
PLACE_KEPT_EVERY_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk was at some moment; to be kept once every record before it is stored."""

    walk: Walk
    unsaved: int
    """How many of the ids met by then were not kept."""


class Progress:
    """The record, cursor and place of one run. Whatever is kept renews the lease, and is kept only while that is ours.

    Args:
        lease: the run's.
        head: the state when the run began.
        walk: where to begin.
        run: its record.
        seen: which ids the walk has met.
        handover: whether anything was written that lists show.
        clock: the time.

    All that keep something raise RunInterrupted when the lease is lost, and StorageUnavailable.
    """

    def __init__(
        self, lease: HeldLease, head: Head, walk: Walk, run: Run, *, seen: Seen, handover: Handover, clock: Clock
    ) -> None:
        self._lease, self._recent, self._clock = lease, head.recent, clock
        self._seen, self._handover = seen, handover
        self.run, self.walk = run, walk
        self.cursor = msgspec.structs.replace(head.cursor)
        self._shown_at = self._kept_at = clock.monotonic()

    @property
    def recent(self) -> bytes:
        """What the last run left of ``Seen.recent``."""
        return self._recent

    # -- where the walk is -----------------------------------------------------------------------------------------

    @property
    def place(self) -> Place:
        """Where the walk is now."""
        return Place(msgspec.structs.replace(self.walk), self._seen.unsaved)

    def begin_anew(self, mode: Mode) -> None:
        """The walk could not be ended, and another begins in its place."""
        self.run.mode = mode
        accepted = self.walk.accept_missing
        self.walk = new_walk(mode, self.walk.rules, self._clock)
        self.walk.accept_missing = accepted

    def go_round_again(self) -> None:
        """The walk is done, and one over the newest changes follows."""
        self.walk = new_walk("incremental", self.walk.rules, self._clock)

    def note_watermark(self, newest: str | None) -> None:
        """Microsoft's newest time at the walk's start; a date in our future (someone's typing error) must not hold it."""
        if newest:
            self.walk.watermark = min(newest, times.from_datetime(self._clock.now()))

    def note_page(self) -> None:
        """A page of the walk was taken."""
        self.walk.pages += 1

    def note_link(self, link: str) -> None:
        """Where the next page is."""
        self.walk.link = link

    def note_complete(self) -> None:
        """All pages of the walk are taken, and stored: only what is missing remains to be confirmed."""
        self.walk.complete = True

    def note_walk_done(self) -> None:
        """Nothing of the walk remains to be done."""
        self.cursor.watermark = self.walk.watermark or self.cursor.watermark
        if self.walk.mode == "full":
            self.cursor.last_full_sync = times.from_datetime(self._clock.now())
            self.cursor.rules = self.walk.rules

    def note_visibility(self, *, changed: bool) -> None:
        """Whether so many vanished that the account's role has probably shrunk."""
        self.cursor.visibility_changed = self.run.visibility_changed = changed

    # -- keeping it ------------------------------------------------------------------------------------------------

    @property
    def is_due(self) -> bool:
        """Whether the place was not kept for long."""
        return self._clock.monotonic() - self._kept_at >= PLACE_KEPT_EVERY_SECONDS

    def note_on_its_way(self) -> None:
        """What comes before a place is being written, and the place is kept then."""
        self._kept_at = self._clock.monotonic()

    def show(self) -> None:
        """Let others see how far the run is, every now and then."""
        if self._clock.monotonic() - self._shown_at >= SHOWN_EVERY_SECONDS:
            self._lease.commit(self.run)
            self._shown_at = self._clock.monotonic()

    def keep_lease(self) -> None:
        """Renew the lease, when it is time to."""
        if self._lease.due():
            self._lease.renew()

    def keep(self, place: Place | None = None) -> None:
        """Keep a place (by default where the walk is), before which all records are stored."""
        self._commit(place or self.place)
        self._shown_at = self._kept_at = self._clock.monotonic()

    # -- ends ------------------------------------------------------------------------------------------------------

    def succeed(self, recent: bytes, *, settled: bool) -> None:
        """Record success, with what the next run need not read (``Seen.recent``), and give the lease back."""
        now = self._clock.now()
        if not self.run.dry_run:
            self.cursor.last_success = times.from_datetime(now)
            self._recent = recent
        self.run.watermark = self.cursor.watermark
        self.run.end("succeeded", now)
        self._commit(None, release=True, settled=settled)

    def stop(self, error: RunError | None, *, paused: bool, settled: bool) -> None:
        """Record a pause with the walk's place, or a failure without any, and give the lease back."""
        self.run.end("paused" if paused else "failed", self._clock.now(), error)
        self._commit(self.place if paused else None, release=True, settled=settled)

    def give_up(self, error: RunError) -> None:
        """Record a failure after which nobody knows what is stored: cursor and place stay as they were kept last."""
        self.run.end("failed", self._clock.now(), error)
        self.run.count_what_was_taken()
        self._lease.commit(self.run, new_version=self._handover.wrote, release=True)

    def _commit(self, place: Place | None, *, release: bool = False, settled: bool = False) -> None:
        """Run, cursor and place together with the lease's renewal or release: all or nothing."""
        if self.run.dry_run:
            self._lease.commit(self.run, release=release, settled=settled)
            return
        chunks: list[Entity] = []
        self.cursor.walk = place.walk if place else None
        if place and place.walk.mode == "full":
            chunks = met_rows(self.walk, self._seen.take_unsaved(place.unsaved))
            self.walk.met_chunks += len(chunks)
            place.walk.met_chunks = self.walk.met_chunks
        version = self._handover.wrote
        self._lease.commit(
            self.run, self.cursor, self._recent, chunks, new_version=version, release=release, settled=settled
        )
        self._handover.note_shown()


def new_walk(mode: Mode, rules: str | None, clock: Clock) -> Walk:
    """A walk that has read nothing yet."""
    return Walk(id=uuid.uuid4().hex[:12], mode=mode, rules=rules, started_at=times.from_datetime(clock.now()))
