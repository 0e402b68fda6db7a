"""Carries out what was planned for one referral, and writes down each step as soon as it is done.

Whatever dies, and wherever: a record is made under a key that holds for one referral, a write is on the condition of the
version it was planned for, and before a step that can't be repeated the state is read. So the next run finds what was done and
goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from msgspec import structs

from shared.dynamics.answers import CrmError
from shared.dynamics.client import Lost
from shared.dynamics.making import Maker
from shared.dynamics.mapping import Table
from shared.dynamics.parties import Ambiguous, Parties
from shared.dynamics.plan import Plan, Rules, flip_error, plan_record
from shared.dynamics.pulled import Actions, Asker
from shared.dynamics.records import Records, Row
from shared.dynamics.shown import differing
from shared.dynamics.translate import Normal
from shared.dynamics.work import Outcome, Result, Work, with_carried
from shared.model import times
from shared.storage.tables.crm_links import Link, LinkError, Stored

ATTEMPTS: Final = 5
_LOOK_AGAIN: Final = frozenset({"changed_meanwhile", "already_closed", "record_exists"})
_WAITS: Final = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


class Executor:
    """Carries out plans.

    Args:
        records: leads and opportunities.
        parties: accounts and contacts.
        rules: by what is decided.
        actions: how Partner Center is asked.
        save: writes a link over the version that was read.
    """

    def __init__(
        self, records: Records, parties: Parties, rules: Rules, actions: Actions, save: Callable[[Stored, Link], Stored]
    ) -> None:
        self._records, self._rules, self._save = records, rules, save
        self._maker = Maker(records, parties, rules, save)
        self._asker = Asker(actions, times.from_datetime(rules.now))

    def carry_out(self, work: Work) -> Outcome:
        """Bring one referral and its record in step.

        Raises:
            DynamicsUnavailable, DynamicsThrottled, DynamicsAccessDenied, DynamicsSignInFailed: no record can be written now.
            RowConflict: somebody else wrote the link meanwhile.
        """
        result: Result = "unchanged"
        try:
            for _ in range(ATTEMPTS):
                plan = plan_record(
                    self._rules, work.link, work.facts, work.row, forced=work.forced, moneyless=work.moneyless
                )
                try:
                    if plan.kind == "create":
                        work, made = self._maker.create(work, plan)
                        result = "created" if made else result
                    elif plan.kind == "convert":
                        work = self._maker.convert(work)
                        result = "updated" if result == "unchanged" else result
                    else:
                        return self._finish(work, plan, result)
                except Lost:
                    work = self._again(work)
                except CrmError as error:
                    refused_money = error.kind == "currency_not_active" and not work.moneyless
                    if not refused_money and error.kind not in _LOOK_AGAIN:
                        raise
                    work = replace(self._again(work), moneyless=work.moneyless or refused_money)
            return self._failed(
                work, LinkError("changed_meanwhile", None, "The record changes too fast; the next run tries again.")
            )
        except Ambiguous as question:
            return self._settled(work, "conflict", question.error, "failed")
        except CrmError as error:
            return self._refused(work, error)

    # Steps

    def _finish(self, work: Work, plan: Plan, result: Result) -> Outcome:
        """The comparison's writes, the close, and what is asked of Partner Center; then the link."""
        row = work.row
        link = work.link
        if plan.kind in {"nothing", "conflict", "hold"}:
            if plan.kind == "nothing" or plan.error is None:
                return Outcome(result, work.stored)
            state = "conflict" if plan.kind == "conflict" else "failed"
            return self._settled(work, state, plan.error, "failed" if link.error != plan.error else result, plan=plan)
        if row is None:
            raise Lost
        base = dict(link.base)
        if plan.write:
            translator = self._records.translators[row.table]
            row = self._records.update(row.table, row.id, translator.body(plan.write), row.version)
            result = "updated" if result == "unchanged" else result
        base |= self._agreed(plan, row)
        link = structs.replace(link, base=base, version=row.version, carried=with_carried(link, plan.write, self._now))
        work = replace(work, row=row)
        if plan.close:
            self._close(row, plan, work)
            link = structs.replace(link, version="", closed=True)
            result = "updated" if result == "unchanged" else result
        if plan.closed != link.closed:
            link = structs.replace(link, closed=plan.closed)
        return self._asked(replace(work, stored=replace(work.stored, link=link)), plan, result, work.stored)

    def _agreed(self, plan: Plan, row: Row) -> dict[str, tuple[Normal, Normal]]:
        found = self._records.translators[row.table].found(row.values) if plan.write else {}
        base: dict[str, tuple[Normal, Normal]] = {}
        for difference in plan.differences:
            if difference.verdict == "agree":
                base[difference.column] = (difference.want, difference.found)
            elif difference.verdict == "write":
                base[difference.column] = (difference.want, found.get(difference.column))
        return base

    def _close(self, row: Row, plan: Plan, work: Work) -> None:
        close = plan.close
        if close is None:
            return
        if row.table == "lead":
            self._records.update("lead", row.id, {"statecode": 2, "statuscode": close.status}, row.version)
            return
        subject = "Won in Partner Center" if close.won else f"{work.facts.state.capitalize()} in Partner Center"
        details: dict[str, Any] = {"subject": subject, "actualend": f"{self._now[:19]}Z"}
        if close.revenue is not None:
            translator = self._records.translators["opportunity"]
            details["actualrevenue"] = translator.body({"estimatedvalue": close.revenue})["estimatedvalue"]
        if work.facts.reason:
            details["description"] = f"Reason in Partner Center: {work.facts.reason}"[:2000]
        self._records.close(row.id, close.status, won=close.won, details=details)

    # What Partner Center is asked

    def _asked(self, work: Work, plan: Plan, result: Result, before: Stored) -> Outcome:
        """Ask what is to be asked, and settle the link."""
        link, error, state = work.link, plan.error, "conflict" if plan.kind == "conflict" else "linked"
        link = structs.replace(link, reference=plan.reference or link.reference)
        if plan.ask is None:
            link = self._asker.withdrawn(link)
        else:
            link, state, error, began = self._asker.ask(work, plan, plan.ask, link)
            error = error or plan.error
            result = "pulled" if began and result == "unchanged" else result
        if plan.flipped and (plan.write or result == "pulled"):
            link, state, error = structs.replace(link, stopped=True), "conflict", flip_error(plan.flipped)
        return self._settled(
            replace(work, stored=replace(before, link=link)), state, error, result, plan=plan, before=before.link
        )

    # Writing it down

    @property
    def _now(self) -> str:
        return times.from_datetime(self._rules.now)

    def _settled(
        self,
        work: Work,
        state: str,
        error: LinkError | None,
        result: Result,
        *,
        plan: Plan | None = None,
        before: Link | None = None,
    ) -> Outcome:
        link = work.link
        row_version = work.row.version if work.row and link.version else link.version
        after = structs.replace(
            link,
            state=state,
            error=error,
            name=work.facts.name[:200],
            seen=work.seen,
            version=row_version,
            closed=plan.closed if plan and plan.kind == "conflict" and plan.closed else link.closed,
            differing=differing(self._rules, work.facts, link, plan, work.row) if plan else link.differing,
            next_at=None,
            tries=0,
        )
        if after == (before or link):
            return Outcome(result, replace(work.stored, link=after))
        after = structs.replace(after, synced_at=self._now if state == "linked" else after.synced_at)
        return Outcome(result, self._save(work.stored, after))

    def _failed(self, work: Work, error: LinkError) -> Outcome:
        link = work.link
        wait = _WAITS[min(link.tries, len(_WAITS) - 1)]
        after = structs.replace(
            link,
            state="failed",
            error=error,
            name=work.facts.name[:200],
            seen=work.seen,
            next_at=times.from_datetime(self._rules.now + wait),
            tries=link.tries + 1,
        )
        return Outcome("failed", self._save(work.stored, after))

    def _refused(self, work: Work, error: CrmError) -> Outcome:
        """A refusal concerns this record alone, and is written down with it."""
        refusal = error.refusal
        column = refusal.details.get("column")
        names = {
            name: line.field
            for translator in self._records.translators.values()
            for name, line in translator.lines.items()
        }
        ours = names.get(column or "", column)
        said = LinkError(refusal.kind, ours, refusal.message, phrase=refusal.phrase or None, details=refusal.details)
        return self._failed(work, said)

    def _again(self, work: Work) -> Work:
        """Read the record once more, before deciding again."""
        link = work.link
        if not link.record_id or link.table not in {"lead", "opportunity"}:
            return work
        table: Table = "lead" if link.table == "lead" else "opportunity"
        return replace(work, row=self._records.read(table, link.record_id))
