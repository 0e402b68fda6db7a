"""What people and other systems write may be long, hostile or in another script: no view is pushed out of shape by it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.conftest import WIDER, Visit, World
from tests.page.test_everyone import violations

WORD = "W" * 120
HOSTILE = "<img src=x onerror=alert(1)>"
CHECKED = "2026-11-02T10:00:00Z"
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
SMALL = """[...document.querySelectorAll("main :is(a, button, select, input:not([type=checkbox]))")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 44)
  .map((each) => each.outerHTML)"""
DEVICES = pytest.mark.parametrize("device", ["desktop", "phone"])


def action(number: int, state: str, **more: Any) -> dict[str, Any]:
    """An action as the API answers it."""
    return {
        "id": f"a{number}",
        "batchId": None,
        "referralId": f"r{number}",
        "referralName": WORD,
        "action": "update",
        "changes": {"notes": WORD},
        "reason": None,
        "remark": HOSTILE,
        "state": state,
        "alreadyDone": False,
        "who": {"id": "w", "name": WORD},
        "createdAt": CHECKED,
        "notBefore": "2099-01-01T00:00:00Z" if state == "waiting" else CHECKED,
        "finishedAt": None,
        "tries": 1,
        "error": None,
        "conflicts": [],
        "request": [],
        **more,
    }


def subscription(number: int, **more: Any) -> dict[str, Any]:
    """A subscription as the API answers it."""
    return {
        "id": f"s{number}",
        "name": WORD,
        "viewId": "gone",
        "events": ["new", "due", "expired", "answered"],
        "channel": "mail",
        "target": f"{WORD}@contoso.example",
        "when": "daily",
        "at": "08:30",
        "timeZone": "Europe/Istanbul",
        "dueDays": [7, 1],
        "language": "en",
        "enabled": True,
        "owner": {"id": "local", "name": "Developer"},
        "lastSentAt": CHECKED,
        "lastError": None,
        **more,
    }


def answering(world: World, **answers: Any) -> Callable[[Page], None]:
    """Answers of the API put in place of the server's, by their path; all features are on."""
    me = world.get("/me")
    answers["me"] = {**me, "features": dict.fromkeys(me["features"], True)}

    def before(page: Page) -> None:
        def answer(route: Route) -> None:
            name = route.request.url.partition("?")[0].partition("/partner-center/")[2]
            mine = "who=me" in route.request.url
            body = {"items": [], "total": 0, "page": 1, "pageSize": 20} if mine else answers[name]
            route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

        page.route(re.compile(rf"/partner-center/({'|'.join(answers)})(\?.*)?$"), answer)

    return before


def in_shape(page: Page, axe_source: str, device: str) -> None:
    """Nothing sticks out, nothing is hard to reach, nothing is too small for a finger."""
    assert page.evaluate(FITS)
    assert violations(page, axe_source) == []
    if device == "phone":
        assert page.evaluate(f"{SMALL}.filter((html) => !html.includes('opener'))") == []


@DEVICES
def test_the_activity(visit: Visit, world: World, axe_source: str, device: str) -> None:
    fault = {"code": "partner_center_unavailable", "message": "Partner Center said 503.", "correlationId": "c0ffee"}
    items = [action(1, "waiting"), action(2, "failed", error=fault), action(3, "applied", alreadyDone=True)]
    items += [action(4, "refused", error={**fault, "code": "partner_center_rejected"})]
    page = visit(
        "/app?view=activity",
        host=world.host,
        device=device,
        language="tr-TR",
        before=answering(world, actions={"items": items, "total": 4, "page": 1, "pageSize": 50}),
    )
    expect(page.locator("ol.activity li")).to_have_count(4)
    expect(page.locator("[data-state=waiting]")).to_contain_text("saniye sonra gönderilecek")
    failed = page.locator("[data-state=failed] .error")
    expect(failed).to_have_text("Partner Center şu anda düzgün yanıt vermiyor. Kod: c0ffee")
    refused = page.locator("[data-state=refused] .error")
    expect(refused).to_have_text(
        "Partner Center isteği reddetti. Böyle devam ederse bu kodu yöneticinize iletin. Kod: c0ffee"
    )
    in_shape(page, axe_source, device)


@DEVICES
def test_the_operators_view_of_dynamics(visit: Visit, world: World, axe_source: str, device: str) -> None:
    run = {"at": CHECKED, "created": 12_345, "updated": 2, "unchanged": 3, "pulled": 4, "failed": 5, "requests": 6}
    refused = {"code": "refused_by_rule", "field": None, "message": "", "nextAt": None, "details": {"text": WORD}}
    link = {"state": "failed", "table": "lead", "id": None, "url": None, "syncedAt": None, "error": refused}
    page_of = world.get("/referrals?pageSize=1")
    page_of["items"][0] |= {"name": WORD, "dynamics": link}
    health = {"reachable": False, "organisation": WORD, "user": HOSTILE, "key": "none", "push": "all"}
    counts = dict.fromkeys(("pending", "failed", "conflicts", "linked"), 1)
    told = {"lastRun": run, "runs": [run], "connectorFound": True, "pausedUntil": CHECKED, "error": None}
    status = {"enabled": True, **health, **counts, **told}
    fields = [{"field": "notes", "crm": None, "partnerCenter": WORD, "becomes": WORD}]
    row = {"referralId": "r", "name": WORD, "table": "lead", "fields": fields, "reason": WORD}
    plan = [{**row, "operation": "create"}, {**row, "operation": "update"}]
    answers = {"dynamics": status, "dynamics/sync": {**run, "plan": plan}, "referrals": page_of}
    page = visit("/app?view=dynamics", host=world.host, device=device, before=answering(world, **answers))
    page.get_by_role("button", name="Show the plan").click()
    expect(page.locator(".plan tbody tr")).to_have_count(2)
    expect(page.locator(".plan tbody tr").first).to_contain_text(f"Notes: {WORD}")
    expect(page.locator(".crm-view .badge.red").first).to_have_text("Not responding")
    in_shape(page, axe_source, device)


@DEVICES
def test_notifications(visit: Visit, world: World, axe_source: str, device: str) -> None:
    fault = {"code": "target_gone", "message": "", "at": CHECKED}
    items = [
        subscription(1),
        subscription(2, lastError=fault, name=""),
        subscription(3, enabled=False),
        subscription(4, name=HOSTILE, channel="teams", when="now"),
        subscription(5, owner={"id": "other", "name": WORD}),
    ]
    answers = {"subscriptions": {"items": items, "total": 5}}
    page = visit("/app?view=notifications", host=world.host, device=device, before=answering(world, **answers))
    expect(page.locator(".subscription")).to_have_count(5)
    expect(page.locator(".subscription").first).to_contain_text("somebody else’s view")
    in_shape(page, axe_source, device)
    page.locator('[data-focus="edit-s1"]').click()
    expect(page.locator(".subscription-form")).to_be_visible()
    in_shape(page, axe_source, device)


@pytest.mark.parametrize("language", ["en-GB", "tr-TR"])
def test_the_report_fits_on_paper(visit: Visit, world: World, language: str) -> None:
    page = visit("/app?view=report&from=2020-01-01&to=2099-12-31", host=world.host, language=language)
    expect(page.locator(".figure-scroll").first).to_be_visible()
    tables = page.locator(".figure-scroll")
    assert tables.evaluate_all(WIDER) == 0
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1047})  # A4 within the margins of the style sheet
    assert tables.evaluate_all(WIDER) == 0
    labels = page.locator("section.card", has=page.locator("h2")).nth(4).locator("tbody th").all_inner_texts()
    assert len(labels) == len(set(labels))
