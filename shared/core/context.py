"""Threads that keep what the log knows of the work they do: the run's id, the correlation id, the function."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ContextExecutor(ThreadPoolExecutor):
    """A pool whose tasks run in a copy of the context of whoever hands them in (``submit`` and ``map`` alike)."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a task in one of the pool's threads; see ``concurrent.futures.Executor.submit``."""
        call: Any = contextvars.copy_context().run
        return super().submit(call, fn, *args, **kwargs)
