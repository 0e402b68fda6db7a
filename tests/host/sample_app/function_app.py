"""A Functions app whose answers show what a host hands to functions and how it takes what they return."""

import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import cast

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
_overlap = threading.Lock()


def _seen(req: func.HttpRequest) -> dict[str, object]:
    return {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().hex(),
    }


@app.function_name("echo")
@app.route(route="api/echo/{id}", methods=["GET", "POST", "HEAD"])
def _echo(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(_seen(req)), mimetype="application/json", headers={"X-Kind": "echo"})


@app.function_name("echo_fixed")
@app.route(route="api/echo/fixed", methods=["GET"])
def _echo_fixed(req: func.HttpRequest) -> str:
    return "fixed"


@app.function_name("files")
@app.route(route="files/{file?}", methods=["GET"])
def _files(req: func.HttpRequest) -> str:
    return f"file {req.route_params.get('file')}"


@app.function_name("rest")
@app.route(route="rest/{*path}")
def _rest(req: func.HttpRequest) -> str:
    return f"{req.method} {req.route_params['path']}"


@app.function_name("number")
@app.route(route="number/{n:int}", methods=["GET"])
def _number(req: func.HttpRequest) -> str:
    return str(req.route_params["n"])


@app.function_name("returns")
@app.route(route="returns/{what}", methods=["GET", "POST"])
def _returns(req: func.HttpRequest) -> func.HttpResponse:
    return cast(func.HttpResponse, _returned(req))  # the worker refuses any other annotation, not any other value


def _returned(req: func.HttpRequest) -> object:
    match req.route_params["what"]:
        case "text":
            return "Grüße"
        case "none":
            return None
        case "number":
            return 1
        case "crash":
            raise RuntimeError("secret inside")
        case "empty":
            return func.HttpResponse(status_code=204)
        case "bytes":
            return func.HttpResponse(bytes(range(256)), mimetype="application/octet-stream")
        case "plain":
            return func.HttpResponse("plain", status_code=418)
        case "cookies":
            headers = {"Set-Cookie": "a=1; Path=/; HttpOnly; SameSite=Lax"}
            answer = func.HttpResponse("cookies", headers=headers)
            answer.headers.add("Set-Cookie", "b=2; Secure")
            return answer
    return func.HttpResponse(status_code=404)


@app.function_name("in_context")
@app.route(route="context", methods=["GET"])
def _in_context(req: func.HttpRequest, context: func.Context) -> str:
    return f"{context.function_name} {bool(context.invocation_id)} {context.trace_context.trace_parent}"


@app.function_name("waits")
@app.route(route="waits", methods=["GET"])
async def _waits(req: func.HttpRequest) -> str:
    return "waited"


@app.function_name("sleeps")
@app.route(route="sleeps", methods=["GET"])
def _sleeps(req: func.HttpRequest) -> str:
    _note("sleeping")
    time.sleep(float(req.params["seconds"]))
    return "slept"


def _note(word: str) -> None:
    """Write to the file that the test reads."""
    if "SAMPLE_NOTES" in os.environ:
        with Path(os.environ["SAMPLE_NOTES"]).open("a") as notes:
            notes.write(word + "\n")


@app.function_name("tick")
@app.timer_trigger(arg_name="timer", schedule="%SAMPLE_SCHEDULE%")
def _tick(timer: func.TimerRequest) -> None:
    alone = _overlap.acquire(blocking=False)
    _note("begin" if alone else "overlap")
    time.sleep(float(os.environ.get("SAMPLE_TICK_SECONDS", "0")))
    _note("end")
    logging.info("ticked past_due=%s", timer.past_due)
    if alone:
        _overlap.release()


@app.function_name("breaks")
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def _breaks(timer: func.TimerRequest) -> None:
    raise RuntimeError("broken")
