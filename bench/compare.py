"""Paired runs of the cases, their medians, and the ratios that the targets speak of."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from bench import peers
from bench.world import ROOT, WORK, PartnerCenter, Result, Storage, run

Runs = list[dict[str, Result]]
"""For each run, what each case came to; the cases of one run are a pair, so ratios are taken within it."""
CHANGED: Final = 50
TOLD: Final = 100
_SDKS: Final = (
    "import azure.functions, azure.data.tables, requests, msgspec, tenacity, msal, cryptography.fernet, idna, "
    "publicsuffixlist; from pydantic import BaseModel"
)
"""What a sync as the first request uses of others."""


def medians(runs: Runs) -> dict[str, Result]:
    """The median of every number of every case; what is no number is that of the last run."""
    found: dict[str, Result] = {}
    for case in runs[-1]:
        found[case] = {}
        for name, value in runs[-1][case].items():
            values = [one[case][name] for one in runs if case in one and name in one[case]]
            found[case][name] = statistics.median(values) if isinstance(value, int | float) else value
    return found


def ratio(runs: Runs, case: str, to: str, of: str = "seconds") -> float:
    """The median of the ratios within each run."""
    return float(statistics.median(one[case][of] / one[to][of] for one in runs))


def sync(referrals: int, count: int, say: Callable[[str], None], delay: float = 0.0) -> Runs:
    """First sync, full walk, incremental with nothing and with 50 changed; beside them the floors."""
    runs: Runs = []
    for number in range(count):
        say(f"sync of {referrals:,}{f' at {delay * 1000:.0f} ms a page' if delay else ''}, run {number + 1} of {count}")
        with PartnerCenter(referrals) as partner_center:
            partner_center.tell(delay=delay)
            with Storage() as storage:
                results = {"first": run("first", partner_center, storage)}
                if not delay:
                    run("prepare", partner_center, storage)
                    with Storage() as empty:
                        results["floor_first"] = run("floor_first", partner_center, empty)
                    results["floor_walk"] = run("floor_walk", partner_center, storage)
                results["fetch"] = run("fetch", partner_center)
                results["full"] = run("full", partner_center, storage)
                results["after_full"] = run("after_full", partner_center, storage)
                results["incremental"] = run("incremental", partner_center, storage)
                partner_center.tell(change=CHANGED)
                results["changed"] = run("changed", partner_center, storage)
        runs.append(results)
    return runs


def lists(referrals: int, count: int, say: Callable[[str], None]) -> Runs:
    """The read model and the companies over what a sync stored."""
    runs: Runs = []
    with PartnerCenter(referrals) as partner_center, Storage() as storage:
        say(f"lists of {referrals:,}: storing")
        run("first", partner_center, storage)
        for number in range(count):
            say(f"lists of {referrals:,}, run {number + 1} of {count}")
            runs.append({case: run(case, partner_center, storage) for case in ("floor_lists", "lists", "companies")})
        say(f"lists of {referrals:,}: owners and comments")
        run("desk", partner_center, storage)
        for results in runs:
            results["lists_desk"] = run("lists_desk", partner_center, storage)
    return runs


def bursts(referrals: int, count: int, say: Callable[[str], None]) -> Runs:
    """An event, letters about many changes, and a batch of actions, beside what they can't do without."""
    runs: Runs = []
    for number in range(count):
        say(f"bursts with {referrals:,}, run {number + 1} of {count}")
        with PartnerCenter(referrals) as partner_center, Storage() as storage:
            run("first", partner_center, storage)
            results: dict[str, Result] = {}
            for case, changed in (
                ("event", 1),
                ("floor_event", 0),
                ("telling", TOLD),
                ("batch", 0),
                ("floor_batch", 0),
            ):
                if changed:
                    partner_center.tell(change=changed)
                results[case] = run(case, partner_center, storage, module="bench.bursts")
        runs.append(results)
    return runs


def daily(referrals: int, count: int, say: Callable[[str], None]) -> Runs:
    """A cold start to the first list beside the SDKs' imports, an action, and a tick with nothing due."""
    runs: Runs = []
    with PartnerCenter(referrals) as partner_center, Storage() as storage:
        say(f"daily of {referrals:,}: storing")
        run("first", partner_center, storage)
        for number in range(count):
            say(f"daily of {referrals:,}, run {number + 1} of {count}")
            bare = _wall("pass")
            results = {
                name: run(name, partner_center, storage, module="bench.daily") for name in ("action", "tick", "cold")
            }
            results["cold"]["seconds"] = results["cold"]["wall"] - bare
            results["sdks"] = {"seconds": _wall(_SDKS) - bare}
            runs.append(results)
    return runs


def crm(referrals: int, count: int, say: Callable[[str], None]) -> Runs:
    """A first push to the simulated Dynamics 365, and a run with nothing changed."""
    runs: Runs = []
    for number in range(count):
        say(f"crm with {referrals:,}, run {number + 1} of {count}")
        with PartnerCenter(referrals) as partner_center, Storage() as storage:
            run("first", partner_center, storage)
            runs.append({"push": run("push", partner_center, storage, module="bench.crm")})
    return runs


def exports(referrals: int, count: int, say: Callable[[str], None]) -> Runs:
    """Files of a list, each in a process of its own, beside XlsxWriter alone."""
    runs: Runs = []
    for number in range(count):
        say(f"exports of {referrals:,}, run {number + 1} of {count}")
        results: dict[str, Result] = {}
        for case in ("floor_xlsx", "xlsx", "csv", "ndjson"):
            command = [sys.executable, "-m", "bench.exports", case, str(referrals)]
            done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
            results[case] = json.loads(done.stdout.splitlines()[-1])
        runs.append(results)
    return runs


def _wall(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return time.perf_counter() - started


def imports(count: int, say: Callable[[str], None]) -> Runs:
    """What a cold start imports, beside the SDKs alone."""
    say("imports")

    def pair() -> dict[str, Result]:
        bare = _wall("pass")
        timed = {"sdks": _wall(_SDKS), "function_app": _wall("import function_app")}
        return {name: {"seconds": seconds - bare} for name, seconds in timed.items()}

    pair()  # byte code is written
    return [pair() for _ in range(max(count, 7))]


def against_peers(referrals: int, count: int, say: Callable[[str], None]) -> Runs:
    """Whole processes of the product and of what people would use instead, on the same data."""
    environments = peers.prepare(say)
    runs: Runs = []
    for number in range(count):
        results: dict[str, Result] = {}
        for name, steps in _contestants(environments):
            say(f"{name} with {referrals:,}, run {number + 1} of {count}")
            with PartnerCenter(referrals) as partner_center, Storage() as storage:
                peers.clean()
                for step, how in steps:
                    if step == "changed":
                        partner_center.tell(change=CHANGED)
                    results[f"{name} {step}"] = run(**how, partner_center=partner_center, storage=storage)
        runs.append(results)
    return runs


def _contestants(environments: dict[str, Any]) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    own = [("first", "first"), ("full", "full"), ("settling", "incremental"), ("unchanged", "incremental")]
    yield "product", [(step, {"case": case}) for step, case in [*own, ("changed", "changed")]]
    for peer, how in environments.items():
        yield peer, [(step, how) for step in ("first", "unchanged", "changed")]


def folder() -> None:
    """Make the folder that cases share."""
    WORK.mkdir(parents=True, exist_ok=True)
