"""Errors as Dataverse words them (samples beside the tests show each)."""

import json
from typing import Any

from local.simulator.messages import Response


class Refused(Exception):
    """A request that Dataverse answers with an error."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}

    def response(self) -> Response:
        """The answer."""
        body = json.dumps({"error": {"code": self.code, "message": self.message}}, ensure_ascii=False).encode()
        return Response(self.status, body, "application/json; odata.metadata=minimal", dict(self.headers))


def row_missing(table: str, row_id: str) -> Refused:
    """404 of a row that is not there."""
    return Refused(404, "0x80040217", f"{table} With Id = {row_id} Does Not Exist")


def key_missing(table: str) -> Refused:
    """404 of an alternate key without a row."""
    return Refused(404, "0x80060891", f"A record with the specified key values does not exist in {table} entity")


def key_undefined(table: str) -> Refused:
    """400 of an alternate key that is not defined, or whose index is not active yet."""
    return Refused(400, "0x80060890", f"The specified key attributes are not a defined key for the {table} entity")


def row_exists() -> Refused:
    """412 of a create-only write, and of a key that is taken."""
    return Refused(412, "0x80040237", "A record with matching key values already exists.")


def version_differs() -> Refused:
    """412 of a write with an old eTag."""
    return Refused(
        412, "0x80060882", "The version of the existing record doesn't match the RowVersion property provided."
    )


def segment_missing(segment: str) -> Refused:
    """404 of an address that is no set, function or action."""
    return Refused(404, "0x8006088a", f"Resource not found for the segment '{segment}'.")


def column_unknown(table: str, column: str) -> Refused:
    """400 of a column in $select or $filter."""
    return Refused(
        400, "0x80060888", f"Could not find a property named '{column}' on type 'Microsoft.Dynamics.CRM.{table}'."
    )


def property_unknown(table: str, name: str) -> Refused:
    """400 of a column in a body."""
    return Refused(
        400,
        "0x0",
        "An error occurred while validating input parameters: Microsoft.OData.ODataException: "
        f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{table}'.",
    )


def bind_unknown(set_name: str, name: str) -> Refused:
    """400 of a wrong ``@odata.bind`` name."""
    return Refused(
        400,
        "0x80048d19",
        f"Error identified in Payload provided by the user for Entity :'{set_name}', For more information on this error "
        "please follow this help link https://go.microsoft.com/  ---->  InnerException : Microsoft.OData.ODataException: "
        f"An undeclared property '{name}' which only has property annotations in the payload but no property value was "
        "found in the payload.",
    )


def text_too_long(table: str, column: str, most: int) -> Refused:
    """400 of a text longer than its column."""
    return Refused(
        400,
        "0x80044331",
        f"A validation error occurred.  The length of the '{column}' attribute of the '{table}' entity exceeded the "
        f"maximum allowed length of '{most}'.",
    )


def out_of_range(code: str, table: str, column: str, value: Any) -> Refused:
    """400 of a choice, integer or decimal outside its range."""
    return Refused(
        400,
        code,
        f"A validation error occurred. The value {value} of '{column}' on record of type '{table}' is outside the valid range.",
    )


_TYPE_CODES = {"account": 1, "contact": 2, "opportunity": 3, "lead": 4, "systemuser": 8, "opportunityclose": 4208}
"""Object type codes of Microsoft's own tables; others have one above 10,000."""


def privilege_missing(privilege: str, table: str, user: str) -> Refused:
    """403 of a role without a privilege."""
    code = _TYPE_CODES.get(table, 10_000)
    return Refused(
        403,
        "0x80040220",
        f"Principal user (Id={user}, type=8, roleCount=1, privilegeCount=12, accessMode=4), is missing {privilege} "
        f"privilege (Id=00000000-0000-4000-8000-0000000000aa) on OTC={code} for entity '{table}'. context.Caller={user}",
    )


NOT_A_MEMBER = ("0x80072560", "The user is not a member of the organization.")
