"""The list of referrals: tabs, columns, order, filters, search, pages, and the address as the state of it all."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.hosting import HostProcess
from tests.page.conftest import Visit, World, json_of, query_of, wait_for_query, wait_until

LIST = "/app?view=referrals"


def open_filter(page: Page, name: str) -> None:
    page.locator(f"details[data-filter={name}] > summary").click()


def test_tabs_count_and_choose(visit: Visit, app_host: HostProcess) -> None:
    facets = json_of(app_host, "/referrals")["facets"]["direction"]
    page = visit(LIST)
    tabs = page.locator(".tab-list a")
    expect(tabs).to_have_text(
        [f"Incoming{facets['Incoming']}", f"Outgoing{facets['Outgoing']}", re.compile(r"^All\d+")]
    )
    expect(tabs.nth(2)).to_have_attribute("aria-current", "page")
    tabs.nth(0).click()
    expect(tabs.nth(0)).to_have_attribute("aria-current", "page")
    expect(page.locator(".sentence")).to_have_text(re.compile(rf"^{facets['Incoming']} of \d+ referrals · Incoming$"))
    wait_for_query(page, direction=["Incoming"])


def test_the_columns_and_what_they_show(visit: Visit, app_host: HostProcess) -> None:
    item = json_of(app_host, "/referrals?waiting=true&currency=USD&minValue=1&sort=-updatedDateTime")["items"][0]
    page = visit(f"{LIST}&q={item['id']}")
    expect(page.locator("thead th")).to_contain_text(
        [
            "",
            "Customer",
            "Referral",
            "Category",
            "Status",
            "Owner",
            "Answer by",
            "Closing date",
            "Value",
            "Country",
            "Updated",
        ]
    )
    cells = page.locator("tbody tr td")
    expect(cells.nth(1)).to_contain_text(item["customerName"])
    expect(cells.nth(2)).to_contain_text(item["name"])
    expect(cells.nth(3).locator(".badge")).to_have_count(1)
    expect(cells.nth(4)).to_contain_text(item["status"])
    expect(cells.nth(4)).to_contain_text(item["substatus"])
    expect(cells.nth(6)).to_contain_text(re.compile(r"left|Overdue|Last day"))
    expect(cells.nth(8)).to_contain_text("US$")
    expect(cells.nth(10).locator("time")).to_have_attribute("datetime", item["updatedDateTime"])


@pytest.mark.parametrize(
    ("category", "tone", "label"),
    [
        ("coSell", "blue", "Co-sell"),
        ("marketplaceLead", "green", "Marketplace"),
        ("partnerLed", "orange", "Partner-led"),
    ],
)
def test_a_category_has_its_badge_and_the_badge_opens_the_detail(
    visit: Visit, category: str, tone: str, label: str
) -> None:
    page = visit(f"{LIST}&category={category}")
    badge = page.locator("tbody tr td.category .badge").first
    expect(badge).to_have_text(label)
    expect(badge).to_have_class(f"badge {tone}")
    badge.click()
    expect(page.get_by_role("dialog").locator(".badges")).to_contain_text(label)


def test_headers_sort_both_ways_and_say_so(visit: Visit, app_host: HostProcess) -> None:
    # Wide enough for every column: on less, the country makes room for names.
    page = visit(f"{LIST}&direction=Incoming", viewport={"width": 1700, "height": 900})
    for column in ("Customer", "Referral", "Status", "Answer by", "Closing date", "Value", "Country", "Updated"):
        header = page.locator("thead th", has=page.get_by_role("button", name=column))
        # Of amounts and of what is new, the largest is wanted first.
        ways = ["descending", "ascending"] if column in {"Value", "Updated"} else ["ascending", "descending"]
        header.get_by_role("button").focus()
        for way in ways:
            page.keyboard.press("Enter")
            expect(header).to_have_attribute("aria-sort", way)
            expect(page.locator("thead th[aria-sort]")).to_have_count(1)
            expect(header.get_by_role("button")).to_be_focused()
            shown_as_listed(page, app_host)


def asked_by(page: Page) -> str:
    """The query that the page asks the API by."""
    return urlsplit(page.url).query.replace("view=referrals&", "")


def shown_as_listed(page: Page, host: HostProcess) -> None:
    """Wait until the page shows what the API lists for the same query."""
    items = json_of(host, f"/referrals?{asked_by(page)}")["items"]
    rows = page.locator("tbody tr")
    wait_until(
        page,
        lambda: rows.evaluate_all("(rows) => rows.map((row) => row.dataset.key)"),
        [item["id"] for item in items],
    )


def test_filters_show_counts_combine_and_leave_by_their_tags(visit: Visit, app_host: HostProcess) -> None:
    page = visit(LIST)
    open_filter(page, "status")
    facets = json_of(app_host, "/referrals")["facets"]
    option = page.locator("details[data-filter=status] label.option:has(input[value=New])")
    expect(option.locator(".count")).to_have_text(str(facets["status"]["New"]))
    option.locator("input").check()
    expect(page.locator(".sentence")).to_contain_text(f"{facets['status']['New']} of")
    page.locator("details[data-filter=status] input[value=Active]").check()
    wait_until(page, lambda: {"New", "Active"} <= set(query_of(page).get("status", [])), True)
    both = json_of(app_host, f"/referrals?{asked_by(page)}")  # "active" means the same, and is chosen with it
    expect(page.locator(".sentence")).to_contain_text(f"{both['total']} of")
    open_filter(page, "category")
    expect(page.locator("details[data-filter=status]")).not_to_have_attribute("open", "")
    count = page.locator("details[data-filter=category] label.option", has_text="Co-sell").locator(".count")
    expect(count).to_have_text(str(both["facets"]["category"]["coSell"]))
    page.locator("details[data-filter=category] label.option", has_text="Co-sell").locator("input").check()
    tags = page.locator(".tags .tag")
    expect(tags).to_have_text(["New", "Active", "Co-sell"])
    page.get_by_role("link", name="Remove filter: Active").click()
    expect(tags).to_have_text(["New", "Co-sell"])
    page.get_by_text("Clear all filters").click()
    expect(tags).to_have_count(0)
    wait_for_query(page, status=None, category=None)
    assert query_of(page) == {"view": ["referrals"]}


@pytest.mark.parametrize(
    ("name", "choose", "query", "device"),
    [
        ("substatus", "Accepted", "substatus=Accepted", "desktop"),
        ("country", "Türkiye", "country=TR", "phone"),
        ("expiring", "Due within 7 days", "expiring=7", "phone"),
        ("m365", "On Microsoft 365", "m365=true", "desktop"),
        ("missing", "Include those no longer in Partner Center", "missing=include", "desktop"),
    ],
)
def test_each_filter(visit: Visit, app_host: HostProcess, name: str, choose: str, query: str, device: str) -> None:
    page = visit(LIST, device=device)
    open_filter(page, name)
    page.locator(f"details[data-filter={name}] label.option", has_text=choose).first.locator("input").check()
    expect(page.locator(".tags .tag")).to_have_text([choose])
    [(parameter, [value])] = parse_qs(query).items()
    wait_until(page, lambda: value in query_of(page).get(parameter, []), True)  # beside what means the same
    total = json_of(app_host, f"/referrals?{asked_by(page)}")["total"]
    expect(page.locator(".sentence")).to_contain_text(re.compile(rf"^{total}\b"))


def test_a_range_of_values_in_a_currency(visit: Visit, app_host: HostProcess) -> None:
    page = visit(LIST)
    open_filter(page, "value")
    panel = page.locator("details[data-filter=value]")
    panel.get_by_label("From").fill("10000")
    panel.get_by_label("To").fill("50000.5")
    panel.get_by_label("Currency").select_option("EUR")
    panel.get_by_role("button", name="Apply").click()
    expect(page.locator(".tags .tag")).to_have_text(["Value 10,000–50,000.5 EUR"])
    total = json_of(app_host, "/referrals?minValue=10000&maxValue=50000.5&currency=EUR")["total"]
    expect(page.locator(".sentence")).to_contain_text(re.compile(rf"^{total}\b"))
    expect(panel).not_to_have_attribute("open", "")


def test_an_open_filter_closes_by_escape_and_by_a_click_elsewhere(visit: Visit) -> None:
    page = visit(LIST)
    panel = page.locator("details[data-filter=status]")
    open_filter(page, "status")
    page.keyboard.press("Escape")
    expect(panel).not_to_have_attribute("open", "")
    expect(panel.locator("summary")).to_be_focused()
    open_filter(page, "status")
    page.locator("h1").click()
    expect(panel).not_to_have_attribute("open", "")


def test_the_search_is_instant_and_knows_turkish(visit: Visit, world: World) -> None:
    world.create("İstanbul sicil projesi")
    world.sync()
    page = visit(LIST, host=world.host)
    search = page.get_by_role("searchbox")
    for typed in ("İSTANBUL", "istanbul", "ISTANBUL", "ıstanbul"):
        search.fill("nothing like it")
        expect(page.locator(".empty")).to_be_visible()
        search.fill("")
        search.press_sequentially(typed + " sicil", delay=5)
        expect(page.locator("tbody a.opener")).to_have_text(["İstanbul sicil projesi"])
        expect(search).to_be_focused()
        wait_for_query(page, q=[typed + " sicil"])


def test_a_slash_goes_to_the_search(visit: Visit) -> None:
    page = visit(LIST)
    expect(page.locator("tbody tr").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_the_last_answer_wins_when_an_earlier_one_comes_late(visit: Visit) -> None:
    page = visit(LIST)
    expect(page.locator("tbody tr")).to_have_count(50)
    held: list[Any] = []
    page.route(re.compile(r"q=contoso(&|$)"), lambda route: held.append(route))
    search = page.get_by_role("searchbox")
    with page.expect_request(re.compile(r"q=contoso(&|$)")):
        search.fill("contoso")
    search.fill("zzzz nothing like it")
    expect(page.locator(".empty")).to_be_visible()
    for route in held:
        route.abort() if page.is_closed() else route.continue_()
    expect(page.locator(".sentence")).to_contain_text("0 of")


def test_pages_of_fifty(visit: Visit, app_host: HostProcess) -> None:
    total = json_of(app_host, "/referrals")["total"]
    page = visit(LIST)
    expect(page.locator("tbody tr")).to_have_count(50)
    expect(page.locator(".pages .range")).to_have_text(f"1–50 of {total}")
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page.locator(".pages .range")).to_have_text(f"51–100 of {total}")
    wait_for_query(page, page=["2"])
    shown_as_listed(page, app_host)
    wait_until(page, lambda: page.evaluate("scrollY"), 0)
    last = -(-total // 50)
    page.get_by_role("link", name=f"Page {last}").click()
    expect(page.locator("tbody tr")).to_have_count(total - 50 * (last - 1))
    expect(page.get_by_role("link", name="Next", exact=True)).to_have_count(0)
    open_filter(page, "status")
    page.locator("details[data-filter=status] input[value=New]").check()
    expect(page.locator(".sentence")).to_contain_text("New")
    wait_for_query(page, status=["New"], page=None)  # a new filter begins at the first page


def test_the_address_is_the_state(visit: Visit, app_host: HostProcess) -> None:
    path = f"{LIST}&direction=Incoming&status=New&status=Active&country=TR&sort=-dealValue"
    page = visit(path)
    expect(page.locator(".tags .tag")).to_have_text(["New", "Active", "Türkiye"])
    shown_as_listed(page, app_host)
    page.reload()
    expect(page.locator(".tags .tag")).to_have_text(["New", "Active", "Türkiye"])
    expect(page.locator("th.value")).to_have_attribute("aria-sort", "descending")
    expect(page.locator(".tab-list a").nth(0)).to_have_attribute("aria-current", "page")


def test_back_and_forward_walk_through_what_was_chosen(visit: Visit) -> None:
    page = visit(LIST)
    page.locator(".tab-list a").nth(0).click()
    expect(page.locator(".sentence")).to_contain_text("Incoming")
    open_filter(page, "category")
    page.locator("details[data-filter=category] label.option", has_text="Co-sell").locator("input").check()
    expect(page.locator(".sentence")).to_contain_text("Co-sell")
    page.keyboard.press("Escape")
    search = page.get_by_role("searchbox")
    search.fill("con")
    expect(page.locator(".sentence")).to_contain_text("“con”")
    search.fill("contoso")
    expect(page.locator(".sentence")).to_contain_text("“contoso”")
    page.go_back()
    expect(page.locator(".sentence")).not_to_contain_text("con")
    expect(page.locator(".sentence")).to_contain_text("Co-sell")
    page.go_back()
    expect(page.locator(".sentence")).not_to_contain_text("Co-sell")
    page.go_back()
    expect(page.locator(".sentence")).not_to_contain_text("Incoming")
    page.go_forward()
    page.go_forward()
    page.go_forward()
    expect(page.locator(".sentence")).to_contain_text("Incoming, Co-sell, “contoso”")
    expect(search).to_have_value("contoso")


def test_nothing_found_is_said_with_a_way_out(visit: Visit) -> None:
    page = visit(f"{LIST}&q=zzzz+nothing")
    expect(page.locator(".empty")).to_contain_text("Nothing matches these filters")
    expect(page.get_by_role("table")).to_have_count(0)
    page.locator(".empty").get_by_role("link", name="Clear all filters").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_a_page_beyond_the_end_is_said(visit: Visit) -> None:
    page = visit(f"{LIST}&page=999")
    expect(page.locator(".empty")).to_contain_text("This page does not exist")
    page.get_by_role("link", name="Go to the first page").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_loading_is_shown_and_said(visit: Visit) -> None:
    held: list[Any] = []
    page = visit(LIST, before=lambda page: page.route("**/referrals", lambda route: held.append(route)))
    expect(page.locator(".loading")).to_be_visible()
    expect(page.locator("#view").get_by_role("status")).to_have_text("Loading…")
    expect(page.locator("#view")).to_have_attribute("aria-busy", "true")
    wait_until(page, lambda: len(held), 1)
    held[0].continue_()
    expect(page.locator("tbody tr")).to_have_count(50)
    expect(page.locator("#view")).not_to_have_attribute("aria-busy", "true")


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en-GB", "The app's storage did not respond."), ("tr-TR", "Uygulamanın depolaması yanıt vermedi.")],
)
def test_an_error_is_said_with_its_sentence_and_identifier(visit: Visit, language: str, sentence: str) -> None:
    problem = {
        "type": "about:blank",
        "title": "x",
        "status": 503,
        "detail": "y",
        "code": "storage_unavailable",
        "correlationId": "c-42",
    }

    def fail(page: Page) -> None:
        page.route(
            "**/referrals",
            lambda route: route.fulfill(status=503, json=problem, content_type="application/problem+json"),
        )

    page = visit(LIST, language=language, before=fail, expected="status of 503")
    expect(page.locator("#view [role=alert]")).to_contain_text(sentence)
    expect(page.locator("#view [role=alert]")).to_contain_text("c-42")
    page.unroute("**/referrals")
    page.locator("#view [role=alert] button").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_an_address_that_the_server_refuses_is_explained(visit: Visit) -> None:
    page = visit(f"{LIST}&sort=colour", expected="status of 400")
    expect(page.locator("#view [role=alert]")).to_contain_text(
        "a filter that does not exist or a value that is not allowed"
    )
    expect(page.locator("#view [role=alert]")).to_contain_text("sort")
    page.get_by_role("link", name="Clear all filters").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_no_network_is_said(visit: Visit) -> None:
    page = visit(
        LIST, before=lambda page: page.route("**/referrals", lambda route: route.abort()), expected="ERR_FAILED"
    )
    expect(page.locator("#view [role=alert]")).to_contain_text("The server can't be reached.")


def test_rows_are_walked_by_arrow_keys(visit: Visit) -> None:
    page = visit(LIST)
    rows = page.locator("tbody a.opener")
    rows.nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(2)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(rows.nth(1)).to_be_focused()


def test_on_a_phone_rows_are_cards_and_the_order_is_a_choice(visit: Visit, app_host: HostProcess) -> None:
    page = visit(LIST, device="phone")
    expect(page.locator("thead")).to_be_hidden()
    page.get_by_label("Sort by").select_option("-dealValueByCurrency")
    page.wait_for_url("**sort=-dealValueByCurrency")
    shown_as_listed(page, app_host)
    expect(page.get_by_role("cell").first).to_be_visible()


def test_what_is_missing_and_what_could_not_be_read_is_marked(visit: Visit, app_host: HostProcess) -> None:
    broken = next(item for item in every(app_host) if item["problems"] and item["name"])
    page = visit(f"{LIST}&q={broken['id']}")
    expect(page.locator("tbody .warning")).to_have_attribute("title", re.compile("could not be read"))
    page.locator("tbody tr").first.click()
    notice = page.get_by_role("dialog").locator(".notice.warn")
    expect(notice).to_contain_text(broken["problems"][0]["field"])


def test_an_amount_without_a_currency_gets_none(visit: Visit, app_host: HostProcess) -> None:
    bare = next(item for item in every(app_host) if item["dealValue"] and not item["currency"])
    page = visit(f"{LIST}&q={bare['id']}")
    cell = page.locator("tbody td.value")
    expect(cell).to_contain_text("no currency")
    assert not re.search("[$€£₺]", cell.inner_text())


def every(host: HostProcess) -> list[dict[str, Any]]:
    """All referrals."""
    first = json_of(host, "/referrals?pageSize=200")
    pages = range(2, -(-first["total"] // 200) + 1)
    return [
        *first["items"],
        *(item for page in pages for item in json_of(host, f"/referrals?pageSize=200&page={page}")["items"]),
    ]


def test_the_list_says_how_to_sort_to_a_screen_reader(visit: Visit) -> None:
    page = visit(LIST)
    expect(page.locator("table caption")).to_contain_text("to sort")
