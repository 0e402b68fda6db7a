"""For everyone: axe without a violation, the keyboard alone, every width, dark and light, less motion, paper."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.hosting import HostProcess
from tests.page.conftest import Visit, json_of, wait_until

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = {
    "overview": "/app",
    "referrals": "/app?view=referrals&expiring=3",
    "nothing found": "/app?view=referrals&q=zzzz",
    "referral": "/app?view=referrals&id={referral}",
    "companies": "/app?view=companies&m365=true",
    "company": "/app?view=companies&key={company}",
    "sync": "/app?panel=sync",
    "quarantine": "/app?panel=quarantine",
}

ME = "**/api/v1/partner-center/me"


@pytest.fixture(scope="module")
def names(app_host: HostProcess) -> dict[str, str]:
    """A referral with something in every section, and a company that needs review."""
    items = json_of(app_host, "/referrals?pageSize=200&direction=Incoming")["items"]
    referral = next(item["id"] for item in items if item["problems"])
    return {"referral": referral, "company": json_of(app_host, "/companies?needsReview=true")["items"][0]["key"]}


def settle(page: Page) -> None:
    """Wait until the view, the dialog if there is one, and the state of the sync are there."""
    expect(page.locator("#sync-status")).not_to_be_empty()
    expect(page.locator(".loading")).to_have_count(0)
    expect(page.locator("#view")).not_to_have_attribute("aria-busy", "true")


def violations(page: Page, axe: str, only: list[str] = RULES) -> list[str]:
    """What axe-core finds, of these tags or rules."""
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate(
        f"axe.run(document, {{ runOnly: {json.dumps(only)}, resultTypes: ['violations'] }})"
    )
    assert found["passes"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]


@pytest.mark.parametrize(("device", "language"), [("desktop", "en-GB"), ("phone", "tr-TR")])
def test_axe_finds_nothing_on_any_view(
    visit: Visit, axe_source: str, names: dict[str, str], device: str, language: str
) -> None:
    page = visit(device=device, language=language)
    for view, address in VIEWS.items():
        page.goto(address.format(**names))
        settle(page)
        page.emulate_media(color_scheme="light")
        assert violations(page, axe_source) == [], view
        # The scheme changes colours and nothing else.
        page.emulate_media(color_scheme="dark")
        assert violations(page, axe_source, ["color-contrast"]) == [], f"{view}, dark"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_what_opens_and_what_goes_wrong(
    visit: Visit, axe_source: str, names: dict[str, str], scheme: str
) -> None:
    page = visit("/app?view=referrals&expiring=3", color_scheme=scheme, expected="status of 404")
    for name in ("status", "value"):
        page.locator(f"details[data-filter={name}] > summary").click()
        assert violations(page, axe_source) == [], name
    page.goto(f"/app?view=referrals&id={names['referral']}")
    page.get_by_role("button", name="Link to another company").click()
    expect(page.locator(".results li").first).to_be_visible()
    page.get_by_text("This is a new company").click()
    page.get_by_role("button", name="Copy referral ID").click()
    expect(page.locator("#messages .toast")).to_be_visible()
    assert violations(page, axe_source) == [], "the form and a toast"
    page.goto("/app?view=companies&key=nothing")
    expect(page.locator(".problem")).to_be_visible()
    assert violations(page, axe_source) == [], "an error"


def test_everything_by_keyboard_alone(visit: Visit) -> None:
    page = visit()
    expect(page.locator(".waiting")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    reach(page, page.get_by_role("link", name="Referrals", exact=True), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("h1")).to_have_text("Referrals")
    reach(page, page.locator("details[data-filter=status] > summary"))
    page.keyboard.press("Enter")
    reach(page, page.locator("details[data-filter=status] input[value=New]"))
    page.keyboard.press("Space")
    expect(page.locator(".tags .tag")).to_have_text(["New"])
    expect(page.locator("details[data-filter=status] input[value=New]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("details[data-filter=status] > summary")).to_be_focused()
    reach(page, page.locator("tbody a.opener").first)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_be_focused()
    reach(page, dialog.get_by_role("button", name="Copy referral ID"))
    page.keyboard.press("Enter")
    expect(page.locator("#messages .toast")).to_contain_text(["Copied"])
    page.keyboard.press("Escape")
    expect(page.locator("tbody a.opener").first).to_be_focused()
    reach(page, page.get_by_role("button", name="Sync", exact=True), "Shift+Tab")


@pytest.fixture
def late(visit: Visit) -> Callable[[str], tuple[Page, Callable[[], None]]]:
    """Opens a list before it is known who reads, which is said once the second of the two is called.

    The list gets its ticks then, and the header its links.
    """

    def open_list(address: str) -> tuple[Page, Callable[[], None]]:
        held: list[Route] = []
        page = visit(address, before=lambda page: page.route(ME, lambda route: held.append(route)))

        def say() -> None:
            wait_until(page, lambda: len(held), 1)
            expect(page.locator("tbody td.tick")).to_have_count(0)
            held[0].continue_()
            expect(page.locator("tbody td.tick").first).to_be_visible()

        return page, say

    return open_list


@pytest.mark.parametrize(
    "place", ["tbody a.opener >> nth=2", ".views a[data-view=companies]", "thead .sorter >> nth=1", "#q"]
)
def test_focus_stays_when_it_becomes_known_who_reads(
    late: Callable[[str], tuple[Page, Callable[[], None]]], place: str
) -> None:
    page, say = late("/app?view=referrals")
    target = page.locator(place)
    target.focus()
    if place == "#q":
        page.evaluate("document.activeElement.value = 'half a w'")
    say()
    expect(target).to_be_focused()
    if place == "#q":
        expect(target).to_have_value("half a w")


def test_an_open_filter_stays_open_when_it_becomes_known_who_reads(
    late: Callable[[str], tuple[Page, Callable[[], None]]],
) -> None:
    page, say = late("/app?view=companies")
    page.locator("details[data-filter=m365] > summary").click()
    say()
    expect(page.locator("details[data-filter=m365] label.option").first).to_be_visible()


def reach(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press a key until the target has focus, which always can be seen."""
    for _ in range(80):
        page.keyboard.press(key)
        if target.evaluate("(element) => element === document.activeElement"):
            assert target.evaluate("(element) => getComputedStyle(element).outlineStyle !== 'none'")
            return
    raise AssertionError(f"{target} is not reached by {key}")


