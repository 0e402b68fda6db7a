"""Days, loads, currencies and typed amounts: what must be the same wherever and whenever somebody looks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.page.conftest import Visit, World, wait_until

LOADS = """async ([first, second, endings]) => {
  const { loads } = await import("/app/core/loads.js");
  const shown = [], failures = [], asked = [];
  const place = loads({
    fetch: (target, signal) => new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new DOMException("gone", "AbortError")));
      asked.push({ target, resolve: () => resolve(() => shown.push(target)), reject });
    }),
    failed: (target) => failures.push(target),
  });
  place[first]("a");
  place[second]("b");
  for (let index = 0; index < 3; index += 1) {
    await new Promise((resolve) => setTimeout(resolve));
    const now = asked[index];
    if (now && endings[index]) now[endings[index]](new Error("broken"));
  }
  await new Promise((resolve) => setTimeout(resolve));
  return { shown, failures };
}"""


@pytest.mark.parametrize(
    ("first", "second", "endings", "shown", "failures"),
    [
        # A person's own load is never given up for a refresh, which comes after it, however either of them ends.
        ("load", "refresh", ["resolve", "resolve"], ["a", "b"], []),
        ("load", "refresh", ["reject", "resolve"], ["b"], ["a"]),
        ("load", "refresh", ["resolve", "reject"], ["a"], []),
        ("load", "refresh", ["reject", "reject"], [], ["a"]),
        # A newer load replaces all others, and says so when it fails.
        ("load", "load", ["resolve", "resolve"], ["b"], []),
        ("load", "load", ["resolve", "reject"], [], ["b"]),
        ("refresh", "load", ["resolve", "resolve"], ["b"], []),
        ("refresh", "load", ["resolve", "reject"], [], ["b"]),
        ("refresh", "refresh", ["resolve", "resolve"], ["a", "b"], []),
        ("refresh", "refresh", ["reject", "resolve"], ["b"], []),
    ],
)
def test_every_pair_of_loads_ends_as_it_should(
    visit: Visit, first: str, second: str, endings: list[str], shown: list[str], failures: list[str]
) -> None:
    page = visit()
    assert page.evaluate(LOADS, [first, second, endings]) == {"shown": shown, "failures": failures}


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "America/Los_Angeles", "Europe/Istanbul", "Pacific/Kiritimati"])
def test_a_closing_date_is_the_same_date_everywhere(visit: Visit, world: World, zone: str) -> None:
    identity, _ = world.create(details={"closingDateTime": "2030-03-09T00:00:00Z"})
    world.sync()
    page = visit(f"/app?view=referrals&q={identity}&id={identity}", host=world.host, timezone_id=zone)
    expect(page.locator("tbody td.closing")).to_contain_text("9 Mar 2030")
    expect(page.get_by_role("dialog").locator(".facts").first).to_contain_text("9 Mar 2030")


def test_days_left_are_counted_by_the_servers_clock(visit: Visit, world: World) -> None:
    due = (datetime.now(UTC) + timedelta(days=9)).replace(hour=12, minute=0, second=0, microsecond=0)
    identity, _ = world.create(
        expirationDateTime=f"{due:%Y-%m-%dT%H:%M:%SZ}",
        customerProfile={"name": "Clockwork Ltd", "team": [{"email": "ada@clockwork-ltd.com"}]},
    )
    world.sync()
    wrong = datetime.now(UTC) + timedelta(days=6)
    for address in (f"/app?view=referrals&q={identity}", "/app?view=companies&q=clockwork-ltd.com"):
        page = visit(address, host=world.host, before=lambda page: page.clock.set_fixed_time(wrong))
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator("tbody tr .badge", has_text="left")).to_have_text(re.compile(r"^(8|9|10) days left$"))


CURRENCIES: list[Any] = [
    "USD",
    "CAD",
    "AUD",
    "HKD",
    "SGD",
    "MXN",
    "JPY",
    "CNY",
    "SEK",
    "NOK",
    "DKK",
    "TRY",
    "EUR",
    "GBP",
]


@pytest.mark.parametrize("language", ["en-GB", "tr-TR"])
@pytest.mark.parametrize("compact", [False, True])
def test_no_two_currencies_look_alike(visit: Visit, language: str, compact: bool) -> None:
    page = visit(language=language)
    wait_until(page, lambda: page.locator("html").get_attribute("lang"), language[:2])
    written = page.evaluate(
        """async ([codes, compact]) => {
          const { money } = await import("/app/core/format.js");
          return codes.map((code) => money(939000, code, compact));
        }""",
        [CURRENCIES, compact],
    )
    assert len(set(written)) == len(CURRENCIES), written
    if compact and language == "tr-TR":
        assert "939 bin ₺" in written


@pytest.mark.parametrize(
    ("typed", "language", "value"),
    [
        *(
            ("50.000", "tr", 50_000),
            ("50 bin", "tr", 50_000),
            ("1,5 milyon", "tr", 1_500_000),
            ("1.234,56", "tr", 1234.56),
        ),
        *(("50,000", "en", 50_000), ("50k", "en", 50_000), ("1.5m", "en", 1_500_000), ("1,234.56", "en", 1234.56)),
        *(("₺50.000", "tr", 50_000), ("50.000 TL", "tr", 50_000), ("0,125", "tr", 0.125), ("50 BİN", "tr", 50_000)),
        *(("fifty", "en", None), ("1.2.3", "tr", None), ("", "en", None), ("1,23,456", "en", None)),
    ],
)
def test_amounts_are_read_as_they_are_typed(visit: Visit, typed: str, language: str, value: float | None) -> None:
    page = visit()
    read = page.evaluate(
        "async ([typed, language]) => (await import('/app/core/numbers.js')).readNumber(typed, language)",
        [typed, language],
    )
    assert read == value
