"""Definitions of tables, columns and keys: reading them, and what setup makes."""

import re
import uuid
from collections import Counter
from typing import Any

import msgspec

from local.simulator.messages import Request, Response

from . import errors
from .errors import Refused
from .schema import Column, Key, Row, TableSchema
from .store import SYSTEM_USER, Store

_TYPES = {
    "text": ("String", "StringAttributeMetadata"),
    "memo": ("Memo", "MemoAttributeMetadata"),
    "money": ("Money", "MoneyAttributeMetadata"),
    "double": ("Double", "DoubleAttributeMetadata"),
    "integer": ("Integer", "IntegerAttributeMetadata"),
    "date": ("DateTime", "DateTimeAttributeMetadata"),
    "datetime": ("DateTime", "DateTimeAttributeMetadata"),
    "choice": ("Picklist", "PicklistAttributeMetadata"),
    "boolean": ("Boolean", "BooleanAttributeMetadata"),
    "lookup": ("Lookup", "LookupAttributeMetadata"),
    "guid": ("Uniqueidentifier", "AttributeMetadata"),
}
_ADDRESS = re.compile(r"EntityDefinitions\(LogicalName='([a-z_0-9]+)'\)(?:/(.*))?")


class Metadata:
    """Answers ``EntityDefinitions`` and ``PublishXml``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.published = 0

    def answer(self, request: Request, path: str, base: str) -> Response:
        """The answer. Raises Refused."""
        if path == "PublishXml":
            self.published += 1
            return Response(204)
        match = _ADDRESS.fullmatch(path)
        schema = self._store.schemas.get(match[1]) if match else None
        if match is None or schema is None:
            raise Refused(404, "0x80060888", "The entity with this logical name was not found in the MetadataCache.")
        if request.method == "POST":
            return self._make(request, schema, match[2] or "", base)
        return _json(self._read(schema, match[2] or "", base, request.query))

    def _read(self, schema: TableSchema, what: str, base: str, query: dict[str, str]) -> Row:
        expanded = query.get("$expand") == "OptionSet"
        chosen = [name for name in query.get("$select", "").split(",") if name]
        named = ",".join([*chosen, *(["OptionSet()"] if expanded else [])])
        shown = f"({named})" if named else ""
        if not what:
            row: Row = {"LogicalName": schema.name, "EntitySetName": schema.set_name, "MetadataId": _id(schema.name)}
            row |= {"ChangeTrackingEnabled": schema.change_tracking, "IsOptimisticConcurrencyEnabled": True}
            return {"@odata.context": f"{base}$metadata#EntityDefinitions{shown}/$entity", **_only(row, chosen)}
        context = f"{base}$metadata#EntityDefinitions('{schema.name}')/{what}{shown}"
        if what == "Keys":
            return {
                "@odata.context": context,
                "value": [_only(self._key(schema, key), chosen) for key in schema.keys.values()],
            }
        rows = [_attribute(schema, name, expanded=expanded) for name in _names(schema)]
        kind = what.removeprefix("Attributes/Microsoft.Dynamics.CRM.")
        if what != "Attributes":
            if kind == what:
                raise errors.segment_missing(what)
            rows = [row for row in rows if row["@odata.type"] == f"#Microsoft.Dynamics.CRM.{kind}"]
        kept = ["@odata.type", *chosen, "OptionSet"] if chosen else []
        return {"@odata.context": context, "value": [_only(row, kept) for row in rows]}

    def _key(self, schema: TableSchema, key: Key) -> Row:
        shown = key.status
        if key.status == "Pending":
            key.polls_left -= 1
            if key.polls_left <= 0:
                failed = self._store.switches.key_fails or self._has_twins(schema.name, key)
                key.status = "Failed" if failed else "Active"
        return {
            "SchemaName": key.schema_name,
            "LogicalName": key.schema_name.lower(),
            "EntityLogicalName": schema.name,
            "KeyAttributes": key.columns,
            "EntityKeyIndexStatus": shown,
            "MetadataId": _id(f"{schema.name}.{key.schema_name}"),
        }

    def _has_twins(self, table: str, key: Key) -> bool:
        """Whether two rows have the same values, over which no key can be."""
        rows = (tuple(str(row.get(name) or "").lower() for name in key.columns) for row in self._store.all(table))
        return max(Counter(row for row in rows if all(row)).values(), default=0) > 1

    def _make(self, request: Request, schema: TableSchema, what: str, base: str) -> Response:
        if not self._store.switches.customiser:
            privilege = "prvCreateAttribute" if what == "Attributes" else "prvCreateEntityKey"
            raise errors.privilege_missing(privilege, schema.name, SYSTEM_USER)
        body = msgspec.json.decode(request.body)
        name = str(body["SchemaName"])
        if what == "Attributes":
            if name.lower() in schema.columns:
                raise Refused(400, "0x80047013", f"An attribute with the specified name {name} already exists.")
            self._make_column(schema, name, body)
        elif what == "Keys":
            if name.lower() in schema.keys:
                raise Refused(400, "0x80060893", "An entity key with the specified name already exists.")
            columns = [str(column) for column in body["KeyAttributes"]]
            for column in columns:
                if column not in schema.columns:
                    raise Refused(400, "0x80060888", f"There is no attribute {column}.")
            polls = self._store.switches.key_polls
            schema.keys[name.lower()] = Key(name, columns, polls, "Pending" if polls else "Active")
        else:
            raise errors.segment_missing(what)
        address = f"{base}EntityDefinitions({_id(schema.name)})/{what}({_id(f'{schema.name}.{name}')})"
        return Response(204, headers={"OData-Version": "4.0", "OData-EntityId": address})

    def _make_column(self, schema: TableSchema, name: str, body: Row) -> None:
        if not body["@odata.type"].endswith("StringAttributeMetadata"):
            raise Refused(400, "0x80040203", "The simulator makes texts alone.")
        required = body.get("RequiredLevel", {}).get("Value", "None")
        schema.columns[name.lower()] = Column("text", body["MaxLength"], required=required, schema_name=name)


def _names(schema: TableSchema) -> list[str]:
    return [*schema.columns, *(("statecode", "statuscode") if schema.states else ())]


def _attribute(schema: TableSchema, name: str, *, expanded: bool) -> Row:
    """A column's definition; its choices only where they are asked for."""
    row = _whole_attribute(schema, name)
    return row if expanded else {key: value for key, value in row.items() if key != "OptionSet"}


