"""One referral in its dialog."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.hosting import HostProcess
from tests.page.conftest import Visit, World, json_of, wait_for_clipboard, wait_for_query, wait_until

LIST = "/app?view=referrals&direction=Incoming&status=Active&currency=USD"


def first(host: HostProcess) -> Any:
    """The first referral of LIST, in detail."""
    items = json_of(host, "/referrals?direction=Incoming&status=Active&currency=USD")["items"]
    return json_of(host, f"/referrals/{items[0]['id']}")


def show_anew(page: Page) -> None:
    """Refresh, and wait until the dialog has been shown anew."""
    page.evaluate("document.querySelector('#sheet-title').dataset.old = ''")
    page.evaluate("import('/app/core/refresh.js').then(({ refresh }) => refresh())")
    expect(page.locator("#sheet-title[data-old]")).to_have_count(0)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_a_row_opens_it_under_an_address_of_its_own(visit: Visit, app_host: HostProcess, device: str) -> None:
    referral = first(app_host)
    page = visit(LIST, device=device)
    page.locator("tbody tr").first.click()
    expect(dialog(page).get_by_role("heading", level=2)).to_have_text(referral["name"])
    wait_for_query(page, id=[referral["id"]])
    page.reload()
    expect(dialog(page).get_by_role("heading", level=2)).to_have_text(referral["name"])
    expect(page.locator("tbody tr").first).to_be_attached()


def test_what_it_shows(visit: Visit, app_host: HostProcess) -> None:
    referral = first(app_host)
    page = visit(f"{LIST}&id={referral['id']}")
    box = dialog(page)
    expect(box.locator(".over")).to_have_text(referral["companyName"])
    badges = box.locator(".badges")
    expect(badges).to_contain_text("Active")
    expect(badges).to_contain_text("Incoming")
    for label in ("Created", "Updated", "Referral ID", "Type", "Company", "Location"):
        expect(box.locator("dt", has_text=re.compile(f"^{label}$"))).to_have_count(1)
    expect(box).to_contain_text(referral["id"])
    expect(box).to_contain_text(referral["companyKey"])
    for person in [*referral["contacts"], *referral["team"]]:
        if person["email"]:
            expect(box.locator(".people")).to_contain_text(
                [person["email"]] if not referral["team"] else [re.compile("@")] * 2
            )
    expect(box.get_by_role("heading", name="History")).to_be_visible()


def test_the_link_to_partner_center(visit: Visit, app_host: HostProcess) -> None:
    referral = first(app_host)
    page = visit(f"{LIST}&id={referral['id']}")
    link = dialog(page).get_by_role("link", name="Open in Partner Center")
    expect(link).to_have_attribute("href", f"https://partner.microsoft.com/dashboard/referrals/{referral['id']}")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")


def test_what_can_be_copied(visit: Visit, app_host: HostProcess) -> None:
    referral = next(
        detail
        for item in json_of(app_host, "/referrals?direction=Incoming&currency=USD&minValue=1")["items"]
        if (detail := json_of(app_host, f"/referrals/{item['id']}"))["contacts"]
        and detail["contacts"][0]["email"]
        and "." in detail["companyKey"]
    )
    page = visit(f"/app?view=referrals&id={referral['id']}")
    actions = dialog(page).locator(".sheet-head .actions")
    mail = referral["contacts"][0]["email"]
    for name, value in (
        ("Copy referral ID", referral["id"]),
        ("Copy email", mail),
        ("Copy domain", referral["companyKey"]),
    ):
        actions.get_by_role("button", name=name).click()
        expect(page.locator("#messages .toast").last).to_contain_text(f"Copied: {value}")
        wait_for_clipboard(page, value)
    actions.get_by_role("button", name="Copy value").click()
    expect(page.locator("#messages .toast").last).to_contain_text("Copied: US$")
    dialog(page).locator(".people").get_by_role("button", name=f"Copy: {mail}").first.click()
    wait_for_clipboard(page, mail)
    expect(dialog(page).locator(f"a[href^='mailto:{mail}?subject=']").first).to_be_visible()


@pytest.mark.parametrize("way", ["button", "escape", "backdrop", "back"])
def test_every_way_of_closing_gives_the_focus_back(visit: Visit, way: str) -> None:
    page = visit(LIST)
    opener = page.locator("tbody a.opener").nth(2)
    opener.focus()
    page.keyboard.press("Enter")
    expect(dialog(page).locator(".sheet-content .part").first).to_be_visible()
    expect(dialog(page).get_by_role("heading", level=2)).to_be_focused()
    if way == "button":
        dialog(page).get_by_role("button", name="Close").click()
    elif way == "escape":
        page.keyboard.press("Escape")
    elif way == "backdrop":
        page.mouse.click(30, 400)
    else:
        page.go_back()
    expect(dialog(page)).to_have_count(0)
    expect(opener).to_be_focused()
    wait_for_query(page, id=None, status=["Active"])


def test_escape_twice_closes_once(visit: Visit) -> None:
    page = visit(LIST)
    opener = page.locator("tbody a.opener").first
    opener.click()
    expect(dialog(page).locator(".part").first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    expect(opener).to_be_focused()
    expect(page.locator("body > #toasts")).to_be_attached()
    expect(page.locator("tbody tr").first).to_be_visible()
    wait_for_query(page, id=None, currency=["USD"])


def test_a_dialog_that_the_browser_itself_closes_is_closed_as_any_other(visit: Visit) -> None:
    """As it does on a second Esc, before it has gone back for the first."""
    page = visit()
    page.goto(LIST)
    opener = page.locator("tbody a.opener").first
    opener.click()
    expect(dialog(page).locator(".part").first).to_be_visible()
    page.locator("dialog").evaluate(
        """(dialog) => {
            dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
            dialog.close();
        }"""
    )
    expect(dialog(page)).to_have_count(0)
    expect(opener).to_be_focused()
    expect(page.locator("body > #toasts")).to_be_attached()
    wait_for_query(page, view=["referrals"], id=None)


def test_closing_what_was_opened_by_its_address_stays_on_the_page(visit: Visit, app_host: HostProcess) -> None:
    page = visit(f"{LIST}&id={first(app_host)['id']}")
    expect(dialog(page).locator(".part").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    expect(page.locator("tbody tr").first).to_be_visible()
    wait_for_query(page, id=None, currency=["USD"])


def test_from_one_to_the_next_and_back_to_the_list_in_one_step(visit: Visit) -> None:
    page = visit(LIST)
    expect(page.locator("tbody tr").nth(3)).to_be_visible()
    names = [link.inner_text() for link in page.locator("tbody a.opener").all()][:3]
    page.locator("tbody a.opener").first.click()
    title = dialog(page).get_by_role("heading", level=2)
    expect(title).to_have_text(names[0])
    expect(dialog(page).get_by_role("link", name="Previous referral")).to_have_count(0)
    dialog(page).get_by_role("link", name="Next referral").click()
    expect(title).to_have_text(names[1])
    dialog(page).get_by_role("link", name="Next referral").click()
    expect(title).to_have_text(names[2])
    dialog(page).get_by_role("link", name="Previous referral").click()
    expect(title).to_have_text(names[1])
    page.go_back()
    expect(dialog(page)).to_have_count(0)


def test_related_referrals_and_the_company_open_from_it(visit: Visit, app_host: HostProcess) -> None:
    referral = next(
        detail
        for item in json_of(app_host, "/referrals?category=coSell")["items"]
        if (detail := json_of(app_host, f"/referrals/{item['id']}"))["related"]
    )
    page = visit(f"/app?view=referrals&id={referral['id']}")
    related = dialog(page).locator(".rows li").first
    expect(related).to_contain_text(referral["related"][0]["name"])
    related.get_by_role("link").click()
    expect(dialog(page).get_by_role("link", name="Open in Partner Center")).to_have_attribute(
        "href", re.compile(referral["related"][0]["id"])
    )
    page.go_back()
    expect(dialog(page).get_by_role("heading", level=2)).to_have_text(referral["name"])
    dialog(page).locator(".over a").click()
    expect(dialog(page).get_by_role("heading", level=2)).to_have_text(referral["companyName"])


def test_the_raw_payload_is_fetched_when_it_is_asked_for(visit: Visit, app_host: HostProcess) -> None:
    referral = first(app_host)
    asked: list[str] = []
    page = visit(
        f"{LIST}&id={referral['id']}",
        before=lambda page: page.on("request", lambda sent: asked.append(sent.url)),
    )
    expect(dialog(page).locator("#raw")).to_be_visible()
    assert not [url for url in asked if "raw=true" in url]
    dialog(page).get_by_text("Original data").click()
    text = dialog(page).locator("#raw pre")
    expect(text).to_contain_text('"customerProfile"')
    shown = text.inner_text()
    assert json.loads(shown)["id"] == referral["id"]
    dialog(page).get_by_role("button", name="Copy all").click()
    expect(page.locator("#messages .toast")).to_contain_text("Copied")
    wait_for_clipboard(page, shown)


def test_the_timeline_tells_what_changed(visit: Visit, world: World) -> None:
    identity, _ = world.create(details={"dealValue": 1000, "currency": "USD"})
    world.sync()
    world.simulator.data.change(identity, status="Active", substatus="Accepted", details={"dealValue": 2500.5})
    world.sync()
    page = visit(f"/app?view=referrals&id={identity}", host=world.host)
    timeline = dialog(page).locator(".timeline > li")
    expect(timeline.first).to_contain_text("Status New → Active")
    expect(timeline.first).to_contain_text("Substatus")
    expect(timeline.first).to_contain_text("Value 1,000 → 2,500.5")
    expect(timeline.last).to_contain_text("Created")


HOSTILE = {
    "script": "<script>document.title='owned'</script><img src=x onerror=alert(1)>",
    "quotes": "\"'`--></textarea>{{7*7}}${7*7}&lt;b&gt;",
    "rtl": "\u202egnp.exe\u202c شركة النور للتجارة",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_text_of_strangers_is_shown_as_text(visit: Visit, world: World, kind: str) -> None:
    text = HOSTILE[kind]
    person = {"firstName": text, "lastName": "X", "email": f'"{kind}"@example.com', "phoneNumber": text, "title": text}
    identity, _ = world.create(
        f"{text} {kind}",
        customerProfile={"name": text, "team": [person]},
        details={"notes": text},
    )
    world.sync()
    page = visit(f"/app?view=referrals&q={identity}", host=world.host)
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row.locator("a.opener")).to_have_text(html.unescape(f"{text} {kind}"))  # of names, entities are read
    row.click()
    expect(dialog(page).locator(".notes")).to_have_text(text)
    expect(dialog(page).locator(".people li").first).to_contain_text(text)
    dialog(page).get_by_text("Original data").click()
    expect(dialog(page).locator("#raw pre")).to_be_visible()
    assert page.title().startswith("Referrals")
    assert page.locator("#view img, #sheet img, #sheet script, #view script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_notes_of_200_kilobytes_are_shown_as_text_and_cut_until_asked_for(visit: Visit, world: World) -> None:
    notes = "Ünlü <b>müşteri</b> notu. " * 8000
    identity, _ = world.create(details={"notes": notes})
    world.sync()
    page = visit(f"/app?view=referrals&id={identity}", host=world.host, device="phone")
    shown = dialog(page).locator(".notes")
    expect(shown).to_contain_text("<b>müşteri</b>")
    assert len(shown.inner_text()) < 2000
    dialog(page).get_by_role("button", name=re.compile("Show all [0-9,]+ characters")).click()
    wait_until(page, lambda: len(shown.inner_text()) > 190_000, True)
    shown.evaluate("(notes) => (notes.mark = 'the same')")
    show_anew(page)
    assert shown.evaluate("(notes) => notes.mark") == "the same", "a refresh folds nothing that was unfolded"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_referral_that_does_not_exist_is_said(visit: Visit) -> None:
    page = visit("/app?view=referrals&id=nothing", expected="status of 404")
    expect(dialog(page).locator(".problem")).to_contain_text("This record does not exist.")
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
