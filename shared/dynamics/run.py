"""One run: look at what changed on either side, decide, and carry it out, many referrals side by side."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from msgspec import structs

from shared.core import events
from shared.core.clock import Deadline
from shared.core.errors import DynamicsAccessDenied, HunterError
from shared.core.log import get_logger
from shared.dynamics import candidates
from shared.dynamics.candidates import World
from shared.dynamics.client import WORKERS
from shared.dynamics.connection import Opened
from shared.dynamics.executor import Executor
from shared.dynamics.facts import Facts
from shared.dynamics.parties import Ambiguous, account_key
from shared.dynamics.plan import Plan, plan_record
from shared.dynamics.pulled import Actions
from shared.dynamics.records import TABLES, Row
from shared.dynamics.shown import Planned, planned
from shared.dynamics.work import Outcome, Work, extra_of
from shared.read_model.snapshot import Snapshot
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables import crm_links
from shared.storage.tables.crm_links import Link, Stored

log = get_logger(__name__)
Scope = Literal["all", "changed"]
_CHUNK: Final = 500
"""Referrals whose payloads are in memory at once."""


@dataclass
class Tally:
    """What a run has done so far; added to by its threads under a lock."""

    created: int = 0
    updated: int = 0
    pulled: int = 0
    failed: int = 0
    unchanged: int = 0
    saved: int = 0
    denied: HunterError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        with self.lock:
            setattr(self, outcome.result, getattr(self, outcome.result) + 1)
            error = outcome.stored.link.error
            if outcome.result == "failed" and error and error.code == "dynamics_access_denied":
                self.denied = DynamicsAccessDenied(error.message, extra=extra_of(error))


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended."""

    tally: Tally
    pending: int
    plan: list[Planned]
    stopped_by: HunterError | None