def _whole_attribute(schema: TableSchema, name: str) -> Row:
    if name == "statecode":
        options = [{"Value": state, "Label": _label(label)} for state, (label, _) in schema.states.items()]
        return _typed(name, "State", "StateAttributeMetadata", "SystemRequired", {"OptionSet": {"Options": options}})
    if name == "statuscode":
        options = [
            {"Value": reason, "Label": _label(label), "State": state}
            for state, (_, reasons) in schema.states.items()
            for reason, label in reasons.items()
        ]
        return _typed(name, "Status", "StatusAttributeMetadata", "None", {"OptionSet": {"Options": options}})
    column = schema.columns[name]
    kind, metadata = _TYPES[column.kind]
    more: Row = {}
    if column.kind in {"text", "memo"}:
        more["MaxLength"] = int(column.most)
    elif column.kind in {"money", "double", "integer"}:
        more |= {"MaxValue": column.most, "MinValue": column.least}
    elif column.kind == "choice":
        more["OptionSet"] = {"Options": [{"Value": at, "Label": _label(text)} for at, text in column.choices.items()]}
    elif column.kind in {"date", "datetime"}:
        more["Format"] = "DateOnly" if column.kind == "date" else "DateAndTime"
    elif column.kind == "lookup":
        more["Targets"] = sorted(set(column.targets.values()))
    return _typed(name, kind, metadata, column.required, more, column.schema_name)


def _typed(name: str, kind: str, metadata: str, required: str, more: Row, schema_name: str = "") -> Row:
    return {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{metadata}",
        "LogicalName": name,
        "SchemaName": schema_name or name,
        "AttributeType": kind,
        "RequiredLevel": {"Value": required, "CanBeChanged": True},
        "IsValidForCreate": True,
        "IsValidForUpdate": True,
        "IsCustomAttribute": bool(schema_name),
        "MetadataId": _id(name),
        **more,
    }


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def _only(row: Row, names: list[str]) -> Row:
    """The members that were chosen; all without a choice. The id of a definition is always there."""
    return {name: row[name] for name in [*names, "MetadataId"] if name in row} if names else row


def _label(text: str) -> Row:
    label = {"Label": text, "LanguageCode": 1033}
    return {"LocalizedLabels": [label], "UserLocalizedLabel": label}


def _json(value: Any) -> Response:
    body = msgspec.json.encode(value)
    return Response(200, body, "application/json; odata.metadata=minimal", {"OData-Version": "4.0"})
