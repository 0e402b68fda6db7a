"""Two processes renew at the same moment, a hundred times, with refresh tokens that are good for one use."""

from __future__ import annotations

import subprocess
import sys

from tests.hosting import ROOT, app_settings, environment
from tests.sign_in.world import KEY, World

ROUNDS = 100


def test_two_processes_renew_at_once_without_losing_the_sign_in(world: World) -> None:
    world.simulator.switches.rotation_kills_old = True
    world.signed_in()
    before = world.redeemed()
    settings = {**app_settings(world.simulator, world.storage), "HUNTER_TOKEN_CACHE_KEY": KEY}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.sign_in.renewing_process"],
            cwd=ROOT,
            env=environment(settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    inputs = [process.stdin for process in processes if process.stdin]
    outputs = [process.stdout for process in processes if process.stdout]
    try:
        answers: list[set[str]] = []
        for line in range(ROUNDS + 1):
            for pipe in inputs if line else []:
                pipe.write("\n")
                pipe.flush()
            answers.append({output.readline().strip() for output in outputs})
    finally:
        for process in processes:
            process.communicate(timeout=120)
    assert answers.pop(0) == {"ready"}
    assert [answer for answer in answers if any(one.startswith("failed") or not one for one in answer)] == []
    assert len(set.union(*answers)) >= ROUNDS  # each round got another token
    assert world.redeemed() - before >= ROUNDS
    assert world.instance().token(force_refresh=True)
    assert world.instance().status().state == "signedIn"
