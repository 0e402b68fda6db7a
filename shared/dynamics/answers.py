"""What Dataverse's errors mean: the table of its codes, and the sentences that people read.

Codes and texts: Microsoft Learn, "Web service error codes" and "Service protection API limits"; where the HTTP status of a
code isn't documented, both that were seen are taken (docs/dynamics.md, "Errors").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from shared.dynamics.values import tidy

MOST_OF_THEIRS: Final = 200
"""Letters of a customer's own rule that are shown."""
_PRIVILEGE: Final = re.compile(r"\b(prv[A-Za-z]{3,60})\b")
_ENTITY: Final = re.compile(r"for entity '([a-z_0-9]{1,64})'")
_COLUMN: Final = re.compile(r"'([a-z][a-z_0-9]{1,63})'")
_LENGTH: Final = re.compile(r"maximum allowed length of '?(\d+)'?")


@dataclass(frozen=True)
class Meaning:
    """One row of the table."""

    phrase: str
    """What the dictionaries of the page call the sentence: its kind, and where a kind has several, which."""
    sentence: str
    whole: bool = False
    """It concerns the whole connection and not one record."""

    @property
    def kind(self) -> str:
        """Our code for it."""
        return self.phrase.partition(".")[0]


_ACCESS: Final = "dynamics_access_denied"
TABLE: Final[dict[str, Meaning]] = {
    "80072560": Meaning(
        f"{_ACCESS}.not_a_member",
        "Dynamics 365 does not know this application. Add it as an application user of the environment, with the role of "
        "docs/dynamics.md.",
        whole=True,
    ),
    "80042f09": Meaning(
        f"{_ACCESS}.no_role",
        "The application user has no role in Dynamics 365. Give it the role of docs/dynamics.md.",
        whole=True,
    ),
    "80040225": Meaning(f"{_ACCESS}.disabled", "The application user is disabled in Dynamics 365. Enable it there.", whole=True),
    "8004d24b": Meaning(
        f"{_ACCESS}.no_licence",
        "The application user has no licence in Dynamics 365. Check it there.", whole=True,
    ),
    "80040220": Meaning(
        f"{_ACCESS}.privilege",
        "The application user's role lacks {privilege} on {entity}. Add it to the role there.",
    ),
    "80048306": Meaning("record_access_denied", "The application user may not use this record. Share it, or widen the role."),
    "80044331": Meaning("text_too_long", "The text for {column} is longer than the {most} letters it may have."),
    "8004431a": Meaning("choice_invalid", "Dynamics 365 has no such choice in {column}. Add it to choices in the mapping."),
    "8004432f": Meaning("number_out_of_range", "The number for {column} is outside its range in Dynamics 365."),
    "80044330": Meaning("number_out_of_range", "The number for {column} is outside its range in Dynamics 365."),
    "80048cfb": Meaning("currency_not_active.wanted", "Dynamics 365 wants a currency with an amount. Give the referral one."),
    "80048cfc": Meaning(
        "currency_not_active.refused",
        "The currency is not active in Dynamics 365. Activate it there, then retry.",
    ),
    "80048cef": Meaning("currency_differs", "The price list has another currency than the opportunity. Change one of them."),
    "80060888": Meaning("column_missing", "Dynamics 365 has no column {column}. Correct the mapping, or run setup."),
    "80048d19": Meaning("mapping_wrong", "Dynamics 365 knows no lookup {column}. Correct the mapping."),
    "80060890": Meaning("key_not_ready", "The key on hnt_referralid is not active yet. Wait for its index, or run setup."),
    "80040265": Meaning("refused_by_rule", "A rule of your Dynamics 365 refused the record: {text}"),
    "80040217": Meaning("record_not_found", "The record does not exist in Dynamics 365."),
    "80060891": Meaning("record_not_found.key", "No record in Dynamics 365 has this key."),
    "8006088a": Meaning(
        "not_supported.segment",
        "Dynamics 365 does not know this table or action. Is Dynamics 365 Sales installed?",
    ),
    "8004023b": Meaning("not_supported", "Dynamics 365 does not allow this for the table."),
    "80040315": Meaning("not_supported", "Dynamics 365 does not allow this for the table."),
    "80040227": Meaning("not_supported", "Dynamics 365 does not allow this for the table."),
    "80060882": Meaning("changed_meanwhile", "Somebody changed the record meanwhile; it is looked at again."),
    "80040237": Meaning("record_exists", "A record with this key exists already."),
    "80060892": Meaning("key_taken", "Another record has this referral's id. Link that one, or clear its hnt_referralid."),
    "80040333": Meaning("duplicate_found", "A duplicate rule of Dynamics 365 was hit. Link the record that is there."),
    "8004418a": Meaning("too_large", "The record is too large for Dynamics 365."),
    "80040519": Meaning("already_closed", "The lead is closed already."),
    "80040515": Meaning("already_closed", "The opportunity is closed already."),
    "80040516": Meaning("quotes_open", "The opportunity has active quotes. Close them in Dynamics 365, then retry."),
    "80048408": Meaning("state_refused", "Dynamics 365 does not allow this status. Check the reasons in the mapping."),
    "80100005": Meaning("state_refused.update", "Dynamics 365 does not allow this status by an update."),
    "80081018": Meaning(f"{_ACCESS}.accounts", "The application user's role lacks a right on accounts, needed to qualify leads."),
    "80072322": Meaning("dynamics_throttled", "Dynamics 365 asks for a pause: too many requests.", whole=True),
    "80072321": Meaning("dynamics_throttled", "Dynamics 365 asks for a pause: too much time spent on requests.", whole=True),
    "80072326": Meaning("dynamics_throttled", "Dynamics 365 asks for a pause: too many requests at once.", whole=True),
    "80048544": Meaning("dynamics_throttled", "Dynamics 365 asks for a pause: a query was too expensive.", whole=True),
    "80048644": Meaning("dynamics_throttled", "Dynamics 365 asks for a pause: a query was too expensive.", whole=True),
    "80044151": Meaning("dynamics_unavailable", "Dynamics 365's database did not answer in time.", whole=True),
    "80040216": Meaning(
        "refused.failed",
        "Dynamics 365 failed on this record. Retry; if it stays, look at the values that are sent.",
    ),
    "80047013": Meaning("exists", "The column exists already."),
    "80060893": Meaning("exists", "The key exists already."),
    "80060894": Meaning("exists", "The key exists already."),
}  # fmt: skip
"""By Dataverse's error code, in hexadecimal without 0x."""
_BY_STATUS: Final = {
    400: Meaning("refused", "Dynamics 365 did not accept the record."),
    401: Meaning("dynamics_sign_in_failed", "Dynamics 365 did not accept the application's token.", whole=True),
    403: Meaning(_ACCESS, "Dynamics 365 refuses the application user. Check its role in the environment.", whole=True),
    404: Meaning("record_not_found", "Dynamics 365 has nothing under this address."),
    405: Meaning("not_supported", "Dynamics 365 does not allow this for the table."),
    412: Meaning("changed_meanwhile", "Somebody changed the record meanwhile; it is looked at again."),
    413: Meaning("too_large", "The record is too large for Dynamics 365."),
    429: Meaning("dynamics_throttled", "Dynamics 365 asks for a pause.", whole=True),
}
_UNAVAILABLE: Final = Meaning("dynamics_unavailable", "Dynamics 365 does not answer at the moment.", whole=True)
PASSING: Final = frozenset({"dynamics_unavailable", "dynamics_throttled"})


