"""``python3 dev.py bench [case …] [--referrals N …]``: how close to the floor, how it grows, how it compares."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from bench import compare, report, targets

CASES: Final = ("sync", "slow", "lists", "daily", "bursts", "crm", "exports", "imports", "peers")
PAGE_SECONDS: Final = 0.15


def main() -> int:
    """Measure, print, and keep in bench/results/latest.json."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument(
        "case",
        nargs="*",
        help="sync: beside the floors; slow: the same with 150 ms a page; lists: the read model; "
        "daily: a cold start to the first list, an action, an idle tick; bursts: a batch of actions, an event, "
        "letters about many changes; crm: the first push to Dynamics 365, and a run with nothing changed; "
        "exports: a list as a file; imports: what a cold start imports; "
        "peers: dlt and the naive way (installs dlt); all of these: all. Without any: sync, lists and imports",
    )
    parser.add_argument("--referrals", type=int, nargs="+", default=[10_000], metavar="N")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="paired runs, 3 by default")
    parser.add_argument(
        "--write", action="store_true", help="write bench/results/README.md from all results that are kept"
    )
    options = parser.parse_args()
    chosen = [*CASES] if options.case == ["all"] else options.case or ["sync", "lists", "imports"]
    unknown = [case for case in chosen if case not in CASES]
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)}; there are {', '.join(CASES)} and all")
    compare.folder()
    for case in chosen:
        for referrals in options.referrals if case != "imports" else [0]:
            _measure(case, referrals, max(1, options.runs))
    if options.write:
        report.write_document()
    return 0


def _measure(case: str, referrals: int, runs: int) -> None:
    def say(text: str) -> None:
        print(f"… {text}", file=sys.stderr, flush=True)

    name = f"{case} of {referrals:,} referrals" if referrals else case
    match case:
        case "sync":
            results = compare.sync(referrals, runs, say)
            found = targets.of_sync(results, referrals)
        case "slow":
            results = compare.sync(referrals, runs, say, PAGE_SECONDS)
            found, name = targets.of_slow(results), f"{name}, 150 ms a page"
        case "lists":
            results = compare.lists(referrals, runs, say)
            found = targets.of_lists(results)
        case "daily":
            results = compare.daily(referrals, runs, say)
            found = targets.of_daily(results)
        case "bursts":
            results = compare.bursts(referrals, runs, say)
            found = targets.of_bursts(results)
        case "crm":
            results = compare.crm(referrals, runs, say)
            found = targets.of_crm(results)
        case "exports":
            results = compare.exports(referrals, runs, say)
            found = targets.of_exports(results)
        case "peers":
            results = compare.against_peers(referrals, runs, say)
            found = targets.of_peers(results)
        case _:
            results = compare.imports(runs, say)
            found = targets.of_imports(results)
    report.keep(name, results, found)
    print(report.table(name, report.known()[name]) + "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
