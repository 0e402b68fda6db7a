"""``sign-in``: sign in to Partner Center with a device code."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from shared.cli.console import DONE, FAILED
from shared.core.errors import SignInUnavailable, StorageUnavailable
from shared.services import Services

_PAUSE_SECONDS: Final = 5.0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser("sign-in", help="sign in to Partner Center with a device code")
    command.set_defaults(command=sign_in)


def sign_in(services: Services, options: argparse.Namespace) -> int:
    """Show a code and wait until somebody has entered it, or nobody can any more."""
    begun = services.sign_in.begin("http://localhost")
    if begun["flow"] != "deviceCode":
        print("A client secret is set, so people sign in on the page: open /app and choose Sign in.", file=sys.stderr)
        return FAILED
    print(f"Open {begun['verificationUri']} and enter the code {begun['userCode']}. Waiting ...", flush=True)
    while True:
        try:
            answer = services.sign_in.check(begun["id"])
        except (SignInUnavailable, StorageUnavailable) as error:
            # The code is as good as before: whoever enters it meanwhile has not done so in vain.
            answer = {"state": "pending"}
            print(f"{error.message} Asking again ...", file=sys.stderr)
        if answer["state"] != "pending":
            break
        services.clock.sleep(_PAUSE_SECONDS)
    if answer["state"] != "signedIn":
        print(f"The sign-in was not completed ({answer['state']}). Start it again.", file=sys.stderr)
        return FAILED
    print(f"Signed in as {answer['account']}.")
    return DONE
