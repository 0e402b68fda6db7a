"""Loading `function_app.py` and calling its functions as Microsoft's Python worker does."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import logging
import sys
import threading
import time
import typing
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import azure.functions
from azure.functions.decorators.function_app import Function
from azure.functions.decorators.http import HttpTrigger
from azure.functions.decorators.timer import TimerTrigger
from azure.functions.http import HttpRequestConverter, HttpResponseConverter
from azure.functions.meta import Datum
from azure.functions.timer import TimerRequestConverter

log = logging.getLogger("local.host")
SCRIPT = "function_app.py"
ALL_METHODS = frozenset({"GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS"})


_running: dict[str, str] = {}


def running() -> list[str]:
    """The names of the functions that are being called at this moment."""
    return sorted(_running.copy().values())


class LoadingError(Exception):
    """The app can't be loaded; the message is for people, the cause is what the app raised."""


class _Trace:
    def __init__(self, parent: str, state: str) -> None:
        self.trace_parent, self.trace_state = parent, state
        self.attributes: dict[str, str] = {}


class _Retry:
    retry_count = 0
    max_retry_count = 0
    exception = None


@dataclass(frozen=True)
class _Context:
    """What a parameter named `context` receives: the worker's invocation context."""

    function_name: str
    function_directory: str
    invocation_id: str
    trace_context: _Trace
    thread_local_storage: threading.local
    retry_context: _Retry


@dataclass(frozen=True)
class Answer:
    """What an HTTP function answered. Header names may repeat."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class LoadedFunction:
    """One function of the app with its trigger."""

    name: str
    call: Callable[..., Any]
    trigger: HttpTrigger | TimerTrigger
    bindings: list[dict[str, Any]]
    directory: str
    parameters: frozenset[str]

    @property
    def methods(self) -> frozenset[str]:
        """The HTTP methods that it takes; all of them when the trigger names none."""
        named = getattr(self.trigger, "methods", None)
        return frozenset(str(method).upper() for method in named) if named else ALL_METHODS

    def _invoke(self, argument: Any, reason: str, trace: _Trace | None = None) -> Any:
        invocation = str(uuid.uuid4())
        arguments = {self.trigger.name: argument}
        storage = threading.local()
        storage.invocation_id = invocation
        if "context" in self.parameters:
            arguments["context"] = _Context(
                self.name, self.directory, invocation, trace or _Trace("", ""), storage, _Retry()
            )
        log.info("Executing 'Functions.%s' (Reason='%s', Id=%s)", self.name, reason, invocation)
        _running[invocation] = self.name
        started = time.perf_counter()
        outcome = "Failed"
        try:
            result = self.call(**arguments)
            if inspect.iscoroutine(result):
                result = asyncio.run(result)
            outcome = "Succeeded"
            return result
        finally:
            del _running[invocation]
            took = round((time.perf_counter() - started) * 1000)
            log.info("Executed 'Functions.%s' (%s, Id=%s, Duration=%dms)", self.name, outcome, invocation, took)

    def invoke_http(
        self,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        route: Mapping[str, str],
        body: bytes,
        reason: str,
    ) -> Answer:
        """Call an HTTP function. Raises whatever it raises, and TypeError when it returns what can't be answered."""

        def texts(values: Mapping[str, str]) -> dict[str, Datum]:
            return {name: Datum(value, "string") for name, value in values.items()}

        request = HttpRequestConverter.decode(
            Datum(
                {
                    "method": Datum(method, "string"),
                    "url": Datum(url, "string"),
                    "headers": texts(headers),
                    "query": texts(query),
                    "params": texts(route),
                    "body": Datum(body, "bytes"),
                },
                "http",
            ),
            trigger_metadata={},
        )
        trace = _Trace(headers.get("traceparent", ""), headers.get("tracestate", ""))
        return _answer(self.name, self._invoke(request, reason, trace))

    def invoke_timer(self, *, reason: str, last: datetime | None, following: datetime | None) -> None:
        """Call a timer function. Raises whatever it raises."""
        status = {
            "Last": last.isoformat() if last else None,
            "Next": following.isoformat() if following else None,
            "LastUpdated": last.isoformat() if last else None,
        }
        payload = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}
        timer = TimerRequestConverter.decode(Datum(json.dumps(payload), "json"), trigger_metadata={})
        result = self._invoke(timer, reason)
        if result is not None:
            raise TypeError(f"The function {self.name} has no $return binding and returned a value.")


def _answer(name: str, result: Any) -> Answer:
    try:
        datum = HttpResponseConverter.encode(result, expected_type=None)
    except NotImplementedError:
        raise TypeError(f"The function {name} returned {type(result).__name__}, which is no HTTP answer.") from None
    if datum.type == "string":
        return Answer(200, [("Content-Type", "text/plain; charset=utf-8")], datum.value.encode())
    value = datum.value
    headers = [(header, text.value) for header, text in value["headers"].items()]
    for cookie in value["cookies"] or []:
        headers += [("Set-Cookie", morsel.OutputString()) for morsel in cookie.values()]
    return Answer(int(value["status_code"].value), headers, value["body"].value)


def load(root: Path) -> list[LoadedFunction]:
    """Import `function_app.py` of the folder and list its functions. Raises LoadingError."""
    if not (root / SCRIPT).is_file():
        raise LoadingError(f"There is no {SCRIPT} in {root}.")
    sys.path.insert(0, str(root))
    try:
        module = importlib.import_module(SCRIPT.removesuffix(".py"))
    except Exception as error:
        raise LoadingError(f"{SCRIPT} can't be imported: {type(error).__name__}: {error}") from error
    apps = {id(value): value for value in vars(module).values() if isinstance(value, azure.functions.FunctionRegister)}
    if len(apps) != 1:
        raise LoadingError(f"{SCRIPT} must define one FunctionApp and defines {len(apps)}.")
    try:
        indexed = next(iter(apps.values())).get_functions()
        return [_loaded(function, root) for function in indexed]
    except ValueError as error:
        raise LoadingError(f"The functions of {SCRIPT} can't be indexed: {error}") from error


def _loaded(function: Function, root: Path) -> LoadedFunction:
    name = typing.cast(str, function.get_function_name())
    trigger = function.get_trigger()
    if not isinstance(trigger, HttpTrigger | TimerTrigger):
        raise LoadingError(f"The local host serves HTTP and timer triggers; {name} has a {type(trigger).__name__}.")
    call = function.get_user_function()
    return LoadedFunction(
        name=name,
        call=call,
        trigger=trigger,
        bindings=[json.loads(binding) for binding in function.get_raw_bindings()],
        directory=str(root),
        parameters=frozenset(inspect.signature(call).parameters),
    )
