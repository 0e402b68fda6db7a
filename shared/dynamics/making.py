"""Makes the record of a referral, and turns a lead into an opportunity. Both may be repeated: what is there is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from msgspec import structs

from shared.dynamics.answers import CrmError
from shared.dynamics.client import Lost
from shared.dynamics.environment import KEY_COLUMN
from shared.dynamics.mapping import Table
from shared.dynamics.parties import Ambiguous, Parties
from shared.dynamics.plan import Plan, Rules
from shared.dynamics.records import Records, Row
from shared.dynamics.translate import Normal
from shared.dynamics.work import Work
from shared.model import times
from shared.storage.tables.crm_links import Link, LinkError, Stored


class Maker:
    """Makes records.

    Args:
        records: leads and opportunities.
        parties: accounts and contacts.
        rules: by what is decided.
        save: writes a link over the version that was read.
    """

    def __init__(
        self, records: Records, parties: Parties, rules: Rules, save: Callable[[Stored, Link], Stored]
    ) -> None:
        self._records, self._parties, self._rules, self._save = records, parties, rules, save

    def create(self, work: Work, plan: Plan) -> tuple[Work, bool]:
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
            synced_at=times.from_datetime(self._rules.now),
        )
        return replace(work, stored=self._save(work.stored, link), row=row), made

    def convert(self, work: Work) -> Work:
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
            synced_at=times.from_datetime(self._rules.now),
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
            raise Ambiguous(LinkError("opportunity_ambiguous", None, message, details={"n": str(len(there))}))
        translator = self._records.translators["opportunity"]
        columns = translator.wanted(work.facts, moneyless=work.moneyless).columns
        wanted = {name: value for name, value in columns.items() if value is not None}
        body = {**translator.body(wanted), **_binds("opportunity", work.link.account_id, work.link.contact_id)}
        body["originatingleadid@odata.bind"] = f"/leads({lead.id})"
        row = self._records.create("opportunity", work.facts.id, body)
        row = row or self._records.of_referral("opportunity", work.facts.id)
        if row is None:
            raise Lost
        return row


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
