"""The exchange with Dynamics 365 as answers carry it."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from shared.core.settings import Settings
from shared.dynamics.service import Exchange, Ran
from shared.dynamics.shown import Planned
from shared.model import times
from shared.read_model.items import sentence_of
from shared.storage.tables.crm_links import LinkError
from shared.storage.tables.crm_state import CrmRun


def exchange_item(exchange: Exchange, settings: Settings) -> dict[str, Any]:
    """How it stands."""
    status, counts = exchange.status, exchange.counts
    return {
        "enabled": settings.dynamics_enabled,
        "reachable": status.reachable,
        "organisation": status.organisation or None,
        "user": status.user or None,
        "key": status.key,
        "push": settings.dynamics_push,
        "pending": status.pending + counts.get("pending", 0),
        "failed": counts.get("failed", 0),
        "conflicts": counts.get("conflict", 0),
        "linked": counts.get("linked", 0),
        "lastRun": _run_item(status.runs[0]) if status.runs else None,
        "runs": [_run_item(run) for run in status.runs],
        "connectorFound": status.connector,
        "pausedUntil": times.public(exchange.paused_until),
        "error": _fault_item(exchange.fault) if exchange.fault else None,
    }


def _fault_item(fault: LinkError) -> dict[str, Any]:
    return {"code": fault.code, "message": fault.message, **sentence_of(fault)}


def ran_item(ran: Ran, *, dry: bool) -> dict[str, Any]:
    """What a run did, or the plan of what it would do."""
    shown = {**_run_item(ran.run), "pending": ran.pending}
    return {**shown, "plan": [_plan_item(line) for line in ran.plan]} if dry else shown


def _plan_item(line: Planned) -> dict[str, Any]:
    fields = [
        {"field": each.field, "crm": each.crm, "partnerCenter": each.partner_center, "becomes": each.becomes}
        for each in line.fields
    ]
    shown = {
        "referralId": line.referral_id,
        "name": line.name,
        "table": line.table,
        "operation": line.operation,
        "fields": fields,
        "reason": line.reason,
    }
    return {**shown, "phrase": line.phrase, "details": dict(line.details)} if line.phrase else shown


def _run_item(run: CrmRun) -> dict[str, Any]:
    return {**structs.asdict(run), "at": times.public(run.at)}
