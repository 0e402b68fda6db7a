"""What people say of companies: another name, or that two are one; and both taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.functions import HttpRequest, HttpResponse

from shared.companies.editor import CompanyEditor
from shared.core.errors import NotFound
from shared.web import parameters, responses
from shared.web.access import Principal
from shared.web.bodies import members_of, nothing_asked
from shared.web.handlers.reading import company_detail

if TYPE_CHECKING:
    from shared.services import Services


def rename_company(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """PUT companies/{key}/name: answers the company as it is now. Raises InvalidParameter, InvalidRequest and NotFound."""
    parameters.no_parameters(request)
    name = members_of(request, "name")["name"]
    key = CompanyEditor(services.store).rename(_key(request), name, principal.person, services.clock.now())
    return _company(services, key)


def unname_company(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """DELETE companies/{key}/name: back to its own name. Raises InvalidParameter and NotFound."""
    nothing_asked(request)
    CompanyEditor(services.store).use_own_name(_key(request), principal.person, services.clock.now())
    return responses.nothing()


def merge_company(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """PUT companies/{key}/merged: answers the company that both are now.

    Raises InvalidParameter, InvalidRequest, NotFound and CompanyMerged.
    """
    parameters.no_parameters(request)
    into = members_of(request, "into")["into"]
    key = CompanyEditor(services.store).merge(_key(request), into, principal.person, services.clock.now())
    return _company(services, key)


def unmerge_company(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """DELETE companies/{key}/merged: a company of its own again. Raises InvalidParameter and NotFound."""
    nothing_asked(request)
    CompanyEditor(services.store).part(_key(request), principal.person, services.clock.now())
    return responses.nothing()


def _key(request: HttpRequest) -> str:
    return str(request.route_params["key"])


def _company(services: Services, key: str) -> HttpResponse:
    snapshot = services.read_model.snapshot()
    company = snapshot.company(key)
    if company is None:  # its last referral left it meanwhile
        raise NotFound("There is no such company.")
    return responses.json(company_detail(services, snapshot, company, services.clock.now()))
