"""Dynamics 365 as the app's handlers, timers and command line use it: run, push one, say how it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from shared.core import events
from shared.core.clock import Clock, Deadline
from shared.core.errors import ConfigurationError, DynamicsDisabled, DynamicsRunning, DynamicsUnavailable, HunterError
from shared.core.log import get_logger
from shared.core.settings import Settings
from shared.dynamics.client import Tokens
from shared.dynamics.connection import Connection, load_environment, record_url, tokens_of
from shared.dynamics.environment import Environment
from shared.dynamics.pulled import Actions
from shared.dynamics.run import CrmRunner, Done, Scope
from shared.dynamics.shown import Planned
from shared.dynamics.work import told_of
from shared.model import times
from shared.read_model.current import ReadModel
from shared.storage.engine.tables import TableStore
from shared.storage.tables import crm_links
from shared.storage.tables.crm_links import Link, LinkError, Stored
from shared.storage.tables.crm_state import RUNS_KEPT, CrmRun, CrmState, CrmStatus
from shared.storage.tables.data_version import bump_desk_version

log = get_logger(__name__)
BUDGET: Final = 200.0
"""Seconds of a run; what it does not come to, the next one does."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did, or would do."""

    run: CrmRun
    pending: int
    """How many referrals it did not come to."""
    plan: list[Planned]
    """What it would do; empty for one that did it."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How the exchange with Dynamics 365 stands, as far as is known without asking there."""

    status: CrmStatus
    counts: Mapping[str, int]
    """Links by their state."""
    paused_until: str | None
    """Text of ``model.times``; None: Dynamics 365 did not ask to be left alone."""
    fault: LinkError | None
    """What is in the way."""


