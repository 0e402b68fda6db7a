"""Tables, columns, limits and choices, as Microsoft's entity reference gives them (lead, opportunity, account, contact)."""

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["guid", "text", "memo", "money", "double", "integer", "date", "datetime", "choice", "boolean", "lookup"]


@dataclass
class Column:
    """One column: its kind, its limit, its choices, and what a lookup leads to."""

    kind: Kind
    most: float = 0
    least: float = 0
    choices: dict[int, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    """Navigation property to table, of a lookup."""
    required: str = "None"
    read_only: bool = False
    schema_name: str = ""


def text(most: int, required: str = "None") -> Column:
    """A text of at most so many letters."""
    return Column("text", most, required=required)


def choice(*labels: str, first: int = 1, required: str = "None") -> Column:
    """A choice whose numbers count up."""
    return Column("choice", choices=dict(enumerate(labels, first)), required=required)


def lookup(required: str = "None", **targets: str) -> Column:
    """A lookup by its navigation properties."""
    return Column("lookup", targets=targets, required=required)


def money(least: float = 0) -> Column:
    """An amount in the row's currency."""
    return Column("money", 1_000_000_000_000, least)


_ADDRESS = {
    "address1_line1": text(250),
    "address1_line2": text(250),
    "address1_line3": text(250),
    "address1_city": text(80),
    "address1_postalcode": text(20),
    "address1_stateorprovince": text(50),
    "address1_country": text(80),
}
_SYSTEM = {
    "createdon": Column("datetime", read_only=True),
    "modifiedon": Column("datetime", read_only=True),
    "modifiedby": Column("lookup", targets={"modifiedby": "systemuser"}, read_only=True),
    "versionnumber": Column("integer", 2**62, read_only=True),
    "exchangerate": Column("double", 1e12, read_only=True),
    "ownerid": Column("lookup", targets={"ownerid": "systemuser"}),
    "overriddencreatedon": Column("datetime"),
    "importsequencenumber": Column("integer", 2**31),
}
_CURRENCY = {"transactioncurrencyid": lookup(transactioncurrencyid="transactioncurrency")}
_INDUSTRIES = [f"Industry {number}" for number in range(1, 34)]
_LEAD_SOURCES = (
    *("Advertisement", "Employee Referral", "External Referral", "Partner", "Public Relations"),
    *("Seminar", "Trade Show", "Web", "Word of Mouth", "Other"),
)


@dataclass
class TableSchema:
    """One table."""

    name: str
    set_name: str
    columns: dict[str, Column]
    states: dict[int, tuple[str, dict[int, str]]] = field(default_factory=dict)
    """State to its label and its reasons; the first reason is the default."""
    keys: dict[str, "Key"] = field(default_factory=dict)
    change_tracking: bool = True

    @property
    def id(self) -> str:
        """The column of the primary id."""
        return "activityid" if self.name == "opportunityclose" else f"{self.name}id"

    def bind(self, name: str) -> tuple[str, str] | None:
        """The column and the table of a navigation property."""
        for column, details in self.columns.items():
            if name in details.targets:
                return column, details.targets[name]
        return None


@dataclass
class Key:
    """An alternate key; its index becomes Active after so many looks."""

    schema_name: str
    columns: list[str]
    polls_left: int = 0
    status: str = "Active"


def tables() -> dict[str, TableSchema]:
    """All tables by name, fresh."""
    return {
        table.name: table
        for table in (
            _lead(),
            _opportunity(),
            _account(),
            _contact(),
            _plain("opportunityclose", "opportunitycloses", subject=text(200), description=Column("memo", 2000),
                   actualrevenue=money(), actualend=Column("datetime"), status=Column("integer", 100),
                   opportunityid=lookup(opportunityid="opportunity")),
            _plain("transactioncurrency", "transactioncurrencies", isocurrencycode=text(5), currencyname=text(100),
                   currencysymbol=text(13), currencyprecision=Column("integer", 10),
                   statecode=choice("Active", "Inactive", first=0), statuscode=choice("Active", "Inactive")),
            _plain("systemuser", "systemusers", fullname=text(200), internalemailaddress=text(100),
                   applicationid=Column("guid"), isdisabled=Column("boolean")),
            _plain("organization", "organizations", name=text(160), expirechangetrackingindays=Column("integer", 365),
                   basecurrencyid=lookup(basecurrencyid="transactioncurrency")),
            _plain("solution", "solutions", uniquename=text(65), friendlyname=text(256), version=text(256),
                   ismanaged=Column("boolean"), publisherid=lookup(publisherid="publisher")),
            _plain("publisher", "publishers", uniquename=text(256), friendlyname=text(256), description=text(2000),
                   customizationprefix=text(8), customizationoptionvalueprefix=Column("integer", 99_999, 10_000)),
        )
    }  # fmt: skip


def _plain(name: str, set_name: str, /, **columns: Column) -> TableSchema:
    table = TableSchema(name, set_name, {})
    table.columns = {table.id: Column("guid"), **_SYSTEM, **columns}
    return table


def _lead() -> TableSchema:
    columns = {
        "leadid": Column("guid"),
        "subject": text(300, "ApplicationRequired"),
        "firstname": text(50),
        "lastname": text(50, "ApplicationRequired"),
        "fullname": Column("text", 160, read_only=True),
        "companyname": text(100),
        "emailaddress1": text(100),
        "jobtitle": text(100),
        "telephone1": text(50),
        "mobilephone": text(20),
        "websiteurl": text(200),
        "description": Column("memo", 2000),
        "numberofemployees": Column("integer", 1_000_000),
        "estimatedamount": money(),
        "estimatedamount_base": Column("money", 1e15, read_only=True),
        "estimatedvalue": Column("double", 1e12),
        "budgetamount": money(),
        "estimatedclosedate": Column("date"),
        "industrycode": choice(*_INDUSTRIES),
        "leadsourcecode": choice(*_LEAD_SOURCES),
        "leadqualitycode": choice("Hot", "Warm", "Cold"),
        "salesstage": choice("Qualify", first=0),
        "parentaccountid": lookup(parentaccountid="account"),
        "parentcontactid": lookup(parentcontactid="contact"),
        "customerid": lookup(customerid_account="account", customerid_contact="contact"),
        "qualifyingopportunityid": lookup(qualifyingopportunityid="opportunity"),
        **_ADDRESS,
        **_CURRENCY,
        **_SYSTEM,
    }
    states = {
        0: ("Open", {1: "New", 2: "Contacted"}),
        1: ("Qualified", {3: "Qualified"}),
        2: ("Disqualified", {4: "Lost", 5: "Cannot Contact", 6: "No Longer Interested", 7: "Canceled"}),
    }
    return TableSchema("lead", "leads", columns, states)


def _opportunity() -> TableSchema:
    columns = {
        "opportunityid": Column("guid"),
        "name": text(300, "ApplicationRequired"),
        "customerid": lookup("ApplicationRequired", customerid_account="account", customerid_contact="contact"),
        "parentaccountid": lookup(parentaccountid="account"),
        "parentcontactid": lookup(parentcontactid="contact"),
        "originatingleadid": lookup(originatingleadid="lead"),
        "description": Column("memo", 2000),
        "emailaddress": text(100),
        "estimatedvalue": money(-1_000_000_000_000),
        "estimatedvalue_base": Column("money", 1e15, read_only=True),
        "isrevenuesystemcalculated": Column("boolean"),
        "actualvalue": money(),
        "actualclosedate": Column("date"),
        "estimatedclosedate": Column("date"),
        "budgetamount": money(),
        "closeprobability": Column("integer", 100),
        "salesstage": choice("Qualify", "Develop", "Propose", "Close", first=0),
        "stepname": text(200),
        "opportunityratingcode": choice("Hot", "Warm", "Cold"),
        **_CURRENCY,
        **_SYSTEM,
    }
    states = {
        0: ("Open", {1: "In Progress", 2: "On Hold"}),
        1: ("Won", {3: "Won"}),
        2: ("Lost", {4: "Canceled", 5: "Out-Sold"}),
    }
    return TableSchema("opportunity", "opportunities", columns, states)


def _account() -> TableSchema:
    columns = {
        "accountid": Column("guid"),
        "name": text(160, "ApplicationRequired"),
        "accountnumber": text(20),
        "websiteurl": text(200),
        "emailaddress1": text(100),
        "telephone1": text(50),
        "numberofemployees": Column("integer", 1_000_000_000),
        "description": Column("memo", 2000),
        "primarycontactid": lookup(primarycontactid="contact"),
        "masterid": lookup(masterid="account"),
        **_ADDRESS,
        **_CURRENCY,
        **_SYSTEM,
    }
    states = {0: ("Active", {1: "Active"}), 1: ("Inactive", {2: "Inactive"})}
    return TableSchema("account", "accounts", columns, states)


def _contact() -> TableSchema:
    columns = {
        "contactid": Column("guid"),
        "firstname": text(50),
        "lastname": text(50, "ApplicationRequired"),
        "fullname": Column("text", 160, read_only=True),
        "emailaddress1": text(100),
        "jobtitle": text(100),
        "telephone1": text(50),
        "mobilephone": text(50),
        "parentcustomerid": lookup(parentcustomerid_account="account", parentcustomerid_contact="contact"),
        "masterid": lookup(masterid="contact"),
        **_ADDRESS,
        **_CURRENCY,
        **_SYSTEM,
    }
    states = {0: ("Active", {1: "Active"}), 1: ("Inactive", {2: "Inactive"})}
    return TableSchema("contact", "contacts", columns, states)


def public_row(schema: TableSchema) -> list[str]:
    """The columns of a whole row, lookups by their ``_x_value`` names."""
    names: list[str] = []
    for name, column in schema.columns.items():
        names.append(f"_{name}_value" if column.kind == "lookup" else name)
    if schema.states:
        names += ["statecode", "statuscode"]
    return names


Row = dict[str, Any]
