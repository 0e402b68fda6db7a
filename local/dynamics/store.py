"""The rows: validation as Dataverse does it, versions, states, keys."""

import re
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from . import errors
from .errors import Refused
from .schema import Column, Row, TableSchema, tables
from .switches import Switches

GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
CURRENCIES = (("EUR", "Euro", "€", 2, "1", 0), ("USD", "US Dollar", "$", 2, "1.1", 0),
              ("GBP", "Pound Sterling", "£", 2, "0.85", 0), ("JPY", "Yen", "¥", 0, "160", 0),
              ("TRY", "Turkish Lira", "₺", 2, "47.5", 1))  # fmt: skip
SYSTEM_USER = "7a31f9d8-5c2b-4e6f-a1d0-9b8c7e6f5d43"
HUMAN = "0b54c3c2-2f0c-4d53-a8e5-1d1f5a3f7c21"
ORGANISATION = "66666666-7777-4888-9999-000000000000"
BUSINESS_UNIT = "11111111-2222-4333-8444-555555555555"


def currency_id(code: str) -> str:
    """The id of a seeded currency."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"currency.{code}"))


class Store:
    """Every table's rows by id; one lock makes each write whole."""

    def __init__(self, switches: Switches, name: str = "Contoso Demo") -> None:
        self.lock = threading.RLock()
        self.schemas: dict[str, TableSchema] = tables()
        self.rows: dict[str, dict[str, Row]] = {table: {} for table in self.schemas}
        self.switches = switches
        self.writes: list[tuple[str, str, str]] = []
        """(operation, table, id) of every write by the API."""
        self.after_write: Callable[[str, str], None] | None = None
        self.version = 5_410_000
        """Goes up with every write."""
        self.deleted: dict[str, dict[str, int]] = {table: {} for table in self.schemas}
        """By id the version at which a row was deleted."""
        self._offset = timedelta()
        self._seed(name)

    def _seed(self, name: str) -> None:
        for code, label, symbol, precision, rate, state in CURRENCIES:
            row: Row = {"isocurrencycode": code, "currencyname": label, "currencysymbol": symbol}
            row |= {"currencyprecision": precision, "exchangerate": Decimal(rate), "statecode": state}
            self.put("transactioncurrency", currency_id(code), {**row, "statuscode": state + 1})
        self.put("systemuser", SYSTEM_USER, {"fullname": "Hunter Sync", "isdisabled": False})
        self.put("systemuser", HUMAN, {"fullname": "Sam Seller", "isdisabled": False})
        base = {"_basecurrencyid_value": currency_id("EUR"), "expirechangetrackingindays": 7}
        self.put("organization", ORGANISATION, {"name": name, **base})

    def kept(self) -> tuple[int, dict[str, dict[str, Row]]]:
        """Version and rows, for ``restore``."""
        with self.lock:
            return self.version, {table: dict(rows) for table, rows in self.rows.items()}

    def restore(self, kept: tuple[int, dict[str, dict[str, Row]]]) -> None:
        """Take the rows that were kept; tables that were unknown then stay as they are."""
        with self.lock:
            self.version, rows = kept
            self.rows |= {table: rows[table] for table in self.rows if table in rows}

    def put(self, table: str, row_id: str, values: Row, by: str = SYSTEM_USER) -> Row:
        """Place a row as it is, without any check: seeds, imports and people use it."""
        with self.lock:
            now = self.now()
            row = self.rows[table].get(row_id) or {self.schemas[table].id: row_id, "createdon": now}
            row = {**row, "modifiedon": now, "_modifiedby_value": by, **values}
            self.version += 1
            row["versionnumber"] = self.version
            self.rows[table][row_id] = row
            return row

    def now(self) -> str:
        """The server's time, to the second."""
        return (datetime.now(UTC) + self._offset).strftime("%Y-%m-%dT%H:%M:%SZ")

    def advance(self, step: timedelta) -> None:
        """Move the server's clock."""
        self._offset += step

    # Reading

    def get(self, table: str, row_id: str) -> Row:
        """A row by its id. Raises the 404."""
        try:
            return self.rows[table][row_id.lower()]
        except KeyError:
            raise errors.row_missing(table, row_id) from None

    def by_key(self, table: str, names: list[str], values: list[str]) -> Row | None:
        """The row with these key values. Raises the 400 where no active key has these columns."""
        key = next((key for key in self.schemas[table].keys.values() if key.columns == names), None)
        if key is None or key.status != "Active":
            raise errors.key_undefined(table)
        wanted = [value.lower() for value in values]
        for row in tuple(self.rows[table].values()):  # others write meanwhile
            if [str(row.get(name) or "").lower() for name in names] == wanted:
                return row
        return None

    def all(self, table: str) -> Iterator[Row]:
        """The rows in the order of their ids."""
        with self.lock:
            return iter([row for _, row in sorted(self.rows[table].items())])

    # Writing

    def create(self, table: str, row_id: str | None, body: Row, by: str) -> Row:
        """A new row, checked and with its defaults."""
        with self.lock:
            schema = self.schemas[table]
            given = str(body.get(schema.id) or row_id or uuid.uuid4()).lower()
            if given in self.rows[table]:
                raise errors.row_exists()
            values = self._checked(schema, body, None)
            if schema.states:
                state, status = values.get("statecode", 0), values.get("statuscode")
                if table == "opportunity" and state != 0:
                    raise Refused(400, "0x80100005", "Use WinOpportunity or LoseOpportunity to close an opportunity.")
                values["statecode"], values["statuscode"] = self._state(schema, state, status)
            self._check_keys(schema, values, given)
            row = self.put(table, given, self._completed(schema, values), by)
            self._wrote("create", table, given)
            return row

    def update(self, table: str, row_id: str, body: Row, by: str) -> Row:
        """Change a row."""
        with self.lock:
            schema, before = self.schemas[table], self.get(table, row_id)
            values = self._checked(schema, body, before)
            if "statecode" in values or "statuscode" in values:
                self._change_state(schema, before, values)
            self._check_keys(schema, values, row_id)
            row = self.put(table, row_id, self._completed(schema, {**before, **values}), by)
            self._wrote("update", table, row_id)
            return row

    def close(self, opportunity_id: str, status: int, state: int, details: Row, by: str) -> None:
        """Win or lose an opportunity: its state, and the activity that says so."""
        with self.lock:
            row = self.get("opportunity", opportunity_id)
            if row["statecode"] != 0:
                raise Refused(400, "0x80040515", "The opportunity has already been closed.")
            reasons = self.schemas["opportunity"].states[state][1]
            status = next(iter(reasons)) if status == -1 else status
            if status not in reasons:
                raise Refused(400, "0x80048408", f"{status} is not a valid status code for state code {state}.")
            values: Row = {"statecode": state, "statuscode": status}
            values["actualclosedate"] = str(details.get("actualend") or self.now())[:10]
            if details.get("actualrevenue") is not None:
                values["actualvalue"] = Decimal(str(details["actualrevenue"]))
            self.put("opportunity", opportunity_id, values, by)
            activity = {"subject": details.get("subject"), "description": details.get("description")}
            activity |= {"_opportunityid_value": opportunity_id, "status": status}
            self.put("opportunityclose", str(uuid.uuid4()), activity, by)
            self._wrote("close", "opportunity", opportunity_id)

    def delete(self, table: str, row_id: str) -> None:
        """Remove a row. Raises the 404."""
        with self.lock:
            self.get(table, row_id)
            del self.rows[table][row_id.lower()]
            self.version += 1
            self.deleted[table][row_id.lower()] = self.version

    def _wrote(self, operation: str, table: str, row_id: str) -> None:
        self.writes.append((operation, table, row_id))
        if self.after_write is not None:
            self.after_write(table, row_id)

    # Checking

    def _checked(self, schema: TableSchema, body: Row, before: Row | None) -> Row:
        values: Row = {}
        for name, value in body.items():
            if name.endswith("@odata.bind"):
                column, bound = self._bound(schema, name.removesuffix("@odata.bind"), value)
                values[column] = bound
                continue
            if name.startswith("@odata") or name == schema.id:
                continue
            if name in {"statecode", "statuscode"} and schema.states:
                values[name] = value
                continue
            column_of = schema.columns.get(name)
            if column_of is None or column_of.kind == "lookup":
                raise errors.property_unknown(schema.name, name)
            if column_of.read_only:
                if self.switches.refuse_read_only:
                    raise errors.property_unknown(schema.name, name)
                continue
            values[name] = None if value is None else self._value(schema.name, name, column_of, value)
        if any("CUSTOM_RULE" in str(value) for value in values.values()):
            raise Refused(400, "0x80040265", self.switches.plugin_text)
        self._check_money(schema, values, before or {})
        return values

    def _bound(self, schema: TableSchema, name: str, value: Any) -> tuple[str, str | None]:
        found = schema.bind(name)
        if found is None:
            raise errors.bind_unknown(schema.set_name, name)
        column, table = found
        if value is None:
            return f"_{column}_value", None
        match = re.fullmatch(r"(?:https?://[^/]+/api/data/v9\.\d/|/)?([a-z]+)\((.+)\)", str(value))
        if match is None or match[1] != self.schemas[table].set_name:
            raise errors.bind_unknown(schema.set_name, name)
        if GUID.fullmatch(match[2]):
            row = self.get(table, match[2])
        else:
            key, _, text = match[2].partition("=")
            found_row = self.by_key(table, [key], [text.strip("'").replace("''", "'")])
            if found_row is None:
                raise errors.key_missing(table)
            row = found_row
        if table == "transactioncurrency" and row["statecode"] != 0:
            raise Refused(400, "0x80048cfc", "The currency cannot be used: it is inactive.")
        return f"_{column}_value", str(row[self.schemas[table].id])

    def _value(self, table: str, name: str, column: Column, value: Any) -> Any:
        if column.kind in {"text", "memo"}:
            if not isinstance(value, str):
                raise errors.property_unknown(table, name)
            if len(value) > column.most:
                raise errors.text_too_long(table, name, int(column.most))
            return value
        if column.kind == "date":
            if not isinstance(value, str) or not _is_date(value):
                raise Refused(400, "0x0", f"Cannot convert the literal '{value}' to the expected type 'Edm.Date'.")
            return value[:10]
        if column.kind == "boolean":
            return bool(value)
        if column.kind in {"money", "double", "integer", "choice"}:
            return _number(table, name, column, value)
        return value

    def _check_money(self, schema: TableSchema, values: Row, before: Row) -> None:
        amounts = [name for name in values if schema.columns.get(name, Column("text")).kind == "money"]
        if not amounts:
            return
        currency = values.get("_transactioncurrencyid_value") or before.get("_transactioncurrencyid_value")
        if not currency:
            if self.switches.money_needs_currency:
                raise Refused(400, "0x80048cfb", "A currency is required if a value exists in a money field.")
            currency = values["_transactioncurrencyid_value"] = currency_id("EUR")
        precision = int(self.rows["transactioncurrency"][currency].get("currencyprecision") or 0)
        for name in amounts:
            if values[name] is not None:
                step = Decimal(1).scaleb(-precision)
                values[name] = values[name].quantize(step, ROUND_HALF_EVEN).quantize(Decimal("0.0001"))

    def _check_keys(self, schema: TableSchema, values: Row, row_id: str) -> None:
        for key in schema.keys.values():
            wanted = [str(values.get(name) or "").lower() for name in key.columns]
            if key.status != "Active" or not all(wanted):
                continue
            for other, row in self.rows[schema.name].items():
                if other != row_id and [str(row.get(name) or "").lower() for name in key.columns] == wanted:
                    raise Refused(
                        412,
                        "0x80060892",
                        f"Entity Key {key.schema_name} violated. A record with the same value for "
                        f"{', '.join(key.columns)} already exists.",
                    )

    def _completed(self, schema: TableSchema, values: Row) -> Row:
        """What the server fills in by itself."""
        currency = self.rows["transactioncurrency"].get(str(values.get("_transactioncurrencyid_value")))
        if currency:
            for name, column in schema.columns.items():
                amount = values.get(name)
                if column.kind == "money" and f"{name}_base" in schema.columns and amount is not None:
                    values[f"{name}_base"] = (amount / currency["exchangerate"]).quantize(Decimal("0.0001"))
        if schema.name in {"lead", "contact"}:
            values["fullname"] = " ".join(filter(None, (values.get("firstname"), values.get("lastname"))))
        if schema.name == "opportunity" and values.get("isrevenuesystemcalculated"):
            values["estimatedvalue"] = Decimal("0.0000")
        return values

    def _state(self, schema: TableSchema, state: Any, status: Any) -> tuple[int, int]:
        reasons = schema.states.get(state, ("", {}))[1]
        if not reasons:
            raise errors.out_of_range("0x8004431a", schema.name, "statecode", state)
        if status is None or status == -1:
            return state, next(iter(reasons))
        if status not in reasons:
            raise Refused(400, "0x80048408", f"{status} is not a valid status code for state code {state}.")
        return state, status

    def _change_state(self, schema: TableSchema, before: Row, values: Row) -> None:
        state = values.get("statecode", before["statecode"])
        values["statecode"], values["statuscode"] = self._state(schema, state, values.get("statuscode"))
        if schema.name == "opportunity" and state != before["statecode"] and state != 0:
            name = "WinOpportunity" if state == 1 else "LoseOpportunity"
            raise Refused(
                400, "0x80100005", f"This message can not be used to set the state of opportunity. Use {name}."
            )
        if schema.name == "lead" and before["statecode"] and state and state != before["statecode"]:
            raise Refused(400, "0x80048408", "The lead is closed; reopen it first.")


def _number(table: str, name: str, column: Column, value: Any) -> Any:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise errors.property_unknown(table, name) from None
    if column.kind == "choice":
        if number != int(number) or int(number) not in column.choices:
            raise errors.out_of_range("0x8004431a", table, name, value)
        return int(number)
    if not column.least <= number <= Decimal(column.most):
        raise errors.out_of_range("0x8004432f" if column.kind == "integer" else "0x80044330", table, name, value)
    return int(number) if column.kind == "integer" else number


def _is_date(value: str) -> bool:
    try:
        datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True
