"""An amount whose currency the CRM has not: what is said of it, and its line in the description."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from shared.dynamics.environment import Environment
from shared.dynamics.values import money_words

MONEY: Final = ("dealValue", "currency")
"""Seen, compared and sent together."""
_LINE: Final = re.compile(r"Deal value: -?[0-9,]+\.[0-9]{2} (?:[A-Z]{3}|\(no currency given\))")
_TOLD: Final = "; it is in the description"


@dataclasses.dataclass(frozen=True, slots=True)
class Trouble:
    """Something that does not fit: a stable code, the field of ours, and a sentence that says what to do."""

    code: str
    field: str | None
    message: str
    phrase: str | None = None
    details: dict[str, str] = dataclasses.field(default_factory=dict)


CURRENCY_MISSING: Final = Trouble(
    "currency_missing",
    "currency",
    f"The referral has a value without a currency, so no value was written{_TOLD}. Give the referral a currency.",
)


def trouble_of(fields: Mapping[str, Any], environment: Environment | None) -> Trouble | None:
    """What speaks against writing the amount of these facts; None when it can be written.

    Args:
        fields: the facts.
        environment: knows the currencies that are active; None: theirs is known not to be.
    """
    code = fields.get("currency")
    if not isinstance(fields.get("dealValue"), Decimal):
        return None
    if not code:
        return CURRENCY_MISSING
    return None if environment and environment.currency(str(code)) else _not_active(str(code))


def _not_active(code: str) -> Trouble:
    """The CRM has no active currency of this code."""
    return Trouble(
        "currency_not_active",
        "currency",
        f"Dynamics 365 has no active currency {code}, so no value was written{_TOLD}. Add or activate {code} there, then retry.",
        details={"currency": code},
    )


def untold(trouble: Trouble) -> Trouble:
    """The same where the description does not hold the amount."""
    message = trouble.message.replace(_TOLD, "")
    return dataclasses.replace(trouble, message=message, phrase=f"{trouble.code}.untold")


def line_of(fields: Mapping[str, Any]) -> str:
    """The line that stands for the amount of these facts."""
    value, code = fields.get("dealValue"), fields.get("currency")
    return (
        f"Deal value: {money_words(value if isinstance(value, Decimal) else Decimal(0), str(code) if code else None)}"
    )


def stands_in(text: Any, line: str | None) -> bool:
    """Whether a description begins with this line."""
    return isinstance(text, str) and line is not None and text.partition("\n")[0].strip() == line


def with_line(text: Any, line: str | None, before: Any) -> str | None:
    """A description that begins with this line, and no longer with the one that was put there before.

    Args:
        text: as it is.
        line: what it should begin with; None: with nothing of ours.
        before: the description as it was written last.
    """
    plain = text if isinstance(text, str) else ""
    first, _, rest = plain.partition("\n")
    if _LINE.fullmatch(first.strip()) and (first.strip() == line or stands_in(before, first.strip())):
        plain = rest
    return "\n".join(filter(None, (line, plain))) or None
