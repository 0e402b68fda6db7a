"""That a sync is wanted: noted by whoever hears of a change, until a walk that began after that has ended.

The note is a row of the Work table, so that it outlives this process, and a count in memory, so that a thousand events
that come while this process syncs cost nothing. A run asks before it ends whether it is wanted again, and goes round once
more; what is left is taken up by the next tick.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from shared.core import events
from shared.core.clock import Clock, Deadline
from shared.core.errors import (
    HunterError,
    PartnerCenterError,
    SignInUnavailable,
    StorageUnavailable,
    SyncRunning,
)
from shared.core.log import get_logger
from shared.model import times
from shared.model.run import Run
from shared.storage.tables.work import NEVER, Board, WorkItem, WorkTable
from shared.sync.service import HTTP_SECONDS, Sync

log = get_logger(__name__)

KIND: Final = "sync"
ID: Final = "wanted"
TOGETHER_SECONDS: Final = 1.0
MOST_TOGETHER_SECONDS: Final = 10.0
"""How long a run waits for more events before it goes round once more: as long as they follow one another within a second,
but never longer than ten."""
MOST_TRIES: Final = 4
"""After 1, 2, 4 minutes; then the schedule has come by."""


class _Data(msgspec.Struct, rename="camel", omit_defaults=True):
    """What the row says besides when a sync is due."""

    last_event: str = ""
    tries: int = 0


_decoder = msgspec.json.Decoder(_Data)


@dataclass(frozen=True, slots=True)
class Note:
    """One note that a sync is wanted: how many events had been heard of by then, and the row's version."""

    heard: int
    etag: str | None


class Wanted:
    """The note, and how far the runs of this process have followed it. Thread-safe."""

    def __init__(self, work: WorkTable, clock: Clock) -> None:
        self._work, self._clock = work, clock
        self._lock = threading.Lock()
        self._heard = 0
        self._covered = 0
        """How many of the events heard of here lie before the walk under way, or the last one."""
        self._noted = Note(0, None)
        """The last note of this process."""
        self._seen: str | None = None
        """The version of the row that lies before that walk, as far as this process knows."""

    def hear(self) -> int:
        """Count an event; how many there were."""
        with self._lock:
            self._heard += 1
            return self._heard

    def note(self) -> Note:
        """Note for all processes that a sync is wanted. Raises StorageUnavailable."""
        heard, now = self.heard, self._clock.now()
        data = _Data(last_event=times.from_datetime(now))
        note = Note(heard, self._work.put(KIND, ID, now, _text(data)))
        with self._lock:
            self._noted = note
        return note

    @property
    def heard(self) -> int:
        """How many events this process has heard of."""
        with self._lock:
            return self._heard

    def is_behind(self, heard: int) -> bool:
        """Whether there were more events than so many, and than the last walk has covered."""
        with self._lock:
            return self._heard > max(heard, self._covered)

    def begin(self, note: Note) -> None:
        """A run for this note has begun its walk."""
        with self._lock:
            self._covered, self._seen = max(self._covered, note.heard), note.etag

    def again(self) -> bool:
        """Whether there was an event since the walk under way began, here or elsewhere. Then another walk covers it.

        Waits a moment first, so that events that come together are covered together. Where storage can't say, no: the row
        stays, and the next tick asks again.
        """
        with self._lock:
            is_behind = self._heard > self._covered
        if is_behind:
            self._wait_for_quiet()
            with self._lock:
                self._covered = self._heard
            return True
        item: WorkItem | None = None
        with suppress(StorageUnavailable):
            item = self._work.get(KIND, ID)
        if item is None or not _is_open(item):
            return False
        with self._lock:
            is_new = item.etag != self._seen and not self._is_own(item)
            self._seen = item.etag
        return is_new

    def _wait_for_quiet(self) -> None:
        """Wait until no event has come for a moment, or for as long as the first one may be kept waiting."""
        ends = Deadline(self._clock, MOST_TOGETHER_SECONDS)
        while not ends.passed():
            heard = self.heard
            self._clock.sleep(TOGETHER_SECONDS)
            if self.heard == heard:
                return

    def close(self) -> Note | None:
        """A run has ended: the note is done. If somebody made it anew since, that note. Raises StorageUnavailable."""
        item = self._work.get(KIND, ID)
        if item is None or not _is_open(item):
            return None
        with self._lock:
            is_done = item.etag == self._seen or self._is_own(item)
            left = Note(self._heard, item.etag)
        if is_done and self._work.move(item, NEVER, _text(_Data(last_event=_data(item).last_event))):
            return None
        return left

    def is_done(self, item: WorkItem) -> bool:
        """Whether a walk of this process lies behind this version of the row."""
        with self._lock:
            return item.etag == self._seen

    def put_off(self, error: HunterError) -> None:
        """The sync failed: try it again soon, where that may help and the schedule would be later."""
        item = self._work.get(KIND, ID)
        if item is None:
            return
        data = _data(item)
        data.tries += 1
        log.warning(events.WANTED_SYNC_FAILED, code=error.code, tries=data.tries)
        may_pass = isinstance(error, PartnerCenterError | SignInUnavailable | StorageUnavailable)
        if may_pass and data.tries < MOST_TRIES:
            wait = max(60.0 * 2 ** (data.tries - 1), error.retry_after or 0.0)
            self._work.move(item, self._clock.now() + timedelta(seconds=wait), _text(data))
        else:
            self._work.move(item, NEVER, _text(_Data(last_event=data.last_event)))

    def _is_own(self, item: WorkItem) -> bool:
        """Whether it is this process's own note, of events that are covered. Called with the lock held."""
        return item.etag == self._noted.etag and self._noted.heard <= self._covered


