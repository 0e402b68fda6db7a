"""Two processes of the app at once, against one storage and one Partner Center."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from tests.sync.harness import World

Work = Callable[[Connection, dict[str, str], str], None]
"""What a process does with its orders, settings and token, until it is told None."""


class Token:
    """A sign-in whose token was made elsewhere."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self, *, force_refresh: bool = False) -> str:
        return self._token

    def own_domain(self) -> str | None:
        return "fabrikam-partner.com"


@contextmanager
def two_processes(world: World, work: Work, **settings: str) -> Iterator[list[Connection]]:
    """Where each of the two takes orders and answers. Both have to end well.

    Args:
        world: what they share.
        work: what each of them does; a function of a module, since it starts anew there.
        settings: the app's settings, besides those of the world.
    """
    environ = {
        "HUNTER_PARTNER_CENTER_ENABLED": "true",
        "HUNTER_PARTNER_CENTER_API_URL": world.sim.api_url,
        "HUNTER_PARTNER_CENTER_TENANT_ID": world.sim.tenant_id,
        "HUNTER_PARTNER_CENTER_CLIENT_ID": world.sim.client_id,
        "HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "0",
        "HUNTER_TOKEN_CACHE_KEY": world.settings.token_cache_keys[0],
        "HUNTER_STORAGE": world.storage,
        **settings,
    }
    context = multiprocessing.get_context("spawn")
    ends = [context.Pipe() for _ in range(2)]
    token = world.sign_in.token()
    processes = [context.Process(target=work, args=(theirs, environ, token), daemon=True) for _, theirs in ends]
    for process in processes:
        process.start()
    pipes = [ours for ours, _ in ends]
    try:
        yield pipes
    finally:
        for pipe in pipes:
            pipe.send(None)
        for process in processes:
            process.join(120)
        for ours, theirs in ends:
            ours.close()
            theirs.close()
    assert [process.exitcode for process in processes] == [0, 0]
