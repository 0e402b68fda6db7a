"""Columns and keys in the environment: each step looks first, so setup can be run again and again.

Calls and bodies: Microsoft Learn, "Create and update column definitions using the Web API" and "Work with alternate keys".
The runtime needs none of these rights: give them to a person or to a second application.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from shared.core.clock import Clock
from shared.dynamics.answers import CrmError
from shared.dynamics.client import CrmClient
from shared.dynamics.environment import KEY_COLUMN
from shared.dynamics.metadata import read_keys

PUBLISHER: Final = "hunterreferrals"
SOLUTION: Final = "HunterReferralSync"
PREFIX: Final = "hnt"
OPTION_PREFIX: Final = 81694
TABLES: Final = ("lead", "opportunity")
COLUMNS: Final = (
    ("hnt_ReferralId", "Referral id", "Id of the Partner Center referral", 100, "Text"),
    ("hnt_ReferralLink", "Referral link", "Opens the referral", 500, "Url"),
    ("hnt_ReferralStatus", "Referral status", "Status in Partner Center", 50, "Text"),
)
"""Schema name, label, description, longest text, format."""
KEY_NAME: Final = "hnt_ReferralKey"
WAIT_SECONDS: Final = 600.0
_POLL_SECONDS: Final = 5.0
_ENGLISH: Final = 1033


@dataclass(frozen=True)
class Line:
    """One thing that was looked at: whether it fits, and what it is, or what to do."""

    ok: bool
    text: str


class Setup:
    """Makes what is missing.

    Args:
        client: with a customiser's rights.
        clock: the time.
        say: called with each line as it is known.
        look_only: only look.
    """

    def __init__(self, client: CrmClient, clock: Clock, say: Callable[[Line], None], *, look_only: bool) -> None:
        self._client = client
        self._clock = clock
        self._say = say
        self._look_only = look_only
        self._made = 0
        self._fits = True

    def run(self) -> bool:
        """Go through all steps; whether all fits in the end. Raises the errors of the connection."""
        try:
            publisher = self._row(
                "publishers", "publisherid", f"uniquename eq '{PUBLISHER}'", "publisher", _publisher()
            )
            solution = {**_solution(), "publisherid@odata.bind": f"/publishers({publisher})"}
            self._row("solutions", "solutionid", f"uniquename eq '{SOLUTION}'", "solution", solution)
            for table in TABLES:
                for column in COLUMNS:
                    self._column(table, column)
                self._key(table)
            if self._made:
                self._publish()
            self._wait()
        except CrmError as error:
            self._tell(ok=False, text=_advice(error))
        return self._fits

    def _tell(self, *, ok: bool, text: str) -> None:
        self._fits = self._fits and ok
        self._say(Line(ok, text))

    def _row(self, set_name: str, key: str, condition: str, name: str, body: dict[str, Any]) -> str:
        """The id of a publisher or solution; empty where it is missing and only looked for."""
        found = self._client.get(set_name, f"$select={key}&$filter={condition.replace(' ', '%20')}").get("value")
        if isinstance(found, list) and found and isinstance(found[0], dict):
            self._tell(ok=True, text=f"{name} {body['uniquename']} is there")
            return str(found[0][key])
        if self._look_only:
            self._tell(ok=False, text=f"{name} {body['uniquename']} is missing; setup makes it")
            return ""
        answer = self._client.send(
            "POST", set_name, body=body, headers={"Prefer": "return=representation"}, repeat=False
        )
        self._made += 1
        self._tell(ok=True, text=f"{name} {body['uniquename']} was made")
        return str(answer.content.get(key) or "")

    def _column(self, table: str, column: tuple[str, str, str, int, str]) -> None:
        schema_name, label, description, most, form = column
        name = schema_name.lower()
        definition = f"EntityDefinitions(LogicalName='{table}')/Attributes"
        present = self._client.get(definition, Consistency="Strong").get("value")
        if isinstance(present, list) and any(
            isinstance(attribute, dict) and attribute.get("LogicalName") == name for attribute in present
        ):
            self._tell(ok=True, text=f"column {name} of {table} is there")
            return
        if self._look_only:
            self._tell(ok=False, text=f"column {name} of {table} is missing; setup makes it")
            return
        body = {
            "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
            "AttributeType": "String",
            "AttributeTypeName": {"Value": "StringType"},
            "SchemaName": schema_name,
            "DisplayName": _label(label),
            "Description": _label(description),
            "RequiredLevel": {
                "Value": "None",
                "CanBeChanged": True,
                "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
            },
            "MaxLength": most,
            "FormatName": {"Value": form},
        }
        self._make(definition, body)
        self._tell(ok=True, text=f"column {name} of {table} was made")

    def _key(self, table: str) -> None:
        state = read_keys(self._client).get(table)
        if state == "Failed":
            self._tell(
                ok=False,
                text=f"the index of the key on {table} failed: two rows have the same {KEY_COLUMN}. Mend them, then "
                "reactivate the key in Power Apps (table, Keys).",
            )
        elif state:
            self._tell(ok=True, text=f"key {KEY_NAME} of {table} is there ({state})")
        elif self._look_only:
            self._tell(ok=False, text=f"key {KEY_NAME} of {table} is missing; setup makes it")
        else:
            body = {"SchemaName": KEY_NAME, "DisplayName": _label("Referral key"), "KeyAttributes": [KEY_COLUMN]}
            self._make(f"EntityDefinitions(LogicalName='{table}')/Keys", body)
            self._tell(ok=True, text=f"key {KEY_NAME} of {table} was made")

    def _make(self, path: str, body: dict[str, Any]) -> None:
        try:
            self._client.send("POST", path, body=body, headers={"MSCRM.SolutionUniqueName": SOLUTION}, repeat=False)
        except CrmError as error:
            if error.kind != "exists":  # somebody else, or our own request whose answer was lost
                raise
        self._made += 1

    def _publish(self) -> None:
        entities = "".join(f"<entity>{table}</entity>" for table in TABLES)
        body = {"ParameterXml": f"<importexportxml><entities>{entities}</entities></importexportxml>"}
        self._client.send("POST", "PublishXml", body=body, repeat=False)
        self._tell(ok=True, text="published")

    def _wait(self) -> None:
        """Until both indexes are built: before, the key can't be used."""
        begun = self._clock.monotonic()
        while True:
            states = read_keys(self._client)
            open_ = [table for table in TABLES if states.get(table) in {"Pending", "InProgress"}]
            if not open_:
                break
            if self._look_only or self._clock.monotonic() - begun > WAIT_SECONDS:
                self._tell(
                    ok=False, text=f"the index of the key on {', '.join(open_)} is still being built; look again later"
                )
                return
            self._clock.sleep(_POLL_SECONDS)
        if all(states.get(table) == "Active" for table in TABLES):
            self._tell(ok=True, text="the keys are active")


def _publisher() -> dict[str, Any]:
    return {
        "uniquename": PUBLISHER,
        "friendlyname": "Hunter referrals",
        "description": "Columns of the referral sync",
        "customizationprefix": PREFIX,
        "customizationoptionvalueprefix": OPTION_PREFIX,
    }


def _solution() -> dict[str, Any]:
    return {"uniquename": SOLUTION, "friendlyname": "Hunter referral sync", "version": "1.0.0.0"}


def _label(text: str) -> dict[str, Any]:
    kind = "Microsoft.Dynamics.CRM"
    return {
        "@odata.type": f"{kind}.Label",
        "LocalizedLabels": [{"@odata.type": f"{kind}.LocalizedLabel", "Label": text, "LanguageCode": _ENGLISH}],
    }


def _advice(error: CrmError) -> str:
    if error.kind == "dynamics_access_denied":
        return (
            f"{error.refusal.message} Making columns and keys needs the role System Customizer: run setup with "
            "HUNTER_DYNAMICS_SETUP_CLIENT_ID or --device-code, or ask a customiser to add the text column "
            f"{KEY_COLUMN} (100 letters) to lead and opportunity and an alternate key on it. "
            "Without them the sync works, too: records then have the referral's id as their own."
        )
    return error.refusal.message
