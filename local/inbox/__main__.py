"""`python -m local.inbox`: the inbox alone, until Ctrl-C."""

import argparse
import signal
import threading

from .inbox import Inbox

DEFAULT_PORT = 7090


def main() -> int:
    """Run it; what a person needs is printed once it listens."""
    parser = argparse.ArgumentParser(prog="python -m local.inbox", description="An inbox for Teams cards and mails.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        inbox = Inbox(options.port).start()
    except OSError as problem:
        parser.exit(1, f"The inbox can't listen on port {options.port}: {problem.strerror}.\n")
    try:
        print(f"Inbox for Teams cards and mails: {inbox.url}")
        print(f"  Workflows address  {inbox.teams_url()}")
        for name, value in inbox.settings().items():
            print(f"  {name}={value}")
        print(f"  control            {inbox.url}/control", flush=True)
        ended.wait()
    finally:
        inbox.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
