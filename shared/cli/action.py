"""``action`` and ``actions``: what the page does, from the command line."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.actions.fields import FIELDS
from shared.actions.preflight import PHRASES
from shared.actions.record import Filter
from shared.actions.service import Ask
from shared.cli.console import DONE, FAILED
from shared.core.errors import HunterError
from shared.model import times
from shared.model.action import KINDS, STATES, Action, Who
from shared.services import Services


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    command = commands.add_parser(
        "action",
        help="act on referrals",
        description="Does at once what the page does: nothing waits to be taken back. Exit code 1 where one did not go through.",
    )
    command.add_argument("action", choices=KINDS)
    command.add_argument("ids", metavar="ID", nargs="+")
    command.add_argument("--set", metavar="FIELD=VALUE", action="append", default=[], help=", ".join(FIELDS))
    command.add_argument("--reason", choices=tuple(PHRASES), help="for decline and lose")
    command.add_argument("--remark", help="added to the notes, with the date")
    command.add_argument("--dry-run", action="store_true", help="show what would be sent, and send nothing")
    command.set_defaults(command=act, usage_error=command.error)
    listing = commands.add_parser("actions", help="who did what", description="The newest first, one a line.")
    listing.add_argument("what", choices=("list",))
    listing.add_argument("--referral", metavar="ID")
    listing.add_argument("--state", choices=STATES, action="append", default=[])
    listing.add_argument("--most", type=int, default=50)
    listing.set_defaults(command=show)


def act(services: Services, options: argparse.Namespace) -> int:
    """Act on each referral; says of each how it ended."""
    ask = Ask(options.action, _changes(options), options.reason, options.remark)
    who = Who("cli", f"{getpass.getuser()} (command line)")
    ends = [_one(services, referral_id, ask, who, dry_run=options.dry_run) for referral_id in options.ids]
    return DONE if all(ends) else FAILED


def _one(services: Services, referral_id: str, ask: Ask, who: Who, *, dry_run: bool) -> bool:
    try:
        if dry_run:
            would = services.actions.preview(referral_id, ask, who)
            print(
                json.dumps({"referralId": referral_id, "request": would.request}, default=_number, ensure_ascii=False)
            )
            return True
        result = services.actions.act(referral_id, ask, who)
        action = result.action
        if action.state == "waiting":
            action = services.actions.send(action.id).action
    except HunterError as error:
        reasons = error.extra.get("reasons")
        why = "; ".join(f"{each['field']}: {each['message']}" for each in reasons) if isinstance(reasons, list) else ""
        print(f"{referral_id}: {error.code}: {why or error.message}", file=sys.stderr)
        return False
    print(f"{referral_id}: {_said(action)}")
    return action.state in {"applied", "sending", "unconfirmed"}


def show(services: Services, options: argparse.Namespace) -> int:
    """List what was done."""
    wanted = Filter(referral=options.referral, states=tuple(options.state))
    for action in services.action_record.page(wanted, 1, max(1, min(options.most, 200))).actions:
        error = f" {action.error.code}" if action.error else ""
        at = times.public(action.created_at)
        print(f"{at} {action.action} {action.referral_id} {action.state}{error} {action.who.name}")
    return DONE


def _said(action: Action) -> str:
    already = " (it was so already)" if action.already_done else ""
    return f"{action.state}{already}{f': {action.error.message}' if action.error else ''}"


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for pair in options.set:
        name, separator, text = pair.partition("=")
        if not separator or name not in FIELDS:
            options.usage_error(f"--set takes FIELD=VALUE with a field of {', '.join(FIELDS)}")
        changes[name] = _amount(text, options) if name == "dealValue" else text
    return changes


def _amount(text: str, options: argparse.Namespace) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        options.usage_error(f"{text} is no number")
        raise


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)
