"""English and Turkish: the same phrases, chosen by the browser or by the reader, with the language's own numbers and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shared.core import errors
from shared.sign_in.reasons import REASONS
from tests.hosting import HostProcess
from tests.page.conftest import Visit, World, json_of

STATIC = Path(__file__).parents[2] / "shared" / "web" / "static"
ROOMS = sorted(path.stem for path in (STATIC / "i18n" / "en").glob("*.js"))
Dictionaries = dict[str, dict[str, Any]]


@pytest.fixture
def dictionaries(visit: Visit) -> Dictionaries:
    """Both, as the browser reads them."""
    page = visit()
    found: Dictionaries = page.evaluate(
        """async (rooms) => {
          const all = { en: {}, tr: {} };
          for (const language of ["en", "tr"]) {
            for (const room of rooms) Object.assign(all[language], (await import(`/app/i18n/${language}/${room}.js`)).default);
          }
          return all;
        }""",
        ROOMS,
    )
    return found


def test_every_room_has_a_dictionary_in_each_language_and_no_key_is_in_two() -> None:
    assert sorted(path.stem for path in (STATIC / "i18n" / "tr").glob("*.js")) == ROOMS
    keys = [key for room in ROOMS for key in keys_of(STATIC / "i18n" / "en" / f"{room}.js")]
    assert len(keys) > 300
    assert sorted(keys) == sorted(set(keys))


def keys_of(path: Path) -> list[str]:
    return re.findall(r'^  "?([\w.][\w. \'-]*?)"?: ["{]', path.read_text(encoding="utf-8"), re.MULTILINE)


def texts(phrase: Any) -> list[str]:
    return [phrase] if isinstance(phrase, str) else [phrase["one"], phrase["other"]]


def test_the_dictionaries_have_the_same_keys_in_the_same_order(dictionaries: Dictionaries) -> None:
    assert list(dictionaries["en"]) == list(dictionaries["tr"])


def test_the_phrases_have_the_same_kind_and_parameters_and_none_is_empty(dictionaries: Dictionaries) -> None:
    for key, english in dictionaries["en"].items():
        turkish = dictionaries["tr"][key]
        assert type(english) is type(turkish), key
        for one, other in zip(texts(english), texts(turkish), strict=True):
            assert sorted(re.findall(r"{\w+}", one)) == sorted(re.findall(r"{\w+}", other)), key
            assert one.strip(), key
            assert other.strip(), key


def every(base: type[errors.HunterError]) -> Iterator[type[errors.HunterError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from every(kind)


def test_every_code_of_the_api_has_a_sentence_in_both_languages(dictionaries: Dictionaries) -> None:
    # A code of the base class only groups others and is never answered.
    codes = {kind.code for kind in every(errors.HunterError) if "code" in vars(kind)}
    assert len(codes) > 20
    for language in dictionaries.values():
        assert {code for code in codes if f"error.{code}" not in language} == set()
        assert {code for code in REASONS if f"signInReason.{code}" not in language} == set()


@pytest.mark.parametrize(
    ("browser", "language", "heading"),
    [
        ("tr-TR", "tr", "Yanıtınızı bekleyenler"),
        ("en-US", "en", "Waiting for your answer"),
        ("de-DE", "en", "Waiting for your answer"),
    ],
)
def test_the_browsers_language_decides_at_first(visit: Visit, browser: str, language: str, heading: str) -> None:
    page = visit(language=browser)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(".waiting h2")).to_have_text(heading)


def test_the_switch_changes_everything_at_once_and_is_remembered(visit: Visit) -> None:
    page = visit("/app?view=referrals&direction=Incoming&status=New")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.get_by_role("button", name="TR, Türkçe").click()
    expect(page.locator("html")).to_have_attribute("lang", "tr")
    expect(page.locator("h1")).to_have_text("Fırsatlar")
    expect(page.locator(".tags .tag")).to_have_text(["Yeni"])
    expect(page.locator(".sentence")).to_contain_text(re.compile(r"^\d+ fırsattan \d+ tanesi · Gelen, Yeni$"))
    expect(page.locator("thead th.customer")).to_have_text(re.compile("^Müşteri"))
    expect(page.get_by_role("searchbox")).to_have_attribute("placeholder", re.compile("ara$"))
    expect(page.locator("#sync-button")).to_have_text("Eşitle")
    expect(page.locator("#sync-status")).to_contain_text("yeni")
    expect(page.locator("tbody .badge").first).to_have_text(
        re.compile("Pazaryeri|Nitelikli aday|Ortak satış|Özel|İş ortağı yönetimi|Diğer")
    )
    expect(page).to_have_title("Fırsatlar · Hunter Partner Center Sync")
    page.reload()
    expect(page.locator("h1")).to_have_text("Fırsatlar")
    page.get_by_role("button", name="EN, English").click()
    expect(page.locator("h1")).to_have_text("Referrals")


def test_the_open_dialog_follows_the_switch(visit: Visit, app_host: HostProcess) -> None:
    identity = json_of(app_host, "/referrals")["items"][0]["id"]
    page = visit(f"/app?view=referrals&id={identity}", language="tr-TR")
    expect(page.get_by_role("dialog").get_by_role("heading", name="Müşteri")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_role("link", name="Partner Center'da aç")).to_be_visible()


def test_numbers_dates_and_money_are_written_the_languages_way(visit: Visit, world: World) -> None:
    identity, _ = world.create(
        details={"dealValue": 1234567.5, "currency": "TRY", "closingDateTime": "2030-03-09T12:00:00Z"}
    )
    world.sync()
    for language, money, day in (("en-GB", "₺1,234,567.50", "9 Mar 2030"), ("tr-TR", "₺1.234.567,50", "9 Mar 2030")):
        page = visit(f"/app?view=referrals&id={identity}", host=world.host, language=language)
        facts = page.get_by_role("dialog").locator(".facts").first
        expect(facts).to_contain_text(money)
        expect(facts).to_contain_text(day)


def test_one_and_many(visit: Visit, world: World) -> None:
    identity, _ = world.create()
    world.sync()
    page: Page = visit(f"/app?view=referrals&q={identity}", host=world.host)
    expect(page.locator(".sentence")).to_contain_text(re.compile(r"^1 of \d+ referrals"))
    page = visit("/app?view=referrals&q=zzz", host=world.host, language="tr-TR")
    expect(page.locator(".sentence")).to_contain_text(re.compile(r"^\d+ fırsattan 0 tanesi"))
