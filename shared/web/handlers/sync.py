"""Sync now, and how the sync is doing."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypedDict

from azure.functions import HttpRequest, HttpResponse

from shared.background import tick
from shared.core.api import API
from shared.core.errors import (
    InvalidParameter,
    NotFound,
    RunInterrupted,
    SignInRequired,
)
from shared.core.log import get_logger
from shared.core.schedule import interval, next_tick
from shared.core.setting_problems import Problem
from shared.model import times
from shared.model.run import Mode, Run
from shared.services import Services
from shared.storage.tables.sync_state import Cursor, Head, SyncState
from shared.web import items, parameters, responses
from shared.web.access import Principal
from shared.web.app import body_of
from shared.web.bodies import flag_of, nothing_asked, refuse_others

log = get_logger(__name__)

RUNS: Final = f"/{API}/sync/runs/"
VANISHED_SHOWN: Final = 500
LATE_INTERVALS: Final = 3
"""The data is no longer fresh when the last success is older than so many intervals of the schedule."""


def post_sync(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST sync: run one and answer with it; 202 when its time was up before its end."""
    parameters.no_parameters(request)
    services.settings.require_partner_center()
    wanted = _wanted(body_of(request))
    run = services.sync.run("http", **wanted)
    if not wanted["dry_run"]:
        look_up_tenants_soon(services)
        tick.after_sync(services, run)
    paused = run.state == "paused"
    return responses.json(
        items.run_item(run), status=202 if paused else 200, headers={"Location": RUNS + run.id} if paused else None
    )


def get_sync(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET sync: whether it is on, who is signed in, what runs, what ran, and when it goes on."""
    parameters.no_parameters(request)
    settings, now = services.settings, services.clock.now()
    head = services.state.load()
    holder = head.holder(now)
    runs = [_shown(run, holder) for run in services.state.runs()]
    running = next((run for run in runs if run["id"] == holder), None)
    sign_in = services.sign_in.status()
    cursor = head.cursor
    refused = sign_in.state == "signedIn" and _was_refused(runs, sign_in.last_renewed_at)
    return responses.json(
        {
            "enabled": settings.enabled,
            "signIn": {
                "state": sign_in.state,
                "account": sign_in.account,
                "lastRenewedAt": times.public(sign_in.last_renewed_at),
                "reason": runs[0]["error"]["message"] if refused else sign_in.reason,
                "reasonCode": "refused" if refused else sign_in.reason_code,
            },
            "running": running,
            "lastSuccess": times.public(cursor.last_success),
            "lastFullSync": times.public(cursor.last_full_sync),
            "fresh": is_fresh(cursor, settings.sync_schedule, now),
            "nextRun": _text(next_tick(settings.sync_schedule, now)) if settings.enabled else None,
            "throttledUntil": _throttled_until(head, now),
            "visibilityChanged": cursor.visibility_changed,
            "vanished": _vanished(services.state) if cursor.visibility_changed else None,
            "dataVersion": head.version,
            "configuration": [_setting(problem) for problem in settings.problems],
            "runs": runs,
        }
    )


def get_run(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET sync/runs/{id}: one run."""
    parameters.no_parameters(request)
    run = services.state.run(request.route_params["id"])
    if run is None:
        raise NotFound("There is no run with this id.")
    holder = services.state.load().holder(services.clock.now()) if run.state == "running" else None
    return responses.json(_shown(run, holder))


def lift_pause(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """DELETE sync/pause: end the pause that Partner Center asked for before its time."""
    nothing_asked(request)
    services.state.lift_pause()
    return responses.empty()


def look_up_tenants_soon(services: Services) -> None:
    """Look up tenants beside the answer, which must not wait for it; what is cut short, the timer does."""
    threading.Thread(target=services.tenant_lookup.run, name="tenant-lookup", daemon=True).start()


def is_fresh(cursor: Cursor, schedule: str, now: datetime) -> bool:
    """Whether the last success is recent enough, whatever kept the others from coming."""
    if cursor.last_success is None:
        return False
    return now - times.to_datetime(cursor.last_success) <= LATE_INTERVALS * interval(schedule, now)


class _Wanted(TypedDict):
    """What a body asks for."""

    mode: Mode
    dry_run: bool
    accept_missing: bool


def _wanted(body: dict[str, Any]) -> _Wanted:
    refuse_others(body, ("mode", "dryRun", "acceptMissing"))
    mode = body.get("mode", "incremental")
    if mode not in ("incremental", "full"):
        raise InvalidParameter("'mode' must be incremental or full.")
    accept_missing = flag_of(body, "acceptMissing")
    if accept_missing and mode != "full":
        raise InvalidParameter("'acceptMissing' needs a full sync: only that can tell what is missing.")
    return {"mode": mode, "dry_run": flag_of(body, "dryRun"), "accept_missing": accept_missing}


def _shown(run: Run, holder: str | None) -> dict[str, Any]:
    """A run as it is: one whose process died says running in storage until the next run takes over."""
    public = items.run_item(run)
    if run.state == "running" and run.id != holder:
        public["state"] = "failed"
        public["error"] = {"code": RunInterrupted.code, "message": RunInterrupted.default, "correlationId": None}
    return public


def _was_refused(runs: Sequence[Mapping[str, Any]], last_renewed: str | None) -> bool:
    """Whether the last run failed because Partner Center refused a sign-in that Entra goes on renewing."""
    last = runs[0] if runs else None
    if not last or last["state"] != "failed" or last["error"]["code"] != SignInRequired.code:
        return False
    # Renewed in the run itself, for another try; renewed since, somebody has signed in anew.
    return times.parse_time(last["finishedAt"]) >= (last_renewed or "")


def _throttled_until(head: Head, now: datetime) -> str | None:
    until = head.paused_until
    return times.public(until) if until and times.to_datetime(until) > now else None


def _vanished(state: SyncState) -> dict[str, Any]:
    """The referrals that vanished at once, for who has to say whether they are really gone."""
    ids, total = state.vanished()
    return {"total": total, "ids": ids[:VANISHED_SHOWN]}


def _setting(problem: Problem) -> dict[str, Any]:
    details = {"details": dict(problem.details)} if problem.details else {}
    shown = {"name": problem.name, "message": problem.message, "stopsSync": problem.stops_sync}
    return {**shown, "phrase": problem.phrase, **details}


def _text(moment: datetime) -> str | None:
    return times.public(times.from_datetime(moment))
