"""The pictures of docs/screenshots: looked at in every test run, written when SCREENSHOTS is set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from local.azurite import Azurite
from local.simulator import Simulator
from tests.hosting import HostProcess, app_settings
from tests.page.conftest import Visit, json_of

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
WRITES = bool(os.environ.get("SCREENSHOTS"))


@dataclass(frozen=True)
class Picture:
    """One file of docs/screenshots."""

    name: str
    address: str
    device: str = "desktop"
    scheme: str = "light"
    language: str = "en-GB"


PICTURES = [
    Picture("overview-desktop-light", "/app"),
    Picture("overview-desktop-dark", "/app", scheme="dark", language="tr-TR"),
    Picture("overview-phone-light", "/app", device="phone"),
    Picture(
        "referrals-desktop-light",
        "/app?view=referrals&direction=Incoming&status=New&sort=expirationDateTime",
    ),
    Picture(
        "referrals-phone-dark",
        "/app?view=referrals&direction=Incoming&status=New&sort=expirationDateTime",
        "phone",
        "dark",
    ),
    Picture("detail-desktop-dark", "/app?view=referrals&status=Active&id={referral}", scheme="dark"),
    Picture("detail-phone-light", "/app?view=referrals&id={referral}", "phone", language="tr-TR"),
    Picture("companies-desktop-light", "/app?view=companies&sort=-referralCount", language="tr-TR"),
    Picture("review-desktop-light", "/app?view=companies&needsReview=true&key={company}"),
    Picture("sync-desktop-light", "/app?panel=sync"),
]


@pytest.fixture(scope="module")
def show(
    azurite: Azurite, _unused_accounts: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[HostProcess, dict[str, str]]]:
    """An app with data as a partner has it, without the absurd amounts that other tests live on; and what to show of it."""
    with Simulator(referrals=739, seed=1, auto_approve=True) as simulator:
        for payload in simulator.data.payloads():
            if not isinstance(payload, dict) or not isinstance(payload.get("id"), str) or not payload["id"].strip():
                continue
            name, customer = str(payload.get("name")), payload.get("customerProfile")
            if any(ord(letter) > 0xFFFF for letter in name):  # few machines that take pictures have a font for these
                plain = {
                    "name": "Contoso Retail",
                    **({"customerProfile": {"name": "Contoso Retail"}} if isinstance(customer, dict) else {}),
                }
                simulator.data.change(payload["id"], touch=False, **plain)
            details = payload.get("details")
            value, currency = (
                (details.get("dealValue"), details.get("currency")) if isinstance(details, dict) else (None, None)
            )
            usual = isinstance(value, int | float) and 0 < value < 500_000 and currency in ("USD", "EUR", "TRY", "GBP")
            if not usual:
                simulator.data.change(payload["id"], touch=False, details={"dealValue": 18_500, "currency": "EUR"})
        settings = app_settings(simulator, azurite.connection_string_of(next(_unused_accounts)))
        settings["HUNTER_PARTNER_CENTER_SYNC_SCHEDULE"] = "0 */10 * * * *"
        with HostProcess(settings, tmp_path_factory.mktemp("show") / "host.log") as host:
            host.sign_in()
            host.sync_to_the_end()
            items = json_of(host, "/referrals?status=Active&category=coSell&pageSize=200")["items"]
            details_of = (json_of(host, f"/referrals/{item['id']}") for item in items)
            chosen = next(one for one in details_of if one["contacts"] and one["related"])
            simulator.data.change(
                chosen["id"],
                salesStage="Propose",
                details={
                    "dealValue": 48_000,
                    "currency": "USD",
                    "notes": "Wants to move the ERP of four plants to Azure by summer. Budget is approved, the CIO decides.",
                    "requirements": {"solutions": [{"id": "SOL-4711", "name": "ERP on Azure", "type": "Name"}]},
                },
            )
            simulator.data.create(name="Azure migration", customerProfile={"name": "Anadolu Lojistik A.Ş."})
            host.sync_to_the_end()
            review = json_of(host, "/companies?needsReview=true")["items"][0]["key"]
            yield host, {"referral": chosen["id"], "company": review}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_picture(visit: Visit, show: tuple[HostProcess, dict[str, str]], picture: Picture) -> None:
    host, names = show
    page: Page = visit(
        picture.address.format(**names),
        host=host,
        device=picture.device,
        language=picture.language,
        color_scheme=picture.scheme,
    )
    expect(page.locator("#sync-status")).to_have_attribute("data-tone", "ok")
    expect(page.locator(".loading")).to_have_count(0)
    expect(page.locator("#view")).not_to_have_attribute("aria-busy", "true")
    path = FOLDER / f"{picture.name}.png" if WRITES else None
    taken = page.screenshot(path=path, animations="disabled")
    assert 20_000 < len(taken) < 400_000, "neither empty nor too heavy for a repository"
