"""Acting from the page: by mouse, by keyboard, by thumb; on one and on many; undo, conflicts, what is unconfirmed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from local.azurite import Azurite
from local.simulator import Simulator
from shared.core.settings import load
from shared.storage.engine.tables import TableStore
from shared.storage.tables.actions import ActionTable, move
from tests.hosting import HostProcess, app_settings

from .conftest import Visit, World
from .test_everyone import violations

ACTIVE: dict[str, Any] = {"status": "Active", "substatus": "Accepted"}


@pytest.fixture(scope="module")
def acting(
    azurite: Azurite, _unused_accounts: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world in which writing is switched on; what is final waits for 30 s."""
    with Simulator(referrals=0, seed=4, auto_approve=True) as simulator:
        settings = app_settings(simulator, azurite.connection_string_of(next(_unused_accounts)))
        settings |= {
            "HUNTER_TENANT_LOOKUP_ENABLED": "false",
            "HUNTER_WRITE_ENABLED": "true",
            "HUNTER_UNDO_SECONDS": "30",
        }
        with HostProcess(settings, tmp_path_factory.mktemp("acting-host") / "host.log") as host:
            host.sign_in()
            yield World(simulator, host)


def _upstream(world: World, identity: str) -> dict[str, Any]:
    found = world.simulator.data.get(identity)
    assert found is not None
    return found


def _make_due(world: World, identity: str) -> None:
    """As if the half minute had passed after which what is unconfirmed is looked at again."""
    table = ActionTable(TableStore.from_settings(load({"HUNTER_STORAGE": world.host.settings["HUNTER_STORAGE"]})))
    held = table.on(identity)
    assert held is not None
    table.transact([move(held, held.action, datetime.now(UTC))])


def _open(visit: Visit, world: World, identity: str, query: str = "", **more: Any) -> Page:
    page = visit(f"/app?view=referrals{query}&id={identity}", host=world.host, **more)
    expect(page.locator("#sheet .act button").first).to_be_visible()
    return page


def _made(world: World, *many: dict[str, Any]) -> list[tuple[str, str]]:
    made = [world.create(**fields) for fields in many]
    world.sync()
    return made


@pytest.mark.parametrize(("device", "language"), [("desktop", "en-GB"), ("phone", "tr-TR")])
def test_accepting_in_place(visit: Visit, acting: World, axe_source: str, device: str, language: str) -> None:
    row = [{"name": f"In a row, {device}, {number}"} for number in (1, 2, 3)]
    bare = {**ACTIVE, "name": f"Without a value, {device}", "details": {"dealValue": None}}
    [_, (identity, _), (after, _), (worthless, _)] = _made(acting, *row, bare)
    page = _open(visit, acting, identity, "&status=New&sort=name", device=device, language=language)
    names = page.locator("#sheet .act button").all_inner_texts()
    assert names[0] == ("Accept" if language == "en-GB" else "Kabul et")
    grey = page.locator('[data-act="win"]')
    expect(grey).to_have_attribute("aria-disabled", "true")
    grey.click(force=True)  # it is said to be disabled, and says why when it is pressed all the same
    expect(page.locator("#sheet [data-why]")).to_have_text(
        "Accept it first." if language == "en-GB" else "Önce kabul edin."
    )
    assert violations(page, axe_source) == []

    page.locator('[data-act="accept"]').click()
    value = page.locator("#sheet [name=dealValue]")
    value.fill("many")
    page.locator('#sheet [data-focus="act-submit"]').click()
    expect(page.locator("#sheet .field-error").first).not_to_be_empty()
    value.fill("50.000,50" if language == "tr-TR" else "50,000.50")
    page.locator("#sheet [name=currency]").select_option("EUR")
    page.locator("#sheet [name=remark]").fill("Aradık <b>bugün</b>.")
    assert violations(page, axe_source) == []
    page.locator('#sheet [data-focus="act-submit"]').click()
    expect(page.locator("#messages .toast")).to_contain_text("Accepted: " if language == "en-GB" else "Kabul edildi: ")
    expect(page.locator('#sheet [data-act="win"]')).not_to_have_attribute("aria-disabled", "true")
    there = _upstream(acting, identity)
    assert (there["status"], there["details"]["dealValue"], there["details"]["currency"]) == ("Active", 50000.5, "EUR")
    assert there["details"]["notes"].endswith("Aradık <b>bugün</b>.")
    expect(page.locator("#sheet .timeline li").first).to_contain_text("Developer")
    # It has left the list of what is new, and the next there is still the next.
    expect(page.locator(f'[data-focus="tick-{identity}"]')).to_have_count(0)
    page.locator('[data-focus="sheet-next"]').click()
    expect(page).to_have_url(re.compile(after))
    page.goto(f"/app?view=referrals&id={worthless}")
    expect(page.locator("#sheet .act .primary")).to_have_attribute("data-act", "win")


