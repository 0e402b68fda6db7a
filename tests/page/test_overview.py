"""The first view: what waits, what is open and won, how it develops; and how little it takes to show it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, Request, expect

from tests.hosting import HostProcess
from tests.page.conftest import Visit, World, json_of

FIRST_VIEW_BYTES = 60_000
ALL_BYTES = 80_000
ISTANBUL = ZoneInfo("Europe/Istanbul")
"""Where the tests' browser is."""
FRAMED = """
new MutationObserver((_, observer) => {
  if (!document.querySelector(".waiting")) return;
  observer.disconnect();
  requestAnimationFrame(() => (window.framed = performance.now()));
}).observe(document, { childList: true, subtree: true });
"""
"""Notes in `framed` when the browser makes the first frame with the view in it."""

PATIENT = """
const wait = window.setTimeout;
window.setTimeout = (run, ms, ...more) => wait(run, ms === 1500 ? 120_000 : ms, ...more);
"""
"""What stands around the view waits 1.5 s for it at most; on a slow machine that would be over before the view is there."""


def listed(host: HostProcess, address: str) -> int:
    """How many the list behind an address of the page has."""
    view, _, query = address.partition("?view=")[2].partition("&")
    assert view in {"referrals", "companies"}, address
    total: int = json_of(host, f"/{view}?{query}")["total"]
    return total


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def test_what_waits_comes_first_with_the_soonest_deadline_on_top(visit: Visit, app_host: HostProcess) -> None:
    page = visit()
    card = page.locator(".waiting")
    expect(card).to_be_visible()
    summary = json_of(app_host, "/summary")
    expect(card.get_by_role("heading")).to_have_text("Waiting for your answer")
    expect(card.locator(".figure-link")).to_contain_text(f"{summary['unanswered']['count']} new referrals")
    expect(card.locator(".next li")).to_have_count(5)
    for item, row in zip(summary["unanswered"]["next"], card.locator(".next li").all(), strict=True):
        expect(row).to_contain_text(item["customerName"] or item["companyName"] or "Unnamed company")
        due, now = datetime.fromisoformat(item["expirationDateTime"]), datetime.now(UTC)
        days = (due.astimezone(ISTANBUL).date() - now.astimezone(ISTANBUL).date()).days
        said = "Overdue" if due < now else "Last day" if days == 0 else f"{days} day"
        expect(row.locator(".next-due")).to_contain_text(said)


def test_every_figure_leads_to_the_list_behind_it(visit: Visit, app_host: HostProcess) -> None:
    page = visit()
    expect(page.locator(".bars").first).to_be_visible()
    # First of all what time alone may change.
    soon = page.locator(".waiting > header .badge.red")
    assert listed(app_host, soon.get_attribute("href") or "") == number(soon.inner_text().split(" ")[0])
    waiting = page.locator(".waiting .figure-link")
    assert listed(app_host, waiting.get_attribute("href") or "") == number(waiting.inner_text())
    checked = 0
    for bar in page.locator("a:has(.bar-value)").all():
        shown = number(bar.locator(".bar-value").inner_text())
        assert listed(app_host, bar.get_attribute("href") or "") == shown, bar.inner_text()
        checked += 1
    for link in page.locator(".care a[href*='view=']").all():
        assert listed(app_host, link.get_attribute("href") or "") == number(link.locator("strong").inner_text())
        checked += 1
    page.get_by_text("Show as table").click()
    for link in page.locator("table.plain td a").all():
        assert listed(app_host, link.get_attribute("href") or "") == number(link.inner_text())
        checked += 1
    assert checked > 30


def test_every_amount_is_the_sum_of_the_list_it_leads_to_and_never_over_currencies(
    visit: Visit, app_host: HostProcess
) -> None:
    summary = json_of(app_host, "/summary")
    page = visit()
    cards = page.locator(".figure.money")
    expect(cards).to_have_count(2)
    for card, worth in zip(cards.all(), (summary["open"], summary["won"]), strict=True):
        links = card.locator("li a")
        expect(links).to_have_count(len(worth["value"]))
        for link in links.all():
            query = urlsplit(link.get_attribute("href") or "").query.replace("view=referrals&", "")
            [currency] = parse_qs(query)["currency"]
            items = every(app_host, query)
            assert {item["currency"] for item in items} == {currency}
            total = sum(Decimal(str(item["dealValue"] or 0)) for item in items)
            assert total == Decimal(str(worth["value"][currency])), query
        for link in card.locator(".left-out a").all():
            assert listed(app_host, link.get_attribute("href") or "") == number(link.inner_text().split(" ")[0])
        assert card.locator(".left-out a").count() == sum(
            worth[reason] > 0 for reason in ("noCurrency", "noValue", "tooLarge")
        )
    assert summary["open"]["noCurrency"] > 0
    assert summary["open"]["noValue"] > 0


