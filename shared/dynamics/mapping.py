"""The mapping: which of our fields goes to which column, who owns it, and which record a referral becomes.

A mapping is JSON (``docs/dynamics.md`` has examples); what isn't said in it is as in the built-in one. It is checked here
for what can be known without an environment, and by ``checks.py`` against one.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

from shared.model.category import CATEGORIES

Table = Literal["lead", "opportunity"]
Owner = Literal["crm", "partnerCenter"]
Mode = Literal["both", "create", "empty", "off"]
Goal = Literal["lead", "opportunity", "none"]

ANY: Final = "*"
"""Every category, choice or reason that isn't named."""
FIELDS: Final = (
    *("name", "customerName", "dealValue", "currency", "closingDateTime", "salesStage", "notes"),
    *("contactFirstName", "contactLastName", "contactEmail", "contactPhone", "contactTitle"),
    *("website", "addressLine1", "city", "postalCode", "state", "country"),
    *("referralLink", "referralStatus", "category", "engagementId", "campaignId", "constant"),
)
"""What can be mapped; ``constant`` sends its ``value``."""
PULLED: Final = ("dealValue", "currency", "closingDateTime", "salesStage")
"""What a change in the CRM may change in Partner Center."""
REASONS: Final = (
    *("budget", "noResponse", "otherVendor", "requirementNotMet", "notACustomer", "timeline", "spam", "other"),
)
MOST_BYTES: Final = 256 * 1024
_COLUMN: Final = re.compile(r"[a-z][a-z0-9_]{0,127}")
_MOST_LINES: Final = 200


class InvalidMapping(ValueError):
    """A mapping that can't be used; ``problems`` are sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line: a field of ours, its column on either table, its owner, and when it is written.

    ``mode``: both (in step), create (written when the record is made), empty (written while the column is empty), off.
    """

    field: str
    lead: str | None = None
    opportunity: str | None = None
    owner: Owner = "partnerCenter"
    mode: Mode = "both"
    value: str | int | float | bool | None = None

    def column(self, table: Table) -> str | None:
        """The column on a table."""
        return self.lead if table == "lead" else self.opportunity


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What referrals of a category become while they are unanswered, and once they are accepted."""

    unanswered: Goal = "lead"
    accepted: Goal = "opportunity"


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole mapping."""

    version: int
    target: dict[str, Target]
    fields: tuple[Field, ...]
    choices: dict[str, dict[str, int | str]]
    """By field: our value to the column's, ``*`` for all others. The first of several that give one value is taken back."""
    reasons: dict[str, str]
    """By the status reason of a lost opportunity: why it was lost."""

    def target_of(self, category: str | None) -> Target:
        """What a category's referrals become."""
        return self.target.get(category or "other") or self.target.get(ANY) or Target()

    def lines(self, table: Table) -> list[Field]:
        """The lines that a table has a column for."""
        return [line for line in self.fields if line.column(table) and line.mode != "off"]

    def reason(self, status: int) -> str:
        """Why an opportunity with this status reason was lost."""
        return self.reasons.get(str(status)) or self.reasons.get(ANY) or "other"

    def status_of(self, reason: str | None) -> int:
        """The status reason with which an opportunity is lost for a reason of ours."""
        found = next((status for status, ours in self.reasons.items() if ours == reason and status != ANY), None)
        return int(found) if found else 4


def _line(
    field: str,
    lead: str | None = None,
    opportunity: str | None = None,
    owner: Owner = "partnerCenter",
    mode: Mode = "both",
) -> Field:
    return Field(field, lead, opportunity, owner, mode)


