"""Triggers and bindings, nothing else: what answers lies in shared/web, what syncs in shared/sync/service.py."""

from __future__ import annotations

import azure.functions as func

from shared.core.log import configure
from shared.services import services
from shared.web.access import Role
from shared.web.app import handle
from shared.web.handlers import reading as handlers
from shared.web.handlers import sign_in as sign_in_handlers
from shared.web.handlers import sync as sync_handlers

configure()
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
API = "api/v1/partner-center"


@app.route(route=f"{API}/referrals/sync", methods=["POST"])
def sync_referrals(req: func.HttpRequest) -> func.HttpResponse:
    """Sync now."""
    return handle(
        req,
        sync_handlers.post_sync,
        role=Role.OPERATE,
        function_name="sync_referrals",
        services=services(),
        throttle=services().sync_throttle,
    )


@app.timer_trigger(schedule=services().settings.sync_schedule, arg_name="timer", run_on_startup=False, use_monitor=True)
def sync_on_schedule(timer: func.TimerRequest) -> None:
    """Sync every ten minutes."""
    sync_handlers.sync_on_schedule(services())


@app.route(route=f"{API}/sync", methods=["GET"])
def get_sync(req: func.HttpRequest) -> func.HttpResponse:
    """How the sync is doing."""
    return handle(req, sync_handlers.get_sync, role=Role.READ, function_name="get_sync", services=services())


@app.route(route=API + "/sync/runs/{id}", methods=["GET"])
def get_run(req: func.HttpRequest) -> func.HttpResponse:
    """One run of the sync."""
    return handle(req, sync_handlers.get_run, role=Role.READ, function_name="get_run", services=services())


@app.route(route=f"{API}/referrals", methods=["GET"])
def list_referrals(req: func.HttpRequest) -> func.HttpResponse:
    """Referrals, filtered, sorted and counted."""
    return handle(req, handlers.list_referrals, role=Role.READ, function_name="list_referrals", services=services())


@app.route(route=API + "/referrals/{id}", methods=["GET"])
def get_referral(req: func.HttpRequest) -> func.HttpResponse:
    """One referral with its history."""
    return handle(req, handlers.get_referral, role=Role.READ, function_name="get_referral", services=services())


@app.route(route=API + "/referrals/{id}/company", methods=["POST"])
def link_company(req: func.HttpRequest) -> func.HttpResponse:
    """Link a referral to a company by hand."""
    return handle(req, handlers.link_company, role=Role.OPERATE, function_name="link_company", services=services())


@app.route(route=f"{API}/companies", methods=["GET"])
def list_companies(req: func.HttpRequest) -> func.HttpResponse:
    """Companies."""
    return handle(req, handlers.list_companies, role=Role.READ, function_name="list_companies", services=services())


@app.route(route=API + "/companies/{key}", methods=["GET"])
def get_company(req: func.HttpRequest) -> func.HttpResponse:
    """One company with its referrals."""
    return handle(req, handlers.get_company, role=Role.READ, function_name="get_company", services=services())


@app.route(route=f"{API}/quarantine", methods=["GET"])
def get_quarantine(req: func.HttpRequest) -> func.HttpResponse:
    """Records that could not be stored."""
    return handle(req, handlers.get_quarantine, role=Role.READ, function_name="get_quarantine", services=services())


@app.route(route=f"{API}/summary", methods=["GET"])
def get_summary(req: func.HttpRequest) -> func.HttpResponse:
    """The figures of the overview."""
    return handle(req, handlers.get_summary, role=Role.READ, function_name="get_summary", services=services())


@app.route(route=f"{API}/sign-in", methods=["POST"])
def begin_sign_in(req: func.HttpRequest) -> func.HttpResponse:
    """Begin a sign-in to Partner Center."""
    return handle(
        req,
        sign_in_handlers.begin,
        role=Role.OPERATE,
        function_name="begin_sign_in",
        services=services(),
        throttle=services().sign_in_throttle,
    )


@app.route(route=f"{API}/sign-in/check", methods=["POST"])
def check_sign_in(req: func.HttpRequest) -> func.HttpResponse:
    """Ask once what became of a sign-in."""
    return handle(
        req,
        sign_in_handlers.check,
        role=Role.OPERATE,
        function_name="check_sign_in",
        services=services(),
        throttle=services().sign_in_throttle,
    )


@app.route(route=f"{API}/sign-in/callback", methods=["GET"])
def complete_sign_in(req: func.HttpRequest) -> func.HttpResponse:
    """Where Entra sends the browser back to."""
    return handle(
        req, sign_in_handlers.callback, role=Role.OPERATE, function_name="complete_sign_in", services=services()
    )


@app.route(route=f"{API}/sign-out", methods=["POST"])
def sign_out(req: func.HttpRequest) -> func.HttpResponse:
    """Forget the tokens."""
    return handle(req, sign_in_handlers.sign_out, role=Role.OPERATE, function_name="sign_out", services=services())


@app.route(route="app", methods=["GET"])
def page(req: func.HttpRequest) -> func.HttpResponse:
    """The page."""
    return handle(req, handlers.get_page, role=Role.READ, function_name="page", services=services())


@app.route(route="app/{file}", methods=["GET"])
def page_file(req: func.HttpRequest) -> func.HttpResponse:
    """The page's files."""
    return handle(req, handlers.get_page, role=Role.READ, function_name="page_file", services=services())


@app.route(route="api/health", methods=["GET"])
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Whether the process serves; open to everybody, says nothing else."""
    return handle(req, handlers.get_health, role=None, function_name="health", services=services())
