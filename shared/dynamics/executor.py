"""Carries out what was planned for one referral, and writes down each step as soon as it is done.

Whatever dies, and wherever: a record is made under a key that holds for one referral, a write is on the condition of the
version it was planned for, and before a step that can't be repeated the state is read. So the next run finds what was done and
goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Literal, Protocol

from msgspec import structs

from shared.core.errors import ActionInProgress, ActionNotAllowed, WritingDisabled
from shared.dynamics.answers import CrmError
from shared.dynamics.client import Lost
from shared.dynamics.environment import KEY_COLUMN
from shared.dynamics.facts import Facts
from shared.dynamics.mapping import Table
from shared.dynamics.parties import Ambiguous, Parties
from shared.dynamics.plan import Ask, Plan, Rules, flip_error, plan_record
from shared.dynamics.records import Records, Row
from shared.dynamics.translate import Normal
from shared.model import times
from shared.storage.tables.crm_links import Asked, Carried, Link, LinkError, Stored

Result = Literal["created", "updated", "pulled", "unchanged", "failed"]
ATTEMPTS: Final = 5
FINAL_WAIT: Final = timedelta(minutes=15)
"""How long won and lost can be cancelled."""
_WAITS: Final = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
_CARRIED_KEPT: Final = 24
_UNDER_WAY: Final = frozenset({"waiting", "sending", "unconfirmed"})


class Actions(Protocol):
    """What is asked of Partner Center, under the rules of people's actions."""

    def begin(self, referral_id: str, ask: Ask, seen: Mapping[str, Any], wait: timedelta, once: str) -> str:
        """Begin an action as Dynamics 365, the same one for the same ``once``; its id.

        Raises ActionInProgress, ActionNotAllowed, WritingDisabled.
        """

    def state(self, action_id: str) -> str:
        """The state of an action; ``failed`` for one that is not known."""

    def cancel(self, action_id: str) -> bool:
        """Cancel an action that waits; False when it is too late."""


