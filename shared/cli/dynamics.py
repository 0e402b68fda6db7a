"""``python -m shared.cli dynamics setup | check | mapping | sync``: Dynamics 365 from the command line."""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.core.clock import Deadline
from shared.core.errors import ConfigurationError
from shared.dynamics import checks
from shared.dynamics import mapping as mappings
from shared.dynamics.client import Tokens
from shared.dynamics.connection import load_mapping
from shared.dynamics.setup import Line, Setup
from shared.dynamics.shown import Planned
from shared.dynamics.tokens import ClientSecretTokens, DeviceCodeTokens
from shared.services import Services
from shared.storage.tables import crm_links

DONE: Final = 0
FAILED: Final = 1
_SETUP_SECONDS: Final = 1200.0
_CHECK_SECONDS: Final = 60.0
_SYNC_SECONDS: Final = 3600.0


def add(commands: Any) -> None:
    """Add the group to the commands."""
    group = commands.add_parser("dynamics", help="Dynamics 365: setup, check, mapping, sync")
    parts = group.add_subparsers(required=True, metavar="what")
    part = parts.add_parser("setup", help="make columns and keys, where they are missing")
    part.add_argument("--check", action="store_true", help="only look")
    part.add_argument("--device-code", action="store_true", help="sign in as a person with a customiser's rights")
    part.set_defaults(command=setup)
    part = parts.add_parser("check", help="whether settings, mapping and environment fit")
    part.set_defaults(command=check)
    part = parts.add_parser("mapping", help="show the mapping, or set it")
    what = part.add_subparsers(required=True, metavar="action")
    show = what.add_parser("show", help="print it as JSON")
    show.add_argument("--schema", action="store_true", help="print its JSON schema instead")
    show.set_defaults(command=show_mapping)
    put = what.add_parser("set", help="take it from a file")
    put.add_argument("file", type=Path, help="JSON; - reads standard input")
    put.set_defaults(command=set_mapping)
    part = parts.add_parser("sync", help="bring Dynamics 365 in step now")
    part.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")
    part.set_defaults(command=sync)


def setup(services: Services, options: argparse.Namespace) -> int:
    """Make columns and keys."""
    tokens = _setup_tokens(services, device_code=options.device_code)
    with services.dynamics.connect(Deadline(services.clock, _SETUP_SECONDS), tokens, although_off=True) as connection:
        fits = Setup(connection.client, services.clock, _say, look_only=options.check).run()
        if not options.check:
            connection.open(fresh=True)  # what the runtime knows is older now
    return DONE if fits else FAILED


def check(services: Services, options: argparse.Namespace) -> int:
    """Look at everything a run needs."""
    with services.dynamics.connect(Deadline(services.clock, _CHECK_SECONDS), although_off=True) as connection:
        opened = connection.open(fresh=True)
    lines = list(
        itertools.chain(
            checks.check_environment(opened.environment),
            checks.check_mapping(opened.rules.mapping, opened.environment),
            checks.check_currencies(opened.environment, services.read_model.snapshot()),
        )
    )
    for line in lines:
        _say(line)
    return DONE if all(line.ok for line in lines) else FAILED


def show_mapping(services: Services, options: argparse.Namespace) -> int:
    """Print the mapping that holds."""
    if options.schema:
        print(msgspec.json.format(msgspec.json.encode(mappings.schema()), indent=2).decode())
    else:
        print(mappings.dump(load_mapping(services.dynamics.state)).decode())
    return DONE


def set_mapping(services: Services, options: argparse.Namespace) -> int:
    """Take a mapping from a file, under the next version."""
    state = services.dynamics.state
    try:
        data = sys.stdin.buffer.read() if str(options.file) == "-" else options.file.read_bytes()
        given = mappings.parse(data)
    except OSError as error:
        print(f"{options.file} can't be read: {error.strerror}.", file=sys.stderr)
        return FAILED
    except mappings.InvalidMapping as wrong:
        for problem in wrong.problems:
            _say(Line(False, problem))
        return FAILED
    mapping = msgspec.structs.replace(given, version=load_mapping(state).version + 1)
    state.put_mapping(msgspec.json.encode(mapping), mapping.version)
    print(f"The mapping is set, as version {mapping.version}. The next run looks at every referral again.")
    return DONE


def sync(services: Services, options: argparse.Namespace) -> int:
    """Bring everything in step, or print the plan."""
    ran = services.dynamics.run("all", dry=options.dry_run, budget=_SYNC_SECONDS)
    if options.dry_run:
        for planned in ran.plan:
            print(_plan_line(planned))
        print(f"{len(ran.plan)} referrals to do; nothing was written.")
        return DONE
    run = ran.run
    print(
        f"{run.created} created, {run.updated} updated, {run.pulled} pulled, {run.unchanged} unchanged, {run.failed} failed; "
        f"{run.requests} requests"
    )
    for line in _wrong(services):
        _say(line)
    if ran.pending:
        print(f"{ran.pending} are still to do: run it again.")
    return FAILED if run.failed else DONE


def _wrong(services: Services) -> list[Line]:
    """A line for each referral with which something is wrong, as the page says it."""
    shown = crm_links.load_shown(services.store)
    return [
        Line(False, f"{referral_id} ({link.error.code}): {link.error.message}")
        for referral_id, link in sorted(shown.items())
        if link.error and link.state in {"failed", "conflict"}
    ]


def _plan_line(line: Planned) -> str:
    changes = "; ".join(f"{each.field}: {each.crm} | {each.partner_center} -> {each.becomes}" for each in line.fields)
    said = " ".join(filter(None, (changes, line.reason)))
    return f"{line.operation:<9} {line.table or '-':<12} {line.referral_id}  {said}".rstrip()


def _say(line: Line) -> None:
    print(f"{'ok   ' if line.ok else 'FIX  '} {line.text}", flush=True)


def _setup_tokens(services: Services, *, device_code: bool) -> Tokens | None:
    settings = services.settings
    if device_code:
        client_id = settings.dynamics_setup_client_id or settings.dynamics_client_id
        if not client_id:
            raise ConfigurationError("HUNTER_DYNAMICS_SETUP_CLIENT_ID: --device-code needs a public application's id.")
        return DeviceCodeTokens(
            settings.dynamics_authority,
            settings.dynamics_tenant_id,
            client_id,
            url=settings.dynamics_url,
            show=lambda text: print(text, flush=True),
        )
    if settings.dynamics_setup_client_id and settings.dynamics_setup_secret:
        return ClientSecretTokens(
            settings.dynamics_authority,
            settings.dynamics_tenant_id,
            settings.dynamics_setup_client_id,
            settings.dynamics_setup_secret,
            url=settings.dynamics_url,
        )
    return None