class WantedSync:
    """Runs a sync when one is wanted: at once, or when its time has come. One of them at a time in a process.

    Args:
        wanted: the note.
        sync: the sync; it asks ``wanted.again`` before a run ends.
        clock: the time.
        budget: seconds that whoever brings an event is kept waiting at most; what is left is for the next tick.
    """

    def __init__(self, wanted: Wanted, sync: Sync, clock: Clock, budget: float = HTTP_SECONDS) -> None:
        self._wanted, self._sync, self._clock, self._budget = wanted, sync, clock, budget
        self._lock = threading.Lock()
        self._busy = False

    def remind(self) -> None:
        """An event that there is no room for: a run under way here goes round once more all the same."""
        self._wanted.hear()

    def event(self) -> tuple[Run, ...]:
        """An event says that something changed: note it, and sync at once unless a sync runs. The runs that took place here.

        Raises:
            StorageUnavailable: it could not even be noted.
        """
        with self._lock:
            self._wanted.hear()
            if self._busy:
                return ()  # whoever is at it here looks whether more was heard of before it ends
            self._busy = True
        return self._until_quiet(None)

    def resume(self, item: WorkItem) -> tuple[Run, ...]:
        """A note that nobody follows: a process died, or a sync failed. The runs that took place."""
        with self._lock:
            if self._busy:
                return ()
            self._busy = True
        if self._wanted.is_done(item):
            with self._lock:
                self._busy = False
            self._wanted.close()
            return ()
        return self._until_quiet(Note(self._wanted.heard, item.etag))

    def _until_quiet(self, note: Note | None) -> tuple[Run, ...]:
        """Sync until no event is left that came in between. ``note``: the one to follow; None: make one."""
        runs: list[Run] = []
        deadline = Deadline(self._clock, self._budget)
        try:
            while True:
                note = note or self._wanted.note()
                if deadline.passed():
                    return tuple(runs)
                run, left = self._follow(note)
                runs += [run] if run else []
                with self._lock:
                    if left is None and not self._wanted.is_behind(note.heard):
                        self._busy = False
                        return tuple(runs)
                note = left
        finally:
            with self._lock:
                self._busy = False

    def _follow(self, note: Note) -> tuple[Run | None, Note | None]:
        """One run, if it took place, and the note that it left because somebody made it anew."""
        pending = [note]

        def begun(run: Run) -> None:
            if pending:
                self._wanted.begin(pending.pop())

        try:
            run = self._sync.run("event", budget=self._budget, progress=begun)
        except SyncRunning:
            return None, None  # that one goes round once more before it ends
        except HunterError as error:
            with suppress(HunterError):
                self._wanted.put_off(error)
            return None, None
        if run.state != "succeeded":
            return run, None  # its time was up: the note stays, and the next tick goes on
        with suppress(HunterError):
            return run, self._wanted.close()
        return run, None


def due(board: Board, now: datetime) -> WorkItem | None:
    """The note, where a sync is wanted by now."""
    return next((item for item in board.due(KIND, now) if item.id == ID), None)


def last_event(board: Board) -> str:
    """When the last event came, text of ``model.times``; "" when none ever did."""
    item = board.find(KIND, ID)
    return _data(item).last_event if item else ""


def _is_open(item: WorkItem) -> bool:
    return item.due_at < times.from_datetime(NEVER)


def _data(item: WorkItem) -> _Data:
    try:
        return _decoder.decode(item.data)
    except msgspec.DecodeError:
        return _Data()


def _text(data: _Data) -> str:
    return msgspec.json.encode(data).decode()
