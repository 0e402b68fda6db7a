"""Views, owners, comments, exports and the report, as people use them."""

from __future__ import annotations

import io
import json
import re

import openpyxl
import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.hosting import API
from tests.page.conftest import WIDER, Visit, World, query_of, wait_for_query, wait_until

VIOLATIONS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}"""


def post(world: World, path: str, body: object) -> dict[str, object]:
    answer = requests.post(world.host.url + API + path, json=body, timeout=60)
    assert answer.ok, answer.text
    return dict(answer.json())


def open_menu(page: Page, name: str) -> None:
    # Once it is known who reads, rows can be ticked, and the list is laid out anew.
    expect(page.locator("tbody .tick").first).to_be_visible()
    page.locator(f"details[data-menu={name}] > summary").click()
    expect(page.locator(f"details[data-menu={name}] .menu-panel")).to_be_visible()


def test_a_view_is_saved_opened_modified_and_deleted(visit: Visit, world: World) -> None:
    page = visit("/app?view=referrals&status=New", host=world.host)
    open_menu(page, "views")
    page.get_by_role("button", name="Save as a view…").click()
    page.get_by_label("Name of the view").fill("Everything new")
    page.get_by_role("button", name="Save view").click()
    expect(page.locator("#messages")).to_contain_text("Saved: Everything new")
    summary = page.locator("details[data-menu=views] > summary")
    expect(summary).to_contain_text("Everything new")
    expect(summary).not_to_contain_text("modified")
    saved = query_of(page)["saved"]

    page.goto(page.url + "&country=TR")
    expect(summary).to_contain_text("modified")
    open_menu(page, "views")
    page.get_by_role("button", name="Save changes to “Everything new”").click()
    expect(summary).not_to_contain_text("modified")
    view = world.get(f"/views/{saved[0]}")
    assert view["query"] == "status=New&country=TR"

    page.goto("/app?view=referrals")
    open_menu(page, "views")
    entry = page.get_by_role("link", name=re.compile("Everything new"))
    expect(entry).to_contain_text(str(view["total"]))
    entry.click()
    wait_for_query(page, status=["New"], country=["TR"], saved=saved)
    open_menu(page, "views")
    page.get_by_role("button", name="Delete “Everything new”").click()
    expect(page.locator("#messages")).to_contain_text("Deleted: Everything new")
    assert all(one["id"] != saved[0] for one in world.get("/views")["items"])


def test_ready_made_views_count_and_lead_to_their_rows(visit: Visit, world: World) -> None:
    page = visit("/app?view=referrals", host=world.host)
    open_menu(page, "views")
    entry = page.get_by_role("link", name="Open co-sell")
    total = world.get("/referrals?category=coSell&status=New&status=Active&pageSize=1")["total"]
    expect(entry).to_contain_text(str(total))
    entry.click()
    wait_for_query(page, category=["coSell"], status=["New", "Active"])
    expect(page.locator("details[data-menu=views] > summary")).to_contain_text("Open co-sell")
    expect(page.locator(".sentence")).to_contain_text(f"{total} of")


def test_a_menu_opened_while_the_next_list_comes_is_about_that_one(visit: Visit, world: World) -> None:
    page = visit("/app?view=referrals", host=world.host)
    held: list[Route] = []
    lists = re.compile(r"/referrals\?(?!.*pageSize=1$).*category=coSell")
    page.route(lists, lambda route: held.append(route))
    open_menu(page, "views")
    page.get_by_role("link", name="Open co-sell").click()
    wait_for_query(page, category=["coSell"], status=["New", "Active"])
    open_menu(page, "views")
    expect(page.get_by_role("link", name="Open co-sell")).not_to_have_attribute("aria-current", "true")

    for route in held:
        route.continue_()
    expect(page.locator("details[data-menu=views] > summary")).to_contain_text("Open co-sell")
    expect(page.get_by_role("link", name="Open co-sell")).to_have_attribute("aria-current", "true")


def test_an_owner_is_set_in_the_list_in_the_dialog_and_for_many(visit: Visit, world: World) -> None:
    first, name = world.create(name="Shared between two")
    second, other = world.create(name="Shared between two as well")
    world.sync()
    page = visit(f"/app?view=referrals&q={name.replace(' ', '+')}", host=world.host)
    row = page.locator(f"tr[data-key='{first}']")
    row.get_by_role("button", name="Choose an owner").click()
    dialog = page.get_by_role("dialog", name="Who takes care of this referral?")
    dialog.get_by_role("searchbox").fill("yeni.kisi@partner.com")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("yeni.kisi@partner.com")

    row.get_by_role("link", name=name, exact=True).click()
    page.locator("#sheet").get_by_role("button", name="Owner: yeni.kisi@partner.com").click()
    page.get_by_role("dialog", name="Who takes care of this referral?").get_by_role(
        "button", name=re.compile("Developer")
    ).click()
    expect(page.locator("#sheet").get_by_role("button", name="Owner: Developer")).to_be_visible()
    assert world.get(f"/referrals/{first}")["owner"]["mail"] == "developer@localhost"
    page.keyboard.press("Escape")

    for referral_id in (first, second):
        page.locator(f"tr[data-key='{referral_id}'] .tick input").check()
    page.get_by_role("button", name="Owner …").click()
    page.get_by_role("dialog", name=re.compile("these 2 referrals")).get_by_role(
        "button", name=re.compile("Developer")
    ).click()
    expect(page.locator(f"tr[data-key='{second}']")).to_contain_text("Developer")

    page.get_by_role("link", name="Mine", exact=True).click()
    wait_for_query(page, owner=["me"])
    expect(page.locator("tbody tr")).to_have_count(2)
    assert other


def test_comments_are_said_kept_while_typing_found_and_deleted(visit: Visit, world: World) -> None:
    referral_id, name = world.create()
    world.sync()
    post(world, f"/referrals/{referral_id}/comments", {"text": "Said before"})
    page = visit(f"/app?view=referrals&q={name}&id={referral_id}", host=world.host)
    expect(page.get_by_text("Microsoft does not")).to_be_visible()
    expect(page.locator(".comments li")).to_have_count(1)
    box = page.get_by_label("Add a comment")
    box.fill("Half a sent")
    post(world, f"/referrals/{referral_id}/comments", {"text": "Came meanwhile"})
    page.evaluate("dispatchEvent(new Event('visibilitychange')); document.dispatchEvent(new Event('visibilitychange'))")
    page.evaluate("import('/app/core/refresh.js').then(({ refresh }) => refresh())")
    expect(page.locator(".comments li")).to_have_count(2)
    expect(box).to_have_value("Half a sent")
    box.press_sequentially("ence about Şişli")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comments li")).to_have_count(3)
    expect(page.locator(".comments li").last).to_contain_text("Half a sentence about Şişli")
    expect(box).to_have_value("")
    assert [one["id"] for one in world.get("/referrals?q=sisli%20sentence")["items"]] == [referral_id]

    newest = page.locator(".comments li").last
    newest.get_by_role("button").click()
    newest.get_by_role("button").click()
    expect(page.locator(".comments li")).to_have_count(2)


def test_exports_are_downloaded_as_files(visit: Visit, world: World) -> None:
    page = visit("/app?view=referrals&status=New&sort=name", host=world.host)
    open_menu(page, "export-referrals")
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile("Excel")).click()
    download = waiting.value
    assert re.fullmatch(r"referrals-\d{4}-\d\d-\d\d\.xlsx", download.suggested_filename)
    book = openpyxl.load_workbook(io.BytesIO(download.path().read_bytes()))
    items = world.get("/referrals?status=New&sort=name&pageSize=200")["items"]
    assert [cell.value for cell in book.worksheets[0]["A"][1:]] == [item["id"] for item in items]
    expect(page.locator("#messages")).to_contain_text("Exported: referrals-")

    for box in page.locator("tbody .tick input").all()[:2]:
        box.check()
    page.set_viewport_size({"width": 1280, "height": 480})
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".bulk")).to_be_in_viewport(ratio=1)
    open_menu(page, "export-ticked-referrals")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the menu is not beside the screen"
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile("JSON")).click()
    lines = waiting.value.path().read_text("utf-8").splitlines()
    assert sorted(json.loads(line)["id"] for line in lines) == sorted(item["id"] for item in items[:2])


def test_an_export_that_fails_says_so(visit: Visit, world: World) -> None:
    page = visit("/app?view=companies", host=world.host, expected="503")
    page.route("**/companies/export**", lambda route: route.fulfill(status=503, body='{"code":"storage_unavailable"}'))
    open_menu(page, "export-companies")
    page.get_by_role("button", name=re.compile("Excel")).click()
    expect(page.locator("#alerts")).to_contain_text("The export failed.")


def test_the_overview_by_owner_copies_and_prints_on_one_page(visit: Visit, world: World) -> None:
    page = visit("/app", host=world.host)
    table = page.locator(".owners table")
    expect(table).to_contain_text("No owner")
    page.get_by_role("button", name="Copy as table").click()
    wait_until(page, lambda: "No owner\t" in page.evaluate("navigator.clipboard.readText()"), True)
    assert page.pdf(format="A4").count(b"/Type /Page\n") == 1
    open_cell = table.locator("tr", has_text="No owner").locator("td a").first
    open_cell.click()
    wait_for_query(page, owner=["none"])


def test_every_figure_of_the_report_leads_to_its_rows(visit: Visit, world: World) -> None:
    page = visit("/app?view=report&from=2020-01-01&to=2099-12-31", host=world.host)
    report = world.get("/report?from=2020-01-01&to=2099-12-31")
    total = page.get_by_role("region", name="Total")
    created = total.locator("tbody td a").first
    expect(created).to_have_text(f"{report['created']['count']}")
    created.click()
    expect(page.locator(".sentence")).to_contain_text(str(report["created"]["count"]))
    expect(page.locator(".tags")).to_contain_text("Created 1 Jan 2020")
    page.go_back()
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_label("To", exact=True).fill("2025-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("The first day must not be later")).to_be_visible()
    page.get_by_role("link", name="This year").click()
    expect(page.locator(".report h1")).to_have_text("Report")


@pytest.mark.parametrize(("device", "language"), [("desktop", "en-GB"), ("phone", "tr-TR")])
def test_everybody_can_use_them(visit: Visit, world: World, axe_source: str, device: str, language: str) -> None:
    referral_id, _ = world.create()
    world.sync()
    post(world, f"/referrals/{referral_id}/comments", {"text": "x"})
    page = visit(f"/app?view=referrals&q={referral_id}", host=world.host, device=device, language=language)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.evaluate(axe_source)
    for menu in ("views", "export-referrals"):
        open_menu(page, menu)
        assert page.evaluate(VIOLATIONS) == []
        page.keyboard.press("Escape")
    page.locator("tbody .tick input").check()
    page.locator("[data-focus=bulk-owner]").click()
    expect(page.locator(".picker")).to_be_visible()
    assert page.evaluate(VIOLATIONS) == []
    page.keyboard.press("Escape")
    expect(page.locator(".picker")).to_have_count(0)
    page.goto(f"/app?view=referrals&q={referral_id}&id={referral_id}")
    expect(page.locator(".comments li")).to_have_count(1)
    page.evaluate(axe_source)
    assert page.evaluate(VIOLATIONS) == []
    for address in ("/app?view=report", "/app"):
        page.goto(address)
        expect(page.locator(".figure-table").first).to_be_visible()
        page.evaluate(axe_source)
        assert page.evaluate(VIOLATIONS) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
        assert page.locator(".figure-scroll").evaluate_all(WIDER) == 0, "no table has to be scrolled sideways"
