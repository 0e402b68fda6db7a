"""As much of the Kusto query language as the alert rules use, so that a test can run a rule over real log lines.

Understood: ``extend e = parse_json(Message)``; ``where`` with conditions joined by ``and``, each ``tostring(e.x) == "..."``,
``tostring(e.x) != "..."``, ``tostring(e.x) !in ("...", ...)`` or ``toint(e.x) >= n``; and a last
``summarize measure = count()`` or ``= dcount(tostring(e.x))``. Anything else raises: a rule that is not understood is not tested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]


def measure(query: str, messages: Sequence[str]) -> int:
    """The rule's figure over traces with these messages. Without a row in, summarize still gives one row: 0."""
    table, *steps = [part.strip() for part in query.strip().split("\n|")]
    if table != "AppTraces" or steps.pop(0) != "extend e = parse_json(Message)":
        raise ValueError(query)
    rows = [_parse_json(message) for message in messages]
    *filters, last = steps
    for step in filters:
        keyword, _, conditions = step.partition(" ")
        if keyword != "where":
            raise ValueError(step)
        for condition in conditions.split(" and "):
            keep = _condition(condition)
            rows = [row for row in rows if keep(row)]
    if last == "summarize measure = count()":
        return len(rows)
    counted = re.fullmatch(r"summarize measure = dcount\(tostring\(e\.(\w+)\)\)", last)
    if not counted:
        raise ValueError(last)
    return len({_tostring(row, counted[1]) for row in rows})


def fires(operator: str, threshold: int, value: int) -> bool:
    """Whether a rule with this operator and threshold fires on the figure."""
    return {"GreaterThan": value > threshold, "LessThan": value < threshold}[operator]


def _parse_json(message: str) -> Row:
    """A message that is no JSON object becomes a value without properties, as in Kusto."""
    try:
        value = json.loads(message)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _tostring(row: Row, field: str) -> str:
    value = row.get(field)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _condition(text: str) -> Callable[[Row], bool]:
    compared = re.fullmatch(r'tostring\(e\.(\w+)\) (==|!=) "([^"]*)"', text)
    if compared:
        field, operator, literal = compared.groups()
        return lambda row: (_tostring(row, field) == literal) == (operator == "==")
    excluded = re.fullmatch(r"tostring\(e\.(\w+)\) !in \(([^)]*)\)", text)
    if excluded:
        literals = set(re.findall(r'"([^"]*)"', excluded[2]))
        return lambda row: _tostring(row, excluded[1]) not in literals
    least = re.fullmatch(r"toint\(e\.(\w+)\) >= (\d+)", text)
    if least:
        return lambda row: isinstance(row.get(least[1]), int) and row[least[1]] >= int(least[2])
    raise ValueError(text)
