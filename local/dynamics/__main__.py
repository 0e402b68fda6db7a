"""`python -m local.dynamics`: the simulator alone, until Ctrl-C."""

import argparse
import signal
import threading
from pathlib import Path

from local.kept import load, save

from .identity import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from .simulator import DynamicsSimulator

DEFAULT_FOLDER = Path(".local/simulator")
DEFAULT_PORT = 7095


def main() -> int:
    """Run it; what a person needs is printed once it listens."""
    parser = argparse.ArgumentParser(prog="python -m local.dynamics", description="Simulated Dynamics 365 Sales.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--ca-dir", type=Path, default=DEFAULT_FOLDER, help="certificates and token key")
    parser.add_argument("--with-key", action="store_true", help="with the columns and keys that setup makes")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the rows over restarts in this file")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    simulator = DynamicsSimulator(options.port, ca_dir=options.ca_dir, with_key=options.with_key)
    if options.keep and (kept := load(options.keep)):
        simulator.store.restore(kept)
    try:
        simulator.start()
    except OSError as problem:
        parser.exit(1, f"The simulator can't listen on port {options.port}: {problem.strerror}.\n")
    try:
        print("Simulator of Dynamics 365 Sales")
        print(f"  HUNTER_DYNAMICS_URL            {simulator.url}")
        print(f"  HUNTER_DYNAMICS_AUTHORITY      {simulator.authority}")
        print(f"  HUNTER_DYNAMICS_TENANT_ID      {TENANT_ID}")
        print(f"  HUNTER_DYNAMICS_CLIENT_ID      {CLIENT_ID}")
        print(f"  HUNTER_DYNAMICS_CLIENT_SECRET  {CLIENT_SECRET}")
        print(f"  CA file                        {simulator.ca_file.resolve()}")
        print(f"  control                        {simulator.url}/control", flush=True)
        ended.wait()
    finally:
        simulator.stop()
        if options.keep:
            save(options.keep, simulator.store.kept())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
