"""What is known of an environment: its columns with their limits, its currencies, its keys. No request is made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from shared.dynamics.values import amount

KEY_COLUMN: Final = "hnt_referralid"
TABLES: Final = ("lead", "opportunity", "account", "contact")
SETS: Final = {"lead": "leads", "opportunity": "opportunities", "account": "accounts", "contact": "contacts"}
CONNECTOR_NAMES: Final = ("partner center referrals", "partner center referral")
"""How Microsoft's own connector calls itself (Microsoft Learn, "Co-sell connector for Dynamics 365 CRM")."""


class Column(msgspec.Struct, frozen=True, omit_defaults=True):
    """One column: kind (String, Memo, Money, Integer, DateTime, Picklist, Boolean, Lookup ...), longest text, choices."""

    kind: str
    most: int | None = None
    required: bool = False
    choices: tuple[int, ...] | None = None
    custom: bool = False
    """Whether the customer made it."""


class Currency(msgspec.Struct, frozen=True):
    """A currency of the environment."""

    id: str
    code: str
    precision: int
    active: bool


class Environment(msgspec.Struct, frozen=True):
    """One environment as it was when it was read last."""

    organisation: str = ""
    user_id: str = ""
    user: str = ""
    tables: dict[str, dict[str, Column]] = {}
    currencies: tuple[Currency, ...] = ()
    keys: dict[str, str] = {}
    """By table the state of the alternate key's index: Active, Pending, InProgress, Failed; nothing where there is none."""
    connector: bool = False
    read_at: str = ""

    @property
    def key(self) -> str:
        """How records are made once: ``alternate`` by the key column of both tables, else ``primary``."""
        return "alternate" if all(self.keys.get(table) == "Active" for table in ("lead", "opportunity")) else "primary"

    def columns(self, table: str) -> Mapping[str, Column]:
        """The columns of a table; where they could not be read, those that Microsoft ships."""
        return self.tables.get(table) or SHIPPED[table]

    def currency(self, code: str | None) -> Currency | None:
        """The active currency of an ISO code."""
        return next((currency for currency in self.currencies if currency.code == code and currency.active), None)

    def known_currency(self, code: str | None) -> Currency | None:
        """The currency of an ISO code, active or not."""
        return self.currency(code) or next((each for each in self.currencies if each.code == code), None)

    def currency_of(self, row_id: str | None) -> Currency | None:
        """The currency under an id, active or not."""
        return next((currency for currency in self.currencies if currency.id == row_id), None) if row_id else None


def _texts(**most: int) -> dict[str, Column]:
    return {name: Column("String", length) for name, length in most.items()}


_ADDRESS: Final = _texts(
    address1_line1=250, address1_city=80, address1_postalcode=20, address1_stateorprovince=50, address1_country=80
)
_DEAL: Final = {
    "description": Column("Memo", 2000),
    "estimatedclosedate": Column("DateTime"),
    "transactioncurrencyid": Column("Lookup"),
}
SHIPPED: Final[dict[str, dict[str, Column]]] = {
    "lead": {
        **_texts(subject=300, firstname=50, lastname=50, companyname=100, emailaddress1=100, jobtitle=100),
        **_texts(telephone1=50, mobilephone=20, websiteurl=200),
        **_ADDRESS,
        **_DEAL,
        "estimatedamount": Column("Money"),
        "leadsourcecode": Column("Picklist", choices=tuple(range(1, 11))),
    },
    "opportunity": {
        **_texts(name=300, emailaddress=100),
        **_DEAL,
        "estimatedvalue": Column("Money"),
        "isrevenuesystemcalculated": Column("Boolean"),
        "salesstage": Column("Picklist", choices=(0, 1, 2, 3)),
    },
    "account": {**_texts(name=160, websiteurl=200, emailaddress1=100, telephone1=50), **_ADDRESS},
    "contact": _texts(firstname=50, lastname=50, emailaddress1=100, jobtitle=100, telephone1=50),
}
"""Limits as Microsoft's entity reference gives them, for an environment whose metadata can't be read."""


def columns_of(attributes: Iterable[Any], choices: Mapping[str, tuple[int, ...]]) -> dict[str, Column]:
    """The columns of a table, of what ``EntityDefinitions(...)/Attributes`` answers."""
    columns = {}
    for attribute in attributes:
        if not isinstance(attribute, dict) or not isinstance(attribute.get("LogicalName"), str):
            continue
        name = attribute["LogicalName"]
        level = attribute.get("RequiredLevel")
        level = level.get("Value") if isinstance(level, dict) else level
        most = attribute.get("MaxLength")
        columns[name] = Column(
            kind=str(attribute.get("AttributeType") or _kind(attribute)),
            most=int(most) if isinstance(most, int) and most > 0 else None,
            required=level in {"ApplicationRequired", "SystemRequired"},
            choices=choices.get(name) or options_of(attribute),
            custom=_is_custom(name, attribute),
        )
    return columns


def _is_custom(name: str, attribute: Mapping[str, Any]) -> bool:
    """Whether a customer made a column; where it isn't said, by a publisher's prefix in its name."""
    said = attribute.get("IsCustomAttribute")
    if isinstance(said, bool):
        return said
    prefix, _, rest = name.partition("_")
    return bool(rest) and prefix not in _OWN_PREFIXES


_OWN_PREFIXES: Final = frozenset({"address1", "address2", "address3", "msdyn", "msa", "adx", "cdi", "mspp"})
"""Before the first underscore of Microsoft's own columns."""


def _kind(attribute: Mapping[str, Any]) -> str:
    """The kind of a column by its metadata type: ``#Microsoft.Dynamics.CRM.StringAttributeMetadata``."""
    return str(attribute.get("@odata.type", "")).rpartition(".")[2].removesuffix("AttributeMetadata") or "String"


def options_of(attribute: Mapping[str, Any]) -> tuple[int, ...] | None:
    """The numbers of a choice, where they are given."""
    found = attribute.get("OptionSet") or attribute.get("GlobalOptionSet")
    options = found.get("Options") if isinstance(found, dict) else None
    if not isinstance(options, list):
        return None
    return tuple(
        option["Value"] for option in options if isinstance(option, dict) and isinstance(option.get("Value"), int)
    )


def currencies_of(rows: Iterable[Any]) -> tuple[Currency, ...]:
    """The currencies, of what ``transactioncurrencies`` answers."""
    found = []
    for row in rows:
        if isinstance(row, dict) and row.get("transactioncurrencyid"):
            precision = amount(row.get("currencyprecision"))
            found.append(
                Currency(
                    id=str(row["transactioncurrencyid"]).lower(),
                    code=str(row.get("isocurrencycode") or "").upper(),
                    precision=int(precision) if precision is not None else 2,
                    active=row.get("statecode", 0) == 0,
                )
            )
    return tuple(found)


def key_state(keys: Iterable[Any]) -> str | None:
    """The state of the index of the key on the referral's id alone; None where there is no such key."""
    for key in keys:
        if isinstance(key, dict) and key.get("KeyAttributes") == [KEY_COLUMN]:
            return str(key.get("EntityKeyIndexStatus") or "Active")
    return None
