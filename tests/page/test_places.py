"""Getting about: by arrow keys from the search to the rows and from referral to referral; back and forward keep the place."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.hosting import HostProcess
from tests.page.conftest import Visit, World, json_of, wait_for_query, wait_until


def known(page: Page) -> None:
    """Wait until it is known who reads: rows can be ticked then, and keys mean something."""
    expect(page.locator("tbody td.tick").first).to_be_visible()
    expect(page.locator("#sync-button")).to_be_enabled()


def test_arrow_down_goes_from_the_search_to_the_rows(visit: Visit) -> None:
    page = visit("/app?view=referrals")
    known(page)
    page.get_by_role("searchbox").focus()
    page.keyboard.press("ArrowDown")
    links = page.locator("tbody a.opener")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()


def test_left_and_right_go_from_one_referral_to_the_next(visit: Visit, app_host: HostProcess) -> None:
    items = json_of(app_host, "/referrals")["items"]
    page = visit("/app?view=referrals")
    known(page)
    page.locator("tbody a.opener").first.click()
    title = page.locator("#sheet-title")
    for key, item in (("ArrowRight", items[1]), ("ArrowRight", items[2]), ("ArrowLeft", items[1])):
        expect(page.locator("#sheet .loading")).to_have_count(0)
        page.keyboard.press(key)
        wait_for_query(page, id=[item["id"]])
        expect(title).to_have_text(item["name"])
    page.get_by_label("Add a comment").fill("ab")
    page.keyboard.press("ArrowLeft")
    page.keyboard.type("x")
    expect(page.get_by_label("Add a comment")).to_have_value("axb")
    wait_for_query(page, id=[items[1]["id"]])
    page.locator("#sheet-title").focus()
    page.keyboard.press("?")
    keys = page.locator("dialog.keys div", has_text="Next referral")
    expect(keys.locator("kbd")).to_have_text(["J", "→"])


def test_back_and_forward_keep_the_place(visit: Visit) -> None:
    page = visit("/app?view=referrals")
    known(page)
    row = page.locator("tbody tr").nth(30).locator("a.opener")
    row.focus()
    name = row.inner_text()
    top = page.evaluate("scrollY")
    assert top > 300
    page.evaluate("document.querySelector('.views a[data-view=companies]').click()")
    expect(page.locator("h1")).to_have_text("Companies")
    wait_until(page, lambda: page.evaluate("scrollY"), 0)
    other = page.locator("tbody tr").nth(20).locator("a.opener")
    other.focus()
    further = page.evaluate("scrollY")

    page.go_back()
    expect(page.locator("h1")).to_have_text("Referrals")
    expect(page.get_by_role("link", name=name, exact=True).first).to_be_focused()
    assert page.evaluate("scrollY") == top
    page.go_forward()
    expect(page.locator("h1")).to_have_text("Companies")
    expect(other).to_be_focused()
    assert page.evaluate("scrollY") == further


def test_contacts_are_called_found_and_copied(visit: Visit, world: World) -> None:
    person = {
        "firstName": "Ayşe",
        "lastName": "Şahin",
        "email": "ayse@reached.example",
        "phoneNumber": "+90 (532) 123-45 67",
    }
    colleague = {"firstName": "Mehmet", "lastName": "Öz", "email": "mehmet@partner.example", "contactType": "Partner"}
    identity, name = world.create(
        externalReferenceId="CRM-4711/x",
        customerProfile={"name": "Reached Ltd", "address": {"country": "TR"}, "team": [person]},
        team=[colleague],
        details={"dealValue": 4200, "currency": "EUR"},
    )
    world.sync()
    for words in ("90532123", "532 123", "crm-4711", "mehmet@partner"):
        page = visit(f"/app?view=referrals&q={words.replace(' ', '+')}", host=world.host)
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator("tbody a.opener")).to_have_text(name)
    page.locator("tbody a.opener").click()
    sheet = page.locator("#sheet")
    expect(sheet.locator("a[href^='tel:']").first).to_have_attribute("href", "tel:+905321234567")
    expect(sheet.locator("a[href^='mailto:ayse']")).to_have_attribute("href", re.compile(r"\?subject=Test%20deal"))
    sheet.get_by_role("button", name="Copy for CRM").click()
    wait_until(page, lambda: identity in page.evaluate("navigator.clipboard.readText()"), True)
    copied = page.evaluate("navigator.clipboard.readText()")
    for part in ("Reached Ltd", "Ayşe Şahin", "ayse@reached.example", "+90 (532) 123-45 67", "€4,200", "CRM-4711/x"):
        assert part in copied, copied
    page.goto(f"/app?view=companies&key={world.get(f'/referrals/{identity}')['companyKey']}")
    expect(sheet.locator("a[href^='tel:']").first).to_have_attribute("href", "tel:+905321234567")
    expect(sheet).to_contain_text("Ayşe Şahin")


def test_companies_sort_by_what_is_open_and_won(visit: Visit, app_host: HostProcess) -> None:
    page = visit("/app?view=companies")
    for label, field in (("Open", "openValue"), ("Won", "wonValue")):
        page.locator("thead").get_by_role("button", name=re.compile(f"^{label}")).click()
        wait_for_query(page, sort=[f"-{field}"])
        keys = [item["key"] for item in json_of(app_host, f"/companies?sort=-{field}")["items"]]
        rows = page.locator("tbody tr")
        wait_until(page, lambda rows=rows: rows.evaluate_all("(rows) => rows.map((row) => row.dataset.key)"), keys)  # type: ignore[misc]


def test_tell_me_is_in_the_menu_of_views(visit: Visit, world: World) -> None:
    page = visit("/app?view=referrals&status=New&sort=name", host=world.host)
    known(page)
    page.locator("details[data-menu=views] > summary").click()
    page.locator("details[data-menu=views] .menu-panel").get_by_role("link", name="Tell me").click()
    wait_for_query(page, view=["notifications"], subscription=["new"], tell=["status=New"])
