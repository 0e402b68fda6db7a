"""Reading an environment: who we are, its columns, currencies and keys. What can't be read is taken as Microsoft ships it."""

from __future__ import annotations

from typing import Any, Final

from shared.dynamics.answers import CrmError
from shared.dynamics.client import CrmClient
from shared.dynamics.environment import (
    CONNECTOR_NAMES,
    TABLES,
    Column,
    Environment,
    columns_of,
    currencies_of,
    key_state,
    options_of,
)

_STRONG: Final = {"Consistency": "Strong"}


def read_environment(client: CrmClient, now: str) -> Environment:
    """What there is to know. Raises the errors of the connection.

    Args:
        client: sends the requests.
        now: the time, kept with what was read.
    """
    me = client.get("WhoAmI")
    user_id = str(me.get("UserId") or "").lower()
    organisations = _list(client, "organizations", "$select=name")
    users = _list(client, "systemusers", f"$select=fullname&$filter=systemuserid%20eq%20{user_id}") if user_id else []
    names = "isocurrencycode,currencyname,currencyprecision,statecode"
    tables = {table: _columns(client, table) for table in TABLES}
    return Environment(
        organisation=str(_first(organisations).get("name") or ""),
        user_id=user_id,
        user=str(_first(users).get("fullname") or ""),
        tables={table: columns for table, columns in tables.items() if columns},
        currencies=currencies_of(client.rows("transactioncurrencies", f"$select={names}")),
        keys=read_keys(client),
        connector=_has_connector(client),
        read_at=now,
    )


def read_keys(client: CrmClient) -> dict[str, str]:
    """The state of the alternate key's index, by table."""
    found = {}
    for table in ("lead", "opportunity"):
        query = "$select=SchemaName,KeyAttributes,EntityKeyIndexStatus"
        state = key_state(_list(client, _definition(table, "Keys"), query, **_STRONG))
        if state:
            found[table] = state
    return found


def _columns(client: CrmClient, table: str) -> dict[str, Column]:
    attributes = _list(client, _definition(table, "Attributes"), **_STRONG)
    if not attributes or table not in {"lead", "opportunity"}:
        return columns_of(attributes, {})
    path = _definition(table, "Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata")
    found = _list(client, path, "$select=LogicalName&$expand=OptionSet")
    choices = {str(attribute.get("LogicalName")): options for attribute in found if (options := options_of(attribute))}
    return columns_of(attributes, choices)


def _has_connector(client: CrmClient) -> bool:
    """Whether Microsoft's own connector is installed, which would fight this one."""
    query = "$select=friendlyname,uniquename&$filter=contains(friendlyname,'Partner%20Center')"
    rows = _list(client, "solutions", query)
    return any(str(row.get("friendlyname") or "").lower().startswith(CONNECTOR_NAMES) for row in rows)


def _definition(table: str, part: str) -> str:
    return f"EntityDefinitions(LogicalName='{table}')/{part}"


def _list(client: CrmClient, path: str, query: str = "", **headers: str) -> list[dict[str, Any]]:
    """The rows of an answer; none where the environment refuses the question."""
    try:
        value = client.get(path, query, **headers).get("value")
    except CrmError:
        return []
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _first(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return rows[0] if rows else {}
