"""How long lists take from a snapshot in memory: filter, search and sort at any size, first and warm.

``python -m bench.read_model [--referrals N]`` prints milliseconds; ``measure`` gives them to other benchmarks.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from azure.functions import HttpRequest

from shared.model import times
from shared.model.category import CATEGORIES
from shared.model.company import Company, company_of, entry_of
from shared.model.summary import ReferralSummary
from shared.model.text import fold
from shared.read_model.questions import REFERRAL_SORTS
from shared.read_model.snapshot import Snapshot
from shared.web import items, parameters, responses

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_SYLLABLES = ("ka", "re", "mo", "ti", "san", "bel", "do", "ra", "vi", "nor", "lu", "pek", "ış", "ğa", "öz", "tek")


def synthetic(count: int, seed: int = 1) -> list[ReferralSummary]:
    """Referrals as varied as lists see them, about three to a company."""
    rng = random.Random(seed)

    def word() -> str:
        return "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4)))

    def moment(days: float) -> str:
        return times.from_datetime(NOW - timedelta(days=rng.uniform(0, days)))

    domains = [f"{word()}{number}.com" for number in range(count // 3 + 1)]
    found = []
    for number in range(count):
        referral_id = f"{rng.getrandbits(128):032x}"
        name, customer = " ".join(word() for _ in range(4)), f"{word()} {word()}"
        domain = rng.choice(domains)
        people = [text for _ in range(3) for text in (f"{word()} {word()}", f"{word()}.{word()}@{domain}")]
        created = moment(700)
        found.append(
            ReferralSummary(
                id=referral_id,
                name=name.title(),
                customer_name=customer.title(),
                company_key=domain,
                category=rng.choice(CATEGORIES),
                direction=rng.choice(["Incoming", "Incoming", "Outgoing"]),
                status=(status := rng.choice(["New", "Active", "Closed", "Closed"])),
                substatus={"New": "Pending", "Active": "Accepted"}.get(status, rng.choice(["Won", "Lost", "Expired"])),
                country=rng.choice(["TR", "DE", "US", "GB", "FR", *(f"X{n}" for n in range(60))]),
                deal_value=Decimal(rng.randint(0, 500_000)) if rng.random() < 0.8 else None,
                currency=rng.choice(["USD", "EUR", "TRY"]),
                created_date_time=created,
                updated_date_time=moment(300),
                closing_date_time=moment(-200),
                expiration_date_time=times.shifted(created, days=14),
                engagement_id=f"{rng.getrandbits(128):032x}" if number % 2 else None,
                search_text="\n".join(map(fold, [name, customer, referral_id, *people])),
            )
        )
    return found


def snapshot_of(referrals: Iterable[ReferralSummary]) -> Snapshot:
    """A snapshot with the companies that these referrals add up to."""
    rows = list(referrals)
    members: dict[str, list[ReferralSummary]] = {}
    for row in rows:
        if row.company_key:
            members.setdefault(row.company_key, []).append(row)
    companies: list[Company] = []
    for key, group in members.items():
        company = company_of(key, [entry_of(row, None) for row in group])
        if company:
            companies.append(company)
    return Snapshot("bench", rows, companies, merged={}, links={}, tenants={}, quarantined=0)


def questions(seed: int = 2, owners: Sequence[str] = ()) -> list[dict[str, object]]:
    """Combinations of filters, words, orders and pages, as people click them together; no two search alike.

    Args:
        seed: the same one gives the same questions.
        owners: whose referrals some of them ask for.
    """
    rng = random.Random(seed)
    asked: list[dict[str, object]] = [{}]
    for number in range(120):
        one: dict[str, object] = {"sort": rng.choice(["", "-"]) + rng.choice(REFERRAL_SORTS)}
        if rng.random() < 0.6:
            one["status"] = rng.sample(["New", "Active", "Closed"], k=rng.randint(1, 2))
        if rng.random() < 0.4:
            one["country"] = rng.sample(["TR", "DE", "US", "GB"], k=rng.randint(1, 3))
        if rng.random() < 0.3:
            one["direction"] = "Incoming"
        if rng.random() < 0.3:
            one |= {"minValue": rng.randint(0, 250_000), "currency": rng.choice(["USD", "EUR"])}
        if rng.random() < 0.2:
            one["expiring"] = rng.randint(0, 14)
        if rng.random() < 0.2:
            one["m365"] = "true"
        if number % 2:
            one["q"] = " ".join("".join(rng.choices(_SYLLABLES, k=2)) for _ in range(rng.randint(1, 2)))
        if rng.random() < 0.3:
            one["page"] = rng.randint(1, 400)
        one["pageSize"] = rng.choice([25, 50, 200])
        if owners and number % 3 == 0:
            one["owner"] = owners[number % len(owners)]
        asked.append(one)
    return asked


def ask(snapshot: Snapshot, question: dict[str, object]) -> bytes:
    """One request from its address to its bytes, as the handler does it."""
    url = f"http://127.0.0.1/api/v1/partner-center/referrals?{urlencode(question, doseq=True)}"
    request = HttpRequest("GET", url, headers={}, params={}, route_params={}, body=b"")
    query = parameters.referral_query(request)
    return responses.json(items.referral_page(snapshot, query, NOW)).get_body()


def measure(snapshot: Snapshot, asked: Sequence[dict[str, object]]) -> dict[str, float]:
    """Milliseconds of all questions: each asked first (orders are known, words are new), then again."""
    for sort in REFERRAL_SORTS:
        for descending in (False, True):
            snapshot.referral_list.index.order(sort, descending=descending)
    first, again = (sorted(_timed(snapshot, question) for question in asked) for _ in range(2))
    return {
        "p50First": statistics.median(first),
        "p95First": first[int(len(first) * 0.95)],
        "p50Again": statistics.median(again),
        "p95Again": again[int(len(again) * 0.95)],
    }


def _timed(snapshot: Snapshot, question: dict[str, object]) -> float:
    started = time.perf_counter()
    ask(snapshot, question)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--referrals", type=int, default=50_000)
    count = parser.parse_args().referrals
    rows = synthetic(count)
    started = time.perf_counter()
    snapshot = snapshot_of(rows)
    built = (time.perf_counter() - started) * 1000
    print(f"{count} referrals, {len(snapshot.companies)} companies, snapshot built in {built:.0f} ms")
    for name, milliseconds in measure(snapshot, questions()).items():
        print(f"{name:10} {milliseconds:8.2f} ms")
    started = time.perf_counter()
    items.summary(snapshot, NOW)
    print(f"summary    {(time.perf_counter() - started) * 1000:8.2f} ms")


if __name__ == "__main__":
    main()
