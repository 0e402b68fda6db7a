"""The sync: the one orchestrator, called alike by the HTTP function, the timer and the command line.

A run takes the lease, walks Partner Center's pages, hands records to the intake, confirms what is missing, updates the
companies, and moves the cursor last. Incremental walks read the newest changes first and stop behind the watermark; full
walks read everything in the order of creation, which never moves. docs/reliability.md says what that promises.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Final

from shared.core import telemetry
from shared.core.clock import Clock, Deadline
from shared.core.context import ContextExecutor
from shared.core.log import bound, current
from shared.core.settings import Settings
from shared.model import times
from shared.model.referral import rules_salt
from shared.model.run import Mode, Run, Trigger
from shared.storage.engine.tables import TableStore
from shared.storage.tables.sync_state import Cursor, SyncState, Walk
from shared.sync.run import SignedIn, SyncRun, new_walk

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
    """

    def __init__(self, settings: Settings, store: TableStore, sign_in: SignedIn, *, parallel: bool = True) -> None:
        self._settings, self._store, self._sign_in, self._parallel = settings, store, sign_in, parallel
        self._state = SyncState(store)

    def run(
        self,
        trigger: Trigger,
        *,
        mode: Mode = "incremental",
        dry_run: bool = False,
        budget: float = HTTP_SECONDS,
        progress: Callable[[Run], None] = lambda _: None,
    ) -> Run:
        """Sync now.

        Args:
            trigger: who asks.
            mode: what is asked for; a first, overdue or unfinished full walk is done all the same.
            dry_run: read and count, and write no row.
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
        own_domains = {*self._settings.partner_domains, *filter(None, [self._sign_in.own_domain()])}
        rules = rules_salt(own_domains).hex()
        walk = self._choose_walk(head.cursor, mode, rules, clock, dry_run=dry_run)
        run = Run.start(walk.mode, trigger, clock.now(), dry_run=dry_run)
        lease, left = self._state.acquire(run, head)
        if left is not head:
            # Another run came in between, and this one begins where that ended.
            head = left
            walk = self._choose_walk(head.cursor, mode, rules, clock, dry_run=dry_run)
            run.mode = walk.mode
        correlation_id = current("correlationId") or str(uuid.uuid4())
        with (
            bound(runId=run.id, correlationId=correlation_id),
            telemetry.span("sync", runId=run.id, mode=run.mode, trigger=run.trigger),
            ContextExecutor(WRITERS) if self._parallel else nullcontext() as executor,
        ):
            running = SyncRun(self._settings, self._store, self._sign_in, self._state, lease, head, walk, run)
            return running.go(own_domains, Deadline(clock, budget), executor, progress, str(correlation_id))

    def _choose_walk(self, cursor: Cursor, mode: Mode, rules: str, clock: Clock, *, dry_run: bool) -> Walk:
        """Go on with the paused walk, or begin the one that is asked for or due."""
        now = clock.now()
        going = None if dry_run else cursor.walk
        fits = going and going.rules == rules and (going.mode == "full" or mode == "incremental")
        if going and fits and now - times.to_datetime(going.started_at) < WALK_LASTS:
            return going
        due = (
            cursor.last_full_sync is None
            or cursor.rules != rules
            or now - times.to_datetime(cursor.last_full_sync) >= timedelta(hours=self._settings.full_sync_hours)
        )
        chosen: Mode = "full" if mode == "full" or due else "incremental"
        return new_walk(chosen, rules, clock)
