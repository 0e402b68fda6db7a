"""The other actors: people and flows who work in the environment beside us."""

import uuid
from decimal import Decimal
from typing import Any

from .store import HUMAN, Store, currency_id


class People:
    """Changes that somebody else makes; each raises the row's version, as every write does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, table: str, **values: Any) -> str:
        """Type in a row; its id."""
        row_id = str(uuid.uuid4())
        states = self._store.schemas[table].states
        if states:
            values = {"statecode": 0, "statuscode": next(iter(states[0][1])), **values}
        self._store.put(table, row_id, values, HUMAN)
        return row_id

    def change(self, table: str, row_id: str, *, by: str = HUMAN, **values: Any) -> None:
        """Edit a row; amounts may be given as numbers."""
        self._store.get(table, row_id)
        for name, value in values.items():
            column = self._store.schemas[table].columns.get(name)
            if column is not None and column.kind == "money" and value is not None:
                values[name] = Decimal(str(value)).quantize(Decimal("0.0001"))
        self._store.put(table, row_id, values, by)

    def win(self, opportunity_id: str) -> None:
        """Close an opportunity as won."""
        self._store.close(opportunity_id, 3, 1, {"subject": "Won"}, HUMAN)

    def lose(self, opportunity_id: str, status: int = 4) -> None:
        """Close an opportunity as lost."""
        self._store.close(opportunity_id, status, 2, {"subject": "Lost"}, HUMAN)

    def reopen(self, table: str, row_id: str) -> None:
        """Open a closed row again."""
        self.change(table, row_id, statecode=0, statuscode=1)

    def qualify(self, lead_id: str) -> str:
        """Qualify a lead into an opportunity; the opportunity's id."""
        lead = self._store.get("lead", lead_id)
        values = {"name": lead.get("subject"), "_originatingleadid_value": lead_id}
        values |= {"estimatedvalue": lead.get("estimatedamount"), "estimatedclosedate": lead.get("estimatedclosedate")}
        values["_transactioncurrencyid_value"] = lead.get("_transactioncurrencyid_value")
        values["_parentaccountid_value"] = values["_customerid_value"] = lead.get("_parentaccountid_value")
        made = self.add("opportunity", **values)
        self.change("lead", lead_id, statecode=1, statuscode=3, _qualifyingopportunityid_value=made)
        return made

    def delete(self, table: str, row_id: str) -> None:
        """Delete a row."""
        self._store.delete(table, row_id)

    def currency(self, row_id: str, code: str, table: str = "opportunity") -> None:
        """Choose another currency."""
        self.change(table, row_id, _transactioncurrencyid_value=currency_id(code))

    def merge(self, table: str, loser: str, winner: str) -> None:
        """Merge two rows: the loser is deactivated and points to the winner."""
        self.change(table, loser, statecode=1, statuscode=2, _masterid_value=winner)
