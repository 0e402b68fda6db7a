"""One run of the sync, from the lease to the cursor: walk, write, confirm what is missing, settle, and record the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final, Protocol

from shared.core import events
from shared.core.clock import Deadline
from shared.core.errors import (
    HunterError,
    InternalError,
    PartnerCenterError,
    SignInError,
    SignInRequired,
    StorageUnavailable,
    Throttled,
)
from shared.core.log import get_logger
from shared.core.settings import Settings
from shared.model.referral import rules_salt
from shared.model.run import Run, RunError
from shared.partner_center.client import PartnerCenterClient, WaitTooLong
from shared.storage.engine.entities import Entity
from shared.storage.engine.tables import TableStore
from shared.storage.tables.lane import Lane
from shared.storage.tables.referrals import sweep_pieces
from shared.storage.tables.sync_state import Head, HeldLease, SyncState, Walk
from shared.sync import metrics
from shared.sync.handover import Handover
from shared.sync.missing import Missing
from shared.sync.pages import Pages
from shared.sync.progress import Progress
from shared.sync.retention import blank_old_contacts
from shared.sync.row_writer import Occasion, Outbox, RowWriter, Rules
from shared.sync.seen import Seen
from shared.sync.settle import Settling
from shared.sync.walk import TimeIsUp, Walker
from shared.sync.write_queue import WriteQueue

log = get_logger(__name__)

RESERVE_SECONDS: Final = 10.0
"""Time kept for writing what was read, before a run's time is up."""


class SignedIn(Protocol):
    """What a sync needs of the sign-in."""

    def token(self, *, force_refresh: bool = False) -> str:
        """An access token for Partner Center."""

    def own_domain(self) -> str | None:
        """The domain of the account that is signed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run works with."""

    settings: Settings
    store: TableStore
    sign_in: SignedIn
    own_domains: frozenset[str]
    deadline: Deadline
    executor: Executor | None
    """Where storage is read and written beside the walk; None does it in turn."""
    shown: Callable[[Run], None]
    """Called after every page."""
    correlation_id: str
    outbox: Outbox | None
    """What is to be told of changes; None: nothing."""
    wanted_again: Callable[[], bool]
    """Whether something happened since this was asked last, so that the run is to go round once more before it ends."""