def test_the_seconds_to_undo_are_counted_by_the_servers_clock(visit: Visit, acting: World) -> None:
    [(identity, name)] = _made(acting, {})
    wrong = datetime.now(UTC) + timedelta(minutes=10)
    page = _open(visit, acting, identity, before=lambda page: page.clock.install(time=wrong))
    page.locator('[data-act="decline"]').click()
    page.locator("#sheet [name=reason]").select_option("budget")
    page.locator('#sheet [data-focus="act-submit"]').click()
    docked = page.locator(".docked", has_text=name)
    expect(docked).to_contain_text(re.compile(r"Will be sent in [1-9]\d? second"))
    docked.get_by_role("button", name="Undo").click()
    expect(page.locator('#sheet [data-act="accept"]')).not_to_have_attribute("aria-disabled", "true")


def test_a_decline_waits_stays_in_reach_and_can_be_undone(visit: Visit, acting: World, axe_source: str) -> None:
    [(identity, name)] = _made(acting, {})
    page = _open(visit, acting, identity)
    page.locator('[data-act="decline"]').click()
    page.locator('#sheet [data-focus="act-submit"]').click()
    expect(page.locator("#sheet .field-error").first).not_to_be_empty()
    page.locator("#sheet [name=reason]").select_option("budget")
    page.locator('#sheet [data-focus="act-submit"]').click()
    docked = page.locator(".docked", has_text=name)
    expect(docked).to_contain_text("second")
    page.keyboard.press("Escape")
    expect(page.locator("dialog#sheet[open]")).to_have_count(0)
    page.locator(".views a[data-view=overview]").click()
    expect(docked).to_be_visible()
    expect(page.locator("h1")).to_have_count(1)
    assert violations(page, axe_source) == []
    page.reload()
    expect(docked).to_be_visible()
    docked.get_by_role("button", name="Undo").click()
    expect(docked).to_have_count(0)
    assert _upstream(acting, identity)["status"] == "New"
    page.goto("/app?view=activity&state=cancelled")
    expect(page.locator(".activity li", has_text=name)).to_contain_text("Undone")
    assert violations(page, axe_source) == []


@pytest.mark.parametrize("choice", ["theirs", "mine"])
def test_a_conflict_shows_three_columns(visit: Visit, acting: World, axe_source: str, choice: str) -> None:
    [(identity, _)] = _made(acting, ACTIVE)
    page = _open(visit, acting, identity, expected="409")
    page.locator('[data-act="update"]').click()
    acting.simulator.data.change(identity, details={"dealValue": 777})
    page.locator("#sheet [name=dealValue]").fill("500")
    page.locator('#sheet [data-focus="act-submit"]').click()
    cells = page.locator("#sheet .compare tbody td")
    expect(cells).to_have_text(["10,000", "777", "500"])
    assert violations(page, axe_source) == []
    page.locator(f'[data-focus="conflict-{choice}"]').click()
    expect(page.locator("#sheet .conflict")).to_have_count(0)
    expect(page.locator("#sheet")).to_contain_text("777" if choice == "theirs" else "500")
    assert _upstream(acting, identity)["details"]["dealValue"] == (777 if choice == "theirs" else 500)


def test_what_is_unconfirmed_is_said_and_settles_by_itself(visit: Visit, acting: World) -> None:
    [(identity, name)] = _made(acting, ACTIVE)
    page = _open(visit, acting, identity)
    acting.simulator.faults.add(match="patch", status=202, shape="empty", applies="late", late=1.0)
    page.locator('[data-act="update"]').click()
    page.locator("#sheet [name=campaignId]").fill("SPRING")
    page.locator('#sheet [data-focus="act-submit"]').click()
    expect(page.locator(".docked", has_text=name)).to_contain_text("has not confirmed")
    expect(page.locator("#sheet .became")).to_contain_text("Unconfirmed")
    acting.simulator.wait_for_late()
    _make_due(acting, identity)
    acting.host.post("/admin/functions/work_on_schedule", {})
    expect(page.locator(".docked", has_text=name)).to_have_count(0)


