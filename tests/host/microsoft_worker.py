"""Runs an app with Microsoft's own worker library, azure-functions-runtime, without a host and without gRPC.

Run by a Python 3.13 that has it: `python microsoft_worker.py FOLDER`. Standard input is a JSON list of calls
`{function, method, url, headers, query, params, body (hex)}`, or `{function, timer: true}`; standard output is a JSON
object `{functions: [{name, bindings}], answers: [{ok, status, headers, cookies, body (hex)}]}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from importlib import import_module
from types import SimpleNamespace
from typing import Any


class _Anything(SimpleNamespace):
    """Stands for any protobuf message class: keeps what it is made with."""

    inout, out = 2, 1
    Failure, Success = 0, 1


class _Protos:
    """Stands for the module of protobuf classes, which the worker library is handed by who runs it."""

    class BindingInfo(_Anything):
        Direction = SimpleNamespace(Value=lambda name: {"in": 0, "out": 1, "inout": 2}[name])

    def __getattr__(self, name: str) -> type[_Anything]:
        return _Anything


def _call(native: Any, datum: Any, function: Any, call: dict[str, Any]) -> dict[str, Any]:
    if call.get("timer"):
        value = datum('{"Schedule": {}, "ScheduleStatus": {}, "IsPastDue": false}', "json")
    else:
        value = datum(
            {
                "method": datum(call["method"], "string"),
                "url": datum(call["url"], "string"),
                "body": datum(bytes.fromhex(call["body"]), "bytes"),
                **{
                    part: {name: datum(text, "string") for name, text in call[part].items()}
                    for part in ("headers", "query", "params")
                },
            },
            "http",
        )
    inputs = [(call["argument"], value)]
    handled, ok, answer, *_ = native.run_invocation_sync("id", function.function_id, inputs, {})
    if not handled:
        ok, answer, *_ = asyncio.run(native.invocation_request_native("id", function.function_id, inputs, {}))
    if not ok or answer is None:
        return {"ok": ok}
    if answer.type == "string":
        return {"ok": ok, "status": 200, "headers": {}, "cookies": [], "body": answer.value.encode().hex()}
    return {
        "ok": ok,
        "status": int(answer.value["status_code"].value),
        "headers": {name.lower(): text.value for name, text in answer.value["headers"].items()},
        "cookies": [morsel.OutputString() for cookie in answer.value["cookies"] or [] for morsel in cookie.values()],
        "body": answer.value["body"].value.hex(),
    }


def main() -> None:
    """Index the app, make the calls, print what came of them."""
    root = os.path.abspath(sys.argv[1])  # noqa: PTH100 - no pathlib object is wanted
    calls = json.loads(sys.stdin.read())
    output = os.dup(1)
    os.dup2(2, 1)  # whatever the app prints must not mix with the answers
    sys.path.insert(0, root)
    os.chdir(root)
    handle_event = import_module("azure_functions_runtime.handle_event")
    native = import_module("azure_functions_runtime.native_invocation")
    datum = import_module("azure_functions_runtime.bindings.datumdef").Datum
    threads = import_module("azure_functions_runtime.utils.threadpool")
    threads.start_threadpool_executor()
    handle_event.load_binding_registry()
    vars(handle_event)["protos"] = _Protos()
    handle_event.load_function_metadata(root, caller_info="test")
    indexed = {metadata.name: metadata for metadata in handle_event._metadata_result}
    answers = []
    for call in calls:
        metadata = indexed[call["function"]]
        trigger = next(binding for binding in map(json.loads, metadata.raw_bindings) if "Trigger" in binding["type"])
        function = handle_event._functions.get_function(metadata.function_id)
        answers.append(_call(native, datum, function, {**call, "argument": trigger["name"]}))
    functions = [
        {"name": name, "bindings": [json.loads(binding) for binding in metadata.raw_bindings]}
        for name, metadata in indexed.items()
    ]
    os.write(output, json.dumps({"functions": functions, "answers": answers}).encode())
    threads.stop_threadpool_executor()


if __name__ == "__main__":
    main()
