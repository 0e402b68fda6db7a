"""Between a referral's facts and a record's columns.

Both sides are brought into one form in which they can be compared, the column's: texts cut to its length, money at the
currency's precision, dates as UTC days, choices as numbers, currencies as ISO codes. So what differs by rounding, cutting or
spelling is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from shared.dynamics import amounts, countries, values
from shared.dynamics.amounts import MONEY, Trouble
from shared.dynamics.environment import Column, Environment
from shared.dynamics.facts import Facts
from shared.dynamics.mapping import ANY, OPTIONAL, Field, Table
from shared.dynamics.mapping import Mapping as FieldMapping

Normal = str | int | bool | None
"""A value as it is compared and kept."""
MOST_MONEY: Final = Decimal(1_000_000_000_000)
"""Dataverse's limit of an amount (Microsoft Learn, "lead table/entity reference")."""
_TEXTS: Final = frozenset({"String", "Memo"})
_NUMBERS: Final = frozenset({"Integer", "BigInt"})
_DECIMALS: Final = frozenset({"Money", "Decimal", "Double"})
_CHOICES: Final = frozenset({"Picklist", "State", "Status"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a record's columns should hold."""

    columns: dict[str, Normal]
    troubles: tuple[Trouble, ...]
    held: dict[str, Normal] = field(default_factory=dict)
    """Money that can't be written; it may still be there, or come from there."""
    line: str | None = None
    """What the description begins with instead."""
    notes: dict[str, Normal] = field(default_factory=dict)
    """The column of the description, without that line."""


class Translator:
    """Translates for one table of one environment.

    Args:
        mapping: which field goes where.
        environment: the columns and currencies that are there.
        table: lead or opportunity.
    """

    def __init__(self, mapping: FieldMapping, environment: Environment, table: Table) -> None:
        self.table = table
        self._choices = mapping.choices
        self._environment = environment
        self._columns = environment.columns(table)
        lines = mapping.lines(table)
        self.lines: dict[str, Field] = {str(line.column(table)): line for line in lines if self._is_there(line)}
        self.missing = [line for line in lines if not self._is_there(line) and line.column(table) not in OPTIONAL]

    def _is_there(self, line: Field) -> bool:
        return line.column(self.table) in self._columns

    def kind(self, column: str) -> str:
        """The kind of a column."""
        return self._columns[column].kind

    @property
    def select(self) -> list[str]:
        """The names by which the mapped columns are read."""
        return [f"_{name}_value" if self.kind(name) == "Lookup" else name for name in self.lines]

    # From the referral

    def wanted(self, facts: Facts, *, moneyless: bool = False) -> Wanted:
        """What the columns should hold by what the referral says.

        Args:
            facts: the referral.
            moneyless: whether the environment refused its currency just now.
        """
        columns: dict[str, Normal] = {}
        troubles = [
            Trouble(
                "column_missing",
                line.field,
                f"Dynamics 365 has no column {line.column(self.table)}. Correct the mapping, or run setup.",
                details={"column": str(line.column(self.table))},
            )
            for line in self.missing
        ]
        held: dict[str, Normal] = {}
        trouble = self._money_trouble(facts, moneyless=moneyless)
        for name, line in self.lines.items():
            if trouble and line.field in MONEY:
                held[name] = self._held(name, line, facts)
                continue
            result = self._forward(name, line, facts)
            if isinstance(result, Trouble):
                troubles.append(result)
            else:
                columns[name] = result
        if trouble is None:
            return Wanted(columns, tuple(troubles))
        sentence, notes = amounts.line_of(facts.fields), self.notes_column
        if notes is None:
            return Wanted(columns, (amounts.untold(trouble), *troubles), held, sentence)
        before = {notes: columns[notes]}
        columns[notes] = _fitted(amounts.with_line(before[notes], sentence, None) or "", self._columns[notes])
        return Wanted(columns, (trouble, *troubles), held, sentence, before)

    @property
    def notes_column(self) -> str | None:
        """The column that the notes go to."""
        return next((name for name, line in self.lines.items() if line.field == "notes"), None)

    def fits(self, name: str, text: str) -> bool:
        """Whether a text fits its column."""
        most = self._columns[name].most
        return most is None or values.units(text) <= most

    def _money_trouble(self, facts: Facts, *, moneyless: bool) -> Trouble | None:
        """What speaks against writing the amount; None when it can be written."""
        if not any(line.field == "dealValue" for line in self.lines.values()):
            return None
        return amounts.trouble_of(facts.fields, None if moneyless else self._environment)

    def _held(self, name: str, line: Field, facts: Facts) -> Normal:
        """Money as it would be written if it could be."""
        if line.field == "currency":
            return str(facts.fields.get("currency") or "") or None
        result = self._forward(name, line, facts)
        return None if isinstance(result, Trouble) else result

    def _forward(self, name: str, line: Field, facts: Facts) -> Normal | Trouble:
        column = self._columns[name]
        fact = line.value if line.field == "constant" else facts.fields.get(line.field)
        if fact is None:
            return None
        if column.kind == "Lookup":
            return self._lookup(name, line, str(fact))
        if column.kind in _CHOICES:
            return self._choice(name, line, fact)
        if column.kind in _DECIMALS or column.kind in _NUMBERS:
            return self._number(name, line, fact, facts)
        if column.kind == "DateTime":
            return values.day(str(fact))
        if column.kind == "Boolean":
            return bool(fact)
        text = values.number_text(fact) if isinstance(fact, Decimal) else str(fact)
        words = self._choices.get(line.field, {}) if line.field != "salesStage" else {}
        return _fitted(str(words.get(text, words.get(ANY, text))), column)  # the mapping may have another word for it

    def _lookup(self, name: str, line: Field, fact: str) -> Normal | Trouble:
        if line.field == "currency":
            return fact if self._environment.currency(fact) else None
        return _no_lookup(name, line, self.table)

    def _choice(self, name: str, line: Field, fact: str | Decimal | float | bool) -> Normal | Trouble:
        ours = values.number_text(fact) if isinstance(fact, Decimal) else str(fact)
        table = self._choices.get(line.field, {}) if line.field != "constant" else {}
        number = table.get(ours, table.get(ANY))
        if number is None and ours.lstrip("-").isdigit():
            number = int(ours)
        allowed = self._columns[name].choices
        if not isinstance(number, int) or (allowed is not None and number not in allowed):
            return _no_choice(ours, name, line)
        return number

    def _number(self, name: str, line: Field, fact: Any, facts: Facts) -> Normal | Trouble:
        number = values.amount(fact)
        if number is None:
            return None
        least = -MOST_MONEY if self.table == "opportunity" else Decimal(0)
        if not least <= number <= MOST_MONEY:
            return Trouble(
                "number_out_of_range",
                line.field,
                f"{values.number_text(number)} is outside what {name} of {self.table} can hold; it was left out.",
                "number_out_of_range.left_out",
                {"value": values.number_text(number), "column": name},
            )
        if self.kind(name) in _NUMBERS:
            return values.number_text(values.rounded(number, 0))
        currency = self._environment.known_currency(str(facts.fields.get("currency") or ""))
        precision = currency.precision if currency and self.kind(name) == "Money" else 4
        return values.number_text(values.rounded(number, precision))

    # From the record

    def found(self, row: Mapping[str, Any]) -> dict[str, Normal]:
        """What a record's columns hold, as they are compared."""
        currency = self._environment.currency_of(_lower(row.get("_transactioncurrencyid_value")))
        return {name: self._backward(name, row, currency.precision if currency else None) for name in self.lines}

    def _backward(self, name: str, row: Mapping[str, Any], precision: int | None) -> Normal:
        kind = self.kind(name)
        if kind == "Lookup":
            found = self._environment.currency_of(_lower(row.get(f"_{name}_value")))
            return found.code if found else None
        value = row.get(name)
        if value is None or value == "":
            return None
        if kind in _DECIMALS or kind in _NUMBERS:
            number = values.amount(value)
            if number is None:
                return None
            digits = precision if precision is not None and kind == "Money" else 4
            return values.number_text(values.rounded(number, digits))
        if kind == "DateTime":
            return values.day(str(value))
        if kind == "Boolean":
            return bool(value)
        if kind in _CHOICES:
            return int(value) if isinstance(value, int | Decimal) else None
        return values.tidy(str(value))

    def same(self, name: str, left: Normal, right: Normal) -> bool:
        """Whether two values of a column mean the same."""
        if left == right and isinstance(left, bool) == isinstance(right, bool):
            return True
        line = self.lines.get(name)
        if not isinstance(left, str) or not isinstance(right, str) or line is None:
            return False
        if line.field == "country":
            return countries.comparable(left) == countries.comparable(right)
        if line.field in {"contactEmail", "website", "referralLink"}:
            return left.rstrip("/").lower() == right.rstrip("/").lower()
        if self.kind(name) == "Memo":
            return _squeezed(values.plain_text(left)) == _squeezed(values.plain_text(right))
        return self.kind(name) in _TEXTS and _squeezed(left) == _squeezed(right)

    # To send, to either side

    def body(self, columns: Mapping[str, Normal]) -> dict[str, Any]:
        """The properties that write these values."""
        properties: dict[str, Any] = {}
        for name, value in columns.items():
            kind = self.kind(name)
            if kind == "Lookup":
                currency = self._environment.currency(str(value)) if value else None
                properties[f"{name}@odata.bind"] = f"/transactioncurrencies({currency.id})" if currency else None
            elif kind in _NUMBERS and value is not None:
                properties[name] = int(str(value))
            elif kind in _DECIMALS and value is not None:
                properties[name] = Decimal(str(value))
            else:
                properties[name] = value
        if (
            self.table == "opportunity"
            and "estimatedvalue" in properties
            and "isrevenuesystemcalculated" in self._columns
        ):
            properties["isrevenuesystemcalculated"] = False  # else products overwrite the value
        return properties

    def changes(self, columns: Mapping[str, Normal], facts: Facts) -> dict[str, Any]:
        """The changes of an action that carries these values of a record to Partner Center."""
        changes: dict[str, Any] = {}
        for name, value in columns.items():
            field = self.lines[name].field
            ours = self.ours(name, value, facts)
            if ours is not None:
                changes[field] = ours
        return changes

    def ours(self, name: str, value: Normal, facts: Facts) -> Any:
        """A column's value as our items have it."""
        line = self.lines[name]
        if value is None:
            return None
        if line.field == "dealValue":
            return Decimal(str(value))
        if line.field == "closingDateTime":
            return values.midnight(str(value))
        if self.kind(name) in _CHOICES:
            return self._word_of(line, value, facts)
        return value

    def _word_of(self, line: Field, value: Normal, facts: Facts) -> str:
        """The value of ours that a choice stands for: in the form that the referral uses already."""
        present = str(facts.fields.get(line.field) or "")
        words = [ours for ours, number in self._choices.get(line.field, {}).items() if number == value and ours != ANY]
        if present in words:
            return present
        alike = [word for word in words if _form(word) == _form(present)] if present else []
        return (alike or words or [str(value)])[0]


def required_gaps(environment: Environment, table: Table, given: Iterable[str]) -> list[str]:
    """The columns that a customer made and requires, and that would stay empty."""
    have = set(given)
    return sorted(
        name
        for name, column in environment.columns(table).items()
        if column.required and column.custom and name not in have
    )


def _no_lookup(name: str, line: Field, table: str) -> Trouble:
    sentence = f"{name} of {table} is a lookup; only the currency can fill one."
    return Trouble("mapping_wrong", line.field, sentence, "mapping_wrong.lookup", {"column": name})


def _no_choice(ours: str, name: str, line: Field) -> Trouble:
    return Trouble(
        "choice_invalid",
        line.field,
        f'"{ours}" has no choice of {name} in Dynamics 365. Add it to choices in the mapping.',
        "choice_invalid.value",
        {"value": ours, "column": name},
    )


def _fitted(text: str, column: Column) -> str | None:
    """A text as a column holds it."""
    tidy = values.tidy(text)
    return values.cut(tidy, column.most) if tidy and column.most else tidy


def _form(word: str) -> str:
    """Which of the forms a word has: per cents, what was done (Qualified), or what is being done (Qualify)."""
    if word.isdigit():
        return "digits"
    return "done" if word.endswith("ed") or word == "Won" else "doing"


def _squeezed(text: str | None) -> str:
    return " ".join((text or "").split())


def _lower(value: Any) -> str | None:
    return str(value).lower() if value else None