class Dynamics:
    """Keeps Dynamics 365 in step. One for each process.

    Args:
        settings: the app's settings.
        store: the tables.
        clock: the time.
        read_model: the referrals.
        actions: how Partner Center is asked; made when it is first needed.
        tokens: give access; by default as the settings say.
    """

    def __init__(
        self,
        settings: Settings,
        store: TableStore,
        clock: Clock,
        *,
        read_model: ReadModel,
        actions: Callable[[], Actions],
        tokens: Tokens | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.read_model = read_model
        self.actions = actions
        self._given_tokens = tokens
        self.state = CrmState(store, clock)

    @property
    def tokens(self) -> Tokens:
        """What gives access; kept, since it keeps tokens."""
        if self._given_tokens is None:
            self._given_tokens = tokens_of(self.settings)
        return self._given_tokens

    def connect(self, deadline: Deadline, tokens: Tokens | None = None, *, although_off: bool = False) -> Connection:
        """A connection to the environment; nothing is sent yet. Raises DynamicsDisabled, ConfigurationError.

        Args:
            deadline: when its time is up.
            tokens: give access; by default the runtime's.
            although_off: for setup, which comes before Dynamics 365 is switched on.
        """
        if not (although_off and self.settings.dynamics_url and not self.settings.dynamics_enabled):
            self.settings.require_dynamics()
        return Connection(self.settings, self.store, self.clock, deadline, tokens or self.tokens)

    def run(self, scope: Scope = "all", *, dry: bool = False, budget: float = BUDGET) -> Ran:
        """Bring everything in step.

        Args:
            scope: all, or only what changed here.
            dry: say what would be done, and write nothing anywhere.
            budget: seconds.

        Raises:
            DynamicsDisabled, DynamicsRunning, DynamicsUnavailable, DynamicsAccessDenied, DynamicsSignInFailed,
            DynamicsThrottled, ConfigurationError.
        """
        self.settings.require_dynamics()
        if dry:
            if self.state.is_held():
                raise DynamicsRunning
            return self._run(scope, budget, dry=True, proceed=lambda: True)
        lease = self.state.take()
        if lease is None:
            raise DynamicsRunning
        with lease:
            return self._run(scope, budget, dry=False, proceed=lambda: not lease.lost)

    def keep(self, stored: Stored, link: Link) -> Stored:
        """Write a link down, with the address that opens its record. Raises RowConflict."""
        if link.record_id and link.table:
            link = structs.replace(link, url=record_url(self.settings, link.table, link.record_id))
        return crm_links.save(self.store, link, stored.etag)

    def _run(self, scope: Scope, budget: float, *, dry: bool, proceed: Callable[[], bool]) -> Ran:
        started, now = self.clock.monotonic(), self.clock.now()
        deadline = Deadline(self.clock, budget)
        status = self.state.status()
        done: Done | None = None
        environment: Environment | None = None
        error: HunterError | None = None
        requests = 0
        snapshot = self.read_model.snapshot()
        try:
            with self.connect(deadline) as connection:
                try:
                    opened = connection.open(dry=dry)
                    environment = opened.environment
                    runner = CrmRunner(
                        self.store,
                        deadline,
                        opened,
                        self.actions(),
                        keep=self.keep,
                        public_url=self.settings.public_url,
                    )
                    done = runner.run(snapshot, scope, dry=dry, proceed=proceed)
                    error = done.stopped_by
                finally:
                    requests = connection.client.requests
        except HunterError as problem:
            error = problem
        run = _counted(times.from_datetime(now), done, requests)
        if not dry:
            handled = snapshot.version if done and not done.pending and error is None else status.handled
            self._note(
                status,
                run,
                scope,
                environment,
                error,
                pending=done.pending if done else status.pending,
                handled=handled,
            )
            if done and done.tally.saved:
                bump_desk_version(self.store)
            self._log(scope, run, done, error, self.clock.monotonic() - started)
        if error is not None:
            raise error
        return Ran(run, done.pending if done else 0, done.plan if done else [])

    def _note(
        self,
        status: CrmStatus,
        run: CrmRun,
        scope: Scope,
        environment: Environment | None,
        error: HunterError | None,
        *,
        pending: int,
        handled: str,
    ) -> None:
        known = environment or load_environment(self.state)
        reachable: bool | None = True if error is None else status.reachable
        if isinstance(error, DynamicsUnavailable):
            reachable = False
        elif error is not None and error.code in {"dynamics_access_denied", "dynamics_throttled"}:
            reachable = True
        quiet = scope == "changed" and not (run.created or run.updated or run.pulled or run.failed)
        self.state.put_status(
            structs.replace(
                status,
                reachable=reachable,
                organisation=known.organisation if known else status.organisation,
                user=known.user if known else status.user,
                key=known.key if known else status.key,
                connector=known.connector if known else status.connector,
                pending=pending,
                runs=status.runs if quiet and error is None else (run, *status.runs)[:RUNS_KEPT],
                error=told_of(error) if error else None,
                handled=handled,
                scanned_at=run.at if scope == "all" and error is None else status.scanned_at,
            )
        )

    def _log(self, scope: Scope, run: CrmRun, done: Done | None, error: HunterError | None, seconds: float) -> None:
        log.info(
            events.DYNAMICS_RUN,
            scope=scope,
            **{name: value for name, value in structs.asdict(run).items() if name != "at"},
            pending=done.pending if done else None,
            durationSeconds=round(seconds, 3),
            code=error.code if error else None,
        )

    # How it is

    def exchange(self) -> Exchange:
        """How it stands; Dynamics 365 is not asked."""
        status = self.state.status() if self.settings.dynamics_enabled else CrmStatus()
        states = Counter(stored.link.state for stored in crm_links.load_all(self.store).values())
        pause = self.state.pause()
        until = times.from_datetime(pause) if pause and pause > self.clock.now() else None
        return Exchange(status, states, until, self._fault(status))

    def _fault(self, status: CrmStatus) -> LinkError | None:
        try:
            self.settings.require_dynamics()
        except ConfigurationError as wrong:
            return told_of(wrong)
        except DynamicsDisabled:
            return None
        return status.error


def _counted(at: str, done: Done | None, requests: int) -> CrmRun:
    if done is None:
        return CrmRun(at=at, requests=requests)
    tally: Mapping[str, int] = {
        name: getattr(done.tally, name) for name in ("created", "updated", "unchanged", "pulled", "failed")
    }
    return CrmRun(at=at, **tally, requests=requests)
