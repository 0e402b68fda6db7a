"""After a sync: which companies are Microsoft 365 customers. Within a time budget, and never in the way of anything."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import Final

from shared.core import events
from shared.core.clock import Clock, Deadline, SystemClock
from shared.core.errors import HunterError
from shared.core.log import get_logger
from shared.core.settings import Settings
from shared.model.tenant import NEVER_ASKED, KnownTenant, TenantAnswer
from shared.partner_center.tenants import lookup_session, lookup_tenant
from shared.storage.engine.tables import TableStore
from shared.storage.tables import tenants
from shared.storage.tables.companies import load_domains
from shared.storage.tables.sync_state import bump_data_version

log = get_logger(__name__)

WORKERS: Final = 4
BUDGET_SECONDS: Final = 20.0
REQUEST_SECONDS: Final = 4.0
GIVE_UP_AFTER: Final = 5
"""Failures in a row after which a run leaves the rest to the next one: Entra is then not to be had at all."""


class TenantLookup:
    """Asks Entra for the tenants of companies' domains; one for each process, thread-safe."""

    def __init__(self, settings: Settings, store: TableStore, clock: Clock | None = None) -> None:
        self._settings = settings
        self._store = store
        self._clock: Clock = clock or SystemClock()
        self._busy = threading.Lock()

    def run(self, budget_seconds: float = BUDGET_SECONDS) -> None:
        """Look up the domains that are due, as many as the time allows; what is left over is due next time.

        Never raises. Nothing is done where the setting turns it off, or while another call is at it.
        """
        if not self._settings.tenant_lookup_enabled or not self._busy.acquire(blocking=False):
            return
        deadline = Deadline(self._clock, budget_seconds)
        counts: Counter[str] = Counter()
        try:
            self._run(deadline, counts)
        except HunterError:
            counts.clear()  # Storage does not answer, which has been logged; nothing was learned.
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here, a sync has succeeded
            log.error(events.UNEXPECTED_ERROR, kind=type(error).__name__, at=__name__)
        finally:
            self._busy.release()
            log.info(
                events.TENANT_LOOKUP_FINISHED,
                asked=counts.total(),
                **counts,
                durationSeconds=round(budget_seconds - deadline.remaining(), 3),
            )

    def _run(self, deadline: Deadline, counts: Counter[str]) -> None:
        known = tenants.load_all(self._store)
        due = self._due(known)
        if not due:
            return
        learned: dict[str, KnownTenant] = {}
        for domain, answer in self._ask(due, deadline):
            counts[answer.state] += 1
            learned[domain] = known.get(domain, NEVER_ASKED).after(answer, self._clock.now())
        tenants.save(self._store, learned)
        if counts["found"] or counts["unknown"]:
            bump_data_version(self._store)

    def _due(self, known: dict[str, KnownTenant]) -> list[str]:
        """The domains to ask for: those never asked for first, then those that failed least, then the oldest."""
        now = self._clock.now()
        due = [domain for domain in load_domains(self._store) if domain not in known or known[domain].is_due(now)]

        def urgency(domain: str) -> tuple[int, str]:
            tenant = known.get(domain, NEVER_ASKED)
            return tenant.failures, tenant.tried_at

        return sorted(due, key=urgency)

    def _ask(self, due: list[str], deadline: Deadline) -> Iterator[tuple[str, TenantAnswer]]:
        """Ask for one domain after the other, a few at a time, while there is time and Entra answers."""
        round_ = _Round(due, deadline, self._settings.authority)
        workers = min(WORKERS, len(due))
        for number in range(workers):
            # A daemon, not waited for: an answer that comes after the time is up is not worth a second of anybody's.
            threading.Thread(target=round_.work, name=f"tenants-{number}", daemon=True).start()
        try:
            while workers and not deadline.passed():
                try:
                    answered = round_.answers.get(timeout=max(deadline.remaining(), 0.0))
                except Empty:
                    return
                if answered is None:
                    workers -= 1
                else:
                    yield answered
        finally:
            round_.stop.set()


class _Round:
    """What the workers of one run share."""

    def __init__(self, due: list[str], deadline: Deadline, authority: str) -> None:
        self.answers = SimpleQueue[tuple[str, TenantAnswer] | None]()
        """Domains with their answers, and None from each worker that ends."""
        self.stop = threading.Event()
        self._waiting = SimpleQueue[str]()
        for domain in due:
            self._waiting.put(domain)
        self._deadline, self._authority = deadline, authority
        self._failures = 0
        self._lock = threading.Lock()

    def work(self) -> None:
        """Ask until nothing is left, the time is up or Entra is not to be had."""
        try:
            with lookup_session() as session:
                while not self.stop.is_set() and self._deadline.remaining() > 0:
                    domain = self._waiting.get_nowait()
                    seconds = min(REQUEST_SECONDS, max(self._deadline.remaining(), 0.1))
                    answer = lookup_tenant(domain, session, self._authority, seconds)
                    self._judge(answer)
                    self.answers.put((domain, answer))
        except Empty:
            return
        finally:
            self.answers.put(None)

    def _judge(self, answer: TenantAnswer) -> None:
        with self._lock:
            self._failures = 0 if answer.says_something else self._failures + 1
            if answer.state == "refused" or self._failures >= GIVE_UP_AFTER:
                self.stop.set()
