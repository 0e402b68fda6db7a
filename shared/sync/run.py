"""One run of the sync, from the lease to the cursor: walk, write, confirm what is missing, settle, and record the end."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import msgspec

from shared.core import events
from shared.core.clock import Clock, Deadline
from shared.core.errors import (
    AccessDenied,
    ContractChanged,
    HunterError,
    InternalError,
    PartnerCenterError,
    Rejected,
    SignInError,
    SignInRequired,
    StorageUnavailable,
    Throttled,
)
from shared.core.log import get_logger
from shared.core.settings import Settings
from shared.model import times
from shared.model.order import OrderIgnored, check_newest_first, reaches
from shared.model.referral import Head as RecordHead
from shared.model.referral import Unstorable
from shared.model.run import Mode, Run, RunError
from shared.partner_center.client import BY_CREATION, BY_UPDATE, LinkExpired, Page, PartnerCenterClient, WaitTooLong
from shared.partner_center.retry import BACKOFF
from shared.storage.engine.tables import TableStore
from shared.storage.tables.referrals import sweep_pieces
from shared.storage.tables.sync_state import Head, HeldLease, SyncState, Walk, met_rows
from shared.sync import metrics
from shared.sync.intake import Intake, heads_of
from shared.sync.retention import blank_old_contacts
from shared.sync.settle import Settling

log = get_logger(__name__)

RESERVE_SECONDS: Final = 10.0
"""Time kept for writing what was read, before a run's time is up."""
SHOWN_EVERY_SECONDS: Final = 2.0
PLACE_KEPT_EVERY_SECONDS: Final = 15.0
MANY_PAGES: Final = 5
"""From here on an incremental walk asks storage for all hashes at once."""
VANISHED_SHARE: Final = 0.2
VANISHED_LEAST: Final = 20
"""When more than this share, and at least so many, vanish at once, the account's role has probably shrunk."""


class SignedIn(Protocol):
    """What a sync needs of the sign-in."""

    def token(self, *, force_refresh: bool = False) -> str:
        """An access token for Partner Center."""

    def own_domain(self) -> str | None:
        """The domain of the account that is signed in."""


class _TimeIsUp(Exception):
    """The run's time is used up; it pauses."""