_decoder = msgspec.json.Decoder(Mapping)
BUILT_IN: Final = Mapping(
    version=1,
    target={ANY: Target()},
    fields=(
        _line("name", "subject", "name"),
        _line("customerName", "companyname"),
        _line("contactFirstName", "firstname"),
        _line("contactLastName", "lastname"),
        _line("contactEmail", "emailaddress1", "emailaddress"),
        _line("contactPhone", "telephone1"),
        _line("contactTitle", "jobtitle"),
        _line("website", "websiteurl"),
        _line("addressLine1", "address1_line1"),
        _line("city", "address1_city"),
        _line("postalCode", "address1_postalcode"),
        _line("state", "address1_stateorprovince"),
        _line("country", "address1_country"),
        _line("dealValue", "estimatedamount", "estimatedvalue", "crm"),
        _line("currency", "transactioncurrencyid", "transactioncurrencyid", "crm"),
        _line("closingDateTime", "estimatedclosedate", "estimatedclosedate", "crm"),
        _line("salesStage", None, "salesstage", "crm"),
        _line("notes", "description", "description", mode="create"),
        Field("constant", "leadsourcecode", None, mode="create", value=4),
        _line("referralLink", "hnt_referrallink", "hnt_referrallink", mode="create"),
        _line("referralStatus", "hnt_referralstatus", "hnt_referralstatus"),
    ),
    choices={
        "salesStage": {
            "Qualify": 0, "Develop": 1, "Propose": 2, "Close": 3,
            "20": 0, "10": 0, "40": 1, "60": 2, "80": 3, "100": 3,
            "Qualified": 0, "Accepted": 0, "Developed": 1, "Proposed": 2, "Negotiated": 3, "Won": 3,
        },
    },
    reasons={"4": "noResponse", "5": "otherVendor", ANY: "other"},
)  # fmt: skip
"""Stages come in three forms, and go back in the one that is there.

Value, currency, closing date and stage are the CRM's once the referral is accepted, the rest Partner Center's."""
OPTIONAL: Final = frozenset({"hnt_referrallink", "hnt_referralstatus", "emailaddress"})
"""Columns of the built-in mapping that are left out where the environment has none."""


def schema() -> dict[str, Any]:
    """The JSON schema of a mapping."""
    found: dict[str, Any] = msgspec.json.schema(Mapping)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Mapping to Dynamics 365", **found}


def dump(mapping: Mapping) -> bytes:
    """A mapping as JSON for people."""
    return msgspec.json.format(msgspec.json.encode(mapping), indent=2)


def parse(data: bytes) -> Mapping:
    """A mapping of its JSON; what isn't said is as in the built-in one.

    Raises:
        InvalidMapping: it can't be used; every problem is named.
    """
    if len(data) > MOST_BYTES:
        raise InvalidMapping(["The mapping is too large."])
    try:
        given = msgspec.json.decode(data, type=dict[str, Any])
        built_in: dict[str, Any] = msgspec.to_builtins(BUILT_IN)
        mapping = msgspec.convert({**built_in, **given}, Mapping)
    except msgspec.MsgspecError as error:
        raise InvalidMapping([f"This is no mapping: {error}."]) from None
    problems = [*_targets(mapping), *_lines(mapping), *_reasons(mapping)]
    if problems:
        raise InvalidMapping(problems)
    return mapping


def _targets(mapping: Mapping) -> list[str]:
    unknown = sorted(set(mapping.target) - {*CATEGORIES, ANY})
    problems = [
        f"target.{name}: There is no such category; there are {', '.join(CATEGORIES)} and *." for name in unknown
    ]
    for name, target in mapping.target.items():
        if target.unanswered == "opportunity" and target.accepted == "lead":
            problems.append(f"target.{name}: An opportunity does not become a lead again.")
    return problems


def _lines(mapping: Mapping) -> list[str]:
    if len(mapping.fields) > _MOST_LINES:
        return ["fields: There are too many lines."]
    problems, taken = [], set[tuple[str, str]]()
    for number, line in enumerate(mapping.fields):
        where = f"fields[{number}] ({line.field})"
        if line.field not in FIELDS:
            problems.append(f"{where}: There is no such field; there are {', '.join(FIELDS)}.")
        if line.field == "constant" and line.value is None:
            problems.append(f"{where}: A constant needs a value.")
        if line.owner == "crm" and line.field not in PULLED:
            problems.append(
                f"{where}: The CRM can own {', '.join(PULLED)} only; nothing else can be changed in Partner Center."
            )
        for table in ("lead", "opportunity"):
            column = line.lead if table == "lead" else line.opportunity
            if column is None:
                continue
            if not _COLUMN.fullmatch(column):
                problems.append(
                    f"{where}: {table} has no column of such a name; give its logical name in small letters."
                )
            elif (table, column) in taken:
                problems.append(f"{where}: The column {column} of {table} is mapped twice.")
            taken.add((table, column))
    return problems


def _reasons(mapping: Mapping) -> list[str]:
    problems = []
    for status, reason in mapping.reasons.items():
        if status != ANY and not status.isdigit():
            problems.append(f"reasons.{status}: A status reason is a number, or * for all others.")
        if reason not in REASONS:
            problems.append(f"reasons.{status}: There is no reason {reason}; there are {', '.join(REASONS)}.")
    return problems
