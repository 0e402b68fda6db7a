"""Leads and opportunities of one environment: made once, found again, read, changed, closed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from shared.dynamics.answers import CrmError
from shared.dynamics.client import Answer, CrmClient
from shared.dynamics.environment import KEY_COLUMN, SETS, Environment
from shared.dynamics.mapping import Mapping as FieldMapping
from shared.dynamics.mapping import Table
from shared.dynamics.translate import Translator

TABLES: Final[tuple[Table, Table]] = ("lead", "opportunity")
STATES: Final = {"lead": ("open", "qualified", "disqualified"), "opportunity": ("open", "won", "lost")}
"""By table the meaning of ``statecode`` (Microsoft Learn, table references)."""
IDS_IN_QUESTION: Final = 480
"""Ids in one filter: as many as an address of 32 KiB holds (Microsoft Learn, "Query data using the Web API")."""
ROWS_IN_QUESTION: Final = 60
_OUTDATED: Final = frozenset(
    {
        *("column_missing", "mapping_wrong", "key_not_ready", "choice_invalid", "text_too_long"),
        *("number_out_of_range", "currency_not_active"),
    }
)
"""Refusals of what fits the environment as we know it."""
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_SAFE_KEY: Final = re.compile(r"[0-9A-Za-z ._'-]{1,100}")
_REPRESENTATION: Final = {"Prefer": "return=representation"}
_OF_REFERRALS: Final = uuid.UUID("5b0f1d0a-6a0f-5c0e-9f5e-36d1a9a36511")
"""Namespace of the ids that we give to rows."""


def own_id(*parts: str) -> str:
    """The id of a row of ours: the same for the same thing, whoever asks and however often."""
    return str(uuid.uuid5(_OF_REFERRALS, "\n".join(parts)))


def is_guid(text: object) -> bool:
    """Whether a text is an id of Dataverse."""
    return isinstance(text, str) and _GUID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Row:
    """A record as it was read or written."""

    table: Table
    id: str
    version: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """open, won, lost, qualified or disqualified."""
        number = self.values.get("statecode")
        return STATES[self.table][number] if isinstance(number, int) and 0 <= number < 3 else "open"

    @property
    def status(self) -> int:
        """The status reason."""
        number = self.values.get("statuscode")
        return number if isinstance(number, int) else 0


class Records:
    """What is asked of an environment about leads and opportunities.

    Args:
        client: sends the requests.
        environment: what is known of it.
        mapping: which columns matter.
    """

    def __init__(self, client: CrmClient, environment: Environment, mapping: FieldMapping) -> None:
        self.client = client
        self.environment = environment
        self.translators: dict[str, Translator] = {table: Translator(mapping, environment, table) for table in TABLES}
        self.outdated = False
        """Whether a refusal said that the environment is another than we know."""

    # Addresses

    def _by_alternate(self, table: Table, referral_id: str) -> bool:
        return self.environment.keys.get(table) == "Active" and bool(_SAFE_KEY.fullmatch(referral_id))

    def _address(self, table: Table, referral_id: str) -> str:
        """Where the record of a referral is made: under the alternate key, else under the referral's own id."""
        if self._by_alternate(table, referral_id):
            return f"{SETS[table]}({KEY_COLUMN}='{quote(referral_id.replace(chr(39), chr(39) * 2), safe=chr(39))}')"
        return f"{SETS[table]}({self.chosen_id(referral_id)})"

    def chosen_id(self, referral_id: str) -> str:
        """The primary id that the record of a referral has where there is no key."""
        return referral_id.lower() if is_guid(referral_id) else own_id("referral", referral_id)

    def has_key_column(self, table: Table) -> bool:
        """Whether the table has the column of the referral's id."""
        return KEY_COLUMN in self.environment.columns(table)

    def _select(self, table: Table) -> str:
        names = [f"{table}id", "statecode", "statuscode", *self.translators[table].select]
        if self.has_key_column(table):
            names.append(KEY_COLUMN)
        return "$select=" + ",".join(dict.fromkeys(names))

    # Reading

    def read(self, table: Table, row_id: str) -> Row | None:
        """A record by its id; None where there is none."""
        return self._one(table, f"{SETS[table]}({row_id})")

    def of_referral(self, table: Table, referral_id: str) -> Row | None:
        """The record that was made for a referral."""
        return self._one(table, self._address(table, referral_id))

    def _one(self, table: Table, address: str) -> Row | None:
        try:
            return self._row(table, self.client.get(address, self._select(table)))
        except CrmError as error:
            if error.kind == "record_not_found":
                return None
            raise

    def read_many(self, table: Table, ids: Iterable[str]) -> Iterator[Row]:
        """The records under these ids; those that are gone are left out."""
        for question in _cut(sorted(set(ids)), ROWS_IN_QUESTION):
            query = f"{self._select(table)}&$filter={_any_of(f'{table}id', question)}"
            for row in self.client.rows(SETS[table], query):
                yield self._row(table, row)

    def versions(self, table: Table, ids: Iterable[str]) -> dict[str, str]:
        """The version of every linked record that is there, by id: what changed, and what is gone.

        With the alternate key one question answers for all of them; what it does not show is asked for by id.
        """
        wanted = set(ids)
        found: dict[str, str] = {}
        if not wanted:
            return found
        if self.environment.keys.get(table) == "Active":
            self._note_versions(table, f"$select={table}id&$filter={KEY_COLUMN}%20ne%20null", found)
        for question in _cut(sorted(wanted - set(found)), IDS_IN_QUESTION):
            self._note_versions(table, f"$select={table}id&$filter={_any_of(f'{table}id', question)}", found)
        return {row_id: version for row_id, version in found.items() if row_id in wanted}

    def _note_versions(self, table: Table, query: str, found: dict[str, str]) -> None:
        for row in self.client.rows(SETS[table], query):
            known = self._row(table, row)
            found[known.id] = known.version

    def opportunities_of(self, lead_id: str) -> list[Row]:
        """The opportunities that a lead was qualified into."""
        query = f"{self._select('opportunity')}&$filter=_originatingleadid_value%20eq%20{lead_id}"
        return [self._row("opportunity", row) for row in self.client.rows(SETS["opportunity"], query)]

    def _row(self, table: Table, content: Mapping[str, Any], etag: str | None = None) -> Row:
        version = str(content.get("@odata.etag") or etag or "")
        return Row(table, str(content.get(f"{table}id") or "").lower(), version, dict(content))

    # Writing

    def create(self, table: Table, referral_id: str, body: Mapping[str, Any]) -> Row | None:
        """Make the record of a referral; None where it is there already."""
        address = self._address(table, referral_id)
        if not self._by_alternate(table, referral_id) and self.has_key_column(table):
            body = {**body, KEY_COLUMN: referral_id[:100]}
        try:
            answer = self._write(address, table, body, {"If-None-Match": "*"})
        except CrmError as error:
            if error.kind in {"record_exists", "changed_meanwhile"}:
                return None
            raise
        return self._written(table, answer, address)

    def update(self, table: Table, row_id: str, body: Mapping[str, Any], version: str) -> Row:
        """Change a record that nobody changed since it was read.

        Raises:
            CrmError: ``changed_meanwhile``, ``record_not_found``, or another refusal.
        """
        address = f"{SETS[table]}({row_id})"
        return self._written(table, self._write(address, table, body, {"If-Match": version or "*"}), address)

    def _write(self, address: str, table: Table, body: Mapping[str, Any], condition: Mapping[str, str]) -> Answer:
        try:
            return self.client.send(
                "PATCH", f"{address}?{self._select(table)}", body=body, headers={**_REPRESENTATION, **condition}
            )
        except CrmError as error:
            self.outdated = self.outdated or error.kind in _OUTDATED
            raise

    def _written(self, table: Table, answer: Answer, address: str) -> Row:
        row = self._row(table, answer.content, answer.etag)
        if row.id:
            return row
        found = self._one(table, address)  # a service that gives no representation
        if found is None:
            raise CrmError(_gone())
        return found

    # States; neither is repeated blindly, since each call leaves an activity behind

    def close(self, row_id: str, status: int, *, won: bool, details: Mapping[str, Any]) -> None:
        """Win or lose an opportunity."""
        action = "WinOpportunity" if won else "LoseOpportunity"
        activity = {**details, "opportunityid@odata.bind": f"/opportunities({row_id})"}
        self.client.send("POST", action, body={"Status": status, "OpportunityClose": activity}, repeat=False)

    def qualify(self, lead_id: str, currency_id: str | None, account_id: str | None) -> str | None:
        """Qualify a lead into an opportunity; the opportunity's id."""
        body: dict[str, Any] = {"CreateAccount": False, "CreateContact": False, "CreateOpportunity": True, "Status": 3}
        if currency_id:
            kind = "Microsoft.Dynamics.CRM.transactioncurrency"
            body["OpportunityCurrencyId"] = {"@odata.type": kind, "transactioncurrencyid": currency_id}
        if account_id:
            body["OpportunityCustomerId"] = {"@odata.type": "Microsoft.Dynamics.CRM.account", "accountid": account_id}
        answer = self.client.send(
            "POST", f"leads({lead_id})/Microsoft.Dynamics.CRM.QualifyLead", body=body, repeat=False
        )
        made = answer.content.get("value")
        ids = [row.get("opportunityid") for row in made if isinstance(row, dict)] if isinstance(made, list) else []
        return next((str(row_id).lower() for row_id in ids if row_id), None)


def _gone() -> Any:
    from shared.dynamics.answers import Refusal

    return Refusal(404, "80040217", "record_not_found", "The record does not exist in Dynamics 365.", whole=False)


def _any_of(column: str, ids: Sequence[str]) -> str:
    return "%20or%20".join(f"{column}%20eq%20{row_id}" for row_id in ids)


def _cut(ids: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), most):
        yield ids[start : start + most]
