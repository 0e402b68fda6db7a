"""What answers the routes of actions: acting on one referral or many, what became of it, and who did what."""

from __future__ import annotations

from typing import Any, Final

from azure.functions import HttpRequest, HttpResponse

from shared.actions.batches import BatchView
from shared.actions.preflight import possibilities
from shared.actions.record import Filter
from shared.actions.runner import Result
from shared.actions.service import Ask
from shared.core.api import API
from shared.core.errors import (
    ActionConflict,
    HunterError,
    InvalidRequest,
    NotFound,
    error_of,
)
from shared.model.action import KINDS, STATES, Action, Who, is_id
from shared.model.referral import read_record, summarise
from shared.model.summary import ReferralSummary
from shared.services import Services
from shared.storage.tables import referrals
from shared.web import items, parameters, responses
from shared.web.access import Principal, Role
from shared.web.app import body_of
from shared.web.bodies import flag_of, nothing_asked, refuse_others

_ASK: Final = ("action", "changes", "reason", "remark")
_KEY_LETTERS: Final = 255
BATCH_SECONDS: Final = 20.0
"""How long a batch is worked off while somebody waits for the answer."""


def post_action(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST referrals/{id}/actions: act on one referral, or see what would be sent.

    Raises what ``ActionService.act`` raises, and why the action did not go through.
    """
    parameters.no_parameters(request)
    services.settings.require_writing()  # before storage is looked for, which may lack its settings too
    body = _body(request, (*_ASK, "seen", "dryRun"))
    ask = Ask(*(body.get(name) for name in (*_ASK, "seen")))
    referral_id = request.route_params["id"]
    if flag_of(body, "dryRun"):
        return _shown(services.actions.preview(referral_id, ask, _who(principal)))
    result = services.actions.act(referral_id, ask, _who(principal), once=_key(request))
    return _answer(result, principal, services)


def post_batch(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST actions: act on many. Raises what ``Batches.begin`` raises."""
    parameters.no_parameters(request)
    services.settings.require_writing()
    body = _body(request, (*_ASK, "ids"))
    ask = Ask(*(body.get(name) for name in _ASK))
    batch = services.batches.begin(ask, body.get("ids"), _who(principal), once=_key(request))
    services.reconciler.work_batch(batch.id, BATCH_SECONDS)
    view = services.batches.view(batch.id)
    return responses.json(
        {"batch": items.batch_item(view.batch, view.actions)}, status=202, headers={"Location": _address(view)}
    )


def list_actions(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET actions: who did what, newest first. Raises InvalidParameter."""
    given = parameters.given(request, ("referral", "batch", "state", "action", "who", "page", "pageSize"))
    wanted = Filter(
        referral=next(iter(given.several("referral", most=1)), None),
        batch=next(iter(given.several("batch", most=1)), None),
        who=principal.id if given.one_of("who", ("me",)) else None,
        states=given.several("state", STATES),
        kinds=given.several("action", KINDS),
    )
    number = given.whole("page", 1, 1_000_000) or 1
    size = given.whole("pageSize", 1, 200) or 50
    found = services.action_record.page(wanted, number, size)
    shown = [items.action_item(action) for action in found.actions]
    return responses.json({"items": shown, "total": found.total, "page": number, "pageSize": size})


def get_action(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET actions/{id}: one action. Raises NotFound."""
    parameters.no_parameters(request)
    found = services.actions.table.find(_id(request))
    if found is None:
        raise NotFound("There is no such action.")
    return responses.json(items.action_item(found))


def cancel_action(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST actions/{id}/cancel. Raises NotFound, ActionTooLate."""
    nothing_asked(request)
    return _shown(services.actions.cancel(_id(request)))


def send_action(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST actions/{id}/send: it waits no longer. Raises NotFound, ActionTooLate, and why it did not go through."""
    nothing_asked(request)
    services.settings.require_writing()
    return _answer(services.actions.send(_id(request)), principal, services)


def retry_action(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST actions/{id}/retry: one that failed once more. Raises NotFound, ActionNotFailed, and why it did not go through."""
    nothing_asked(request)
    services.settings.require_writing()
    return _answer(services.actions.retry(_id(request)), principal, services)


def get_batch(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET batches/{id}: a batch with its actions. Raises NotFound."""
    parameters.no_parameters(request)
    view = services.batches.view(_id(request))
    return responses.json(items.batch_item(view.batch, view.actions))


def cancel_batch(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST batches/{id}/cancel: cancel what of it still waits; the batch as it is then. Raises NotFound."""
    nothing_asked(request)
    view = services.batches.cancel(_id(request))
    return responses.json(items.batch_item(view.batch, view.actions))


def additions(
    summary: ReferralSummary, actions: list[Action], principal: Principal, services: Services
) -> dict[str, Any]:
    """What one referral shows of actions."""
    in_progress = any(not action.ended for action in actions)
    return {
        "answerable": summary.answerable,
        "actions": [items.action_item(action) for action in actions],
        "can": possibilities(
            summary,
            may_write=principal.may(Role.WRITE),
            off=_off(services),
            in_progress=in_progress,
        ),
    }


def _off(services: Services) -> HunterError | None:
    """Why nothing can be sent to Partner Center: what is switched off, or which settings are wrong."""
    try:
        services.settings.require_writing()
    except HunterError as error:
        return error
    return None


def _shown(action: Action, **answer: Any) -> HttpResponse:
    """An action alone, as an answer."""
    return responses.json({"action": items.action_item(action)}, **answer)


def _answer(result: Result, principal: Principal, services: Services) -> HttpResponse:
    """What became of an action, as an answer; raises where it did not go through."""
    action = result.action
    if not action.ended:
        headers = {"Location": f"/{API}/actions/{action.id}"}
        return _shown(action, status=202, headers=headers)
    if action.state in {"applied", "cancelled"}:
        return responses.json({"action": items.action_item(action), "referral": _referral(result, principal, services)})
    raise _why(result)


def _why(result: Result) -> HunterError:
    """The error that says why an action did not go through; it carries the action, where one is kept."""
    action, error = result.action, result.error
    if error is None:
        error = ActionConflict() if action.state == "conflict" else error_of(action.error.code if action.error else "")
        if action.error:
            error.message = action.error.message
    if error.status != 422:
        error.subject = action
    return error


def _referral(result: Result, principal: Principal, services: Services) -> dict[str, Any] | None:
    """The referral as the action left it; made of what Partner Center answered, so that nothing need be read again."""
    referral_id = result.action.referral_id
    raw = result.record
    if raw is None:
        whole = referrals.read_whole(services.store, referral_id)
        if whole is None:
            return None
        raw = whole[1].encode("utf-8", "surrogatepass")
    reading = read_record(raw)
    summary = summarise(reading, ())
    snapshot = services.read_model.known() or services.read_model.snapshot()
    detail = items.referral_detail(
        items.answered(snapshot, summary, services.clock.now()), reading.referral, (), (), None
    )
    for name in ("history", "related"):
        del detail[name]  # they were not read
    return {**detail, **additions(summary, [result.action], principal, services)}


def _body(request: HttpRequest, known: tuple[str, ...]) -> dict[str, Any]:
    body = body_of(request, exact=True)
    refuse_others(body, known)
    return body


def _key(request: HttpRequest) -> str | None:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > _KEY_LETTERS or not key.isprintable():
        raise InvalidRequest(f"An Idempotency-Key has at most {_KEY_LETTERS} printable characters.")
    return str(key) or None


def _id(request: HttpRequest) -> str:
    given = str(request.route_params["id"])
    if not is_id(given):
        raise NotFound("There is nothing with this id.")
    return given


def _who(principal: Principal) -> Who:
    return Who(principal.id, principal.person.name)


def _address(view: BatchView) -> str:
    return f"/{API}/batches/{view.batch.id}"
