"""How cards and mails look: cards drawn by Microsoft's own renderer, mails by a browser. Written when SCREENSHOTS is set.

Teams renders the texts of a card as Markdown, so here they are rendered by a CommonMark implementation, and what others
wrote has to show as they wrote it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Locator, Page

from local.inbox.page import CARD_LIBRARY
from shared.model.occasion import Kind
from shared.model.subscription import Language
from shared.notify import letter, mail, teams
from tests.notify.samples import NOW, PAGE, at, referral, subscription
from tests.notify.test_messages import FACTS, HOSTILE, make, texts

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
WRITES = os.environ.get("SCREENSHOTS", "")
KEPT = {
    "card-digest-en-desktop",
    "card-single-tr-phone-dark",
    "mail-digest-tr-desktop",
    "mail-single-en-phone",
    "mail-digest-en-phone-dark",
}
"""Those in the repository; SCREENSHOTS=all writes the others too, to be looked at."""
LINE = MarkdownIt("commonmark")
DIGEST: tuple[Kind, ...] = (
    "due",
    "due",
    "expired",
    "new",
    "new",
    "assigned",
    "answered",
    "closed",
    "changed",
    "actionFailed",
    "new",
    "new",
)
WIDTHS = {"desktop": 1280, "phone": 390}
DARK_CARD = {
    "fontFamily": "Segoe UI, system-ui, sans-serif",
    "containerStyles": {
        "default": {
            "backgroundColor": "#292929",
            "foregroundColors": {
                "default": {"default": "#ffffff", "subtle": "#c8c6c4"},
                "accent": {"default": "#6cb8f6", "subtle": "#6cb8f6"},
            },
        }
    },
}
LIGHT_CARD = {"fontFamily": "Segoe UI, system-ui, sans-serif"}
FRAME = """<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>
  body { margin: 16px; max-width: 720px; } body.light { background: #f5f5f5; } body.dark { background: #1f1f1f; }
  .ac-adaptiveCard { border-radius: 6px; box-shadow: 0 1px 3px #0004; } a { color: #0f548c; } .dark a { color: #6cb8f6; }
  .ac-pushButton { font: 600 14px 'Segoe UI', system-ui; padding: 6px 14px; border-radius: 4px; border: 1px solid #b3b3b3;
    background: #fff; color: #242424; } .dark .ac-pushButton { background: #292929; color: #fff; border-color: #666; }
</style></head><body class="SCHEME"></body></html>"""
SHOW = """([card, config, texts]) => {
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    if (text in texts) { result.outputHtml = texts[text]; result.didProcess = true; }
  };
  const shown = new AdaptiveCards.AdaptiveCard();
  shown.hostConfig = new AdaptiveCards.HostConfig(config);
  const context = new AdaptiveCards.SerializationContext();
  shown.parse(card, context);
  document.body.append(shown.render());
  return Array.from({ length: context.eventCount }, (_, n) => context.getEventAt(n).message);
}"""


@pytest.fixture
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a width and a colour scheme: parameters (device, scheme)."""
    device, scheme = getattr(request, "param", ("desktop", "light"))
    dark: Literal["dark", "light"] = "dark" if scheme == "dark" else "light"
    context = chromium.new_context(
        viewport={"width": WIDTHS[device], "height": 800}, color_scheme=dark, is_mobile=device == "phone"
    )
    asked: list[str] = []
    context.on("request", lambda sent: asked.append(sent.url))
    yield context.new_page()
    assert [url for url in asked if not url.startswith(("about:", "data:"))] == [], "nothing is loaded from outside"
    context.close()


def draw(page: Page, message: dict[str, Any], *, dark: bool = False) -> None:
    """Draw a card as Teams does."""
    card = message["attachments"][0]["content"]
    page.set_content(FRAME.replace("SCHEME", "dark" if dark else "light"))
    page.add_script_tag(path=str(CARD_LIBRARY))
    rendered = {text: LINE.render(text) for text in texts(card)}
    assert page.evaluate(SHOW, [card, DARK_CARD if dark else LIGHT_CARD, rendered]) == []


@pytest.mark.parametrize(
    "page", [("desktop", "light"), ("phone", "dark")], indirect=True, ids=["desktop", "phone-dark"]
)
@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("form", ["single", "digest"])
def test_a_card(page: Page, form: str, language: Language, request: pytest.FixtureRequest) -> None:
    kinds: tuple[Kind, ...] = ("due",) if form == "single" else DIGEST
    dark = "dark" in request.node.name
    draw(page, teams.card_message(make(*kinds, language=language, view=True)), dark=dark)
    assert page.locator(".ac-adaptiveCard").count() == 1
    assert "Örnek Müşteri A.Ş." in page.inner_text("body")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    _keep(page.locator("body"), f"card-{form}-{language}-{'phone-dark' if dark else 'desktop'}")


def test_what_others_wrote_shows_as_they_wrote_it(page: Page) -> None:
    for text in HOSTILE:
        expected = letter.clip(text)
        draw(page, teams.card_message(make("new", name="Plain", customer_name=text)))
        shown = page.inner_text("body").replace("\u200b", "")
        assert " ".join(expected.split())[:90] in " ".join(shown.split()), text
        links = page.eval_on_selector_all("a", "found => found.map(each => each.href)")
        assert all(link.startswith(f"{PAGE}/app?") for link in links), text
        assert page.locator(".ac-adaptiveCard").locator("img, strong, em, code, script, li, h1").count() == 0, text


@pytest.mark.parametrize(
    "page",
    [("desktop", "light"), ("phone", "light"), ("phone", "dark")],
    indirect=True,
    ids=["desktop", "phone", "phone-dark"],
)
@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("form", ["single", "digest"])
def test_a_mail(page: Page, form: str, language: Language, request: pytest.FixtureRequest) -> None:
    kinds: tuple[Kind, ...] = ("due",) if form == "single" else DIGEST
    page.set_content(mail.html_of(make(*kinds, language=language, view=True)))
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    device = next(each for each in ("phone-dark", "phone", "desktop") if each in request.node.name)
    _keep(page.locator("table").first, f"mail-{form}-{language}-{device}")


def test_the_longest_names_break_no_mail(page: Page) -> None:
    tellings = [
        letter.Telling("due", FACTS["due"], referral(n, name="x" * 900, customer_name="y" * 900)) for n in (1, 2)
    ]
    made = letter.compose(subscription(), None, tellings, PAGE, NOW)
    page.set_viewport_size({"width": 390, "height": 800})
    page.set_content(mail.html_of(made))
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert json.dumps(at(27)) not in page.content()


def _keep(shown: Locator, name: str) -> None:
    wanted = WRITES and (WRITES == "all" or name in KEPT)
    taken = shown.screenshot(path=FOLDER / f"{name}.png" if wanted else None, animations="disabled")
    assert 5_000 < len(taken) < 400_000, "neither empty nor too heavy for a repository"
