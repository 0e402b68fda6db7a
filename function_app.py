"""Triggers and bindings, nothing else: shared/web/routes.py has the routes, shared/web/timers.py what the timers do."""

from __future__ import annotations

from collections.abc import Callable

import azure.functions as func

from shared.core.log import configure
from shared.services import services
from shared.web import timers
from shared.web.dispatch import answer
from shared.web.route import Route
from shared.web.routes import ROUTES

configure()
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def handler_of(route: Route) -> Callable[[func.HttpRequest], func.HttpResponse]:
    """The function that the host calls for a route."""

    def respond(req: func.HttpRequest) -> func.HttpResponse:
        return answer(req, route, services())

    return respond


for each in ROUTES:
    app.function_name(each.name)(app.route(route=each.template, methods=[each.method])(handler_of(each)))


@app.timer_trigger(schedule=services().settings.sync_schedule, arg_name="timer", run_on_startup=False, use_monitor=True)
def sync_on_schedule(timer: func.TimerRequest) -> None:
    """Sync every ten minutes."""
    timers.sync_on_schedule(services())


@app.timer_trigger(schedule="0 * * * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
def work_on_schedule(timer: func.TimerRequest) -> None:
    """Do what is due, every minute."""
    timers.work_on_schedule(services())
