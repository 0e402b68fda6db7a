"""``webhook status | register | restore | test``: who gets Partner Center's events."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from shared.core.errors import HunterError
from shared.model import times
from shared.services import Services
from shared.sync import wanted
from shared.webhook.registration import Look

_DONE, _FAILED = 0, 1
_TEST_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 2.0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    group = commands.add_parser("webhook", help="Partner Center's events: status, register, restore, test")
    verbs = group.add_subparsers(required=True, metavar="verb")
    verb = verbs.add_parser("status", help="where events go, and whether they come")
    verb.set_defaults(command=status)
    verb = verbs.add_parser("register", help="have events sent to this app")
    verb.add_argument(
        "--take-over", action="store_true", help="take the place of another address; it is kept and can be put back"
    )
    verb.set_defaults(command=register)
    verb = verbs.add_parser("restore", help="have events sent where they went before")
    verb.set_defaults(command=restore)
    verb = verbs.add_parser("test", help="ask for a test event and wait for its result")
    verb.set_defaults(command=test)


def status(services: Services, options: argparse.Namespace) -> int:
    """Look; 1 when events don't come here, or have stopped coming."""
    services.settings.require_webhook()
    look = services.registration.look()
    board = services.work.load()
    last_event = wanted.last_event(board)
    silent = look.ours and services.watch.now(board, last_event).is_silent(last_event)
    _show(services, look)
    print(f"last event: {times.public(last_event) or 'none yet'}")
    if silent:
        print("silent: polls find changes that no event announced. Register again, then run webhook test.")
    return _DONE if look.ours and not silent else _FAILED


def register(services: Services, options: argparse.Namespace) -> int:
    """Register; what is there is replaced only with --take-over."""
    services.settings.require_webhook()
    try:
        _show(services, services.registration.register(take_over=options.take_over))
    except HunterError as error:
        if "url" not in error.extra:
            raise
        print(f"{error.code}: events go to {error.extra['url']}", file=sys.stderr)
        print("Use --take-over to replace it; webhook restore puts it back.", file=sys.stderr)
        return _FAILED
    return _DONE


def restore(services: Services, options: argparse.Namespace) -> int:
    """Put the former registration back."""
    services.settings.require_partner_center()
    _show(services, services.registration.restore())
    return _DONE


def test(services: Services, options: argparse.Namespace) -> int:
    """Ask for a test event, and wait until Microsoft says what became of it."""
    services.settings.require_webhook()
    identity, ends = services.webhooks.send_test(), services.clock.monotonic() + _TEST_SECONDS
    print(f"Test event {identity} is on its way ...", flush=True)
    while services.clock.monotonic() < ends:
        found = services.webhooks.test(identity)
        codes = [result.code for result in found.results] if found else []
        if "OK" in codes:
            print("It came, and was verified.")
            return _DONE
        if found and found.status.lower() not in {"pending", "inprogress", "in-progress", "queued"}:
            print(f"It was not delivered: {', '.join(codes) or found.status}.", file=sys.stderr)
            return _FAILED
        services.clock.sleep(_PAUSE_SECONDS)
    print("Nothing is known of it after a minute. docs/events.md says what to look at.", file=sys.stderr)
    return _FAILED


def _show(services: Services, look: Look) -> None:
    if look.registered is None:
        print("registered: nothing; webhook register has events sent here.")
        return
    print(f"registered: {look.registered.url}" + (" (this app)" if look.ours else " (another address)"))
    print(f"events: {', '.join(look.registered.events)}")