@dataclass(frozen=True, slots=True)
class Work:
    """One referral that is looked at."""

    stored: Stored
    facts: Facts
    row: Row | None
    seen: str
    """Fingerprint of the referral and the mapping."""
    forced: bool = False
    account_id: str | None = None
    contact_id: str | None = None

    @property
    def link(self) -> Link:
        """What is known of its record."""
        return self.stored.link


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it."""

    result: Result
    stored: Stored


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
        self._records = records
        self._parties = parties
        self._rules = rules
        self._actions = actions
        self._save = save

    def carry_out(self, work: Work) -> Outcome:
        """Bring one referral and its record in step.

        Raises:
            DynamicsUnavailable, DynamicsThrottled, DynamicsAccessDenied, DynamicsSignInFailed: no record can be written now.
            RowConflict: somebody else wrote the link meanwhile.
        """
        result: Result = "unchanged"
        try:
            for _ in range(ATTEMPTS):
                plan = plan_record(self._rules, work.link, work.facts, work.row, forced=work.forced)
                try:
                    if plan.kind == "create":
                        work, made = self._create(work, plan)
                        result = "created" if made else result
                    elif plan.kind == "convert":
                        work = self._convert(work)
                        result = "updated" if result == "unchanged" else result
                    else:
                        return self._finish(work, plan, result)
                except Lost:
                    work = self._again(work)
                except CrmError as error:
                    if error.kind not in {"changed_meanwhile", "already_closed", "record_exists"}:
                        raise
                    work = self._again(work)
            return self._failed(
                work, LinkError("changed_meanwhile", None, "The record changes too fast; the next run tries again.")
            )
        except Ambiguous as question:
            return self._settled(work, "conflict", question.error, "failed")
        except CrmError as error:
            return self._refused(work, error)

    # Steps

    def _create(self, work: Work, plan: Plan) -> tuple[Work, bool]:
        """Make the record. A record that is there already is ours from a run that died, or somebody put it there: taken."""
        table: Table = plan.table or "lead"
        translator = self._records.translators[table]
        try:
            account = self._parties.account(work.facts, work.account_id)
            contact = self._parties.contact(work.facts, account, work.contact_id)
            body = {**translator.body(plan.write), **_binds(table, account, contact)}
            row = self._records.create(table, work.facts.id, body)
        except CrmError as error:
            if error.kind != "record_not_found" or work.account_id or work.contact_id:
                raise
            self._parties.forget(work.facts)  # an account that we knew was deleted or merged there
            self._parties.prepare([work.facts])
            account = self._parties.account(work.facts)
            contact = self._parties.contact(work.facts, account)
            body = {**translator.body(plan.write), **_binds(table, account, contact)}
            row = self._records.create(table, work.facts.id, body)
        made = row is not None
        if row is None:
            row = self._records.of_referral(table, work.facts.id)
        if row is None:
            row = self._records.create(table, work.facts.id, body)  # a race that somebody else lost, too
            made = row is not None
        if row is None:
            raise Lost
        found = translator.found(row.values)
        base = (
            {difference.column: (difference.want, found.get(difference.column)) for difference in plan.differences}
            if made
            else {}
        )
        fresh = Link(id=work.link.id, name=work.facts.name[:200], carried=work.link.carried)
        link = structs.replace(
            fresh,
            state="linked",
            table=table,
            record_id=row.id,
            version=row.version,
            account_id=account,
            contact_id=contact,
            base=base,
            synced_at=self._now,
        )
        return replace(work, stored=self._save(work.stored, link), row=row), made

    def _convert(self, work: Work) -> Work:
        """The lead becomes an opportunity: the one that somebody qualified it into, else by qualifying it."""
        lead = work.row
        if lead is None:
            raise Lost
        by_us = work.link.converting
        if lead.state == "open":
            work = replace(work, stored=self._save(work.stored, structs.replace(work.link, converting=True)))
            by_us = True
            row = self._qualified(lead, work)
        else:
            row = self._opportunity_of(lead, work)
        if self._records.has_key_column("opportunity") and row.values.get(KEY_COLUMN) != work.facts.id:
            row = self._records.update("opportunity", row.id, {KEY_COLUMN: work.facts.id[:100]}, row.version)
        found = self._records.translators["opportunity"].found(row.values)
        base: dict[str, tuple[Normal, Normal]] = {name: (None, value) for name, value in found.items()} if by_us else {}
        link = structs.replace(
            work.link,
            table="opportunity",
            record_id=row.id,
            version=row.version,
            lead_id=lead.id,
            base=base,
            converting=False,
            asked=None,
            synced_at=self._now,
        )
        return replace(work, stored=self._save(work.stored, link), row=row)

    def _qualified(self, lead: Row, work: Work) -> Row:
        currency = self._rules.environment.currency(str(work.facts.fields.get("currency") or ""))
        made = self._records.qualify(lead.id, currency.id if currency else None, work.link.account_id)
        row = self._records.read("opportunity", made) if made else None
        return row or self._opportunity_of(lead, work)

    def _opportunity_of(self, lead: Row, work: Work) -> Row:
        """The opportunity of a lead that is closed; made where there is none."""
        there = self._records.opportunities_of(lead.id)
        own = [row for row in there if row.values.get(KEY_COLUMN) == work.facts.id]
        if own or len(there) == 1:
            return (own or there)[0]
        if len(there) > 1:
            message = (
                f"The lead was qualified into {len(there)} opportunities. Link the one that belongs to the referral."
            )
            raise Ambiguous(LinkError("opportunity_ambiguous", None, message))
        translator = self._records.translators["opportunity"]
        wanted = {name: value for name, value in translator.wanted(work.facts).columns.items() if value is not None}
        body = {**translator.body(wanted), **_binds("opportunity", work.link.account_id, work.link.contact_id)}
        body["originatingleadid@odata.bind"] = f"/leads({lead.id})"
        row = self._records.create("opportunity", work.facts.id, body)
        row = row or self._records.of_referral("opportunity", work.facts.id)
        if row is None:
            raise Lost
        return row

    def _finish(self, work: Work, plan: Plan, result: Result) -> Outcome:
        """The comparison's writes, the close, and what is asked of Partner Center; then the link."""
        row = work.row
        link = work.link
        if plan.kind in {"nothing", "conflict", "hold"}:
            if plan.kind == "nothing" or plan.error is None:
                return Outcome(result, work.stored)
            state = "conflict" if plan.kind == "conflict" else "failed"
            return self._settled(work, state, plan.error, "failed" if link.error != plan.error else result, plan)
        if row is None:
            raise Lost
        base = dict(link.base)
        if plan.write:
            translator = self._records.translators[row.table]
            row = self._records.update(row.table, row.id, translator.body(plan.write), row.version)
            result = "updated" if result == "unchanged" else result
        base |= self._agreed(plan, row)
        link = structs.replace(link, base=base, version=row.version, carried=self._noted(link, plan.write))
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
            link = self._withdrawn(link)
        else:
            link, state, error, began = self._ask(work, plan, plan.ask, link)
            error = error or plan.error
            result = "pulled" if began and result == "unchanged" else result
        if plan.flipped and (plan.write or result == "pulled"):
            link, state, error = structs.replace(link, stopped=True), "conflict", flip_error(plan.flipped)
        return self._settled(replace(work, stored=replace(before, link=link)), state, error, result, plan, before.link)

    def _withdrawn(self, link: Link) -> Link:
        """Nothing is to be asked any more: what still waits ends, and is never sent."""
        if link.asked is None:
            return link
        if self._actions.state(link.asked.action_id) == "waiting" and not self._actions.cancel(link.asked.action_id):
            return link
        return (
            structs.replace(link, asked=None) if self._actions.state(link.asked.action_id) not in _UNDER_WAY else link
        )

    def _ask(self, work: Work, plan: Plan, ask: Ask, link: Link) -> tuple[Link, str, LinkError | None, bool]:
        """The link after asking, its state, what is to be said, and whether an action began."""
        if link.asked and link.asked.fingerprint == ask.fingerprint:
            return (*self._followed(work, plan, link, link.asked), False)
        if link.asked and self._actions.state(link.asked.action_id) == "waiting":
            self._actions.cancel(link.asked.action_id)
        wait = FINAL_WAIT if ask.action in {"win", "lose"} else timedelta()
        try:
            once = f"crm-{ask.fingerprint}-{link.round}-{work.row.version if work.row else ''}"
            action_id = self._actions.begin(work.facts.id, ask, _seen(ask, work.facts), wait, once)
        except ActionInProgress:
            return (
                link,
                "pending",
                LinkError("action_in_progress", None, "Another action on the referral is under way; this follows."),
                False,
            )
        except WritingDisabled as error:
            return link, "pending", LinkError(error.code, None, error.message), False
        except ActionNotAllowed as error:
            asked = Asked("", ask.fingerprint, dict(ask.columns))
            return (
                structs.replace(link, asked=asked),
                "conflict",
                LinkError("action_refused", None, error.message),
                False,
            )
        asked = Asked(action_id, ask.fingerprint, dict(ask.columns))
        link = structs.replace(link, asked=asked, carried=self._noted(link, ask.columns))
        return (*self._followed(work, plan, link, asked), True)

    def _followed(self, work: Work, plan: Plan, link: Link, asked: Asked) -> tuple[Link, str, LinkError | None]:
        """What became of an action that was asked for this very state of the CRM."""
        state = self._actions.state(asked.action_id) if asked.action_id else "refused"
        if state in _UNDER_WAY:
            return link, "pending", None
        if state == "applied":
            pairs = {
                difference.column: (difference.want, difference.found)
                for difference in plan.differences
                if difference.column in asked.columns
            }
            reference = "done" if link.reference == "asked" else link.reference
            return structs.replace(link, asked=None, base={**link.base, **pairs}, reference=reference), "linked", None
        words = {
            "cancelled": "Somebody cancelled what Dynamics 365 asked for.",
            "refused": "Partner Center does not take what Dynamics 365 asked for.",
            "conflict": "The referral changed in Partner Center meanwhile.",
        }
        what = words.get(state, "What Dynamics 365 asked for could not be done.")
        sentence = f"{what} Nothing more is sent until one side changes, or somebody retries."
        return link, "conflict", LinkError(f"action_{state}", None, sentence)

    # Writing it down

    @property
    def _now(self) -> str:
        return times.from_datetime(self._rules.now)

    def _noted(self, link: Link, columns: Mapping[str, Normal]) -> tuple[Carried, ...]:
        fresh = tuple(Carried(column, value, self._now) for column, value in columns.items())
        return (*link.carried, *fresh)[-_CARRIED_KEPT:]

    def _settled(
        self,
        work: Work,
        state: str,
        error: LinkError | None,
        result: Result,
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
        return self._failed(work, LinkError(refusal.kind, names.get(column or "", column), refusal.message))

    def _again(self, work: Work) -> Work:
        """Read the record once more, before deciding again."""
        link = work.link
        if not link.record_id or link.table not in {"lead", "opportunity"}:
            return work
        table: Table = "lead" if link.table == "lead" else "opportunity"
        return replace(work, row=self._records.read(table, link.record_id))


def _binds(table: Table, account: str | None, contact: str | None) -> dict[str, str]:
    """The customer of a record, by the names that each table has for it."""
    binds = {}
    if account:
        binds["parentaccountid@odata.bind"] = f"/accounts({account})"
    if contact:
        binds["parentcontactid@odata.bind"] = f"/contacts({contact})"
    if table == "opportunity":
        if account:
            binds["customerid_account@odata.bind"] = f"/accounts({account})"
        elif contact:
            binds["customerid_contact@odata.bind"] = f"/contacts({contact})"
    return binds


def _seen(ask: Ask, facts: Facts) -> dict[str, Any]:
    """What Partner Center had when this was decided: nothing newer is overwritten."""
    names = [*ask.changes, *(("status", "substatus") if ask.action != "update" else ())]
    return {name: facts.seen.get(name) for name in names}


__all__ = ["Actions", "Executor", "Outcome", "Work"]
