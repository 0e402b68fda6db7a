"""What a person asks for one referral: send it, try again, leave it alone, take the link off, link another record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import structs

from shared.core.clock import Deadline
from shared.core.errors import (
    ActionTooLate,
    DynamicsAccessDenied,
    DynamicsUnavailable,
    HunterError,
    InvalidRequest,
    NotFound,
    RecordNotFound,
    RecordTaken,
)
from shared.dynamics import candidates
from shared.dynamics.client import CrmError
from shared.dynamics.connection import Opened
from shared.dynamics.environment import KEY_COLUMN
from shared.dynamics.executor import Executor
from shared.dynamics.mapping import Table
from shared.dynamics.records import TABLES, Row, is_guid
from shared.dynamics.service import Dynamics
from shared.dynamics.work import Work, extra_of, told_of
from shared.model import times
from shared.read_model.snapshot import Snapshot
from shared.storage.engine.tables import RowConflict
from shared.storage.tables import crm_links
from shared.storage.tables.crm_links import Link, Stored
from shared.storage.tables.data_version import bump_desk_version

PUSH_SECONDS: Final = 60.0
TRIES: Final = 4
ACTIONS: Final = ("push", "retry", "ignore", "unlink", "link")
_NAMES: Final = frozenset({"action", "recordId", "table", "accountId", "contactId"})


class CrmDesk:
    """Does it. One for each process.

    Args:
        dynamics: the connection.
    """

    def __init__(self, dynamics: Dynamics) -> None:
        self._dynamics = dynamics
        self._store = dynamics.store
        self._clock = dynamics.clock

    def act(self, referral_id: str, wish: Mapping[str, Any]) -> None:
        """Do what is asked for.

        Args:
            referral_id: the referral.
            wish: ``{"action", "recordId", "table", "accountId", "contactId"}``, as it came.

        Raises:
            InvalidRequest, NotFound, RecordNotFound, RecordTaken, DynamicsDisabled, and what the connection raises.
        """
        self._dynamics.settings.require_dynamics()
        action = _checked(wish)
        snapshot = self._dynamics.read_model.snapshot()
        if snapshot.referral(referral_id) is None:
            raise NotFound("There is no such referral.")
        for attempt in range(TRIES):
            try:
                self._do(snapshot, referral_id, action, wish)
                break
            except RowConflict:
                if attempt == TRIES - 1:
                    raise DynamicsUnavailable("Somebody else is changing this link. Try again.") from None
        bump_desk_version(self._store)

    def _do(self, snapshot: Snapshot, referral_id: str, action: str, wish: Mapping[str, Any]) -> None:
        stored = crm_links.load(self._store, referral_id) or Stored(Link(id=referral_id), None)
        if action == "ignore":
            self._withdraw(stored.link)
            self._save(
                stored,
                structs.replace(stored.link, state="ignored", error=None, asked=None, wanted=False, next_at=None),
            )
        elif action == "unlink":
            self._withdraw(stored.link)
            self._save(stored, Link(id=referral_id, state="unlinked", name=stored.link.name))
        elif action == "link":
            self._link(snapshot, stored, str(wish["recordId"]).lower(), wish.get("table"))
        else:
            if action == "retry" and (stored.etag is None or stored.link.state == "unlinked"):
                raise InvalidRequest("This referral is not in Dynamics 365. Push it, or link a record.")
            self._push(snapshot, self._cleared(stored, anew=action == "push"), wish)

    def _save(self, stored: Stored, link: Link) -> Stored:
        return self._dynamics.keep(stored, link)

    def _withdraw(self, link: Link) -> None:
        """What was asked of Partner Center and still waits is taken back."""
        if link.asked and link.asked.action_id:
            try:
                self._dynamics.actions().cancel(link.asked.action_id)
            except (ActionTooLate, NotFound):
                return

    def _cleared(self, stored: Stored, *, anew: bool) -> Stored:
        """The link as if nothing had gone wrong, and wanted by a person until it is done.

        Args:
            stored: the link.
            anew: whether a record that somebody deleted may be made once more.
        """
        link = stored.link
        fresh = structs.replace(
            link,
            state="pending" if link.state in {"unlinked", "ignored"} else link.state,
            asked=None if link.state in {"conflict", "failed"} else link.asked,
            stopped=False,
            carried=() if link.stopped else link.carried,
            wanted=anew or not link.record_id,
            next_at=None,
            tries=0,
            round=link.round + 1,
        )
        return self._save(stored, fresh)

    # Send

    def _push(self, snapshot: Snapshot, stored: Stored, wish: Mapping[str, Any]) -> None:
        deadline = Deadline(self._clock, PUSH_SECONDS)
        try:
            with self._dynamics.connect(deadline) as connection:
                opened = connection.open()
                self._carry_out(snapshot, opened, stored, wish)
        except HunterError as error:
            latest = crm_links.load(self._store, stored.link.id) or stored
            told = told_of(error)
            state = "failed" if isinstance(error, DynamicsAccessDenied) else "pending"
            self._save(latest, structs.replace(latest.link, state=state, error=told))
            bump_desk_version(self._store)
            raise

    def _carry_out(self, snapshot: Snapshot, opened: Opened, stored: Stored, wish: Mapping[str, Any]) -> None:
        link = stored.link
        facts = next(candidates.read_facts(self._store, snapshot, [link.id], self._dynamics.settings.public_url), None)
        if facts is None:
            raise NotFound("There is no such referral.")
        row: Row | None = None
        if link.record_id and link.table in TABLES:
            row = opened.records.read("lead" if link.table == "lead" else "opportunity", link.record_id)
        if row is None:
            opened.parties.prepare([facts])
        work = Work(
            stored,
            facts,
            row,
            candidates.fingerprint_of(self._store, snapshot, link.id, opened.rules),
            forced=link.wanted or row is not None,
            account_id=_given(wish, "accountId"),
            contact_id=_given(wish, "contactId"),
        )
        executor = Executor(opened.records, opened.parties, opened.rules, self._dynamics.actions(), self._keep)
        outcome = executor.carry_out(work)
        left = outcome.stored.link
        if outcome.result == "failed" and left.error and left.error.code == DynamicsAccessDenied.code:
            raise DynamicsAccessDenied(left.error.message, extra=extra_of(left.error))
        if left.wanted and left.state != "pending":
            self._save(outcome.stored, structs.replace(left, wanted=False))

    def _keep(self, stored: Stored, link: Link) -> Stored:
        return self._save(stored, structs.replace(link, wanted=False) if link.record_id else link)

    # Link

    def _link(self, snapshot: Snapshot, stored: Stored, record_id: str, table: Any) -> None:
        self._refuse_taken(stored.link.id, record_id)
        tables: tuple[Table, ...] = TABLES if table is None else (("lead" if table == "lead" else "opportunity"),)
        with self._dynamics.connect(Deadline(self._clock, PUSH_SECONDS)) as connection:
            opened = connection.open()
            row = next((found for each in reversed(tables) if (found := opened.records.read(each, record_id))), None)
            if row is None:
                raise RecordNotFound
            owner = str(row.values.get(KEY_COLUMN) or "")
            self._refuse_owned(snapshot, stored.link.id, row, owner)
            self._let_go(opened, stored.link, record_id)
            if opened.records.has_key_column(row.table) and owner != stored.link.id:
                row = self._marked(opened, row, stored.link.id)
            self._withdraw(stored.link)
            link = Link(
                id=stored.link.id,
                state="linked",
                table=row.table,
                record_id=row.id,
                version=row.version,
                synced_at=times.from_datetime(self._clock.now()),
            )
            self._carry_out(snapshot, opened, self._save(stored, link), {})

    def _refuse_taken(self, referral_id: str, record_id: str) -> None:
        for other, known in crm_links.load_all(self._store).items():
            if other != referral_id and known.link.record_id == record_id and known.link.state != "unlinked":
                raise RecordTaken

    def _refuse_owned(self, snapshot: Snapshot, referral_id: str, row: Row, owner: str) -> None:
        """A record of another referral's own, which a push of that one would take, too; one that was let go is free."""
        if row.id != referral_id.lower() and snapshot.referral(row.id) is not None:
            raise RecordTaken
        if owner and owner != referral_id and snapshot.referral(owner) is not None:
            known = crm_links.load(self._store, owner)
            if known is None or known.link.state != "unlinked":
                raise RecordTaken

    def _let_go(self, opened: Opened, link: Link, record_id: str) -> None:
        """The record that was linked before no longer carries the referral's id, so that one record does."""
        if not link.record_id or link.record_id == record_id or link.table not in TABLES:
            return
        table: Table = "lead" if link.table == "lead" else "opportunity"
        row = opened.records.read(table, link.record_id)
        if row is not None and row.values.get(KEY_COLUMN) == link.id:
            opened.records.update(table, row.id, {KEY_COLUMN: None}, row.version)

    def _marked(self, opened: Opened, row: Row, referral_id: str) -> Row:
        try:
            return opened.records.update(row.table, row.id, {KEY_COLUMN: referral_id[:100]}, row.version)
        except CrmError as error:
            if error.kind in {"key_taken", "record_exists"}:
                raise RecordTaken(error.refusal.message, extra=error.refusal.extra) from None
            raise DynamicsUnavailable(error.refusal.message, extra=error.refusal.extra) from None


def _checked(wish: Mapping[str, Any]) -> str:
    """The action that is asked for. Raises InvalidRequest for what makes no sense."""
    unknown = sorted(set(wish) - _NAMES)
    if unknown:
        raise InvalidRequest(f"This route takes {', '.join(sorted(_NAMES))}; not {unknown[0][:40]}.")
    action = wish.get("action")
    if action not in ACTIONS:
        raise InvalidRequest(f"action is one of {', '.join(ACTIONS)}.")
    for name in ("recordId", "accountId", "contactId"):
        if wish.get(name) is not None and not is_guid(wish[name]):
            raise InvalidRequest(f"{name} is an id of Dynamics 365, such as 2d9b6a10-44f7-4f0e-b6a3-9c8e7d6f5a41.")
    if wish.get("table") not in (None, *TABLES):
        raise InvalidRequest("table is lead or opportunity.")
    if action == "link" and not wish.get("recordId"):
        raise InvalidRequest("To link a record, give its recordId.")
    return str(action)


def _given(wish: Mapping[str, Any], name: str) -> str | None:
    value = wish.get(name)
    return str(value).lower() if value else None