def every(host: HostProcess, query: str) -> list[dict[str, Any]]:
    """All items of a list, over its pages."""
    first = json_of(host, f"/referrals?{query}&pageSize=200")
    pages = range(2, -(-first["total"] // 200) + 1)
    return [
        *first["items"],
        *(item for page in pages for item in json_of(host, f"/referrals?{query}&pageSize=200&page={page}")["items"]),
    ]


def test_companies_on_microsoft_365_and_response_time(visit: Visit, app_host: HostProcess) -> None:
    summary = json_of(app_host, "/summary")
    page = visit()
    m365 = page.locator("a.figure", has_text="On Microsoft 365")
    expect(m365.locator(".figure-value")).to_have_text(str(summary["companies"]["m365"]))
    assert listed(app_host, m365.get_attribute("href") or "") == summary["companies"]["m365"]
    response = page.locator("a.figure", has_text="Response time")
    assert listed(app_host, response.get_attribute("href") or "") == summary["response"]["answered"]
    expect(response).to_contain_text(f"median of {summary['response']['answered']} accepted")


def test_the_chart_has_a_table_that_says_the_same(visit: Visit, app_host: HostProcess) -> None:
    months = json_of(app_host, "/summary")["byMonth"]
    page = visit()
    expect(page.locator("svg.chart rect.bar")).to_have_count(24)
    expect(page.locator("svg.chart")).to_have_attribute("aria-hidden", "true")
    page.get_by_text("Show as table").click()
    rows = page.locator("table.plain tbody tr")
    expect(rows).to_have_count(12)
    for month, row in zip(months, rows.all(), strict=True):
        cells = [number(cell.inner_text()) for cell in row.locator("td").all()]
        assert cells == [month["incoming"], month["outgoing"]]


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_a_figure_opens_its_list_and_back_returns(visit: Visit, device: str) -> None:
    page = visit(device=device)
    link = page.locator("a:has(.bar-value)").first
    shown = link.locator(".bar-value").inner_text()
    link.click()
    expect(page.locator(".sentence")).to_contain_text(re.compile(rf"^{shown} (of \d+ )?referral"))
    page.go_back()
    expect(page.locator(".waiting")).to_be_visible()


def test_what_needs_care_is_counted(visit: Visit, app_host: HostProcess) -> None:
    summary = json_of(app_host, "/summary")
    assert summary["quarantined"] == 3
    page = visit()
    care = page.locator(".care")
    expect(care).to_contain_text(f"{summary['needsReview']} companies need review")
    care.get_by_text("3 unreadable records").click()
    expect(page.get_by_role("dialog")).to_contain_text("The record has no ID.")


def test_nothing_waiting_is_said(visit: Visit, world: World) -> None:
    def empty(page: Page) -> None:
        summary = world.get("/summary")
        summary["unanswered"] = {"count": 0, "dueSoon": 0, "next": []}
        page.route("**/summary", lambda route: route.fulfill(json=summary))

    page = visit(host=world.host, before=empty)
    expect(page.locator(".waiting")).to_contain_text("Every incoming referral has been answered")


def test_the_first_view_takes_one_json_request_one_script_and_few_bytes(visit: Visit) -> None:
    requests: list[Request] = []

    def watch(page: Page) -> None:
        page.on("request", lambda sent: requests.append(sent))
        page.add_init_script(FRAMED)
        page.add_init_script(PATIENT)

    page = visit(before=watch)
    expect(page.locator(".waiting")).to_be_visible()
    expect(page.locator("#sync-status")).to_contain_text("new")
    page.wait_for_load_state("networkidle")
    data = [request.url for request in requests if "/api/" in request.url]
    assert data[0].endswith("/summary")
    assert {url.rpartition("/")[2] for url in data[1:]} == {"sync", "me"}, (
        "who reads it and the state of the sync come after the view"
    )
    asked = page.evaluate("performance.getEntriesByType('resource').find(({name}) => name.endsWith('/sync')).startTime")
    assert asked >= page.evaluate("framed"), "the view has its frame before anything else is asked for"
    expect(page.locator("script")).to_have_count(1)
    files = [request for request in requests if "/app" in request.url]
    framed = page.evaluate("framed")
    early = page.evaluate(
        "(framed) => performance.getEntriesByType('resource').filter((one) => one.startTime < framed).map(({ name }) => name)",
        framed,
    )
    sizes = {request.url: request.sizes()["responseBodySize"] for request in files}
    first = sum(size for url, size in sizes.items() if url in early or url.endswith("/app"))
    assert 10_000 < first < FIRST_VIEW_BYTES, first
    assert sum(sizes.values()) < ALL_BYTES, sum(sizes.values())


def test_a_second_visit_asks_only_whether_anything_changed(visit: Visit) -> None:
    page = visit()
    expect(page.locator(".waiting")).to_be_visible()
    answers: list[int] = []
    page.on("response", lambda response: answers.append(response.status) if "/app/" in response.url else None)
    page.reload()
    expect(page.locator(".waiting")).to_be_visible()
    assert answers
    again = [page.request.get("/app/app.css").headers["etag"], page.request.get("/app/app.js").headers["cache-control"]]
    assert again[0].startswith('W/"')
    assert again[1] == "no-cache"


def test_a_long_list_is_no_heavier_than_a_page(visit: Visit) -> None:
    page = visit(f"/app?{urlencode({'view': 'referrals'})}")
    expect(page.locator("tbody tr")).to_have_count(50)
    assert page.evaluate("document.getElementsByTagName('*').length") < 2500
