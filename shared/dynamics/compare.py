"""The three-way comparison: what changed since both sides agreed, and whose word counts.

Of each column the pair is kept that was agreed last: what Partner Center asked for and what the CRM held then. They may
differ in form for good (a customer's rule rewrote a name, Partner Center words a stage in another way), and that is no
change. Carried is what changed on one side; where both changed, the field's owner decides. A value that is gone on one side
is not carried: empty overwrites nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from shared.dynamics.amounts import MONEY, Trouble, stands_in, untold, with_line
from shared.dynamics.mapping import PULLED, Field
from shared.dynamics.translate import Normal, Translator, Wanted

Verdict = Literal["agree", "keep", "write", "ask"]
"""agree: the pair is the new base; keep: nothing to do, the base stays; write: to the CRM; ask: to Partner Center."""
Base = Mapping[str, tuple[Normal, Normal]]
Same = Callable[[Normal, Normal], bool]


@dataclass(frozen=True, slots=True)
class Difference:
    """One column after the comparison."""

    column: str
    field: str
    want: Normal
    """What Partner Center has, in the column's form."""
    found: Normal
    """What the CRM has."""
    verdict: Verdict


def judge(
    translator: Translator, wanted: Wanted, found: Mapping[str, Normal], base: Base, *, accepted: bool
) -> tuple[list[Difference], tuple[Trouble, ...]]:
    """Decide for every mapped column, and say what does not fit.

    Money that can't be written stays as it is in the record, and stands in the description instead. No trouble is what the
    record has already, and what comes from there.

    Args:
        translator: of the record's table.
        wanted: what the referral asks for.
        found: what the record holds.
        base: what was agreed last.
        accepted: whether the referral was accepted.
    """
    money = compare(translator, wanted.held, found, base, accepted=accepted)
    unmet = any(each.verdict != "ask" and not translator.same(each.column, each.want, each.found) for each in money)
    columns = wanted.columns if unmet else {**wanted.columns, **wanted.notes}
    differences = compare(translator, {**columns, **wanted.held}, found, base, accepted=accepted)
    told = wanted.troubles if unmet or not wanted.held else wanted.troubles[1:]
    kept = []
    for each in differences:
        if each.column in wanted.held and each.verdict == "write":
            kept.append(replace(each, verdict="keep"))
        elif each.column == translator.notes_column and each.verdict == "keep":
            amended = _amended(translator, each, wanted.line if unmet else None, base)
            kept.append(amended)
            if unmet and not stands_in(amended.want if amended.verdict == "write" else each.found, wanted.line):
                told = (untold(told[0]), *told[1:])
        else:
            kept.append(each)
    return kept, told


def _amended(translator: Translator, difference: Difference, line: str | None, base: Base) -> Difference:
    """The description with the line that it should have, where people write it otherwise; what they wrote is never cut."""
    before = base.get(difference.column, (None, None))[0]
    if line and stands_in(before, line):
        return difference  # said once; who took it off wants it off
    text = with_line(difference.found, line, before)
    if text == difference.found or (text and not translator.fits(difference.column, text)):
        return difference
    return replace(difference, want=text, verdict="write")


def compare(
    translator: Translator, wanted: Mapping[str, Normal], found: Mapping[str, Normal], base: Base, *, accepted: bool
) -> list[Difference]:
    """Decide for every mapped column.

    Args:
        translator: of the record's table.
        wanted: what the referral asks for; columns that are left out are not touched.
        found: what the record holds.
        base: what was agreed last; a column without is compared for the first time.
        accepted: whether the referral was accepted, from when on the CRM owns what the mapping gives it.
    """
    differences = []
    for column, want in wanted.items():
        line = translator.lines[column]
        by_crm = accepted and line.owner == "crm" and line.field in PULLED

        def same(left: Normal, right: Normal, column: str = column) -> bool:
            return translator.same(column, left, right)

        verdict = decide(line, want, found.get(column), base.get(column), by_crm=by_crm, same=same)
        differences.append(Difference(column, line.field, want, found.get(column), verdict))
    return _paired(translator, differences, accepted=accepted)


def decide(
    line: Field, want: Normal, found: Normal, base: tuple[Normal, Normal] | None, *, by_crm: bool, same: Same
) -> Verdict:
    """What is to be done about one column.

    Args:
        line: its line in the mapping.
        want: what Partner Center has.
        found: what the CRM has.
        base: the pair that was agreed last; None without one.
        by_crm: whether the CRM owns the field now.
        same: tells whether two values mean the same.
    """
    if same(want, found):
        return "agree"
    if line.mode == "create":
        return "keep"
    if line.mode == "empty":
        return "write" if found is None and want is not None else "keep"
    ours_changed = base is None or not same(want, base[0])
    theirs_changed = base is None or not same(found, base[1])
    if not ours_changed and not theirs_changed:
        return "keep"
    if ours_changed and theirs_changed:
        if found is None or want is None:
            return _carried(want, found, by_crm=by_crm)
        return "ask" if by_crm else "write"
    if ours_changed:
        return "write" if want is not None else "keep"
    if by_crm:
        return "ask" if found is not None else "keep"
    return "write" if want is not None else "agree"


def _carried(want: Normal, found: Normal, *, by_crm: bool) -> Verdict:
    """Where one side has nothing, the other side's value is carried if it can be."""
    if found is None:
        return "write" if want is not None else "agree"
    return "ask" if by_crm else "agree"


def _paired(translator: Translator, differences: list[Difference], *, accepted: bool) -> list[Difference]:
    """Value and currency go one way together; where they would go apart, the owner of the value decides."""
    pair = [difference for difference in differences if difference.field in MONEY]
    verdicts = {difference.verdict for difference in pair}
    if len(pair) < 2 or not verdicts & {"write", "ask"}:
        return differences
    value = next(difference for difference in pair if difference.field == "dealValue")
    if {"write", "ask"} <= verdicts:
        by_crm = accepted and translator.lines[value.column].owner == "crm"
        verdict: Verdict = "ask" if by_crm else "write"
    else:
        verdict = "ask" if "ask" in verdicts else "write"
    wanted = {difference.field: difference for difference in pair}
    if verdict == "ask" and any(difference.found is None for difference in wanted.values()):
        verdict = "keep"  # an amount without its currency says nothing
    return [
        Difference(difference.column, difference.field, difference.want, difference.found, verdict)
        if difference.field in MONEY and (verdict == "ask" or difference.verdict != "agree")
        else difference
        for difference in differences
    ]