class SyncRun:
    """One run, from the lease to the cursor.

    Args:
        around: what it works with.
        lease: held by it, and given back by it.
        head: the state when it began.
        walk: where its walk begins.
        run: its record.
    """

    def __init__(self, around: Surroundings, lease: HeldLease, head: Head, walk: Walk, run: Run) -> None:
        store, executor = around.store, around.executor
        salt = rules_salt(around.own_domains)
        self._around, self._seen, self._handover = around, Seen(), Handover()
        self._progress = Progress(lease, head, walk, run, seen=self._seen, handover=self._handover, clock=store.clock)
        self._writer = RowWriter(
            store,
            Rules(around.own_domains, salt, lease.fence),
            lease.renew,
            outbox=_news(around.outbox, head, walk),
            dry_run=run.dry_run,
        )
        queue = WriteQueue(self._writer, executor)
        self._pages = Pages(store, run, self._seen, queue, self._handover, salt=salt, executor=executor)
        self._settling = Settling(store, self._handover, executor, self._progress.keep_lease, settled=head.settled)
        self._client = PartnerCenterClient(
            around.settings.api_url,
            around.sign_in,
            store.clock,
            around.deadline,
            interval=around.settings.page_interval_seconds,
            alive=self._progress.keep_lease,
            turn=self._let_changes_go,
            retried=lambda: run.count("retries"),
        )
        self._walker = Walker(
            self._client,
            self._pages,
            self._progress,
            self._settling,
            overlap_minutes=around.settings.overlap_minutes,
            has_time=self._has_time,
            shown=lambda: around.shown(run),
            beside=executor is not None,
        )
        self._missing = Missing(store, self._client, self._seen, self._pages, self._has_time)

    def _let_changes_go(self) -> None:
        """What people do to referrals goes before the walk's next request."""
        if self._around.settings.write_enabled:
            Lane(self._around.store).let_changes_go(self._progress.keep_lease)

    def go(self) -> Run:
        """Carry the run out and record how it ended.

        Raises:
            HunterError: it failed, or was told to wait.
        """
        asked: float | None = None
        try:
            try:
                self._finish(walked_all=self._read_everything())
            except TimeIsUp:
                self._pause(None)
            except WaitTooLong as wait:
                asked = wait.seconds
                self._pause(asked)
        except HunterError as error:
            self._fail(error)
            raise
        except Exception as error:
            log.error(events.UNEXPECTED_ERROR, kind=type(error).__name__, at=_where(error))
            failure = InternalError()
            self._fail(failure)
            raise failure from error
        finally:
            self._walker.close()
            self._client.close()
            self._settling.close()
            metrics.run_ended(self._run, self._progress.cursor.last_success, self._around.store.clock.now())
        if asked is not None:
            raise Throttled(retry_after=asked, correlation_id=self._around.correlation_id)
        return self._run

    @property
    def _run(self) -> Run:
        return self._progress.run

    @property
    def _state(self) -> SyncState:
        return SyncState(self._around.store)

    def _has_time(self) -> bool:
        """Whether there is time for another request, which waits for its turn first."""
        return self._around.deadline.remaining() > RESERVE_SECONDS + self._around.settings.page_interval_seconds

    # -- reading ---------------------------------------------------------------------------------------------------

    def _read_everything(self) -> bool:
        """Walk until all is read. Returns whether a full walk was among the walks.

        What changed while a walk lay paused has jumped ahead of its place, so a walk that this run did not begin is followed
        by one over the newest changes. So is every walk during which somebody heard of a change.
        """
        was_paused = self._progress.walk.pages > 0
        begun_anew = self._walk_once()
        walked_all = self._progress.walk.mode == "full"
        again = was_paused and not begun_anew
        while again or (not self._run.dry_run and self._around.wanted_again()):
            self._progress.go_round_again()
            self._pages.restart()
            self._walk_once()
            walked_all = walked_all or self._progress.walk.mode == "full"
            again = False
        return walked_all

    def _walk_once(self) -> bool:
        """Walk to the end and confirm what is missing. Returns whether the walk had to begin anew."""
        begun_anew = self._walker.walk()
        if self._run.dry_run:
            return begun_anew
        walk = self._progress.walk
        if walk.mode == "full":
            if not walk.complete:
                self._progress.note_complete()
                self._progress.keep()
            self._missing.confirm(self._progress, self._writer, self._handover)
            self._pages.let_go(walk.id)
            self._pages.flush_all()
            sweep_pieces(self._around.store)
            self._blank_contacts()
        self._progress.note_walk_done()
        return begun_anew

    def _blank_contacts(self) -> None:
        store, months = self._around.store, self._around.settings.retention_months
        if blank_old_contacts(store, months, store.clock.now(), lambda left: self._run.count("not_blanked", left)):
            self._handover.note_version()

    # -- ends ------------------------------------------------------------------------------------------------------

    def _finish(self, *, walked_all: bool) -> None:
        if self._run.dry_run:
            self._progress.succeed(b"", settled=self._settling.settled)
        else:
            self._settling.settle(self._run)
            leftovers = self._leftovers() if walked_all else []
            self._progress.succeed(self._seen.recent(), settled=self._settling.settled)
            self._remove(leftovers)
        log.info(events.SYNC_SUCCEEDED, **self._run.log_fields())

    def _leftovers(self) -> list[str]:
        """What finished walks left, this one included; looked for while nobody else can have a walk."""
        try:
            return self._state.leftovers()
        except StorageUnavailable:
            log.warning(events.STORAGE_FAILED, operation="tidy")
            return []

    def _remove(self, leftovers: list[str]) -> None:
        try:
            self._state.remove(leftovers)
        except StorageUnavailable:
            log.warning(events.STORAGE_FAILED, operation="tidy")  # the run succeeded; the next full walk tidies up

    def _pause(self, throttled_seconds: float | None) -> None:
        """Keep what was read and where the walk is, and give the lease back."""
        self._pages.flush_all()
        if self._settling.is_short and not self._run.dry_run:
            self._settling.settle(self._run)
        error: RunError | None = None
        if throttled_seconds is not None:
            self._state.pause(throttled_seconds)
            error = RunError(Throttled.code, Throttled.default, self._around.correlation_id)
        self._progress.stop(error, paused=True, settled=self._settling.is_done)
        log.warning(events.SYNC_PAUSED, **self._run.log_fields(), waitSeconds=throttled_seconds)

    def _fail(self, error: HunterError) -> None:
        """Record a failure. What was read is kept if it can be; the place is not, for what failed there might fail for
        ever, and a walk over what is stored already costs little."""
        self._client.stop()
        error.correlation_id = error.correlation_id or self._around.correlation_id
        failure = RunError(error.code, error.message, error.correlation_id)
        asked = error.retry_after if isinstance(error, Throttled) else None
        try:
            if asked:
                self._state.pause(asked)  # what was asked for last is a floor for the next run, too
            if not (isinstance(error, PartnerCenterError | SignInError) and self._keep_what_was_read(failure)):
                self._pages.abandon()
                self._progress.give_up(failure)
        except HunterError:
            # Storage is away, or the lease is lost: the next run finds this one unfinished and records it so.
            log.warning(events.STORAGE_FAILED, operation="record failure")
            self._run.count_what_was_taken()
            self._run.end("failed", self._around.store.clock.now(), failure)
        log.error(events.SYNC_FAILED, **self._run.log_fields(), requestId=error.request_id)
        if isinstance(error, SignInRequired):
            log.error(events.SIGN_IN_REQUIRED)

    def _keep_what_was_read(self, failure: RunError) -> bool:
        """Record a failure that leaves what was read as good as it was; False where that could not be stored."""
        try:
            self._pages.flush_all()
            self._progress.stop(failure, paused=False, settled=self._settling.is_done)
        except StorageUnavailable:
            return False
        return True


def _news(outbox: Outbox | None, head: Head, walk: Walk) -> Outbox | None:
    """What is told of the changes that a run meets. What a first sync brings is no news, nor is what is only read anew
    because the rules changed by which records are read."""
    if outbox is None or head.cursor.last_full_sync is None:
        return None
    if head.cursor.rules == walk.rules:
        return outbox

    def rows_of(occasion: Occasion) -> Iterable[Entity]:
        before, after = occasion.before, occasion.after
        reread = before is not None and before.updated_date_time == after.updated_date_time
        return () if reread else outbox.rows_of(occasion)

    return Outbox(outbox.table, rows_of)


def _where(error: BaseException) -> str:
    """File and line of the innermost frame; no values."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
