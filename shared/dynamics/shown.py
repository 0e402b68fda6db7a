"""What people see of a comparison: the lines of a dry run's plan, and what differs between the two sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from shared.dynamics.compare import Difference
from shared.dynamics.facts import Facts
from shared.dynamics.plan import Plan, Rules
from shared.dynamics.records import Row
from shared.dynamics.translate import Translator
from shared.dynamics.values import amount, cut
from shared.storage.tables.crm_links import Differing, Link

_BECOMES: Final = "The lead becomes an opportunity."
_MOST_LETTERS: Final = 200
"""Of a text that is shown as a difference."""
_STATUS: Final[dict[str, tuple[str | None, str | None]]] = {
    "open": ("Active", None),
    "won": ("Closed", "Won"),
    "lost": ("Closed", "Lost"),
    "qualified": ("Active", "Accepted"),
    "disqualified": ("Closed", "Declined"),
}
"""What a record's state is called in our items."""


@dataclass(frozen=True, slots=True)
class PlannedField:
    """What both sides hold of a field, and what they would."""

    field: str
    crm: Any
    partner_center: Any
    becomes: Any


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run would do with a referral."""

    referral_id: str
    name: str | None
    table: str | None
    operation: str
    fields: tuple[PlannedField, ...]
    reason: str | None
    phrase: str | None = None
    """What the dictionaries call the reason."""
    details: Mapping[str, str] = field(default_factory=dict)
    """What the reason names."""


def planned(rules: Rules, facts: Facts, link: Link, plan: Plan, row: Row | None) -> Planned | None:
    """One line of a dry run's plan; None where nothing is to be done."""
    operation = _operation(plan)
    if operation is None:
        return None
    translator = rules.translators.get(plan.table or link.table or "")
    fields = [
        _line(translator, facts, difference, row)
        for difference in plan.differences
        if translator is not None and difference.verdict in {"write", "ask"}
    ]
    if plan.close or (plan.ask and plan.ask.action != "update"):
        fields += _statuses(facts, plan, row)
    if plan.ask and "externalReferenceId" in plan.ask.changes:
        reference = plan.ask.changes["externalReferenceId"]
        fields.append(PlannedField("externalReferenceId", reference, facts.reference, reference))
    line = Planned(facts.id, facts.name, plan.table or link.table, operation, tuple(fields), None)
    if plan.error:
        said = plan.error
        return replace(line, reason=said.message, phrase=said.phrase or said.code, details=said.details)
    return replace(line, reason=_BECOMES, phrase="becomes") if plan.kind == "convert" else line


def differing(rules: Rules, facts: Facts, link: Link, plan: Plan, row: Row | None) -> tuple[Differing, ...]:
    """What the two sides hold differently after a look, field by field, with what they agreed on last.

    Args:
        rules: by what was decided.
        facts: what the referral says.
        link: with the values that were agreed.
        plan: what was decided.
        row: the record; None where there is none.
    """
    translator = rules.translators.get(row.table) if row else None
    if row is None or translator is None:
        return ()
    found = translator.found(row.values)
    rest = [
        Difference(each.column, each.field, each.want, found.get(each.column), each.verdict)
        for each in plan.differences
        if each.verdict != "agree" and not translator.same(each.column, each.want, found.get(each.column))
    ]
    shown = []
    for each in rest:
        line = _line(translator, facts, each, row)
        agreed = link.base.get(each.column)
        shown.append(
            Differing(
                each.field,
                _short(line.crm),
                _short(line.partner_center),
                _short(translator.ours(each.column, agreed[1], facts)) if agreed else None,
                {"ask": "partnerCenter", "write": "crm"}.get(each.verdict),
            )
        )
    return tuple(shown)


def _line(translator: Translator, facts: Facts, difference: Difference, row: Row | None) -> PlannedField:
    crm = translator.ours(difference.column, difference.found, facts) if row is not None else None
    becomes = crm if difference.verdict == "ask" else translator.ours(difference.column, difference.want, facts)
    return PlannedField(difference.field, crm, _shown(facts, difference), becomes)


def _statuses(facts: Facts, plan: Plan, row: Row | None) -> list[PlannedField]:
    """The state of both sides, in the words of our items."""
    ours = (facts.seen.get("status"), facts.seen.get("substatus"))
    theirs = _STATUS.get(row.state if row else "", (None, None))
    becomes = ours if plan.close else theirs
    names = zip(("status", "substatus"), theirs, ours, becomes, strict=True)
    return [
        PlannedField(name, crm, partner_center, after)
        for name, crm, partner_center, after in names
        if crm != partner_center
    ]


def _short(value: Any) -> Any:
    """A value as it is shown beside another."""
    return cut(value, _MOST_LETTERS) if isinstance(value, str) else value


def _shown(facts: Facts, difference: Difference) -> Any:
    value = facts.fields.get(difference.field)
    if difference.field == "dealValue":
        return amount(value)
    if difference.field == "closingDateTime" and isinstance(value, str):
        return f"{value}T00:00:00Z"
    return value if value is not None else difference.want


def _operation(plan: Plan) -> str | None:
    if plan.kind in {"create", "conflict"}:
        return plan.kind
    if plan.kind == "hold":
        return "skip"
    if plan.kind == "convert" or plan.write or plan.close:
        return "update"
    return "pull" if plan.ask else None
