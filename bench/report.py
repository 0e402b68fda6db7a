"""Results as a table, as JSON, and in bench/results/README.md."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.compare import Runs, medians
from bench.targets import Target
from bench.world import ROOT

RESULTS: Final = ROOT / "bench" / "results" / "latest.json"
DOCUMENT: Final = ROOT / "bench" / "results" / "README.md"
_BEGIN, _END = "<!-- results: written by `python3 dev.py bench --write` -->", "<!-- end of results -->"
_PACKAGES: Final = ("azure-data-tables", "azure-core", "requests", "msgspec", "pydantic")
_ORDER: Final = ("sync", "slow", "lists", "daily", "bursts", "crm", "exports", "peers", "imports")
_COLUMNS: Final = (
    ("seconds", "inner s", 3),
    ("wall", "wall s", 2),
    ("cpu", "client CPU s", 3),
    ("storageCpu", "storage CPU s", 2),
    ("memory", "peak MB", 0),
    ("api", "API", 0),
    ("table", "tables", 0),
)


def machine() -> dict[str, Any]:
    """What it was measured with."""
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = f"{len(names)} x {names[0]}" if names else ""
    return {
        "machine": model or platform.processor() or platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "azurite": json.loads((ROOT / "node_modules/azurite/package.json").read_text())["version"],
        **{name: importlib.metadata.version(name) for name in _PACKAGES},
    }


def keep(name: str, runs: Runs, targets: Iterable[Target]) -> None:
    """Put the results of one case beside those of the others."""
    found = known()
    found[name] = {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "runs": len(runs),
        "with": machine(),
        "medians": medians(runs),
        "targets": [{**vars(target), "met": target.met} for target in targets],
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def known() -> dict[str, Any]:
    """All results that are kept."""
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return found


def table(name: str, result: dict[str, Any]) -> str:
    """One case for people: its figures, then its targets, in Markdown."""
    rows = result["medians"]
    columns = [column for column in _COLUMNS if any(column[0] in row for row in rows.values())]
    lines = [
        f"### {name}",
        "",
        f"{result['date'].replace('T', ' ').replace('+00:00', ' UTC')}, medians of {result['runs']} runs.",
        "",
        "| | " + " | ".join(title for _, title, _ in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for case, row in rows.items():
        cells = [f"{row[column]:,.{digits}f}" if column in row else "" for column, _, digits in columns]
        lines.append(f"| {case} | " + " | ".join(cells) + " |")
    more = {
        name: value for name, value in rows.get("lists", {}).items() if name[:3] in {"p50", "p95", "fir", "ver", "sum"}
    }
    if more:
        lines += ["", "Milliseconds: " + ", ".join(f"{name} {value:.2f}" for name, value in more.items()) + "."]
    lines += ["", "| target | measured | wanted | |", "|---|---:|---:|---|"]
    for target in result["targets"]:
        sign, unit = ("at least" if target["at_least"] else "at most"), target["unit"]
        met = "met" if target["met"] else "**not met**"
        lines.append(
            f"| {target['what']} | {target['measured']:.3g} {unit} | {sign} {target['wanted']:g} {unit} | {met} |"
        )
    return "\n".join(lines)


def write_document() -> None:
    """Put all results that are kept into bench/results/README.md, between its marks."""
    found = known()
    newest = max(found.values(), key=lambda one: str(one["date"]))["with"] if found else machine()
    versions = ", ".join(f"{name} {value}" for name, value in newest.items() if name not in {"machine", "system"})
    parts = [f"Measured on {newest['machine']}, {newest['system']}, with {versions}."]
    parts += [table(name, found[name]) for name in sorted(found, key=_order)]
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    DOCUMENT.write_text(f"{before}{_BEGIN}\n\n" + "\n\n".join(parts) + f"\n\n{_END}{after}")


def _order(name: str) -> tuple[int, int, str]:
    kind, _, rest = name.partition(" ")
    digits = "".join(letter for letter in rest.partition("referrals")[0] if letter.isdigit())
    place = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return place, int(digits or 0), name
