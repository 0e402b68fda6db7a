"""Acting from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from shared.cli.__main__ import _parser
from tests.actions.world import App, applied
from tests.sync.harness import World


@pytest.fixture
def make_world(storage_account: str, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes the test's world."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(World(storage_account, tmp_path, **options))


def test_acting_from_the_command_line(make_world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    world = make_world(referrals=0)
    app = App(world)
    first, second = world.sim.data.create(), world.sim.data.create(status="Active", substatus="Accepted")
    world.run(mode="full").succeeded  # noqa: B018 - it must have

    def run(*arguments: str) -> int:
        options = _parser().parse_args(arguments)
        code: int = options.command(app.services, options)
        return code

    assert run("action", "accept", first, "--set", "dealValue=42.50", "--set", "currency=EUR", "--dry-run") == 0
    assert json.loads(capsys.readouterr().out)["request"][2] == {
        "op": "replace",
        "path": "/details/dealValue",
        "value": 42.5,
    }
    assert applied(world, first) == []
    assert run("action", "decline", first, "--reason", "spam") == 0
    assert run("action", "win", first, second, "nobody") == 1
    said = capsys.readouterr()
    assert f"{second}: applied" in said.out
    assert "nobody: not_found" in said.err
    assert world.sim.data.get(second)["substatus"] == "Won"  # type: ignore[index]
    assert run("actions", "list", "--state", "applied") == 0
    listed = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[1] for line in listed) == ["decline", "win"]
    with pytest.raises(SystemExit):
        run("action", "update", first, "--set", "name=x")