class SyncRun:
    """One run, from the lease to the cursor."""

    def __init__(
        self,
        settings: Settings,
        store: TableStore,
        sign_in: SignedIn,
        state: SyncState,
        lease: HeldLease,
        head: Head,
        walk: Walk,
        run: Run,
    ) -> None:
        self._settings, self._store, self._sign_in, self._state = settings, store, sign_in, state
        self._lease, self._head, self._walk, self._record = lease, head, walk, run
        self._clock = store.clock
        self._cursor = msgspec.structs.replace(head.cursor)
        self._recent = head.recent
        self._walked_all = False
        self._shown = self._kept = self._clock.monotonic()
        self._behind: _Place | None = None

    def go(
        self,
        own_domains: set[str],
        deadline: Deadline,
        executor: Executor | None,
        progress: Callable[[Run], None],
        correlation_id: str,
    ) -> Run:
        """Carry the run out and record how it ended."""
        self._deadline, self._progress, self._correlation_id = deadline, progress, correlation_id
        self._executor = executor
        self._intake = Intake(self._store, self._record, own_domains, self._lease.fence, self._lease.renew, executor)
        self._settling = Settling(self._store, self._intake, executor, self._keep_lease, settled=self._head.settled)
        self._client = PartnerCenterClient(
            self._settings.api_url,
            self._sign_in,
            self._clock,
            deadline,
            interval=self._settings.page_interval_seconds,
            alive=self._keep_lease,
        )
        asked: float | None = None
        try:
            try:
                self._read_everything()
                self._finish()
            except _TimeIsUp:
                self._pause(None)
            except WaitTooLong as wait:
                self._pause(wait.seconds)
                asked = wait.seconds
        except HunterError as error:
            self._fail(error)
            raise
        except Exception as error:
            log.error(events.UNEXPECTED_ERROR, kind=type(error).__name__, at=_where(error))
            failure = InternalError()
            self._fail(failure)
            raise failure from error
        finally:
            self._client.close()
            self._settling.close()
            metrics.run_ended(self._record, self._cursor.last_success, self._clock.now())
        if asked is not None:
            raise Throttled(retry_after=asked, correlation_id=correlation_id)
        return self._record

    # -- walking ---------------------------------------------------------------------------------------------------

    def _read_everything(self) -> None:
        """Walk until all is read. What changed while a walk lay paused has jumped ahead of its place, so a walk that
        this run did not begin is followed by one over the newest changes."""
        was_paused = self._walk.pages > 0
        begun_anew = self._walk_once()
        if was_paused and not begun_anew:
            self._note_walk_done()
            self._walk = new_walk("incremental", self._intake.rules, self._clock)
            self._intake.restart()
            self._walk_once()

    def _walk_once(self) -> bool:
        """Walk to the end and confirm what is missing; a walk whose link expired, or whose order is not honoured, begins
        anew, once. Returns whether it did."""
        begun_anew = False
        while True:
            try:
                self._walk_pages()
                break
            except LinkExpired as expired:
                if begun_anew:
                    raise expired.error from None
                self._begin_anew(self._walk.mode)
            except OrderIgnored:
                self._begin_anew("full")
            begun_anew = True
        self._behind = None
        self._intake.flush()
        if self._walk.mode == "full" and not self._record.dry_run:
            if not self._walk.complete:
                self._walk.complete = True
                self._keep_place()
            self._confirm_missing()
            self._intake.let_go(self._walk.id)
            self._intake.flush()
            sweep_pieces(self._store)
            if blank_old_contacts(self._store, self._settings.retention_months, self._clock.now()):
                self._intake.wrote = True
        return begun_anew

    def _begin_anew(self, mode: Mode) -> None:
        self._behind = None
        self._intake.finish()
        self._walk = new_walk(mode, self._intake.rules, self._clock)
        self._record.mode = mode
        self._intake.restart()

    def _walk_pages(self) -> None:
        walk, full = self._walk, self._walk.mode == "full"
        if full:
            if walk.link is None and not walk.complete:
                self._set_watermark(self._newest())
                self._keep_place()  # so that a full walk is not forgotten if this process dies before its first page is stored
            self._intake.know_all()
        else:
            self._intake.know(self._recent)
        if walk.complete:
            return
        bound_at = self._bound()
        links: set[str] = set()
        for number in itertools.count(1):
            page = self._page(links)
            heads = self._intake.take_page(page.records, walk.id, full=full)
            walk.pages += 1
            if not full:
                check_newest_first(heads)
                if walk.pages == 1:
                    self._set_watermark(heads)
                elif number == MANY_PAGES:
                    self._intake.know_all()  # so many changes: one scan is cheaper than asking page by page
            self._progress(self._record)
            if page.next is None or (not full and reaches(heads, bound_at)):
                return
            walk.link = page.next
            self._between_pages()

    def _newest(self) -> list[RecordHead]:
        """The referral that was changed last; where that one can't be read, it is among the newest page."""
        records = self._client.newest().records
        newest = heads_of(records)
        if not records or any(head.updated for head in newest):
            return newest
        return heads_of(self._client.page(BY_UPDATE).records)

    def _page(self, links: set[str]) -> Page:
        if self._walk.link is None:
            return self._client.page(BY_CREATION if self._walk.mode == "full" else BY_UPDATE)
        if self._walk.link in links:
            raise ContractChanged
        links.add(self._walk.link)
        return self._client.page(self._walk.link, is_link=True)

    def _bound(self) -> str | None:
        if self._cursor.watermark is None:
            return None
        return times.shifted(self._cursor.watermark, minutes=-self._settings.overlap_minutes)

    def _set_watermark(self, heads: list[RecordHead]) -> None:
        """Microsoft's newest time at the walk's start; a date in our future (someone's typing error) must not hold it."""
        newest = max((head.updated for head in heads if head.updated), default=None)
        if newest:
            self._walk.watermark = min(newest, times.from_datetime(self._clock.now()))

    def _between_pages(self) -> None:
        """Write when enough has gathered, keep the place, show how far it is, and stop when the time is up."""
        self._settling.follow()
        now = self._clock.monotonic()
        if self._no_time():
            raise _TimeIsUp
        due = self._intake.full or now - self._kept >= PLACE_KEPT_EVERY_SECONDS
        if self._behind and (due or self._intake.has_flushed):
            self._intake.finish_flush()
            self._keep_place(self._behind)
            self._behind = None
        if due:
            # Written while the next pages come; the place is kept when everything before it is stored.
            place = _Place(msgspec.structs.replace(self._walk), self._intake.unsaved)
            self._intake.flush_beside()
            if self._intake.is_flushing:
                self._behind, self._kept = place, now
            else:
                self._keep_place()
        elif now - self._shown >= SHOWN_EVERY_SECONDS:
            self._lease.commit(run=self._record)
            self._shown = now

    def _no_time(self) -> bool:
        """Whether there is no time for another request, which waits for its turn first."""
        return self._deadline.remaining() <= RESERVE_SECONDS + self._settings.page_interval_seconds

    def _keep_place(self, place: _Place | None = None) -> None:
        """Commit progress, lease and place (None: where the walk is) together; all records before the place are stored."""
        self._record.retries = self._client.retries
        if self._record.dry_run:
            self._lease.commit(run=self._record)
            self._shown = self._kept = self._clock.monotonic()
            return
        walk, unsaved = (place.walk, place.unsaved) if place else (self._walk, None)
        walk.met_chunks = self._walk.met_chunks
        met = self._intake.take_unsaved(unsaved) if walk.mode == "full" else b""
        rows = met_rows(walk, met)
        self._walk.met_chunks = walk.met_chunks = walk.met_chunks + len(rows)
        self._cursor.walk = walk
        self._lease.commit(self._record, self._cursor, self._recent, rows, new_version=self._intake.wrote)
        self._intake.wrote = False
        self._shown = self._kept = self._clock.monotonic()

    def _keep_lease(self) -> None:
        if self._lease.due():
            self._lease.renew()

    # -- what is missing -------------------------------------------------------------------------------------------

    def _confirm_missing(self) -> None:
        """Mark what a complete full walk did not meet and a read by id confirms as gone or hidden."""
        unmet, visible = self._intake.unmet(self._state.met(self._walk))
        self._cursor.visibility_changed = len(unmet) >= VANISHED_LEAST and len(unmet) > VANISHED_SHARE * visible
        if self._cursor.visibility_changed:
            self._record.visibility_changed = True
            log.warning(events.VISIBILITY_CHANGED, missing=len(unmet))
            return
        if not unmet:
            return
        for row in self._intake.rows_of(unmet):
            if self._no_time():
                return  # the next full walk confirms the rest
            try:
                self._intake.take_confirmed(self._client.referral(str(row["id"])))
            except AccessDenied:
                gone = True
            except Rejected as error:
                gone = error.upstream_status == 404
            except (PartnerCenterError, Unstorable):
                gone = False  # nobody knows: the next full walk asks again
            else:
                continue
            if gone:
                self._intake.mark_missing(row, times.from_datetime(self._clock.now()), self._walk.id)

    # -- ends ------------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        record, cursor, now = self._record, self._cursor, times.from_datetime(self._clock.now())
        record.retries = self._client.retries
        if record.dry_run:
            record.state, record.finished_at, record.watermark = "succeeded", now, cursor.watermark
            self._lease.commit(run=record, release=True, settled=self._settling.settled)
        else:
            self._settling.settle(record)
            self._note_walk_done()
            cursor.last_success = record.finished_at = times.from_datetime(self._clock.now())
            cursor.throttled_until = None
            cursor.walk = None
            record.state, record.watermark = "succeeded", cursor.watermark
            recent = self._intake.recent()
            self._lease.commit(
                record, cursor, recent, new_version=self._intake.wrote, release=True, settled=self._settling.settled
            )
            if self._walked_all:
                self._tidy()
        log.info(events.SYNC_SUCCEEDED, **record.log_fields())

    def _note_walk_done(self) -> None:
        self._cursor.watermark = self._walk.watermark or self._cursor.watermark
        if self._walk.mode == "full":
            self._cursor.last_full_sync = times.from_datetime(self._clock.now())
            self._cursor.rules = self._intake.rules
            self._walked_all = True

    def _tidy(self) -> None:
        try:
            self._state.tidy(keep_walk=None)
        except StorageUnavailable:
            log.warning(events.STORAGE_FAILED, operation="tidy")  # the run succeeded; the next full walk tidies up

    def _pause(self, throttled_seconds: float | None) -> None:
        """Keep what was read and where the walk is, and give the lease back."""
        record = self._record
        self._intake.flush()
        if self._settling.is_short and not record.dry_run:
            self._settling.settle(record)
        record.state = "paused"
        if throttled_seconds is not None:
            self._wait_until(throttled_seconds)
            record.error = RunError(Throttled.code, Throttled.default, self._correlation_id)
        self._release(keep_place=True)
        log.warning(events.SYNC_PAUSED, **record.log_fields(), waitSeconds=throttled_seconds)

    def _wait_until(self, seconds: float) -> None:
        self._cursor.throttled_until = times.from_datetime(self._clock.now() + timedelta(seconds=seconds))

    def _fail(self, error: HunterError) -> None:
        """Record a failure. What was read is kept if it can be; the place is not, for what failed there might fail for
        ever, and a walk over what is stored already costs little."""
        record = self._record
        error.correlation_id = error.correlation_id or self._correlation_id
        record.state, record.error = "failed", RunError(error.code, error.message, error.correlation_id)
        if isinstance(error, Throttled):
            if error.retry_after:
                self._wait_until(error.retry_after)  # what was asked for last is a floor for the next run, too
            error.retry_after = error.retry_after or BACKOFF.most
        try:
            if isinstance(error, PartnerCenterError | SignInError):
                self._intake.flush()
                self._release(keep_place=False)
            else:
                self._intake.abandon()
                record.count_what_was_taken()
                record.finished_at = times.from_datetime(self._clock.now())
                self._lease.commit(run=record, new_version=self._intake.wrote, release=True, settled=False)
        except HunterError:
            # Storage is away, or the lease is lost: the next run finds this one unfinished and records it so.
            log.warning(events.STORAGE_FAILED, operation="record failure")
            record.count_what_was_taken()
        record.finished_at = record.finished_at or times.from_datetime(self._clock.now())
        fields = {**record.log_fields(), "requestId": error.request_id}
        log.error(events.SYNC_FAILED, **fields)
        if isinstance(error, SignInRequired):
            log.error(events.SIGN_IN_REQUIRED)

    def _release(self, *, keep_place: bool) -> None:
        """Commit the record, and the place or that there is none, and give the lease back."""
        record = self._record
        record.retries = self._client.retries
        record.finished_at = times.from_datetime(self._clock.now())
        settled = self._settling.is_done
        if record.dry_run:
            kept = msgspec.structs.replace(self._head.cursor, throttled_until=self._cursor.throttled_until)
            self._lease.commit(record, kept, self._recent, release=True, settled=settled)
            return
        self._cursor.walk = self._walk if keep_place else None
        met = self._intake.take_unsaved() if keep_place and self._walk.mode == "full" else b""
        rows = met_rows(self._walk, met)
        self._walk.met_chunks += len(rows)
        wrote = self._intake.wrote
        self._lease.commit(record, self._cursor, self._recent, rows, new_version=wrote, release=True, settled=settled)


@dataclass(frozen=True)
class _Place:
    """Where a walk was when records were handed over to be written."""

    walk: Walk
    unsaved: int
    """How many of the ids met so far are not kept yet."""


def new_walk(mode: Mode, rules: str, clock: Clock) -> Walk:
    """A walk that has read nothing yet."""
    return Walk(id=uuid.uuid4().hex[:12], mode=mode, rules=rules, started_at=times.from_datetime(clock.now()))


def _where(error: BaseException) -> str:
    """File and line of the innermost frame; no values."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
