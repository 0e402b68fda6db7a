"""The simulator in a process of its own, so that what it costs is nobody's client time.

Commands come as lines of JSON on stdin, each answered by a line on stdout; the end of stdin ends it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from local.simulator import Simulator


def main() -> None:
    """Serve until stdin ends; the argument is the number of referrals."""
    with Simulator(int(sys.argv[1]), seed=1, port=0, fast=True) as simulator:
        say = {"api_url": simulator.api_url, "token": simulator.access_token(), "account": simulator.account}
        print(json.dumps(say), flush=True)
        for line in sys.stdin:
            print(json.dumps(_carry_out(simulator, json.loads(line))), flush=True)


def _carry_out(simulator: Simulator, command: dict[str, Any]) -> Any:
    if "delay" in command:
        simulator.page_delay = float(command["delay"])
    if "change" in command:
        ids = simulator.data.ids()
        step = max(1, len(ids) // command["change"])
        for number, one in enumerate(ids[::step][: command["change"]]):
            simulator.data.change(one, status="Active", substatus="Accepted", details={"dealValue": 1_000 + number})
        simulator._api.prepare()
    seen = len(simulator.requests)
    simulator.requests.clear()
    return seen


if __name__ == "__main__":
    main()
