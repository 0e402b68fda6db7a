"""``check``: what a sync needs, in the order in which it needs it. Each line says ok, what to do, or why it was skipped."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

from shared.cli.console import DONE, FAILED
from shared.core import settings as known_settings
from shared.core.errors import ConfigurationError, FeatureDisabled, HunterError, SignInRequired
from shared.partner_center.probe import first_page
from shared.services import Services

_SECONDS: Final = 20.0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser("check", help="settings, storage, sign-in, role: what is ok and what to do")
    command.set_defaults(command=check)


def check(services: Services, options: argparse.Namespace) -> int:
    """Go through everything; what depends on something that is wrong is skipped, for it could only say the same again.

    Settings that no sync needs come last: they hold nothing else up.
    """
    failed: list[str] = []
    for name, needs, probe in _CHECKS:
        missing = [each for each in needs if each in failed]
        if missing:
            print(f"skip  {name}: needs {' and '.join(missing)}")
            failed.append(name)
            continue
        try:
            print(f"ok    {name}: {probe(services, options.environ)}")
        except HunterError as error:
            print(f"FIX   {name}: {error.message} ({error.code})")
            failed.append(name)
    wrong = services.settings.problems_of_features
    if wrong:
        print(f"FIX   features: {known_settings.sentence(wrong)} ({ConfigurationError.code})")
    return FAILED if failed or wrong else DONE


def _settings(services: Services, environ: Mapping[str, str]) -> str:
    try:
        services.settings.require_partner_center()
    except FeatureDisabled as error:
        asked = known_settings.load({**environ, "HUNTER_PARTNER_CENTER_ENABLED": "true"}).problems
        needed = ", ".join(["HUNTER_PARTNER_CENTER_ENABLED to true", *dict.fromkeys(each.name for each in asked)])
        error.message = f"{error.message} To sync, set {needed}. docs/settings.md says what each means."
        raise
    return "complete"


def _storage(services: Services, environ: Mapping[str, str]) -> str:
    version = services.state.load().version
    return "reached, nothing stored yet" if version == "0" else "reached"


def _sign_in(services: Services, environ: Mapping[str, str]) -> str:
    status = services.sign_in.status()
    if status.state != "signedIn":
        raise SignInRequired(
            status.reason or "Nobody is signed in. Sign in on the page, or by: python -m shared.cli sign-in"
        )
    services.sign_in.token()
    return "signed in, token renewed"


def _partner_center(services: Services, environ: Mapping[str, str]) -> str:
    found = first_page(services.settings, services.sign_in, services.store, _SECONDS).records
    return "reached, the role is right" if found else "reached, but no referral is visible to this account"


_CHECKS: Final[tuple[tuple[str, tuple[str, ...], Callable[[Services, Mapping[str, str]], str]], ...]] = (
    ("settings", (), _settings),
    ("storage", (), _storage),
    ("sign-in", ("settings", "storage"), _sign_in),
    ("Partner Center", ("sign-in",), _partner_center),
)
"""Name, what it needs, and what tries it."""
