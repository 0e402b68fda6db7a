"""The three-way comparison: what the person saw, what Partner Center has now, and what the person wants.

Nothing unseen is overwritten: a value is sent only where Partner Center still has the one that was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.actions import fields
from shared.actions.preflight import PHRASES, RULES, Finding, Standing, obstacle
from shared.model.action import Action, Conflict
from shared.model.category import is_answerable

Operation = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is to be done, given what Partner Center has now."""

    verdict: Literal["done", "send", "conflict", "refused"]
    operations: list[Operation] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    finding: Finding | None = None
    has_alternative: bool = False
    """Whether an operation could also be sent the other way (``add`` for ``replace``)."""


@dataclass
class _Difference:
    """Of the wanted fields those that are not there yet, and those that somebody else changed."""

    to_send: dict[str, Any]
    conflicts: list[Conflict]


def plan(action: Action, record: Mapping[str, Any], *, as_add: bool = False) -> Plan:
    """Compare, and say what to do.

    Args:
        action: what is wanted, and what was seen.
        record: the referral as Partner Center has it now, its JSON.
        as_add: send ``add`` also for members that are there and null.
    """
    rule, theirs = RULES[action.action], fields.values_of(record)
    status_there = rule.becomes is not None and (theirs["status"], theirs["substatus"]) == rule.becomes
    difference = _differences(action, theirs)
    if rule.becomes and not status_there:
        difference.conflicts[:0] = _moved(action, theirs, rule.becomes)
    if difference.conflicts:
        return Plan("conflict", conflicts=difference.conflicts)
    notes = _notes(action, record, difference)
    team = _team(action, record)
    if status_there or not rule.becomes:
        closed = theirs["status"] == "Closed"
        if not difference.to_send and team is None and (notes is None or (status_there and closed)):
            return Plan("done")
    if notes is not None:
        difference.to_send["notes"] = notes
        if len(notes) > fields.NOTES_MOST:
            return Plan("refused", finding=Finding("remark", "too_long", "The notes are too long for the remark."))
    value = difference.to_send.get("dealValue", theirs["dealValue"])
    standing = Standing(theirs["status"], theirs["substatus"], is_answerable(record.get("callToAction")), value)
    found = obstacle("update" if status_there else action.action, standing)
    if found:
        return Plan("refused", finding=found)
    wanted: list[tuple[str, Any]] = []
    if rule.becomes and not status_there:
        wanted += [("/status", rule.becomes[0]), ("/substatus", rule.becomes[1])]
        if rule.needs_reason:
            wanted.append(("/statusReason", PHRASES[action.reason or "other"]))
    wanted += [
        (path.path, fields.shown(name, difference.to_send[name]))
        for name, path in fields.FIELDS.items()
        if name in difference.to_send
    ]
    operations = [_operation(record, path, value, as_add=as_add) for path, value in wanted]
    alternative = any(_is_null(record, operation) for operation in operations)
    return Plan("send", [*operations, *(team or [])], has_alternative=alternative)


def is_done(action: Action, record: Mapping[str, Any]) -> bool:
    """Whether everything that an action wants is there."""
    return plan(action, record).verdict == "done"


def wanted_values(action: Action) -> dict[str, Any]:
    """Every field that an action sets, with the value that it shall have."""
    becomes = RULES[action.action].becomes
    values = dict(zip(fields.STATUS_FIELDS, becomes, strict=True)) if becomes else {}
    return {
        **values,
        **{name: fields.normal(name, action.changes[name]) for name in fields.FIELDS if name in action.changes},
    }


def all_as_conflicts(action: Action, record: Mapping[str, Any]) -> list[Conflict]:
    """Every wanted field as a conflict: for a referral that changes faster than it can be read."""
    theirs = fields.values_of(record)
    return [_conflict(name, action, theirs, wanted) for name, wanted in wanted_values(action).items()]


def _differences(action: Action, theirs: Mapping[str, Any]) -> _Difference:
    found = _Difference({}, [])
    for group in fields.GROUPS:
        named = [name for name in group if name in action.changes]
        if not named:
            continue
        seen = {name: fields.normal(name, action.seen.get(name)) for name in group}
        wanted = {**seen, **{name: fields.normal(name, action.changes[name]) for name in named}}
        now = {name: theirs[name] for name in group}
        if wanted == now:
            continue
        if now == seen:
            found.to_send |= {name: wanted[name] for name in group if wanted[name] is not None or name in named}
        else:
            found.conflicts += [
                _conflict(name, action, theirs, wanted[name]) for name in group if now[name] != seen[name]
            ]
    return found


def _moved(action: Action, theirs: Mapping[str, Any], becomes: tuple[str, str]) -> list[Conflict]:
    """Status and substatus, where they are not what was seen: then nothing is sent, whatever else is as it was."""
    moved = any(theirs[name] != fields.normal(name, action.seen.get(name)) for name in fields.STATUS_FIELDS)
    wanted = zip(fields.STATUS_FIELDS, becomes, strict=True)
    return [
        _conflict(name, action, theirs, value)
        for name, value in (wanted if moved else ())
        if theirs[name] != fields.normal(name, action.seen.get(name))
    ]


def _conflict(name: str, action: Action, theirs: Mapping[str, Any], yours: Any) -> Conflict:
    seen = fields.normal(name, action.seen.get(name))
    return Conflict(name, fields.shown(name, seen), fields.shown(name, theirs[name]), fields.shown(name, yours))


def _notes(action: Action, record: Mapping[str, Any], difference: _Difference) -> str | None:
    """The notes with the remark behind them; None where it is there already, or none is to be added."""
    line = action.remark_line
    if line is None:
        return None
    _, now = fields.look_up(record, fields.FIELDS["notes"])
    before = difference.to_send.get("notes", now) or ""
    if not isinstance(before, str) or f"\n{line}\n" in f"\n{before.replace(chr(13), '')}\n":
        return None
    return f"{before}\n{line}" if before else line


def _team(action: Action, record: Mapping[str, Any]) -> list[Operation] | None:
    """The operations on the team; None where everybody who shall be is in it, and nobody who shall not."""
    team = fields.team_of(record)
    leaving = action.changes.get("removeTeam", [])
    stays = [each for each in team if not any(fields.same_address(each.get("email"), gone) for gone in leaving)]
    coming: list[dict[str, Any]] = []
    for person in action.changes.get("addTeam", []):
        if not any(fields.same_address(person["email"], each.get("email")) for each in (*stays, *coming)):
            coming.append(person)
    if len(stays) < len(team) or (coming and not isinstance(record.get("team"), list)):
        return [{"op": "replace" if "team" in record else "add", "path": "/team", "value": [*stays, *coming]}]
    return [{"op": "add", "path": "/team/-", "value": person} for person in coming] or None


def _operation(record: Mapping[str, Any], path: str, value: Any, *, as_add: bool) -> Operation:
    """``replace`` needs something to replace (RFC 6902, 4.3): a member that is absent is added."""
    there, before = _member(record, path)
    verb = "replace" if there and not (as_add and before is None) else "add"
    return {"op": verb, "path": path, "value": value}


def _member(record: Mapping[str, Any], path: str) -> tuple[bool, Any]:
    here: Any = record
    for part in path[1:].split("/"):
        if not isinstance(here, Mapping) or part not in here:
            return False, None
        here = here[part]
    return True, here


def _is_null(record: Mapping[str, Any], operation: Operation) -> bool:
    return _member(record, operation["path"]) == (True, None)
