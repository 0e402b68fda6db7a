"""``export``: a list as a file, by the same code as the page's exports."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from shared.cli.console import DONE, binary_output
from shared.exports.about import Origin
from shared.exports.csv import DIALECTS, Dialect
from shared.exports.export import COLUMNS, FORMATS, LANGUAGES, Exporter, Format, Options
from shared.model import times
from shared.read_model.questions import CompanyQuery, company_query, referral_query
from shared.services import Services

EVERYTHING: Final = "missing=include"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "export",
        help="write a list as a file",
        description="Everything stored, or what a query finds; see docs/exports.md.",
    )
    command.add_argument("what", choices=("referrals", "companies"))
    form = command.add_mutually_exclusive_group()
    form.add_argument("--format", choices=FORMATS, help="the format; as the page's exports")
    form.add_argument(
        "--csv", action="store_true", help="CSV with a byte order mark, the names as headers (the default)"
    )
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument("--separator", choices=(",", ";", "\t"), help="for CSV; ';' suits Turkish Excel")
    command.add_argument("--dialect", choices=tuple(DIALECTS), help="for --format csv: eu is ';' and decimal commas")
    command.add_argument(
        "--columns", choices=COLUMNS, default="hunter", help="of referrals: ours, or Partner Center's own"
    )
    command.add_argument("--contacts", action="store_true", help="with the customers' people")
    command.add_argument("--language", choices=LANGUAGES, help="of the headers; without it they are the API's names")
    command.add_argument("--query", metavar="QUERY", help="the list's filters and sort, such as 'status=New&sort=name'")
    command.add_argument("--me", metavar="MAIL", default="", help="whom owner=me means")
    command.add_argument("--output", metavar="FILE", type=Path, help="the file; without it standard output")
    command.set_defaults(command=export, usage_error=command.error)


def export(services: Services, options: argparse.Namespace) -> int:
    """Write the file, or print it."""
    how = _options(options)
    if how.format == "xlsx" and options.output is None and sys.stdout.isatty():
        options.usage_error("a workbook is nothing for a terminal: give --output FILE")
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "export"
        _write(services, options, how, path)
        if options.output:
            shutil.move(path, options.output)
        else:
            with path.open("rb") as content:
                shutil.copyfileobj(content, binary_output())
    return DONE


def _write(services: Services, options: argparse.Namespace, how: Options, path: Path) -> None:
    now, exporter = services.clock.now(), Exporter(services.read_model)
    companies = options.what == "companies"
    query = options.query if options.query is not None else "" if companies else EVERYTHING
    asked = company_query(query, also=()) if companies else referral_query(query, options.me, also=())
    sort = asked.paging.sort
    origin = Origin(
        which=options.what,
        filters=query,
        sort=f"-{sort}" if asked.paging.descending else sort,
        at=times.public(times.from_datetime(now)) or "",
        by="",
        fresh=times.public(services.state.load().cursor.last_success),
        link="",
    )
    if isinstance(asked, CompanyQuery):
        exporter.companies(path, asked, how, origin)
    else:
        exporter.referrals(path, asked, how, origin, now)


def _options(options: argparse.Namespace) -> Options:
    form: Format = options.format or ("ndjson" if options.json else "csv")
    dialect = DIALECTS[options.dialect or "rfc"]
    if options.format is None or options.separator:
        separator = options.separator or dialect.separator
        dialect = Dialect(
            separator, dialect.decimal, bom=dialect.bom or options.format is None, european_times=dialect.european_times
        )
    return Options(form, options.columns, options.contacts, dialect, options.language)