def test_a_batch_with_its_results(visit: Visit, acting: World, axe_source: str) -> None:
    made = _made(acting, {}, {}, {}, ACTIVE)
    page = visit("/app?view=referrals&q=Test+deal", host=acting.host)
    first, last = made[0][0], made[2][0]
    for identity, _ in made:
        expect(page.locator(f'[data-focus="tick-{identity}"]')).to_be_visible()
    page.locator(f'[data-focus="tick-{first}"]').check()
    page.locator(f'[data-focus="tick-{made[1][0]}"]').check()
    page.locator(f'[data-focus="tick-{last}"]').check()
    page.locator(f'[data-focus="tick-{made[3][0]}"]').check()
    expect(page.locator(".bulk")).to_contain_text("4 selected")
    acting.simulator.faults.add(match="patch", status=403)
    page.locator('[data-focus="bulk-accept"]').click()
    page.locator(".bulk-dialog [name=remark]").fill("Together.")
    assert violations(page, axe_source) == []
    page.locator(".bulk-dialog button[type=submit]").click()
    expect(page.locator(".batch [role=status]")).to_have_text("All 4 are done")
    expect(page.locator(".activity li[data-state=refused], .activity li[data-state=applied]")).to_have_count(3)
    assert violations(page, axe_source) == []
    page.get_by_role("button", name="Retry the failed one").click()
    expect(page.locator(".activity li[data-state=failed]")).to_have_count(0)
    assert [_upstream(acting, identity)["status"] for identity, _ in made] == ["Active"] * 4


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_accept_five_decline_two_win_one(visit: Visit, acting: World, device: str) -> None:
    """The whole morning: by keyboard alone on a desktop, by thumb on a phone."""
    made = _made(acting, *([{}] * 7), ACTIVE)
    page = visit("/app?view=referrals&sort=name", host=acting.host, device=device)
    expect(page.locator("tbody tr").first).to_be_visible()
    for number, (identity, name) in enumerate(made):
        kind = "accept" if number < 5 else "decline" if number < 7 else "win"
        if device == "desktop":
            _by_keyboard(page, name, kind)
        else:
            _by_thumb(page, identity, name, kind)
        expect(page.locator("dialog#sheet[open]")).to_have_count(0)
    statuses = [_upstream(acting, identity)["status"] for identity, _ in made]
    assert statuses[:5] == ["Active"] * 5
    page.get_by_role("button", name="Send now").evaluate_all("buttons => buttons.forEach(button => button.click())")
    expect(page.locator(".docked")).to_have_count(0)
    ends = [_upstream(acting, identity)["substatus"] for identity, _ in made]
    assert ends == ["Accepted"] * 5 + ["Declined"] * 2 + ["Won"]
    if device == "desktop":
        page.keyboard.press("?")
        expect(page.locator("dialog.keys")).to_contain_text("Next referral")


def _by_keyboard(page: Page, name: str, kind: str) -> None:
    """J to the row, Enter, the action's letter, the form, Enter, Escape."""
    page.evaluate("document.activeElement.blur()")
    for _ in range(60):
        page.keyboard.press("j")
        if name in page.evaluate("document.activeElement.closest('tr')?.textContent ?? ''"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#sheet-title")).to_have_text(name)
    expect(page.locator("#sheet .act button").first).to_be_visible()
    page.keyboard.press(kind[0])
    if kind == "decline":
        page.keyboard.type("Customer had")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sheet form.act-form")).to_have_count(0)
    page.keyboard.press("Escape")


def _by_thumb(page: Page, identity: str, name: str, kind: str) -> None:
    opener = page.locator(f'a.opener[href*="{identity}"]').first
    opener.tap()
    expect(page.locator("#sheet-title")).to_have_text(name)
    page.locator(f'#sheet [data-act="{kind}"]').tap()
    if kind == "decline":
        page.locator("#sheet [name=reason]").select_option("noResponse")
    page.locator('#sheet [data-focus="act-submit"]').tap()
    expect(page.locator("#sheet form.act-form")).to_have_count(0)
    if kind == "accept":  # the row changes behind the dialog: what is tapped next must not move any more
        expect(page.locator("tbody tr", has=opener)).to_contain_text("Active")
    page.locator("#sheet .close").tap()


def test_while_writing_is_off_the_page_says_so(visit: Visit, world: World) -> None:
    identity, _ = world.create()
    world.sync()
    page = visit(f"/app?id={identity}", host=world.host)
    expect(page.locator('[data-act="accept"]')).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#sheet [data-why]")).to_contain_text("switched off")


def test_shots(visit: Visit, acting: World, tmp_path: Path) -> None:
    """Pictures for people to look at; what must hold, other tests say."""
    [(identity, _), (other, _)] = _made(acting, {}, ACTIVE)
    for device, language, scheme in (("desktop", "en-GB", "light"), ("phone", "tr-TR", "dark")):
        page = _open(visit, acting, identity, device=device, language=language, color_scheme=scheme)
        page.screenshot(path=tmp_path / f"bar-{device}.png")
        page.locator('[data-act="accept"]').click()
        page.screenshot(path=tmp_path / f"form-{device}.png")
        page = _open(visit, acting, other, device=device, language=language, color_scheme=scheme, expected="409")
        page.locator('[data-act="update"]').click()
        page.screenshot(path=tmp_path / f"update-{device}.png")
        acting.simulator.data.change(other, details={"dealValue": 777 if device == "desktop" else 888})
        page.locator("#sheet [name=dealValue]").fill("500")
        page.locator('#sheet [data-focus="act-submit"]').click()
        expect(page.locator("#sheet .compare")).to_be_visible()
        page.screenshot(path=tmp_path / f"conflict-{device}.png")
        page.goto("/app?view=activity")
        expect(page.locator("h1")).to_be_visible()
        page.screenshot(path=tmp_path / f"activity-{device}.png")
