"""Companies: the list, one company, settling what needs review, and links by hand."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.hosting import HostProcess
from tests.page.conftest import Visit, World, json_of, wait_until

LIST = "/app?view=companies"


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def customer(name: str, mail: str) -> dict[str, Any]:
    """A customer with one contact."""
    return {"name": name, "team": [{"firstName": "Ada", "lastName": "Test", "email": mail}]}


def test_the_list(visit: Visit, app_host: HostProcess) -> None:
    answer = json_of(app_host, "/companies")
    page = visit(LIST)
    expect(page.locator(".sentence")).to_have_text(f"{answer['total']} companies")
    expect(page.locator("tbody tr")).to_have_count(50)
    for item, row in zip(answer["items"][:10], page.locator("tbody tr").all(), strict=False):
        expect(row.locator("a.opener")).to_have_text(item["name"])
        expect(row.locator("td.company")).to_contain_text(item["domain"] or "No domain")
        expect(row.locator("td.referrals .amount")).to_have_text(str(item["referralCount"]))
        expect(row.locator(".badge.m365")).to_have_count(1 if item["isM365"] else 0)


def test_the_seventeen_on_microsoft_365(visit: Visit) -> None:
    page = visit(LIST)
    page.locator("details[data-filter=m365] > summary").click()
    option = page.locator("details[data-filter=m365] label.option", has_text="On Microsoft 365").first
    expect(option.locator(".count")).to_have_text("17")
    option.locator("input").check()
    expect(page.locator(".sentence")).to_have_text(re.compile(r"^17 of \d+ companies · On Microsoft 365$"))
    expect(page.locator("tbody .badge.m365")).to_have_count(17)


@pytest.mark.parametrize(
    ("column", "sort"), [("Company", "name"), ("Referrals", "-referralCount"), ("Last activity", "lastActivity")]
)
def test_headers_sort(visit: Visit, app_host: HostProcess, column: str, sort: str) -> None:
    page = visit(LIST)
    page.get_by_role("columnheader").get_by_role("button", name=column).click()
    page.wait_for_url(f"**sort={sort}")
    items = json_of(app_host, f"/companies?sort={sort}")["items"]
    expect(page.locator("tbody a.opener")).to_have_text([item["name"] for item in items])


def test_one_company_with_its_figures_and_referrals(visit: Visit, app_host: HostProcess) -> None:
    item = json_of(app_host, "/companies?m365=true&sort=-referralCount")["items"][0]
    page = visit(f"{LIST}&m365=true&sort=-referralCount")
    page.locator("tbody tr").first.click()
    box = dialog(page)
    expect(box.get_by_role("heading", level=2)).to_have_text(item["name"])
    expect(box.locator(".badges")).to_contain_text("Microsoft 365")
    expect(box).to_contain_text(item["tenantId"])
    expect(box.locator(".rows li")).to_have_count(min(50, item["referralCount"]))
    box.locator(".rows a").first.click()
    expect(box.get_by_role("link", name="Open in Partner Center")).to_be_visible()
    page.go_back()
    box.get_by_role("link", name=re.compile(r"See \d+ referral")).click()
    expect(dialog(page)).to_have_count(0)
    expect(page.locator(".tags .tag")).to_have_text([item["name"]])
    expect(page.locator(".sentence")).to_contain_text(re.compile(rf"^{item['referralCount']} of"))


def test_what_needs_review_is_settled_with_one_click_for_each_customer(visit: Visit, world: World) -> None:
    domain = "consulting-many.com"
    for name in ("Alpha Works", "Beta Works", "Gamma Works"):
        world.create(customerProfile=customer(name, f"someone@{domain}"))
    world.create(customerProfile=customer("Beta Works", "ada@betaworks.com"))
    world.sync()
    page = visit(f"{LIST}&needsReview=true", host=world.host)
    row = page.locator("tbody tr", has_text=domain)
    expect(row.locator(".badge")).to_contain_text(["Needs review"])
    row.click()
    review = dialog(page).locator(".review li")
    expect(review).to_have_count(3)
    review.filter(has_text="Beta Works").get_by_role("button", name="Move to betaworks.com").click()
    expect(page.locator("#messages .toast")).to_contain_text(["Linked to Beta Works."])
    assert world.get("/companies/betaworks.com")["referralCount"] == 2
    expect(review.filter(has_text="Beta Works")).to_have_count(0)
    expect(dialog(page).locator(".badge", has_text="Needs review")).to_have_count(0)


def test_customers_that_belong_together_stay_so(visit: Visit, world: World) -> None:
    domain = "shared-mail-service.com"
    for name in ("Delta Foods", "Epsilon Foods", "Zeta Foods"):
        world.create(customerProfile=customer(name, f"someone@{domain}"))
    world.sync()
    page = visit(f"{LIST}&key={domain}", host=world.host)
    review = dialog(page).locator(".review li")
    expect(review).to_have_count(3)
    review.first.get_by_role("button", name="Belongs here").click()
    expect(page.locator("#messages .toast")).to_contain_text(["Linked to"])
    expect(dialog(page).locator(".badge", has_text="Linked by hand")).to_have_count(1)
    world.sync()
    assert sum(item["linkedByHand"] for item in world.get(f"/companies/{domain}")["referrals"]) == 1


def test_a_referral_is_linked_to_a_known_company_and_back(visit: Visit, world: World) -> None:
    world.create(customerProfile=customer("Target Company", "ada@target-company.com"))
    identity, _ = world.create(customerProfile=customer("Misnamed", "ada@misnamed.com"))
    world.sync()
    page = visit(f"/app?view=referrals&id={identity}", host=world.host)
    box = dialog(page)
    box.get_by_role("button", name="Link to another company").click()
    search = box.get_by_role("searchbox", name="Search companies")
    expect(search).to_be_focused()
    search.fill("target")
    box.locator(".results button", has_text="Target Company").click()
    expect(box.locator(".over")).to_have_text("Target Company")
    expect(box.locator(".badges")).to_contain_text("Linked by hand")
    assert world.get(f"/referrals/{identity}")["companyKey"] == "target-company.com"
    box.get_by_role("button", name="Use automatic match").click()
    expect(box.locator(".over a")).to_have_attribute("href", re.compile("key=misnamed.com"))
    expect(box.locator(".badges")).not_to_contain_text("Linked by hand")


def test_a_form_stays_open_when_the_list_behind_it_arrives(visit: Visit, app_host: HostProcess) -> None:
    identity = json_of(app_host, "/referrals")["items"][0]["id"]
    held: list[Any] = []
    page = visit(
        f"/app?view=referrals&id={identity}",
        before=lambda page: page.route("**/referrals", lambda route: held.append(route)),
    )
    box = dialog(page)
    box.get_by_role("button", name="Link to another company").click()
    expect(box.get_by_role("searchbox", name="Search companies")).to_be_focused()
    box.get_by_text("This is a new company").click()
    box.get_by_label("Domain").fill("half-written.com")
    box.locator("#link-new > summary").focus()
    wait_until(page, lambda: len(held), 1)
    held[0].continue_()
    expect(page.locator("tbody tr")).to_have_count(50)
    expect(box.get_by_label("Domain")).to_have_value("half-written.com")


def test_a_referral_is_linked_to_a_new_company(visit: Visit, world: World) -> None:
    identity, _ = world.create(customerProfile=customer("Nobody Knows", "ada@gmail.com"))
    world.sync()
    page = visit(f"/app?view=referrals&id={identity}", host=world.host, expected="status of 400")
    box = dialog(page)
    box.get_by_role("button", name="Link to another company").click()
    box.get_by_text("This is a new company").click()
    box.get_by_label("Domain").fill("not a domain")
    box.get_by_role("button", name="Create and link").click()
    expect(page.locator("#alerts .toast")).to_contain_text("The link could not be made")
    box.get_by_label("Domain").fill("brand-new.com")
    box.get_by_label("Name").fill("Brand New")
    box.get_by_role("button", name="Create and link").click()
    expect(box.locator(".over")).to_have_text("Brand New")
    assert world.get(f"/referrals/{identity}")["companyKey"] == "brand-new.com"
