"""What answers the routes that read, and the one that links a referral to a company.

Every handler takes the request, the caller and the services, and raises errors of ``shared.errors``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from azure.functions import HttpRequest, HttpResponse

from shared.core.context import ContextExecutor
from shared.core.errors import NotFound
from shared.model.company import Company
from shared.model.referral import read_record
from shared.model.summary import ReferralSummary
from shared.read_model import items as listed
from shared.read_model.snapshot import Snapshot
from shared.storage.tables import comments, quarantine, referrals
from shared.storage.tables.changes import load_changes
from shared.web import items, parameters, responses
from shared.web.access import Principal
from shared.web.app import body_of
from shared.web.sharing import comment_item

if TYPE_CHECKING:
    from shared.services import Services

_READERS: Final = 8
_COMPANY_CHANGES: Final = 200
"""How many changes a company shows."""
_COMPANY_HISTORIES: Final = 50
"""Of how many of its referrals, the latest, a company shows changes."""


def list_referrals(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET referrals: a page with its facets. Raises InvalidParameter."""
    query = parameters.referral_query(request, principal.person.mail)
    snapshot, now = services.read_model.snapshot(), services.clock.now()
    return _unless_known(request, snapshot, now, query.canonical, lambda: items.referral_page(snapshot, query, now))


def list_companies(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET companies: a page with its facets. Raises InvalidParameter."""
    query = parameters.company_query(request)
    snapshot, now = services.read_model.snapshot(), services.clock.now()
    return _unless_known(request, snapshot, now, query.canonical, lambda: items.company_page(snapshot, query))


def get_summary(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET summary: the figures of the overview. Raises InvalidParameter."""
    parameters.no_parameters(request)
    snapshot, now = services.read_model.snapshot(), services.clock.now()
    return _unless_known(request, snapshot, now, "summary", lambda: items.summary(snapshot, now))


def get_company(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET companies/{key}: a company with its referrals and their changes. Raises InvalidParameter and NotFound."""
    parameters.no_parameters(request)
    key = request.route_params["key"]
    snapshot, now = services.read_model.snapshot(), services.clock.now()
    company = snapshot.company(key)
    if company is None:
        raise NotFound("There is no such company.")

    def answer() -> dict[str, Any]:
        return company_detail(services, snapshot, company, now)

    return _unless_known(request, snapshot, now, f"company {company.key}", answer)


def company_detail(services: Services, snapshot: Snapshot, company: Company, now: datetime) -> dict[str, Any]:
    """A company with its referrals, their people and their changes, and what people said of it."""
    newest = sorted(
        snapshot.companies.members(company),
        key=lambda position: snapshot.referrals[position].updated_date_time or "",
        reverse=True,
    )
    latest = [snapshot.referrals[position] for position in newest[:_COMPANY_HISTORIES]]
    return {
        **listed.company_item(snapshot, company),
        **items.company_edits(snapshot, company),
        "referrals": [listed.item(snapshot, position, now) for position in newest],
        "contacts": _contacts(services, [referral.id for referral in latest]),
        "history": _changes(services, latest),
    }


def get_referral(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET referrals/{id}: all that is known of a referral. Raises InvalidParameter and NotFound."""
    from shared.web.handlers.actions import additions  # with all that acting needs, which no list does

    raw = parameters.wants_raw(request)
    referral_id = request.route_params["id"]
    snapshot = services.read_model.snapshot()
    position = snapshot.referral(referral_id)
    whole = referrals.read_whole(services.store, referral_id) if position is not None else None
    if position is None or whole is None:
        raise NotFound("There is no such referral.")
    _, payload = whole
    detail = items.referral_detail(
        listed.item(snapshot, position, services.clock.now()),
        read_record(payload).referral,
        load_changes(services.store, referral_id),
        snapshot.related(position),
        payload if raw else None,
    )
    made = services.action_record.of_referral(referral_id)
    detail |= additions(snapshot.referrals[position], made, principal, services)
    detail["differences"] = items.crm_differences(snapshot.desk.links.get(position))
    detail["comments"] = [comment_item(comment) for comment in comments.load(services.store, referral_id)]
    # The payload changes without the lists, so the answer itself is what the tag is made of.
    return responses.content(detail)


def link_company(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """POST referrals/{id}/company: link by hand, and answer the referral as it is now.

    Raises InvalidParameter, InvalidRequest and NotFound.
    """
    parameters.no_parameters(request)
    referral_id = request.route_params["id"]
    now = services.clock.now()
    services.linker.link(referral_id, body_of(request), principal.id, now)
    snapshot = services.read_model.snapshot()
    position = snapshot.referral(referral_id)
    if position is None:
        raise NotFound("There is no such referral.")
    return responses.json(listed.item(snapshot, position, now))


def get_quarantine(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET quarantine: the records that could not be stored. Raises InvalidParameter."""
    parameters.no_parameters(request)
    records = quarantine.load(services.store)
    return responses.json({"items": [items.quarantine_item(record) for record in records], "total": len(records)})


def _contacts(services: Services, latest: Sequence[str]) -> list[dict[str, Any]]:
    """The customer's people in these referrals, those of the first of them first."""
    payloads = dict(services.read_model.payloads(latest))
    return items.contacts((referral_id, payloads[referral_id]) for referral_id in latest if referral_id in payloads)


def _changes(services: Services, latest: Sequence[ReferralSummary]) -> list[dict[str, Any]]:
    """The changes of these referrals, newest first."""
    with ContextExecutor(_READERS, thread_name_prefix="history") as readers:
        histories = list(readers.map(lambda referral: load_changes(services.store, referral.id), latest))
    changes = [
        {"at": entry["at"], "referralId": referral.id, "referralName": referral.name, "changes": entry["changes"]}
        for referral, entries in zip(latest, histories, strict=True)
        for entry in entries
    ]
    changes.sort(key=lambda entry: str(entry["at"]), reverse=True)
    return changes[:_COMPANY_CHANGES]


def _unless_known(
    request: HttpRequest, snapshot: Snapshot, now: datetime, question: str, answer: Callable[[], dict[str, Any]]
) -> HttpResponse:
    """An answer that follows from the data, the time and the question alone."""
    return responses.unless_known(request, f"{snapshot.version} {snapshot.moment(now)} {question}", answer)
