"""`python -m local.simulator`: the simulator alone, until Ctrl-C."""

import argparse
import json
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.kept import load, save

from .seed_companies import DEFAULT_REFERRALS
from .simulator import Simulator

DEFAULT_FOLDER = Path(".local/simulator")
DEFAULT_PORT = 7080
_SAME_DATA_FOR = timedelta(days=7)


def main() -> int:
    """Run it; what a person needs is printed once it listens."""
    parser = argparse.ArgumentParser(
        prog="python -m local.simulator", description="Simulated Partner Center and Entra."
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--host", default="127.0.0.1", choices=("127.0.0.1", "localhost"))
    parser.add_argument("--referrals", type=int, default=DEFAULT_REFERRALS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ca-dir", type=Path, default=DEFAULT_FOLDER, help="certificates, token key, time of the data")
    parser.add_argument("--auto-approve", action="store_true", help="sign-ins approve themselves")
    parser.add_argument("--fast", action="store_true", help="make the pages beforehand")
    parser.add_argument("--page-delay", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--keep", action="store_true", help="keep what changes over restarts, beside the certificates")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    simulator = Simulator(
        options.referrals,
        options.seed,
        options.port,
        host=options.host,
        ca_dir=options.ca_dir,
        auto_approve=options.auto_approve,
        fast=options.fast,
        page_delay=options.page_delay,
        seeded_at=(seeded_at := time_of_data(options.ca_dir, options.referrals, options.seed)),
    )
    keeping = options.ca_dir / f"kept-{options.referrals}-{options.seed}.pickle" if options.keep else None
    if keeping and (kept := load(keeping)) and kept[0] == seeded_at:
        simulator.data.clear()
        simulator.data.load(kept[1])
    try:
        simulator.start()
    except OSError as problem:
        parser.exit(1, f"The simulator can't listen on port {options.port}: {problem.strerror}.\n")
    try:
        print(f"Simulator of Partner Center and Entra with {len(simulator.data)} referrals (seed {options.seed})")
        print(f"  API URL        {simulator.api_url}")
        print(f"  authority      {simulator.authority}")
        print(f"  CA file        {simulator.ca_file.resolve()}")
        print(f"  tenant id      {simulator.tenant_id}")
        print(f"  client id      {simulator.client_id}")
        print(f"  control        {simulator.api_url}/control", flush=True)
        ended.wait()
    finally:
        simulator.stop()
        if keeping:
            save(keeping, (seeded_at, simulator.data.kept()))
    return 0


def time_of_data(folder: Path, referrals: int, seed: int) -> datetime:
    """The time that the data is relative to: the same for a week, so that a restart does not change every referral."""
    folder.mkdir(parents=True, exist_ok=True)
    path, now = folder / "seeded.json", datetime.now(UTC)
    try:
        kept = json.loads(path.read_text())
        moment = datetime.fromisoformat(kept["at"])
        if kept["of"] == [referrals, seed] and timedelta(0) <= now - moment < _SAME_DATA_FOR:
            return moment
    except (OSError, ValueError, KeyError, TypeError):
        pass
    path.write_text(json.dumps({"of": [referrals, seed], "at": now.isoformat()}))
    return now


if __name__ == "__main__":
    raise SystemExit(main())
