"""What is to be done about one referral and its record: decided here, without a request, for the plan and the run alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from shared.dynamics.amounts import Trouble
from shared.dynamics.compare import Difference, judge
from shared.dynamics.environment import Environment
from shared.dynamics.facts import Facts
from shared.dynamics.mapping import Goal, Table
from shared.dynamics.mapping import Mapping as FieldMapping
from shared.dynamics.records import Row
from shared.dynamics.translate import Normal, Translator, required_gaps
from shared.model import times
from shared.storage.tables.crm_links import Link, LinkError

Push = Literal["manual", "accepted", "all"]
Kind = Literal["nothing", "create", "convert", "change", "conflict", "hold"]
FLIPS: Final = 3
FLIP_HOURS: Final = 1
_LOST: Final = frozenset({"lost", "declined", "expired", "closed"})
CANCELED: Final = 7
"""Status reason of a disqualified lead: Canceled."""
DISQUALIFIED_LOST: Final = 4


@dataclass(frozen=True, slots=True)
class Rules:
    """By what is decided."""

    mapping: FieldMapping
    environment: Environment
    translators: Mapping[str, Translator]
    push: Push
    now: datetime
    writing: bool = True
    """Whether Partner Center may be asked for anything."""


@dataclass(frozen=True, slots=True)
class Close:
    """How a record is closed."""

    won: bool
    status: int
    revenue: Normal = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What Partner Center is asked to become."""

    action: Literal["update", "win", "lose"]
    changes: dict[str, Any]
    reason: str | None
    columns: dict[str, Normal]
    """The values of the CRM that it carries, by column."""

    @property
    def fingerprint(self) -> str:
        """The state of the CRM that it was asked for."""
        said = [self.action, sorted((name, str(value)) for name, value in self.changes.items()), self.reason]
        return hashlib.blake2b(msgspec.json.encode(said), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. Nothing of it has been done yet."""

    kind: Kind
    table: Table | None = None
    differences: tuple[Difference, ...] = ()
    wanted: dict[str, Normal] = field(default_factory=dict)
    close: Close | None = None
    ask: Ask | None = None
    closed: bool = False
    reference: str | None = None
    flipped: str | None = None
    """The field that flips, after which the record is stopped."""
    error: LinkError | None = None

    @property
    def write(self) -> dict[str, Normal]:
        """The columns that are written to the CRM."""
        return {difference.column: difference.want for difference in self.differences if difference.verdict == "write"}


def conflict(code: str, message: str, field_name: str | None = None, **more: Any) -> Plan:
    """Nothing is done until a person decides."""
    return Plan("conflict", error=LinkError(code, field_name, message), **more)


def goal_of(rules: Rules, facts: Facts) -> Goal:
    """Which record a referral should be."""
    target = rules.mapping.target_of(facts.category)
    return target.accepted if facts.accepted else target.unanswered


def is_due(rules: Rules, facts: Facts) -> bool:
    """Whether a referral without a record goes to the CRM by itself."""
    if rules.push == "manual" or not facts.is_open or goal_of(rules, facts) == "none":
        return False
    return rules.push == "all" or facts.state == "active"


def plan_record(
    rules: Rules, link: Link, facts: Facts, row: Row | None, *, forced: bool = False, moneyless: bool = False
) -> Plan:
    """Decide about one referral.

    Args:
        rules: by what is decided.
        link: what is known of its record.
        facts: what the referral says.
        row: the record as it is; None where it is gone, or never was.
        forced: whether a person asked for it.
        moneyless: whether the environment refused the referral's currency just now.
    """
    if link.stopped and not forced:
        return Plan("nothing", error=link.error)
    if not link.record_id:
        return _creation(rules, facts, forced=forced, moneyless=moneyless)
    if row is None:
        if forced:
            return _creation(rules, facts, forced=True, moneyless=moneyless)
        return conflict(
            "record_deleted",
            "Somebody deleted the record in Dynamics 365. Send the referral again to make a new one, or unlink it.",
        )
    if row.table == "lead" and (row.state == "qualified" or _is_to_convert(rules, facts)):
        return Plan("convert", "opportunity")
    return _comparison(rules, link, facts, row, moneyless=moneyless)


def _is_to_convert(rules: Rules, facts: Facts) -> bool:
    return facts.state in {"active", "won"} and rules.mapping.target_of(facts.category).accepted == "opportunity"


def _creation(rules: Rules, facts: Facts, *, forced: bool, moneyless: bool) -> Plan:
    goal = goal_of(rules, facts)
    if goal == "none" and forced:
        goal = "opportunity" if facts.accepted else "lead"
    if goal == "none" or not (forced or is_due(rules, facts)):
        return Plan("nothing")
    translator = rules.translators[goal]
    wanted = translator.wanted(facts, moneyless=moneyless)
    columns = {name: value for name, value in wanted.columns.items() if value is not None}
    gaps = required_gaps(rules.environment, goal, columns)
    if gaps:
        return Plan(
            "hold",
            goal,
            error=LinkError(
                "required_missing",
                None,
                f"Dynamics 365 requires {', '.join(gaps)} on {goal}, and nothing fills it. Give it a field or a constant "
                "in the mapping, then retry.",
                details={"columns": ", ".join(gaps), "table": goal},
            ),
        )
    differences = tuple(
        Difference(name, translator.lines[name].field, value, None, "write") for name, value in columns.items()
    )
    return Plan("create", goal, differences, wanted.columns, error=_told(wanted.troubles))


def _told(troubles: tuple[Trouble, ...]) -> LinkError | None:
    """The first thing that does not fit, as it is shown with the record."""
    if not troubles:
        return None
    first = troubles[0]
    return LinkError(first.code, first.field, first.message, phrase=first.phrase, details=first.details)


def _comparison(rules: Rules, link: Link, facts: Facts, row: Row, *, moneyless: bool) -> Plan:
    translator = rules.translators[row.table]
    wanted = translator.wanted(facts, moneyless=moneyless)
    found = translator.found(row.values)
    differences, troubles = judge(translator, wanted, found, link.base, accepted=facts.accepted)
    plan = Plan("change", row.table, tuple(differences), wanted.columns, error=_told(troubles))
    if facts.is_open:
        plan = (
            _both_open(rules, link, facts, row, plan)
            if row.state == "open"
            else _closed_there(translator, rules, facts, row, plan)
        )
    else:
        plan = _closed_here(rules, link, facts, row, plan)
    return _guarded(rules, link, plan)


def _without(plan: Plan, *verdicts: str) -> Plan:
    """The plan without what can't be done; those columns stay as they are."""
    kept = tuple(
        replace(difference, verdict="keep") if difference.verdict in verdicts else difference
        for difference in plan.differences
    )
    return replace(plan, differences=kept)


def _both_open(rules: Rules, link: Link, facts: Facts, row: Row, plan: Plan) -> Plan:
    translator = rules.translators[row.table]
    plan = _with_reference(link, facts, row, plan)
    if plan.reference == "asked" and not rules.writing:
        plan = replace(plan, reference=None)  # the record is in step without; once writing is on, it is looked at again
    columns = {difference.column: difference.found for difference in plan.differences if difference.verdict == "ask"}
    changes = translator.changes(columns, facts)
    if plan.reference == "asked":
        changes["externalReferenceId"] = row.id
    return replace(plan, ask=Ask("update", changes, None, columns)) if changes else plan


def _with_reference(link: Link, facts: Facts, row: Row, plan: Plan) -> Plan:
    """The opportunity's id goes to Partner Center once, from acceptance on; what stands there already stays."""
    if row.table != "opportunity" or facts.state != "active":
        return plan
    if facts.reference and facts.reference.lower() == row.id:
        return replace(plan, reference="done")
    if facts.reference:
        told = plan.error or LinkError(
            "external_reference_foreign",
            "externalReferenceId",
            "Partner Center already has another CRM id on this referral; it was left as it is.",
        )
        return replace(plan, reference="foreign", error=told)
    return replace(plan, reference=link.reference or "asked") if link.reference != "done" else plan


def _closed_there(translator: Translator, rules: Rules, facts: Facts, row: Row, plan: Plan) -> Plan:
    """Closed in the CRM and open in Partner Center: what the CRM says is asked for."""
    plan = _without(plan, "write")
    if row.table == "lead":
        told = LinkError(
            "lead_disqualified",
            "status",
            "The lead was disqualified in Dynamics 365. Decline or update the referral here; nothing was sent.",
        )
        return replace(_without(plan, "ask"), error=told)
    if facts.state == "new":
        sentence = (
            f"The opportunity was {row.state} in Dynamics 365, but the referral is not accepted yet. Accept it first."
        )
        return replace(_without(plan, "ask"), kind="conflict", error=LinkError("not_accepted", "status", sentence))
    columns = {difference.column: difference.found for difference in plan.differences if difference.verdict == "ask"}
    if row.state == "lost":
        return replace(plan, ask=Ask("lose", {}, rules.mapping.reason(row.status), {}), error=plan.error)
    changes = translator.changes(columns, facts)
    value = changes.get("dealValue", facts.fields.get("dealValue"))
    if not isinstance(value, Decimal) or value <= 0:
        sentence = "The opportunity was won without a value, which Partner Center does not take. Enter its value there."
        return replace(plan, kind="conflict", error=LinkError("won_without_value", "dealValue", sentence))
    return replace(plan, ask=Ask("win", changes, None, columns))


def _closed_here(rules: Rules, link: Link, facts: Facts, row: Row, plan: Plan) -> Plan:
    """Closed in Partner Center, which is final: the CRM follows."""
    plan = _without(plan, "ask")
    won = facts.state == "won"
    if row.state != "open":
        agreed = row.state == "won" if won else row.state in {"lost", "disqualified"}
        if agreed:
            return replace(_without(plan, "write"), closed=True)
        sentence = (
            f"Partner Center has the referral as {facts.state}, Dynamics 365 as {row.state}. Partner Center's is final."
        )
        return replace(
            _without(plan, "write"), kind="conflict", error=LinkError("closed_differently", "status", sentence)
        )
    if link.closed:
        sentence = (
            "The record was opened again in Dynamics 365, but Partner Center's referral is closed for good. "
            "Close the record, or unlink it."
        )
        return replace(
            _without(plan, "write"), kind="conflict", error=LinkError("reopened", "status", sentence), closed=True
        )
    if row.table == "lead":
        if won:
            return _without(plan, "write")
        status = CANCELED if facts.state == "expired" else DISQUALIFIED_LOST
        return replace(plan, close=Close(False, status), closed=True)
    revenue = plan.wanted.get("estimatedvalue") if won else None
    status = 3 if won else rules.mapping.status_of(_our_reason(facts.reason))
    return replace(plan, close=Close(won, status, revenue), closed=True)


def _our_reason(text: str | None) -> str | None:
    """Our reason for the words that Partner Center has for it."""
    plain = (text or "").lower()
    if "vendor" in plain:
        return "otherVendor"
    return "noResponse" if "respond" in plain else "other" if plain else None


def _guarded(rules: Rules, link: Link, plan: Plan) -> Plan:
    """A field that was carried to the same value again and again within an hour stops its record, after this time."""
    since = times.from_datetime(rules.now)
    since = times.shifted(since, hours=-FLIP_HOURS)
    carried = dict(plan.write)
    if plan.ask:
        carried |= plan.ask.columns
    for column, value in carried.items():
        before = sum(
            1 for carried in link.carried if carried.column == column and carried.value == value and carried.at >= since
        )
        if before >= FLIPS - 1:
            name = next(difference.field for difference in plan.differences if difference.column == column)
            return replace(plan, flipped=name)
    return plan


def flip_error(field_name: str) -> LinkError:
    """What a stopped record says."""
    return LinkError(
        "flipping",
        field_name,
        f"{field_name} was changed back and forth three times within an hour, so this record is left alone. Something in "
        "Dynamics 365 fights the sync (a flow, a rule, or another connector). Stop one of them, then retry.",
    )
