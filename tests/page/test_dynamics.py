"""Dynamics 365 on the page: the badge and filter in the list, the card in the dialog, the operator's view."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from local.azurite import Azurite
from local.dynamics import DynamicsSimulator
from local.simulator import Simulator
from tests.hosting import API, HostProcess, app_settings
from tests.page.conftest import Visit, World
from tests.page.test_everyone import violations

VIEW = "/app?view=dynamics"
LIST = "/app?view=referrals&missing=include"
SHOTS = os.environ.get("DYNAMICS_SHOTS")
DEAL = {"dealValue": 5000, "currency": "EUR", "closingDateTime": "2027-03-31T00:00:00Z", "notes": "Call back."}


@dataclass
class Both(World):
    """An app with both systems beside it."""

    crm: DynamicsSimulator | None = None

    @property
    def crm_rows(self) -> list[dict[str, Any]]:
        """The opportunities."""
        assert self.crm is not None
        return self.crm.rows("opportunity")

    def deal(self, name: str, **more: Any) -> str:
        """An accepted referral that the app knows; its id."""
        referral, _ = self.create(name, status="Active", substatus="Accepted", details=DEAL, **more)
        self.sync()
        return str(referral)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask the API for something."""
        answer = self.host.post(API + path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pushed(self, name: str, **more: Any) -> tuple[str, str]:
        """An accepted referral that is in the CRM; its id and the record's."""
        referral = self.deal(name, **more)
        sent = self.post(f"/referrals/{referral}/dynamics", {"action": "push"})
        return referral, str(sent["referral"]["dynamics"]["id"])


@pytest.fixture(scope="module")
def both(azurite: Azurite, _unused_accounts: Iterator[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Dynamics 365 is on, nothing goes there by itself, and Partner Center is not changed."""
    folder = tmp_path_factory.mktemp("both")
    with (
        Simulator(referrals=20, seed=4, auto_approve=True, ca_dir=folder) as sim,
        DynamicsSimulator(ca_dir=folder, with_key=True) as crm,
    ):
        settings = {
            **app_settings(sim, azurite.connection_string_of(next(_unused_accounts))),
            "HUNTER_TENANT_LOOKUP_ENABLED": "false",
            **crm.settings(),
            "HUNTER_DYNAMICS_PUSH": "manual",
        }
        with HostProcess(settings, folder / "host.log") as host:
            host.sign_in()
            host.sync_to_the_end()
            yield Both(sim, host, crm=crm)


@pytest.fixture
def world(both: Both) -> Both:
    """Nothing is broken."""
    assert both.crm is not None
    both.crm.faults.clear()
    return both


def card(page: Page) -> Locator:
    """The card of Dynamics 365 in the dialog."""
    return page.locator("section.crm")


def row(page: Page, name: str) -> Locator:
    """A referral in the list."""
    return page.locator("tbody tr").filter(has_text=name)


def test_a_referral_is_sent_and_its_record_opens(visit: Visit, world: Both) -> None:
    referral = world.deal("Deal to send")
    page = visit(f"{LIST}&q=Deal+to+send&id={referral}", host=world.host)
    expect(card(page)).to_contain_text("This referral is not in Dynamics 365.")
    card(page).get_by_role("button", name="Send to Dynamics").click()
    expect(page.locator("#messages .toast")).to_contain_text("Sent to Dynamics 365")
    link = card(page).get_by_role("link", name="Opportunity")
    (record,) = [each for each in world.crm_rows if each["name"] == "Deal to send"]
    assert world.crm is not None
    expect(link).to_have_attribute(
        "href", f"{world.crm.url}/main.aspx?pagetype=entityrecord&etn=opportunity&id={record['opportunityid']}"
    )
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    page.keyboard.press("Escape")
    expect(row(page, "Deal to send").get_by_text("CRM", exact=True)).to_be_visible()


def test_the_filter_counts_and_finds(visit: Visit, world: Both) -> None:
    world.pushed("Deal to find")
    page = visit(LIST, host=world.host)
    page.locator("details[data-filter=dynamics] > summary").click()
    choice = page.locator("details[data-filter=dynamics] label.option").filter(has_text="Linked")
    expect(choice.locator(".count")).to_have_text(str(world.get("/referrals?missing=include&dynamics=linked")["total"]))
    choice.locator("input").check()
    expect(row(page, "Deal to find")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(world.get("/referrals?missing=include&dynamics=linked")["total"])


def test_an_error_says_what_to_do_and_is_tried_again(visit: Visit, world: Both) -> None:
    assert world.crm is not None
    referral = world.deal("Deal refused")
    world.crm.faults.add(
        status=400, code="0x80040265", message="No cost centre <b>.", method="PATCH", path="opportunities"
    )
    page = visit(f"{LIST}&id={referral}", host=world.host)
    card(page).get_by_role("button", name="Send to Dynamics").click()
    expect(card(page).locator(".error")).to_have_text(
        "A rule of your Dynamics 365 refused the record: No cost centre <b>."
    )
    expect(card(page)).to_contain_text("Failed")
    page.goto(VIEW)
    expect(page.locator(".crm-view")).to_contain_text("No cost centre <b>.")
    page.goto(f"{LIST}&id={referral}")
    card(page).get_by_role("button", name="Try again").click()
    expect(card(page).locator(".error")).to_have_count(0)
    expect(card(page)).to_contain_text("Linked")


def test_two_accounts_are_a_question(visit: Visit, world: Both) -> None:
    assert world.crm is not None
    profile = {"name": "Twice Ltd", "team": [{"lastName": "Ada", "email": "ada@twice-example.com"}]}
    for name in ("Twice Ltd", "Twice Limited"):
        world.crm.people.add("account", name=name, websiteurl="https://twice-example.com")
    referral = world.deal("Deal of two", customerProfile=profile)
    page = visit(f"{LIST}&id={referral}", host=world.host)
    card(page).get_by_role("button", name="Send to Dynamics").click()
    question = card(page).get_by_role("group", name="Which record is it?")
    expect(question.locator("li")).to_have_count(2)
    question.locator("li").filter(has_text="Twice Limited").get_by_role("button", name="Choose this record").click()
    expect(card(page)).to_contain_text("Linked")
    assert len(world.crm.rows("account")) == len({each["accountid"] for each in world.crm.rows("account")})


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_what_differs_is_shown_field_by_field(visit: Visit, world: Both, axe_source: str, device: str) -> None:
    assert world.crm is not None
    referral, record = world.pushed(f"Deal that differs, {device}")
    world.crm.people.change("opportunity", record, estimatedvalue=7250.5)
    world.post("/dynamics/sync", {})
    page = visit(f"{LIST}&id={referral}", host=world.host, device=device)
    differing = card(page).get_by_role("group", name="What differs").locator("tbody tr")
    expect(differing).to_have_count(1)
    for text in ("Deal value", "7,250.5", "5,000", "Dynamics 365’s value goes to Partner Center"):
        expect(differing).to_contain_text(text)
    expect(card(page).locator(".error")).to_contain_text("HUNTER_WRITE_ENABLED")
    assert violations(page, axe_source) == []


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_operators_see_health_queue_errors_plan_and_runs(
    visit: Visit, world: Both, axe_source: str, device: str
) -> None:
    assert world.crm is not None
    _, record = world.pushed(f"Deal to watch, {device}")
    world.crm.people.change("opportunity", record, estimatedvalue=99)
    page = visit(VIEW, host=world.host, device=device)
    expect(page.get_by_role("heading", name="Dynamics 365", level=1)).to_be_visible()
    page.get_by_role("button", name="Show the plan").click()
    plan = page.locator("section").filter(has=page.get_by_role("heading", name="What a sync would do now"))
    line = plan.locator("tbody tr").filter(has_text=f"Deal to watch, {device}")
    for text in ("bring back", "Deal value", "99", "5,000"):
        expect(line).to_contain_text(text)
    page.get_by_role("button", name="Sync now").click()
    expect(page.locator("#messages .toast")).to_contain_text("failed")
    for text in ("Connected", "the key on the referral’s ID", "none"):
        expect(page.locator(".crm-view")).to_contain_text(text)
    expect(page.locator("section").filter(has_text="Last runs").locator("tbody tr").first).to_be_visible()
    assert violations(page, axe_source) == []


def test_while_it_is_off_nothing_of_it_is_shown(visit: Visit, both: Both, app_host: HostProcess) -> None:
    page = visit(LIST, host=app_host)
    expect(page.locator("details[data-filter=status]")).to_be_visible()
    expect(page.locator("details[data-filter=dynamics]")).to_have_count(0)
    expect(page.get_by_role("navigation").get_by_role("link", name="Dynamics 365")).to_have_count(0)


@pytest.mark.skipif(not SHOTS, reason="DYNAMICS_SHOTS names no folder")
@pytest.mark.parametrize("language", ["en-GB", "tr-TR"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures(visit: Visit, world: Both, device: str, scheme: str, language: str) -> None:
    assert world.crm is not None
    referral, record = world.pushed(f"Picture {device} {scheme} {language}")
    world.crm.people.change("opportunity", record, estimatedvalue=7250.5, estimatedclosedate="2027-05-31")
    world.post("/dynamics/sync", {})
    world.crm.people.change("opportunity", record, estimatedvalue=8000)
    for name, address in (("view", VIEW), ("card", f"{LIST}&id={referral}")):
        page = visit(address, host=world.host, device=device, language=language, color_scheme=scheme)
        if name == "card":
            expect(card(page).locator("table.differences")).to_be_visible()
            page.evaluate("document.querySelector('section.crm').scrollIntoView()")
        else:
            page.locator(".list-tools button").first.click()
            expect(page.locator(".crm-view tbody tr").first).to_be_visible()
        page.screenshot(
            path=str(Path(str(SHOTS)) / f"{name}-{device}-{scheme}-{language}.png"), full_page=name == "view"
        )