class CrmRunner:
    """Runs once.

    Args:
        store: the tables.
        deadline: when the run's time is up.
        opened: the environment and what works with it.
        actions: how Partner Center is asked.
        keep: writes a link down.
        public_url: where links lead.
    """

    def __init__(
        self,
        store: TableStore,
        deadline: Deadline,
        opened: Opened,
        actions: Actions,
        *,
        keep: Callable[[Stored, Link], Stored],
        public_url: str,
    ) -> None:
        self._store = store
        self._keep = keep
        self._deadline = deadline
        self._opened = opened
        self._actions = actions
        self._public_url = public_url
        self._tally = Tally()

    def run(
        self, snapshot: Snapshot, scope: Scope, *, dry: bool = False, proceed: Callable[[], bool] = lambda: True
    ) -> Done:
        """Do it.

        Args:
            snapshot: the referrals.
            scope: all: the CRM is looked at, too; changed: what changed here, or is still open.
            dry: nothing is written anywhere; the answer says what would be done.
            proceed: whether the run may go on.
        """
        rules = self._opened.rules
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="dynamics") as threads:
            seen = candidates.fingerprints(self._store, snapshot, rules, threads)
            world = World(snapshot, crm_links.load_all(self._store), seen)
            moved = self._moved(world) if scope == "all" else set[str]()
            ids = candidates.to_look_at(world, rules.push, rules.now, moved)
            linked = sum(1 for stored in world.links.values() if stored.link.record_id)
            plan: list[Planned] = []
            done, error = 0, None
            try:
                for chunk in _chunks(ids, _CHUNK):
                    works = self._works(world, chunk, threads)
                    if dry:
                        plan += self._planned(works)
                        done += len(chunk)
                    else:
                        done += self._carried_out(works, threads, proceed)
                    if self._deadline.passed() or not proceed():
                        break
            except HunterError as problem:
                error = problem
            self._tally.unchanged += max(0, linked - len({each for each in ids if each in world.links}))
        return Done(self._tally, max(0, len(ids) - done), plan, error or self._tally.denied)

    # What there is to look at

    def _moved(self, world: World) -> set[str]:
        """The referrals whose record has another version than we know, or is gone."""
        moved = set()
        for table in TABLES:
            referral_of = candidates.linked_ids(world, table)
            versions = self._opened.records.versions(table, referral_of)
            for record_id, referral_id in referral_of.items():
                if versions.get(record_id) != world.links[referral_id].link.version:
                    moved.add(referral_id)
        return moved

    def _works(self, world: World, ids: Sequence[str], threads: ThreadPoolExecutor) -> list[Work]:
        """What is known of these referrals and their records; accounts and contacts are looked up for all at once."""
        facts = {
            facts.id: facts
            for facts in candidates.read_facts(self._store, world.snapshot, ids, self._public_url, threads)
        }
        rows = self._rows(world, facts)
        works = []
        for referral_id, said in facts.items():
            stored = world.links.get(referral_id) or Stored(Link(id=referral_id), None)
            row = rows.get(str(stored.link.record_id))
            works.append(Work(stored, said, row, world.seen[referral_id], forced=stored.link.wanted and row is None))
        due = [work.facts for work in works if self._plan(work).kind == "create"]
        if due:
            self._opened.parties.prepare(due)
        return works

    def _rows(self, world: World, facts: dict[str, Facts]) -> dict[str, Row]:
        wanted: dict[str, list[str]] = {table: [] for table in TABLES}
        for referral_id in facts:
            stored = world.links.get(referral_id)
            if stored and stored.link.record_id and stored.link.table in wanted:
                wanted[stored.link.table].append(stored.link.record_id)
        return {
            row.id: row
            for table in TABLES
            if wanted[table]
            for row in self._opened.records.read_many(table, wanted[table])
        }

    def _plan(self, work: Work) -> Plan:
        return plan_record(self._opened.rules, work.link, work.facts, work.row, forced=work.forced)

    # Doing it

    def _carried_out(self, works: Sequence[Work], threads: ThreadPoolExecutor, proceed: Callable[[], bool]) -> int:
        """Carry out all of it; referrals of one company one after the other. How many were come to."""
        executor = Executor(self._opened.records, self._opened.parties, self._opened.rules, self._actions, self._save)
        groups: dict[str, list[Work]] = {}
        for work in works:
            groups.setdefault(account_key(work.facts) or work.facts.id, []).append(work)
        ended = threading.Event()

        def carry_out(group: list[Work]) -> int:
            done = 0
            for work in group:
                if ended.is_set() or self._deadline.passed() or not proceed():
                    break
                try:
                    outcome = executor.carry_out(work)
                except RowConflict:
                    done += 1  # a person is at it; the next run sees what became of it
                    continue
                except HunterError:
                    ended.set()
                    raise
                self._tally.add(outcome)
                self._note_stop(work, outcome)
                done += 1
            return done

        futures = [threads.submit(carry_out, group) for group in groups.values()]
        error: BaseException | None = None
        done = 0
        for future in futures:
            try:
                done += future.result()
            except BaseException as problem:  # noqa: BLE001 - every thread has ended before it goes on
                ended.set()
                error = error or problem
        if error is not None:
            raise error
        return done

    def _note_stop(self, work: Work, outcome: Outcome) -> None:
        if outcome.stored.link.stopped and not work.link.stopped:
            log.warning(events.DYNAMICS_RECORD_STOPPED, referralId=work.facts.id)

    def _save(self, stored: Stored, link: Link) -> Stored:
        saved = self._keep(stored, structs.replace(link, wanted=False) if link.record_id else link)
        with self._tally.lock:
            self._tally.saved += 1
        return saved

    # Saying it

    def _planned(self, works: Iterable[Work]) -> Iterator[Planned]:
        """What a run would do now."""
        for work in works:
            plan = self._plan(work)
            if plan.kind == "create":
                try:
                    account = self._opened.parties.account(work.facts)
                    self._opened.parties.contact(work.facts, account)
                except Ambiguous as question:
                    plan = Plan("conflict", plan.table, error=question.error)
            asked = work.link.asked
            if plan.ask and asked and asked.fingerprint == plan.ask.fingerprint:
                plan = _without_ask(plan)
            if plan.kind in {"conflict", "hold"} and work.link.error == plan.error:
                continue
            line = planned(self._opened.rules, work.facts, work.link, plan, work.row)
            if line is not None:
                yield line


def _without_ask(plan: Plan) -> Plan:
    """The plan without what was asked for already."""
    kept = tuple(
        difference if difference.verdict != "ask" else replace(difference, verdict="keep")
        for difference in plan.differences
    )
    return replace(plan, ask=None, differences=kept)


def _chunks(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    iterator = iter(ids)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
