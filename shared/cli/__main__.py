"""The command line: ``python -m shared.cli check | sync | export | sign-in``.

It works against whatever storage the settings name, with the same code as the functions. Settings come from the
environment; ``local.settings.json`` in the current folder fills what the environment does not set.

Exit codes: 0 done; 1 it failed, and the last line says why; 2 the command line is wrong; 3 the sync paused and goes on
with the next one; 4 another sync is running.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from shared.core.clock import Deadline
from shared.core.errors import HunterError, SignInRequired, SyncRunning
from shared.core.log import configure
from shared.model.run import Run
from shared.partner_center.client import PartnerCenterClient
from shared.services import Services
from shared.web import items, responses

DONE: Final = 0
FAILED: Final = 1
PAUSED: Final = 3
RUNNING: Final = 4
SYNC_SECONDS: Final = 6 * 3600.0
_CHECK_SECONDS: Final = 20.0


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    configure()
    services = Services(_with_local_settings(os.environ if environ is None else environ))
    try:
        code: int = options.command(services, options)
    except SyncRunning as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return RUNNING
    except HunterError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        return FAILED
    return code


def check(services: Services, options: argparse.Namespace) -> int:
    """Look at everything a sync needs, in the order in which it needs it; each line says ok or what to do."""
    results = [_report(name, probe, services) for name, probe in _CHECKS]
    return DONE if all(results) else FAILED


def sync(services: Services, options: argparse.Namespace) -> int:
    """Sync now, however long it takes."""
    show = _progress(sys.stderr)
    run = services.sync.run(
        "cli",
        mode="full" if options.full else "incremental",
        dry_run=options.dry_run,
        budget=SYNC_SECONDS,
        progress=show,
    )
    show(run)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if not options.dry_run:
        services.tenant_lookup.run()
    print(f"{run.state}: {_counts(run)}")
    return DONE if run.state == "succeeded" else PAUSED


def export(services: Services, options: argparse.Namespace) -> int:
    """Write all referrals or companies to standard output."""
    snapshot, now = services.read_model.snapshot(), services.clock.now()
    rows: Iterable[dict[str, Any]] = (
        (items.item(snapshot, position, now) for position in range(len(snapshot.referrals)))
        if options.what == "referrals"
        else (items.company_item(snapshot, company) for company in snapshot.companies)
    )
    if options.json:
        for item in rows:
            sys.stdout.write(responses.encode(item).decode() + "\n")
    else:
        write_csv(rows, sys.stdout, options.separator)
    return DONE


def sign_in(services: Services, options: argparse.Namespace) -> int:
    """Sign in to Partner Center with a device code."""
    begun = services.sign_in.begin("http://localhost")
    if begun["flow"] != "deviceCode":
        print("A client secret is set, so people sign in on the page: open /app and choose Sign in.", file=sys.stderr)
        return FAILED
    print(f"Open {begun['verificationUri']} and enter the code {begun['userCode']}. Waiting …", flush=True)
    while (answer := services.sign_in.check(begun["id"]))["state"] == "pending":
        services.clock.sleep(5)
    if answer["state"] != "signedIn":
        print(f"The sign-in was not completed ({answer['state']}). Start it again.", file=sys.stderr)
        return FAILED
    print(f"Signed in as {answer['account']}.")
    return DONE


def write_csv(items: Iterable[Mapping[str, Any]], out: TextIO, separator: str = ",") -> None:
    """Items as CSV (RFC 4180) with a byte order mark, so that spreadsheets read it as UTF-8.

    A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    writer: Any = None
    for item in items:
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


# -- checks ------------------------------------------------------------------------------------------------------------


def _check_settings(services: Services) -> str:
    services.settings.require_partner_center()
    return "complete"


def _check_storage(services: Services) -> str:
    version = services.state.load().version
    return "reached, nothing stored yet" if version == "0" else "reached"


def _check_sign_in(services: Services) -> str:
    status = services.sign_in.status()
    if status.state != "signedIn":
        raise SignInRequired(
            status.reason or "Nobody is signed in. Sign in on the page, or by: python -m shared.cli sign-in"
        )
    services.sign_in.token()
    return "signed in, token renewed"


def _check_partner_center(services: Services) -> str:
    client = PartnerCenterClient(
        services.settings.api_url, services.sign_in, services.clock, Deadline(services.clock, _CHECK_SECONDS)
    )
    try:
        found = len(client.newest().records)
    finally:
        client.close()
    return "reached, the role is right" if found else "reached, but no referral is visible to this account"


_CHECKS: Final[tuple[tuple[str, Callable[[Services], str]], ...]] = (
    ("settings", _check_settings),
    ("storage", _check_storage),
    ("sign-in", _check_sign_in),
    ("Partner Center", _check_partner_center),
)


def _report(name: str, probe: Callable[[Services], str], services: Services) -> bool:
    try:
        print(f"ok    {name}: {probe(services)}")
    except HunterError as error:
        print(f"FIX   {name}: {error.message} ({error.code})")
        return False
    return True


# -- plumbing ----------------------------------------------------------------------------------------------------------


def _with_local_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, and below it the values of local.settings.json where there is one."""
    path = Path("local.settings.json")
    values: dict[str, Any] = {}
    if path.is_file():
        try:
            values = json.loads(path.read_text("utf-8")).get("Values", {})
        except (ValueError, AttributeError):
            print("local.settings.json is no valid JSON, so it is left aside.", file=sys.stderr)
    return {**{name: str(value) for name, value in values.items()}, **environ}


def _progress(out: TextIO) -> Callable[[Run], None]:
    def show(run: Run) -> None:
        if out.isatty():
            out.write(f"\r{run.mode}: page {run.pages} · {_counts(run)}\x1b[K")
            out.flush()

    return show


def _counts(run: Run) -> str:
    counts: Iterator[tuple[str, int]] = iter(
        (
            ("fetched", run.fetched),
            ("new", run.inserted),
            ("changed", run.updated),
            ("unchanged", run.unchanged),
            ("repeated", run.repeated),
            ("in quarantine", run.quarantined),
            ("missing", run.missing),
        )
    )
    return ", ".join(f"{number} {name}" for name, number in counts if number or name == "fetched")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shared.cli", description="Hunter Partner Center Sync")
    commands = parser.add_subparsers(required=True, metavar="command")
    one = commands.add_parser("check", help="settings, storage, sign-in, role: what is ok and what to do")
    one.set_defaults(command=check)
    one = commands.add_parser("sync", help="sync now")
    one.add_argument("--full", action="store_true", help="read everything, not only what changed")
    one.add_argument("--dry-run", action="store_true", help="read and count, store nothing")
    one.set_defaults(command=sync)
    one = commands.add_parser("export", help="write everything stored to standard output")
    one.add_argument("what", choices=("referrals", "companies"))
    form = one.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="comma separated values (the default)")
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    one.add_argument("--separator", default=",", choices=(",", ";", "\t"), help="for CSV; ';' suits Turkish Excel")
    one.set_defaults(command=export)
    one = commands.add_parser("sign-in", help="sign in to Partner Center with a device code")
    one.set_defaults(command=sign_in)
    return parser


if __name__ == "__main__":
    sys.exit(main())