@dataclass(frozen=True)
class Refusal:
    """An error as it was understood."""

    status: int
    code: str
    """Dataverse's, hexadecimal without 0x; empty for none."""
    kind: str
    message: str
    whole: bool
    details: dict[str, str] = field(default_factory=dict)
    """privilege, entity, column, most, where the text named them; text of a customer's own rule."""
    phrase: str = ""
    """What the dictionaries call the sentence."""

    @property
    def extra(self) -> dict[str, object]:
        """What readers of another language need to have the sentence in theirs."""
        return {"phrase": self.phrase or self.kind, "details": self.details}


class CrmError(Exception):
    """Dataverse refused a request."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.kind)
        self.refusal = refusal

    @property
    def kind(self) -> str:
        """Our code for it."""
        return self.refusal.kind


def understand(status: int, body: bytes) -> Refusal:
    """What an error answer means. The upstream text stays here, but for the words of a customer's own rule.

    Args:
        status: the answer's HTTP status.
        body: its body, of whatever kind.
    """
    code, text = _code_and_text(body)
    meaning = TABLE.get(code)
    if meaning is None:
        meaning = _by_text(text) or _BY_STATUS.get(status) or (_UNAVAILABLE if status >= 500 else _BY_STATUS[400])
        if status >= 500 and code.startswith("8004"):
            meaning = TABLE["80040216"]  # a business error in a server error's clothes
    details = _details(text)
    words = {"privilege": "a privilege", "entity": "a table", "column": "a column", "most": "allowed", **details}
    shown = tidy(" ".join(text.split())) or ""
    words["text"] = f"{shown[: MOST_OF_THEIRS - 1]}…" if len(shown) > MOST_OF_THEIRS else shown
    if "{text}" in meaning.sentence:
        details = {**details, "text": words["text"]}
    sentence = meaning.sentence.format_map(words)
    return Refusal(status, code, meaning.kind, sentence, meaning.whole, details, meaning.phrase)


def _by_text(text: str) -> Meaning | None:
    """Malformed requests carry no code of their own."""
    if "Invalid property" in text or "Could not find a property named" in text:
        return TABLE["80060888"]
    if "undeclared property" in text:
        return TABLE["80048d19"]
    if "not valid for resource" in text and "key" in text:
        return TABLE["80060890"]
    return None


def _details(text: str) -> dict[str, str]:
    found = {}
    for name, pattern in (("privilege", _PRIVILEGE), ("entity", _ENTITY), ("column", _COLUMN), ("most", _LENGTH)):
        match = pattern.search(text)
        if match:
            found[name] = match[1]
    return found


def _code_and_text(body: bytes) -> tuple[str, str]:
    """The code as lower-case hexadecimal, of either of its forms, and the message."""
    try:
        decoded: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return "", ""
    error = decoded.get("error") if isinstance(decoded, dict) else None
    if not isinstance(error, dict):
        return "", ""
    text = error.get("message") if isinstance(error.get("message"), str) else ""
    return _hexadecimal(error.get("code")), str(text)


def _hexadecimal(code: Any) -> str:
    plain = str(code or "").strip().lower()
    try:
        number = int(plain, 16) if plain.startswith("0x") else int(plain)
    except ValueError:
        return ""
    return f"{number & 0xFFFFFFFF:08x}" if number else ""
