"""A process that renews whenever it gets a line, and answers with what came of it. Run by test_two_processes.py."""

from __future__ import annotations

import hashlib
import os
import sys

from shared.core.errors import HunterError
from shared.core.settings import load
from shared.sign_in.sign_in import SignIn
from shared.storage.engine.tables import TableStore


def main() -> None:
    """Renew until the input ends."""
    settings = load(os.environ)
    sign_in = SignIn(settings, TableStore.from_settings(settings))
    sign_in.token()
    print("ready", flush=True)
    for _ in sys.stdin:
        try:
            # The digest only: a token has no place in any output.
            print(hashlib.sha256(sign_in.token(force_refresh=True).encode()).hexdigest(), flush=True)
        except HunterError as error:
            print(f"failed {error.code}", flush=True)


if __name__ == "__main__":
    main()
