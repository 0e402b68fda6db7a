"""The targets, each as what was measured and the most (or least) it should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.compare import Runs, medians, ratio


@dataclass(frozen=True)
class Target:
    """One line of the table of targets."""

    what: str
    measured: float
    wanted: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.measured >= self.wanted if self.at_least else self.measured <= self.wanted


def of_sync(runs: Runs, referrals: int) -> Iterator[Target]:
    """First sync, full walk and incremental, without a delay."""
    middle = medians(runs)
    yield Target("first sync, by F(first)", ratio(runs, "first", "floor_first"), 1.4 if referrals > 5_000 else 1.6, "x")
    yield Target("first sync, client CPU a record", middle["first"]["cpu"] / referrals * 1000, 0.25, "ms")
    yield Target("first sync, peak memory", middle["first"]["memory"], 110, "MB")
    yield Target("full walk with nothing changed, by F(walk)", ratio(runs, "full", "floor_walk"), 1.5, "x")
    yield Target("full walk, client CPU a record", middle["full"]["cpu"] / referrals * 1000, 0.04, "ms")
    yield Target("incremental with nothing changed, API requests", middle["incremental"]["api"], 1)
    yield Target("incremental with nothing changed, table requests", middle["incremental"]["table"], 6)
    yield Target("50 changed, API requests", middle["changed"]["api"], 1)
    yield Target("50 changed, table requests", middle["changed"]["table"], 40)


def of_slow(runs: Runs) -> Iterator[Target]:
    """The same with a delay of each page."""
    yield Target("first sync, by the bare fetch", ratio(runs, "first", "fetch"), 1.05, "x")
    yield Target("full walk with nothing changed, by the bare fetch", ratio(runs, "full", "fetch"), 1.05, "x")


def of_lists(runs: Runs) -> Iterator[Target]:
    """The read model."""
    middle = medians(runs)["lists"]
    yield Target("cold read model, by a lean scan of its columns", ratio(runs, "lists", "floor_lists"), 1.5, "x")
    yield Target("list with filter, search and sort, warm, p95", middle["p95Again"], 25, "ms")
    with_desk = ratio(runs, "lists_desk", "lists", "p95Again")
    yield Target("the same with owners and comments, by that without", with_desk, 1.5, "x")


def of_bursts(runs: Runs) -> Iterator[Target]:
    """What comes many at a time, or must be seen at once."""
    middle = medians(runs)
    batch, event, telling = middle["batch"], middle["event"], middle["telling"]
    asked = middle["floor_batch"]["actions"]
    yield Target("a batch, API requests an action", batch["api"] / asked, 2.05)
    yield Target("a batch, table requests an action", batch["table"] / asked, 12)
    yield Target(
        "a batch, client CPU by that of its API requests alone", ratio(runs, "batch", "floor_batch", "cpu"), 5, "x"
    )
    yield Target("a batch, by its API requests alone", ratio(runs, "batch", "floor_batch"), 5, "x")
    yield Target("an event, API requests", event["api"], 1)
    yield Target("an event, table requests until the list shows it", event["table"], 48)
    yield Target("an event to the list, by a page and the list's columns", ratio(runs, "event", "floor_event"), 4, "x")
    yield Target("letters about 100 changes, table requests", telling["table"], 60)
    yield Target("the same, client CPU by that of their sync", telling["cpu"] / telling["syncCpu"], 1, "x")


def of_exports(runs: Runs) -> Iterator[Target]:
    """Files of a list."""
    yield Target(
        "export as Excel, by XlsxWriter alone with the same cells", ratio(runs, "xlsx", "floor_xlsx"), 1.3, "x"
    )
    yield Target("export as CSV, by XlsxWriter alone", ratio(runs, "csv", "floor_xlsx"), 1.0, "x")
    yield Target("export as NDJSON, by XlsxWriter alone", ratio(runs, "ndjson", "floor_xlsx"), 1.0, "x")
    yield Target(
        "export as Excel, peak memory above XlsxWriter alone", ratio(runs, "xlsx", "floor_xlsx", "memory"), 1.2, "x"
    )


def of_imports(runs: Runs) -> Iterator[Target]:
    """A cold start."""
    yield Target("import of function_app, by that of the SDKs", ratio(runs, "function_app", "sdks"), 1.2, "x")


def of_daily(runs: Runs) -> Iterator[Target]:
    """What people and the clock ask for all day."""
    middle = medians(runs)
    yield Target("cold start to the first list, by the SDKs' imports", ratio(runs, "cold", "sdks"), 1.6, "x")
    yield Target("an action, API requests", middle["action"]["api"], 2)
    yield Target("an action, table requests", middle["action"]["table"], 11)
    yield Target("a tick with nothing due, table requests", middle["tick"]["table"], 2)
    yield Target("a tick with nothing due, API requests", middle["tick"]["api"], 0)


def of_crm(runs: Runs) -> Iterator[Target]:
    """Dynamics 365: requests are counted, and those that read what is known for an hour are among the first push's."""
    push = medians(runs)["push"]
    yield Target("first push, CRM requests by records written", push["asked"] / push["written"], 1.3)
    yield Target("run with nothing changed, CRM requests", push["again"], push["allowed"])
    yield Target("run with nothing changed, records written", push.get("writtenAgain", 0), 0)


def of_peers(runs: Runs) -> Iterator[Target]:
    """Whole processes."""

    def faster(peer: str, step: str, own: str, least: float) -> Target:
        by = ratio(runs, f"{peer} {step}", f"product {own}", "wall")
        return Target(f"{own} against {peer}, {step}", by, least, "x faster", at_least=True)

    yield faster("naive", "first", "first", 8)
    yield faster("dlt to the same store", "first", "first", 3)
    yield faster("dlt to DuckDB", "first", "first", 8)
    yield faster("dlt to DuckDB, parquet", "first", "first", 1.6)
    yield faster("naive", "unchanged", "full", 25)
    yield faster("dlt to the same store", "unchanged", "unchanged", 2)
    yield faster("dlt to DuckDB", "unchanged", "unchanged", 2)
