"""Companies renamed and merged by hand: on the page, by keyboard, on a phone, and back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.page.conftest import Visit, World, query_of, wait_for_query
from tests.page.test_companies import LIST, customer, dialog
from tests.page.test_everyone import reach, violations


def two(world: World, stem: str) -> tuple[str, str]:
    """Two companies of one referral each; their domains."""
    for name in (f"{stem} One", f"{stem} Two"):
        world.create(customerProfile=customer(name, f"ada@{name.lower().replace(' ', '-')}.com"))
    world.sync()
    return f"{stem.lower()}-one.com", f"{stem.lower()}-two.com"


def opened(page: Page) -> Locator:
    """The dialog with its company in it."""
    box = dialog(page)
    expect(box.locator(".facts").first).to_be_visible()
    return box


def test_a_company_is_renamed_and_gets_its_own_name_back(visit: Visit, world: World) -> None:
    first, _ = two(world, "Umbra")
    page = visit(f"{LIST}&q={first}&key={first}", host=world.host)
    box = opened(page)
    box.get_by_role("button", name="Rename").click()
    name = box.get_by_label("Company name")
    expect(name).to_be_focused()
    expect(name).to_have_value("Umbra One")
    name.fill("   ")
    name.press("Enter")
    expect(name).to_have_attribute("aria-invalid", "true")
    name.fill("Umbra Holding")
    name.press("Enter")
    expect(box.get_by_role("heading", level=2)).to_have_text("Umbra Holding")
    expect(page.locator("#messages .toast").last).to_contain_text("Renamed to Umbra Holding.")
    expect(box.locator(".said li")).to_contain_text(["Automatic name: Umbra One"])
    expect(box.locator(".said li")).to_contain_text(["Renamed by Developer"])
    expect(page.locator("tbody a.opener")).to_have_text(["Umbra Holding"])
    world.sync()
    assert world.get(f"/companies/{first}")["name"] == "Umbra Holding"
    box.get_by_role("button", name="Use automatic name").click()
    expect(box.get_by_role("heading", level=2)).to_have_text("Umbra One")
    expect(box.locator(".said")).to_have_count(0)
    # The other way back: from the message itself.
    box.get_by_role("button", name="Rename").click()
    name.fill("Umbra Once More")
    box.get_by_role("button", name="Save name").click()
    expect(box.get_by_role("heading", level=2)).to_have_text("Umbra Once More")
    page.locator("#messages .toast", has_text="Umbra Once More").get_by_role("button", name="Undo").click()
    expect(box.get_by_role("heading", level=2)).to_have_text("Umbra One")
    assert world.get(f"/companies/{first}")["renamed"] is None


@pytest.mark.parametrize(("device", "language"), [("desktop", "en-GB"), ("phone", "tr-TR")])
def test_a_company_is_merged_and_comes_back(
    visit: Visit, world: World, axe_source: str, device: str, language: str
) -> None:
    stem = f"Nimbus{device}"
    first, second = two(world, stem)
    say = {
        "merge": {"en-GB": "Merge into another company…", "tr-TR": "Başka bir şirketle birleştir…"},
        "search": {"en-GB": "Search companies", "tr-TR": "Şirket ara"},
        "undo": {"en-GB": f"Undo merge of {stem} Two", "tr-TR": f"Birleştirmeyi geri al: {stem} Two"},
    }
    page = visit(f"{LIST}&key={second}", host=world.host, device=device, language=language)
    box = opened(page)
    box.get_by_role("button", name=say["merge"][language]).click()
    search = box.get_by_role("searchbox", name=say["search"][language])
    expect(search).to_be_focused()
    search.fill(stem)
    # The company itself is no choice.
    expect(box.locator(".results button")).to_have_text([re.compile(f"{stem} One")])
    assert violations(page, axe_source) == []
    assert narrow(page)
    box.locator(".results button").click()
    wait_for_query(page, key=[first])
    expect(box.get_by_role("heading", level=2)).to_have_text(f"{stem} One")
    expect(box.locator(".said li")).to_contain_text([f"{stem} Two"])
    expect(box.locator(".rows li")).to_have_count(2)
    # It has another in it now, so it can't become part of one itself.
    expect(box.get_by_role("button", name=say["merge"][language])).to_have_count(0)
    assert violations(page, axe_source) == []
    assert narrow(page)
    world.sync()
    # The old address leads to what the company became.
    page.goto(f"{LIST}&key={second}")
    expect(box.get_by_role("heading", level=2)).to_have_text(f"{stem} One")
    page.goto(f"/app?view=referrals&company={second}")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator(".tags .tag")).to_have_text([f"{stem} One"])
    page.goto(f"{LIST}&key={first}")
    box.get_by_role("button", name=say["undo"][language]).click()
    expect(box.locator(".said")).to_have_count(0)
    expect(box.locator(".rows li")).to_have_count(1)
    assert world.get(f"/companies/{second}")["referralCount"] == 1


def test_a_merge_is_undone_from_its_message(visit: Visit, world: World) -> None:
    first, second = two(world, "Vesta")
    page = visit(f"{LIST}&key={second}", host=world.host)
    box = opened(page)
    box.get_by_role("button", name="Merge into another company").click()
    box.get_by_role("searchbox").fill("vesta")
    box.locator(".results button").click()
    wait_for_query(page, key=[first])
    page.locator("#messages .toast", has_text="Merged into Vesta One.").get_by_role("button", name="Undo").click()
    wait_for_query(page, key=[second])
    expect(box.get_by_role("heading", level=2)).to_have_text("Vesta Two")
    assert world.get(f"/companies/{second}")["key"] == second


def test_by_keyboard_alone(visit: Visit, world: World) -> None:
    first, second = two(world, "Rigel")
    page = visit(f"{LIST}&key={second}", host=world.host)
    box = opened(page)
    merge = box.get_by_role("button", name="Merge into another company")
    reach(page, merge)
    page.keyboard.press("Enter")
    expect(box.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("rigel")
    expect(box.locator(".results button")).to_have_count(1)
    reach(page, box.get_by_role("button", name="Cancel"))
    page.keyboard.press("Enter")
    expect(merge).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("rigel")
    expect(box.locator(".results button")).to_have_count(1)
    reach(page, box.locator(".results button"))
    page.keyboard.press("Enter")
    expect(box.get_by_role("heading", level=2)).to_have_text("Rigel One")
    reach(page, box.get_by_role("button", name="Undo merge of Rigel Two"))
    page.keyboard.press("Enter")
    expect(box.locator(".said")).to_have_count(0)
    assert query_of(page)["key"] == [first]


def test_readers_see_what_was_said_and_no_buttons(visit: Visit, world: World) -> None:
    first, second = two(world, "Lyra")
    for path, body in ((f"{second}/merged", {"into": first}), (f"{first}/name", {"name": "Lyra Group"})):
        answer = world.host.request("PUT", f"/api/v1/partner-center/companies/{path}", json=body)
        assert answer.status_code == 200, answer.text

    def as_reader(page: Page) -> None:
        def answer(route: Route) -> None:
            me = route.fetch().json()
            route.fulfill(json={**me, "roles": ["read"]})

        page.route("**/partner-center/me", answer)

    page = visit(f"{LIST}&key={first}", host=world.host, before=as_reader)
    box = opened(page)
    expect(box.locator(".said li")).to_have_count(2)
    expect(box.locator(".said button")).to_have_count(0)
    expect(box.get_by_role("button", name=re.compile("Rename|Merge"))).to_have_count(0)


def test_what_can_not_be_is_said(visit: Visit, world: World) -> None:
    """Somebody else has merged the other way while the form was open."""
    first, second = two(world, "Corvus")
    page = visit(f"{LIST}&key={second}", host=world.host, expected="status of 409")
    box = opened(page)
    box.get_by_role("button", name="Merge into another company").click()
    box.get_by_role("searchbox").fill("corvus")
    expect(box.locator(".results button")).to_have_count(1)
    answer = world.host.request("PUT", f"/api/v1/partner-center/companies/{first}/merged", json={"into": second})
    assert answer.status_code == 200, answer.text
    box.locator(".results button").click()
    expect(page.locator("#alerts .toast")).to_contain_text("Your change was not saved")
    expect(page.locator("#alerts .toast")).to_contain_text("Undo that first.")


def narrow(page: Page) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
