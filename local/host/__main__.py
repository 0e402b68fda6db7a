"""`python -m local.host --port 7071`: serve the app in a folder."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

from azure.functions.decorators.http import HttpTrigger
from azure.functions.decorators.timer import TimerTrigger
from waitress.server import create_server

from local.host import functions, web
from local.host.configuration import ConfigurationError, fill_environment, route_prefix
from local.host.routes import RouteError
from local.host.timers import Timer

log = logging.getLogger("local.host")
LARGEST_BODY = 100 * 1024 * 1024  # what Azure Functions takes
GRACE_SECONDS = 5.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--port", type=int, default=7071, help="the port (7071); 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (127.0.0.1)")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the folder of function_app.py (the current one)")
    arguments = parser.parse_args()
    if not web.is_loopback(arguments.host):
        parser.error(
            f"--host {arguments.host}: this host has no sign-in, so it listens on loopback addresses alone."
            " To let others reach it, deploy it to Azure."
        )
    if arguments.host.lower() == "localhost":
        arguments.host = "127.0.0.1"
    arguments.root = arguments.root.resolve()
    return arguments


def _log_to_stderr() -> None:
    formatter = logging.Formatter("[%(asctime)s.%(msecs)03dZ] %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # says that requests wait; they do so by design
    logging.captureWarnings(True)


def _timers(loaded: list[functions.LoadedFunction]) -> dict[str, Timer]:
    """The timers that can be scheduled; the others are named in the log, and everything else is served."""
    timers = {}
    for function in loaded:
        if isinstance(function.trigger, TimerTrigger):
            try:
                timers[function.name] = Timer(function, os.environ)
            except ConfigurationError as error:
                log.error("The timer %s does not run: %s", function.name, error)
    return timers


def _announce(host: web.Host, address: str) -> None:
    log.info("Functions:")
    for route, function in host.routes:
        methods = ",".join(sorted(function.methods)) if function.methods != functions.ALL_METHODS else "ALL"
        log.info("    %s: [%s] %s/%s", function.name, methods, address, route.template)
    for function in host.functions.values():
        if not isinstance(function.trigger, HttpTrigger):
            timer = host.timers.get(function.name)
            log.info("    %s: timerTrigger (%s)", function.name, timer.expression if timer else "not scheduled")
    log.info("Now listening on: %s", address)


def _serve(arguments: argparse.Namespace) -> int:
    filled = fill_environment(arguments.root, os.environ)
    if filled:
        log.info("From local.settings.json: %s", ", ".join(sorted(filled)))
    prefix = route_prefix(arguments.root)
    try:
        place = _bound(arguments.host, arguments.port)
    except OSError as error:
        log.error("Port %d of %s can't be had: %s.", arguments.port, arguments.host, error.strerror)
        return 1
    shown = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    name = f"{shown}:{place.getsockname()[1]}"
    os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    os.environ.setdefault("WEBSITE_HOSTNAME", name)  # as Core Tools say where the app is reached
    os.chdir(arguments.root)  # as the worker does: an app may open files by relative paths
    loaded = functions.load(arguments.root)
    host = web.Host(loaded, prefix, _timers(loaded))
    server = create_server(
        host,
        sockets=[place],
        threads=16,
        ident=None,
        max_request_body_size=LARGEST_BODY,
        clear_untrusted_proxy_headers=False,
    )
    _announce(host, f"http://{name}")
    for timer in host.timers.values():
        timer.start()
    server.run()  # until a signal; then it waits some seconds for requests under way
    log.info("Stopping.")
    for timer in host.timers.values():
        timer.stop()
    _wait_for_calls()
    return 0


def _bound(address: str, port: int) -> socket.socket:
    """A socket that has its port, and does not listen yet: the app is told its address before it is loaded."""
    place = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind((address, port))
    except OSError:
        place.close()
        raise
    return place


def _wait_for_calls() -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    while (running := functions.running()) and time.monotonic() < deadline:
        time.sleep(0.05)
    if running:
        log.warning("Stopped while still running: %s.", ", ".join(running))
        logging.shutdown()
        os._exit(0)  # a thread of the function's own may keep the process alive for as long as it likes


def _stop(number: int, _frame: FrameType | None) -> None:
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: os._exit(128 + number))  # asked a second time: at once
    raise KeyboardInterrupt


def main() -> int:
    """Serve until SIGINT or SIGTERM. Exit code 0 then, 1 when the app can't be loaded or the port not be had."""
    arguments = _arguments()
    _log_to_stderr()
    # Set by hand: a process started in a shell's background has SIGINT ignored, and Python would leave that so.
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    try:
        return _serve(arguments)
    except functions.LoadingError as error:
        if error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        log.error("The app can't be loaded. %s", error)
    except (ConfigurationError, RouteError) as error:
        log.error("The app can't be served. %s", error)
    except KeyboardInterrupt:
        return 0  # stopped before it listened
    return 1


if __name__ == "__main__":
    sys.exit(main())
