"""The sync: the one orchestrator, called alike by the HTTP function, the timer and the command line.

A run takes the lease, walks Partner Center's pages, hands records to the intake, confirms what is missing, updates the
companies, and moves the cursor last. Incremental walks read the newest changes first and stop behind the watermark; full
walks read everything in the order of creation, which never moves. docs/reliability.md says what that promises.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec

from shared.core import telemetry
from shared.core.clock import Deadline
from shared.core.context import ContextExecutor
from shared.core.log import bound, current
from shared.core.settings import Settings
from shared.model import times
from shared.model.referral import rules_salt
from shared.model.run import Mode, Run, Trigger
from shared.storage.engine.tables import TableStore
from shared.storage.tables.sync_state import Cursor, Head, HeldLease, SyncState, Walk
from shared.sync.progress import new_walk
from shared.sync.row_writer import Outbox
from shared.sync.run import SignedIn, Surroundings, SyncRun

HTTP_SECONDS: Final = 200.0
"""The time of a run that an HTTP caller waits for; the platform cuts the answer off at 230 s."""
TIMER_SECONDS: Final = 25 * 60.0
WALK_LASTS: Final = timedelta(hours=12)
"""A paused walk older than this is begun anew: its place may no longer mean anything."""
WRITERS: Final = 3
"""Threads that read and write storage."""


class Sync:
    """Runs syncs. One for each process; runs of all processes exclude each other by the lease.

    Args:
        settings: the app's settings.
        store: the tables.
        sign_in: where tokens come from.
        parallel: whether rows are written side by side; tests write in turn to count calls.
        outbox: what is to be told of changes; None: nothing.
        wanted_again: asked before a run ends: whether something happened since that was asked last, so that the run is to
            go round once more.
    """

    def __init__(
        self,
        settings: Settings,
        store: TableStore,
        sign_in: SignedIn,
        *,
        parallel: bool = True,
        outbox: Outbox | None = None,
        wanted_again: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings, self._store, self._sign_in, self._parallel = settings, store, sign_in, parallel
        self._outbox, self._wanted_again = outbox, wanted_again
        self._state = SyncState(store)
        self._ended = ""
        """The id of this process's last run that came to its end, even if it could not give the lease back."""

    def run(
        self,
        trigger: Trigger,
        *,
        mode: Mode = "incremental",
        dry_run: bool = False,
        accept_missing: bool = False,
        budget: float = HTTP_SECONDS,
        progress: Callable[[Run], None] = lambda _: None,
    ) -> Run:
        """Sync now.

        Args:
            trigger: who asks.
            mode: what is asked for; a first, overdue or unfinished full walk is done all the same.
            dry_run: read and count, and write no row.
            accept_missing: of a full walk: mark what is confirmed as missing, however many vanished at once.
            budget: seconds after which the run pauses.
            progress: called after every page.

        Returns:
            The run: succeeded, or paused because its time was up.

        Raises:
            HunterError: the run did not take place, or failed, or was told to wait; it is recorded and logged.
        """
        self._settings.require_partner_center()
        clock = self._store.clock
        head = self._state.load()
        head.respect_throttling(clock.now())
        domains = own_domains(self._settings, self._sign_in)
        wanted = Wanted(mode, rules_salt(domains).hex(), dry_run=dry_run, accept_missing=accept_missing)
        walk = self._choose_walk(head.cursor, wanted)
        run = Run.start(walk.mode, trigger, clock.now(), dry_run=dry_run)
        lease, left = self._state.acquire(run, head, {self._ended})
        if left is not head:
            # Another run came in between, and this one begins where that ended.
            head = left
            walk = self._choose_walk(head.cursor, wanted)
            run.mode = walk.mode
        try:
            with bound(runId=run.id, correlationId=str(current("correlationId") or uuid.uuid4())):
                return self._carry_out(lease, head, walk, run, Deadline(clock, budget), domains=domains, shown=progress)
        finally:
            if run.finished_at:
                self._ended = run.id  # none of its threads is left, so nobody has to wait for its lease to run out

    def _carry_out(
        self,
        lease: HeldLease,
        head: Head,
        walk: Walk,
        run: Run,
        deadline: Deadline,
        *,
        domains: frozenset[str],
        shown: Callable[[Run], None],
    ) -> Run:
        with (
            telemetry.span("sync", runId=run.id, mode=run.mode, trigger=run.trigger),
            ContextExecutor(WRITERS) if self._parallel else nullcontext() as executor,
        ):
            around = Surroundings(
                settings=self._settings,
                store=self._store,
                sign_in=self._sign_in,
                own_domains=domains,
                deadline=deadline,
                executor=executor,
                shown=shown,
                correlation_id=str(current("correlationId")),
                outbox=self._outbox,
                wanted_again=self._wanted_again,
            )
            return SyncRun(around, lease, head, walk, run).go()

    def _choose_walk(self, cursor: Cursor, wanted: Wanted) -> Walk:
        """Go on with the paused walk, or begin the one that is asked for or due."""
        now = self._store.clock.now()
        going = None if wanted.dry_run else cursor.walk
        fits = going and going.rules == wanted.rules and (going.mode == "full" or wanted.mode == "incremental")
        if going and fits and now - times.to_datetime(going.started_at) < WALK_LASTS:
            walk = msgspec.structs.replace(going)
        else:
            due = (
                cursor.last_full_sync is None
                or cursor.rules != wanted.rules
                or now - times.to_datetime(cursor.last_full_sync) >= timedelta(hours=self._settings.full_sync_hours)
            )
            walk = new_walk("full" if wanted.mode == "full" or due else "incremental", wanted.rules, self._store.clock)
        walk.accept_missing = walk.mode == "full" and (walk.accept_missing or wanted.accept_missing)
        return walk


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a run, and the fingerprint of the rules under which it reads."""

    mode: Mode
    rules: str
    dry_run: bool
    accept_missing: bool


def own_domains(settings: Settings, sign_in: SignedIn) -> frozenset[str]:
    """The partner's own domains: that of the signed-in account, and those of the settings."""
    return frozenset({*settings.partner_domains, *filter(None, [sign_in.own_domain()])})
