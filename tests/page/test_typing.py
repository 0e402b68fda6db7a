"""What somebody is typing survives whatever a refresh brings: no letter, no caret, no composition is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from local.azurite import Azurite
from local.simulator import Simulator
from tests.hosting import API, HostProcess, app_settings
from tests.page.conftest import Visit, World, wait_until

REFRESHES = 100
SENTENCE = "Half a sentence about Şişli, ığdır and 🎈. "
STORM = """async (beacon) => {
  const { refresh } = await import("/app/core/refresh.js");
  window.refreshes = 0;
  window.storm = true;
  const again = () => {
    if (!window.storm) return;
    const shown = document.querySelector(beacon);
    if (shown && !("met" in shown.dataset)) {
      window.refreshes++;
      shown.dataset.met = "";
    }
    refresh();
    setTimeout(again, 2);
  };
  again();
}"""
"""Asks for what is shown again and again. A beacon is made anew by each refresh, so those that were shown are counted."""


@pytest.fixture(scope="module")
def writing(
    azurite: Azurite, _unused_accounts: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world in which everything can be filled in: one new referral, writing switched on."""
    with Simulator(referrals=0, seed=4, auto_approve=True) as simulator:
        settings = app_settings(simulator, azurite.connection_string_of(next(_unused_accounts)))
        settings |= {"HUNTER_TENANT_LOOKUP_ENABLED": "false", "HUNTER_WRITE_ENABLED": "true"}
        with HostProcess(settings, tmp_path_factory.mktemp("writing-host") / "host.log") as host:
            host.sign_in()
            world = World(simulator, host)
            world.create()
            world.sync()
            yield world


def opened(visit: Visit, world: World, form: str) -> tuple[Page, Locator]:
    """The page with a form open, and the field to type into."""
    if form == "subscription":
        page = visit("/app?view=notifications&subscription=new", host=world.host)
        return page, page.get_by_label("Name", exact=True)
    page = visit(f"/app?view=referrals&id={identity_of(world)}", host=world.host)
    if form == "comment":
        return page, page.get_by_label("Add a comment")
    if form == "action":
        page.locator('#sheet [data-act="update"]').click()
        return page, page.locator("#sheet [name=remark]")
    page.locator("[data-focus=link-company]").click()
    page.locator("#link-new > summary").click()
    return page, page.locator("#sheet .link-form input[name=name]")


def number_of_comments(world: World, page: Page) -> int:
    """How many there are, once they are shown."""
    number = len(world.get(f"/referrals/{identity_of(world)}")["comments"])
    expect(page.locator(".comments li")).to_have_count(number)
    return number


def top_of(field: Locator) -> float:
    """Where on the screen it begins, in pixels."""
    box = field.bounding_box()
    assert box is not None
    return box["y"]


def identity_of(world: World) -> str:
    identity: str = world.get("/referrals")["items"][0]["id"]
    return identity


def in_a_storm(page: Page, form: str) -> None:
    page.evaluate(STORM, "#title" if form == "subscription" else "#sheet-title")


@pytest.mark.parametrize("form", ["comment", "action", "link", "subscription"])
def test_typing_goes_on_through_a_hundred_refreshes(visit: Visit, writing: World, form: str) -> None:
    page, field = opened(visit, writing, form)
    field.fill("")
    field.evaluate(
        "(field) => { field.maxLength = 100_000; field.addEventListener('blur', () => (window.lost = true)); }"
    )
    in_a_storm(page, form)
    typed = ""
    while page.evaluate("refreshes") < REFRESHES:
        page.keyboard.type(SENTENCE, delay=3)  # where the focus is, as people do
        typed += SENTENCE
    assert field.input_value() == typed
    assert not page.evaluate("window.lost"), "the field never lost the focus"

    page.keyboard.press("Control+Home")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    more = page.evaluate("refreshes") + 5
    wait_until(page, lambda: page.evaluate("refreshes") >= more, wanted=True)
    page.keyboard.type("Quarter", delay=3)
    page.evaluate("storm = false")
    assert field.input_value() == "Quarter" + typed[4:]


def test_what_an_input_method_composes_is_not_broken_off(visit: Visit, writing: World) -> None:
    page, field = opened(visit, writing, "comment")
    field.fill("")
    field.evaluate("(field) => field.addEventListener('compositionend', ({ data }) => (window.composed = data))")
    in_a_storm(page, "comment")
    keyboard = page.context.new_cdp_session(page)
    for text in ("n", "ni", "nih", "niha", "nihao"):
        keyboard.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
        more = page.evaluate("refreshes") + 5
        wait_until(page, lambda more=more: page.evaluate("refreshes") >= more, wanted=True)  # type: ignore[misc]
    assert page.evaluate("window.composed") is None
    keyboard.send("Input.insertText", {"text": "你好"})
    expect(field).to_have_value("你好")
    page.evaluate("storm = false")


def test_what_was_typed_stays_where_it_is_while_comments_come_above_it(visit: Visit, writing: World) -> None:
    page, field = opened(visit, writing, "comment")
    said = page.locator(".comments li")
    before = number_of_comments(writing, page)
    field.fill("Not sent yet")
    top = top_of(field)
    address = f"{API}/referrals/{identity_of(writing)}/comments"
    for number in range(3):
        assert writing.host.post(address, {"text": f"Came meanwhile {number}"}).ok
    page.evaluate("import('/app/core/refresh.js').then(({ refresh }) => refresh())")
    expect(said).to_have_count(before + 3)
    assert abs(top_of(field) - top) < 2

    # Without the focus it is kept as well.
    page.locator("#sheet-title").focus()
    assert writing.host.post(address, {"text": "And one more"}).ok
    page.evaluate("import('/app/core/refresh.js').then(({ refresh }) => refresh())")
    expect(said).to_have_count(before + 4)
    expect(field).to_have_value("Not sent yet")


def test_what_is_typed_while_a_comment_is_being_sent_stays(visit: Visit, writing: World) -> None:
    page, field = opened(visit, writing, "comment")
    said = page.locator(".comments li")
    before = number_of_comments(writing, page)
    held: list[Route] = []
    page.route("**/comments", lambda route: held.append(route))
    field.fill("Sent")
    with page.expect_request("**/comments"):
        field.press("Control+Enter")
    page.keyboard.type(" and more")
    wait_until(page, lambda: len(held), 1)
    held[0].continue_()
    expect(said).to_have_count(before + 1)
    expect(field).to_have_value("Sent and more")
    expect(field).to_be_focused()
