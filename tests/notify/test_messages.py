"""Cards and mails: right in form, small, in both languages, and nothing of what others wrote acts in them."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from shared.model.occasion import KINDS, Facts, Kind
from shared.model.subscription import Language
from shared.notify import letter, mail, teams
from shared.notify.letter import Letter, Telling, ViewLink
from shared.notify.words import WORDS
from tests.notify.samples import NOW, PAGE, at, referral, subscription

SCHEMA = Draft202012Validator(json.loads(Path(__file__).with_name("card.schema.json").read_text(encoding="utf-8")))
FACTS: dict[Kind, Facts] = {
    "new": {},
    "due": {"deadline": at(27)},
    "expired": {"deadline": at(26, 8)},
    "answered": {"answer": "accepted"},
    "closed": {"substatus": "Won"},
    "changed": {"valueBefore": "25000", "currencyBefore": "EUR", "closingBefore": ""},
    "assigned": {"mail": "deniz@partner.example", "byName": "Efe Örnek"},
    "actionFailed": {"action": "accept", "state": "conflict", "byName": "Efe Örnek"},
}
NEW: list[Kind] = ["new"]
DUE: list[Kind] = ["due"]
HOSTILE = [
    "[click](https://evil.example)",
    "**bold** _it_ `code` ~gone~ # head",
    "<script>alert(1)</script>",
    "<at>everyone</at>",
    "{{DATE(2026-01-01T00:00:00Z)}} ${name}",
    "a\r\nBcc: evil@evil.example\r\n\r\n<b>x</b>",
    "\u202eevil\u202c \u0000\u0007 \u2028 x",
    '" onmouseover="alert(1)',
    "- item\n1. item",
    "![x](https://evil.example/x.png)",
    "x" * 5_000,
    "😀" * 500,
    "İstanbul & ğüşıöç ' \" <",
]


def make(*kinds: Kind, language: Language = "en", view: bool = False, **fields: Any) -> Letter:
    tellings = [Telling(kind, FACTS[kind], referral(number, **fields)) for number, kind in enumerate(kinds, 1)]
    wanted = subscription(language=language, name="Mine")
    return letter.compose(wanted, ViewLink("Turkey", "country=TR") if view else None, tellings, PAGE, NOW)


def card_of(message: dict[str, Any]) -> dict[str, Any]:
    card: dict[str, Any] = message["attachments"][0]["content"]
    return card


def texts(element: Any) -> list[str]:
    if isinstance(element, list):
        return [text for each in element for text in texts(each)]
    if not isinstance(element, dict):
        return []
    own = [element[name] for name in ("text", "title", "value") if name in element]
    return own + [text for value in element.values() for text in texts(value)]


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_alone_is_a_card_of_the_right_form(kind: Kind, language: Language) -> None:
    card = card_of(message := teams.card_message(make(kind, language=language, view=True)))
    SCHEMA.validate(message)
    urls = [action["url"] for action in card["actions"]]
    assert urls == [
        f"{PAGE}/app?view=referrals&id=00000000-0000-4000-8000-000000000001",
        f"{PAGE}/app?view=referrals&country=TR",
    ]
    assert f"]({PAGE}/app?view=notifications&subscription=s-1)" in card["body"][-1]["text"]
    assert "Mine" in card["body"][-1]["text"]


def test_words_are_the_same_in_both_languages_and_none_is_left_raw() -> None:
    assert WORDS["en"].keys() == WORDS["tr"].keys()
    for language in ("en", "tr"):
        parts = {name: re.findall(r"{(\w+)}", text) for name, text in WORDS[language].items()}
        assert parts == {name: re.findall(r"{(\w+)}", text) for name, text in WORDS["en"].items()}
        for kind in KINDS:
            shown = mail.text_of(make(kind, language=language))
            assert not re.search(r"\b(field|event|count|why|open|due|answered|closed)\.[a-zA-Z]", shown), shown


def test_a_single_deadline_says_what_a_salesperson_needs() -> None:
    made = make("due", language="tr")
    assert made.subject == "[Fırsatlar] Yarın son gün: Örnek Müşteri A.Ş."
    assert ("Değer", "30.000 EUR") in made.lines[0].facts
    assert ("Son yanıt tarihi", "27.11.2026 12:00") in made.lines[0].facts
    assert ("Answer by", "27 Nov 2026 12:00") in make("due").lines[0].facts


def test_a_change_says_from_and_to() -> None:
    facts = dict(make("changed").lines[0].facts)
    assert facts["Value"] == "25,000 EUR → 30,000 EUR"
    assert facts["Closing date"] == "none → 10 Dec 2026"


def test_a_digest_has_ten_rows_the_urgent_first_and_counts_the_rest() -> None:
    made = make(*NEW * 30, "due", "expired", "closed")
    assert made.heading == "1 due, 1 expired, 30 new, 1 closed"
    assert (len(made.lines), made.more) == (10, "and 23 more")
    assert [line.what for line in made.lines[:3]] == ["Due tomorrow", "Expired unanswered", "New lead"]
    SCHEMA.validate(message := teams.card_message(made))
    assert len(card_of(message)["actions"]) == 1
    assert "and 23 more" in mail.html_of(made)
    assert "ve 23 tane daha" in mail.text_of(make(*NEW * 33, language="tr"))


def test_the_test_message_is_a_card_too() -> None:
    made = letter.compose_test(subscription(language="tr", channel="teams"), None, PAGE)
    SCHEMA.validate(teams.card_message(made))
    assert "Bu bir denemedir" in mail.text_of(made)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_others_wrote_is_shown_and_does_nothing(text: str) -> None:
    made = make(*NEW * 12, name=text, customer_name=text, country=text[:40])
    message = teams.card_message(made)
    SCHEMA.validate(message)
    assert len(teams.encoded(message)) < teams.MOST_BYTES
    for shown in texts(card_of(message)):
        assert not re.search(r"(?<!\\)\]\((?!https://sample\.azurewebsites\.net/)", shown)
        assert "{{" not in shown
        assert "${" not in shown
        assert "\n" not in shown
    assert "\n" not in made.subject
    assert "\r" not in made.subject
    Checked().check(mail.html_of(made))


@hypothesis(max_examples=60)
@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(KINDS), st.sampled_from(["en", "tr"]))
def test_any_text_makes_a_card_and_a_mail(name: str, customer: str, kind: Kind, language: Language) -> None:
    made = make(kind, *DUE * 9, language=language, name=name, customer_name=customer)
    message = teams.card_message(made)
    SCHEMA.validate(message)
    assert len(teams.encoded(message)) < teams.MOST_BYTES
    Checked().check(mail.html_of(made))


@pytest.mark.parametrize("value", [None, "0", "0.5", "1234567.891", "99999999999999999999", "-1"])
def test_amounts_are_written_as_they_are(value: str | None) -> None:
    made = make("new", deal_value=Decimal(value) if value else None)
    expected = {"0": "0 EUR", "0.5": "0.5 EUR", "1234567.891": "1,234,567.891 EUR", "-1": "-1 EUR"}
    shown = dict(made.lines[0].facts).get("Value")
    assert shown == (expected.get(value or "", shown) if value else None)


def test_graph_carries_html_alone_and_headers_that_it_takes() -> None:
    body = mail.graph_body(make("new"), "deniz@partner.example", "key-1")
    assert body["message"]["body"]["contentType"] == "HTML"
    assert body["saveToSentItems"] is False
    headers = {header["name"]: header["value"] for header in body["message"]["internetMessageHeaders"]}
    assert headers["x-auto-submitted"] == "auto-generated"
    assert all(name.startswith("x-") for name in headers)


def test_communication_services_gets_both_forms_and_tracks_nobody() -> None:
    body = mail.acs_body(make("new"), "deniz@partner.example", "from@partner.example")
    assert body["userEngagementTrackingDisabled"] is True
    assert body["headers"]["Auto-Submitted"] == "auto-generated"
    assert body["content"]["plainText"].startswith("New lead: Örnek Müşteri A.Ş.")
    assert mail.operation_id("a") == mail.operation_id("a") != mail.operation_id("b")


class Checked(HTMLParser):
    """HTML in which nothing runs and nothing is loaded, and every link leads to the page."""

    def check(self, text: str) -> None:
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []
        assert "url(" not in text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "table",
            "tr",
            "td",
            "h1",
            "p",
            "a",
            "b",
            "br",
            "span",
        }
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name not in {"src", "background", "srcset"}
            if name == "href":
                assert (value or "").startswith(f"{PAGE}/app?"), value
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
