"""Whether the settings, the mapping and the environment fit: each thing that doesn't is a line that says what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shared.dynamics.environment import Environment
from shared.dynamics.mapping import ANY, OPTIONAL, Mapping, Table
from shared.dynamics.setup import Line
from shared.dynamics.translate import required_gaps
from shared.dynamics.values import units
from shared.read_model.snapshot import Snapshot

_TABLES: tuple[Table, Table] = ("lead", "opportunity")


def check_environment(environment: Environment) -> Iterator[Line]:
    """What was read of the environment."""
    yield Line(
        True,
        f"signed in to {environment.organisation or 'the environment'} as {environment.user or environment.user_id}",
    )
    if not environment.tables:
        yield Line(False, "its columns can't be read: give the role Read on customisations (EntityDefinitions)")
    if environment.key == "alternate":
        yield Line(True, "records are found by the key on hnt_referralid")
    elif environment.keys:
        states = ", ".join(f"{table}: {state}" for table, state in environment.keys.items())
        yield Line(False, f"the key on hnt_referralid is not active on both tables ({states}); until then ids are used")
    else:
        yield Line(True, "records have the referral's id as their own; setup makes a key that sellers can search by")
    if environment.connector:
        yield Line(
            False,
            "Microsoft's own Partner Center connector is installed, and both would write the same records. Turn its flows off, "
            "or leave HUNTER_DYNAMICS_ENABLED off.",
        )


def check_mapping(mapping: Mapping, environment: Environment) -> Iterator[Line]:
    """The mapping against the columns and choices that are there."""
    before = 0
    for table in _used(mapping):
        columns = environment.columns(table)
        given = set[str]()
        for line in mapping.lines(table):
            name = str(line.column(table))
            column = columns.get(name)
            if column is None:
                if name not in OPTIONAL:
                    before += 1
                    yield Line(False, f"mapping, {line.field}: {table} has no column {name}")
                continue
            given.add(name)
            if isinstance(line.value, str) and column.most and units(line.value) > column.most:
                before += 1
                yield Line(
                    False, f"mapping, {line.field}: its constant is longer than the {column.most} letters of {name}"
                )
            wrong = _wrong_choices(mapping, line.field, column.choices)
            if isinstance(line.value, int) and column.choices and line.value not in column.choices:
                wrong = [line.value]
            for number in wrong:
                before += 1
                yield Line(False, f"mapping, {line.field}: {name} of {table} has no choice {number}")
        for name in required_gaps(environment, table, given):
            before += 1
            yield Line(
                False, f"{table} requires {name}, and nothing fills it: give it a field or a constant in the mapping"
            )
    if not before:
        yield Line(True, f"the mapping (version {mapping.version}) fits")


def check_currencies(environment: Environment, snapshot: Snapshot) -> Iterator[Line]:
    """The currencies of open referrals against those that are active."""
    used = Counter(
        referral.currency
        for referral in snapshot.referrals
        if referral.is_open and referral.currency and referral.deal_value
    )
    missing = {code: number for code, number in used.items() if environment.currency(code) is None}
    for code, number in sorted(missing.items()):
        yield Line(
            False, f"{code} is not active, and {number} open referrals have it: their value goes into the description"
        )
    if not missing:
        yield Line(True, "all currencies of open referrals are active")


def _used(mapping: Mapping) -> list[Table]:
    goals = {goal for target in mapping.target.values() for goal in (target.unanswered, target.accepted)}
    if ANY not in mapping.target:
        goals |= {"lead", "opportunity"}
    return [table for table in _TABLES if table in goals]


def _wrong_choices(mapping: Mapping, field: str, choices: tuple[int, ...] | None) -> list[int]:
    if choices is None:
        return []
    numbers = {number for number in mapping.choices.get(field, {}).values() if isinstance(number, int)}
    return sorted(numbers - set(choices))
