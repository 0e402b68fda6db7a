"""Every error of Dynamics 365 as people read it: on the card of the referral and in the operators' view, in both languages.

How each comes from the wire to the answers is tests/dynamics/test_errors_shown.py; here the answers are given to the page.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from shared.dynamics.answers import Refusal, understand
from tests.dynamics.test_errors import READ, body
from tests.page.conftest import Visit
from tests.page.test_dynamics import LIST, VIEW, Both, both, card, world
from tests.page.test_phrases import STATIC

__all__ = ["both", "world"]
SHOTS = os.environ.get("DYNAMICS_SHOTS")
OVER_BY_ITSELF = {"record_exists", "changed_meanwhile", "already_closed"}
"""What a run gets over: it looks again."""
GENERIC = {"dynamics_access_denied", "dynamics_sign_in_failed", "dynamics_throttled", "dynamics_unavailable"}
"""Errors of the whole exchange, whose sentence and advice are with those of all rooms."""


def phrases(language: str) -> dict[str, str]:
    """The dictionaries of Dynamics 365 and of errors."""
    found: dict[str, str] = {}
    for room in ("errors", "dynamics"):
        text = (STATIC / "i18n" / language[:2] / f"{room}.js").read_text(encoding="utf-8")
        found |= dict(re.findall(r'^ {2}"([^"]+)": "(.*)",$', text, re.MULTILINE))
    return found


def sentence(known: dict[str, str], refusal: Refusal) -> str:
    """What the page should say."""
    name = f"crm.error.{refusal.phrase}"
    if name not in known and refusal.kind in GENERIC:
        return f"{known[f'error.{refusal.kind}']} {known[f'advice.{refusal.kind}']}"
    words = {each: known[f"crm.some.{each}"] for each in ("column", "most", "privilege", "entity")}
    return known[name].format_map({**words, "currency": "", **refusal.details})


def said(refusal: Refusal) -> dict[str, Any]:
    """The error as the answers carry it."""
    more = {"field": None, "nextAt": "2027-01-01T00:00:00Z", "phrase": refusal.phrase, "details": refusal.details}
    return {"code": refusal.kind, "message": refusal.message, **more}


class Answers:
    """The answers of the app, with an error of our choice in them."""

    def __init__(self, page: Page, referral: str) -> None:
        self.error: dict[str, Any] | None = None
        self.whole = False
        self._referral = referral
        page.route("**/api/v1/partner-center/dynamics", self._status)
        page.route("**/api/v1/partner-center/referrals**", self._referrals)
        page.route(f"**/api/v1/partner-center/referrals/{referral}", self._referrals)

    def _status(self, route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "error": self.error if self.whole else None})

    def _referrals(self, route: Route) -> None:
        answer = route.fetch(headers={**route.request.headers, "if-none-match": ""})
        found = answer.json()
        for item in found.get("items", [found]):
            if item["id"] == self._referral and item["dynamics"]:
                item["dynamics"] |= {"state": "failed", "error": None if self.whole else self.error}
        route.fulfill(response=answer, json=found)


def refusals(known: dict[str, str]) -> tuple[dict[str, Refusal], dict[str, Refusal]]:
    """The errors of a record and those of the whole exchange, by the sentence that says what happened and what to do."""
    of_record: dict[str, Refusal] = {}
    of_all: dict[str, Refusal] = {}
    for status, code, message, kind, _ in READ:
        if kind in OVER_BY_ITSELF:
            continue
        refusal = understand(status, body(code, message))
        text = sentence(known, refusal)
        assert "{" not in text
        assert all(value in text for name, value in refusal.details.items() if value in refusal.message), text
        assert len(re.findall(r"[.:;?!](?: |$)", text)) > 1, f"{text} says what happened, and not what to do"
        (of_all if refusal.whole else of_record).setdefault(text, refusal)
    return of_record, of_all


def refresh(page: Page) -> None:
    """Have the page ask anew, as it does by itself now and then."""
    page.evaluate("import('/app/core/refresh.js').then(({ refresh }) => refresh())")


@pytest.mark.parametrize("language", ["en-GB", "tr-TR"])
def test_every_error_is_said_with_what_to_do(visit: Visit, world: Both, language: str) -> None:
    known = phrases(language)
    referral, _ = world.pushed(f"Deal of all errors, {language}")
    address = f"{LIST}&q=all+errors,+{language}&id={referral}"
    page = visit(address, host=world.host, language=language)
    answers = Answers(page, referral)
    of_record, of_all = refusals(known)
    for text, refusal in of_record.items():
        answers.error = said(refusal)
        refresh(page)
        expect(card(page).locator(".error")).to_have_text(text)
        if SHOTS and refusal.kind == "text_too_long":
            page.screenshot(path=str(Path(SHOTS) / f"error-{language}.png"))
    opener = page.locator("td.referral .opener").first
    assert opener.evaluate("(each) => each.clientWidth") >= 110, "the badge leaves the name its room"
    for name, text in known.items():
        if name.startswith("crm.error.action_refused"):
            answers.error = {"code": "action_refused", "message": "", "phrase": name.removeprefix("crm.error.")}
            refresh(page)
            expect(card(page).locator(".error")).to_have_text(text)
    answers.whole = True
    refresh(page)
    expect(card(page).locator(".error")).to_have_count(0)
    page.goto(VIEW)
    for text, refusal in of_all.items():
        answers.error = said(refusal)
        refresh(page)
        expect(page.locator("p.error[role=alert]")).to_have_text(text)
    assert len(of_record) + len(of_all) >= 28
    row = {"referralId": referral, "name": "Deal", "table": "lead", "operation": "update", "fields": [], "reason": "?"}
    reasons = [{"phrase": "becomes", "details": {}}, {"phrase": "text_too_long", "details": {"column": "subject"}}]
    page.route("**/dynamics/sync", lambda route: route.fulfill(json={"plan": [{**row, **each} for each in reasons]}))
    page.get_by_role("button", name=known["crm.plan"]).click()
    expect(page.locator(".plan tbody tr").first).to_contain_text(known["crm.plan.becomes"])
    expect(page.locator(".plan tbody tr").last).to_contain_text(known["crm.error.text_too_long"].partition("{")[0])
    expect(page.locator(".plan tbody tr").last).to_contain_text("subject")
