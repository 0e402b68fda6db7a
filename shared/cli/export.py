"""``export``: everything stored, to standard output."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from shared.cli.console import DONE, data_output
from shared.services import Services
from shared.web import items, responses


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser("export", help="write everything stored to standard output")
    command.add_argument("what", choices=("referrals", "companies"))
    form = command.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="comma separated values (the default)")
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument("--separator", default=",", choices=(",", ";", "\t"), help="for CSV; ';' suits Turkish Excel")
    command.set_defaults(command=export)


def export(services: Services, options: argparse.Namespace) -> int:
    """Write all referrals or companies to standard output."""
    snapshot, now = services.read_model.snapshot(), services.clock.now()
    rows: Iterable[dict[str, Any]] = (
        (items.item(snapshot, position, now) for position in range(len(snapshot.referrals)))
        if options.what == "referrals"
        else (items.company_item(snapshot, company) for company in snapshot.companies)
    )
    out = data_output()
    if options.json:
        for item in rows:
            out.write(responses.encode(item).decode() + "\n")
    else:
        write_csv(rows, out, options.separator)
    return DONE


def write_csv(rows: Iterable[Mapping[str, Any]], out: TextIO, separator: str = ",") -> None:
    """Rows as CSV (RFC 4180) with a byte order mark, so that spreadsheets read it as UTF-8.

    A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    writer: Any = None
    for item in rows:
        if writer is None:
            out.write("\ufeff")
            writer = csv.DictWriter(out, list(item), delimiter=separator, lineterminator="\r\n")
            writer.writeheader()
        writer.writerow({name: _cell(value) for name, value in item.items()})


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        value = responses.encode(value).decode() if value else ""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