def test_focus_does_not_leave_the_dialog(visit: Visit, names: dict[str, str]) -> None:
    page = visit(f"/app?view=referrals&id={names['referral']}")
    expect(page.get_by_role("dialog").locator(".part").first).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))"
        )


def test_what_a_screen_reader_is_told(visit: Visit) -> None:
    page = visit("/app?view=referrals")
    expect(page.get_by_role("navigation", name="Views").get_by_role("link", name="Referrals")).to_have_attribute(
        "aria-current", "page"
    )
    expect(page.get_by_role("banner")).to_be_visible()
    expect(page.get_by_role("main")).to_be_visible()
    expect(page.get_by_role("table")).to_have_accessible_name(
        "Referrals. Use the buttons in the column headers to sort."
    )
    expect(page.locator(".sentence")).to_have_role("status")
    expect(page.get_by_role("link", name="Sync:")).to_be_visible()
    page.locator("tbody tr").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".part").first).to_be_visible()
    expect(dialog).to_have_accessible_name(dialog.get_by_role("heading", level=2).inner_text())


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_sticks_out_at_any_width(visit: Visit, names: dict[str, str], view: str) -> None:
    page = visit(VIEWS[view].format(**names), language="tr-TR")
    settle(page)
    for width in (360, 390, 600, 768, 1024, 1280, 1920, 3840):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        out = page.evaluate(
            """() => [...document.querySelectorAll("main a, main button, header a, header button, dialog button")]
                .filter((element) => !element.closest(".filters, .actions, .views, [role=region][tabindex]"))
                .filter((element) => element.checkVisibility())
                .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
                .map((element) => element.outerHTML.slice(0, 120))"""
        )
        assert out == [], width
        if view == "referrals" and width >= 1920:
            table = page.locator("table").bounding_box()
            assert table, width
            assert table["width"] > width * 0.55, "the room is used"


@pytest.mark.parametrize("chosen", ["dark", "light"])
def test_the_appearance_can_be_chosen_and_is_remembered(visit: Visit, chosen: str) -> None:
    page = visit(color_scheme="light" if chosen == "dark" else "dark")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_label("Appearance").select_option(chosen)
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", chosen)
    wait_until(page, lambda: page.evaluate("getComputedStyle(document.body).backgroundColor"), after)


def test_those_who_want_less_motion_get_none(visit: Visit, names: dict[str, str]) -> None:
    page = visit(f"/app?view=referrals&id={names['referral']}", reduced_motion="reduce")
    expect(page.get_by_role("dialog").locator(".part").first).to_be_visible()
    assert (
        page.evaluate(
            "Math.max(...document.getAnimations().map(({ effect }) => effect.getComputedTiming().activeDuration), 0)"
        )
        <= 1
    )


def test_on_paper_a_list_is_a_table_and_a_referral_is_all_of_it(visit: Visit, names: dict[str, str]) -> None:
    page = visit("/app?view=referrals")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.emulate_media(media="print")
    for hidden in (".top", ".bar", ".bottom", ".pages"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("tbody tr").last).to_be_visible()
    page.emulate_media(media="screen")
    page.goto(f"/app?view=referrals&id={names['referral']}")
    expect(page.get_by_role("dialog").locator(".part").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("main")).to_be_hidden()
    expect(page.locator(".sheet-head .actions")).to_be_hidden()
    assert page.evaluate(
        "document.querySelector('.sheet-content').scrollHeight <= document.querySelector('.sheet').clientHeight"
    )
