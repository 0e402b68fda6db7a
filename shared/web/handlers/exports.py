"""Lists as files, and the manager's report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from azure.functions import HttpRequest, HttpResponse
from werkzeug.http import parse_accept_header

from shared.core import events
from shared.core.errors import InvalidParameter
from shared.core.log import get_logger
from shared.exports.about import Origin
from shared.exports.csv import DIALECTS
from shared.exports.export import COLUMNS, FORMATS, LANGUAGES, Exporter, Options
from shared.model import times
from shared.read_model import questions
from shared.read_model.questions import Given, Paging
from shared.read_model.report import Report, last_of_month
from shared.web import parameters, responses
from shared.web.access import Principal

if TYPE_CHECKING:
    from shared.services import Services

log = get_logger(__name__)

MIMETYPES: Final[Mapping[str, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
}
_HOW: Final = ("format", "dialect", "language")
_HOW_REFERRALS: Final = (*_HOW, "columns", "contacts")


def export_referrals(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET referrals/export: all that the list's filters find, as a file. Raises InvalidParameter and TooManyRequests."""
    given = parameters.given(request, (*questions.REFERRAL_PARAMETERS, "ids", *_HOW_REFERRALS))
    query = questions.referral_query_of(given, principal.person.mail)
    options, now = _options(given, request), services.clock.now()
    origin = _origin("referrals", request, principal, services, query.paging)
    name = "partner-center-referrals" if options.columns == "partnerCenter" else "referrals"
    return _file(
        name,
        principal,
        options,
        origin,
        lambda path: Exporter(services.read_model).referrals(path, query, options, origin, now),
    )


def export_companies(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET companies/export: as that of referrals. Raises InvalidParameter and TooManyRequests."""
    given = parameters.given(request, (*questions.COMPANY_PARAMETERS, "ids", *_HOW))
    query = questions.company_query_of(given)
    options = _options(given, request)
    origin = _origin("companies", request, principal, services, query.paging)
    return _file(
        "companies",
        principal,
        options,
        origin,
        lambda path: Exporter(services.read_model).companies(path, query, options, origin),
    )


def get_report(request: HttpRequest, principal: Principal, services: Services) -> HttpResponse:
    """GET report: the figures of a range of days, this month by default. Raises InvalidParameter."""
    given = parameters.given(request, ("from", "to"))
    now = services.clock.now()
    today = now.date()
    last = _date(given, "to") or last_of_month(_date(given, "from") or today)
    first = _date(given, "from") or last.replace(day=1)
    if first > last:
        raise InvalidParameter("Parameter 'from' must not be later than 'to'.")
    snapshot = services.read_model.snapshot()
    question = f"{snapshot.version} {snapshot.moment(now)} report {first} {last}"
    return responses.unless_known(request, question, lambda: Report(snapshot, now).of(first, last))


def _options(given: Given, request: HttpRequest) -> Options:
    form = given.one_of("format", FORMATS)
    return Options(
        format="csv" if form == "csv" else "ndjson" if form == "ndjson" else "xlsx",
        columns=given.one_of("columns", COLUMNS) or "hunter",
        contacts=bool(given.boolean("contacts")),
        dialect=DIALECTS[given.one_of("dialect", tuple(DIALECTS)) or "rfc"],
        language=given.one_of("language", LANGUAGES) or language_of(request.headers.get("Accept-Language", "")),
    )


def language_of(accepted: str) -> str:
    """Which of our languages an Accept-Language header prefers (RFC 9110, 12.5.4); English where it names none."""
    for name, weight in parse_accept_header(accepted):  # the most wanted first
        language = name.partition("-")[0].lower()
        if language in LANGUAGES and weight > 0:
            return language
    return "en"


def _origin(which: str, request: HttpRequest, principal: Principal, services: Services, paging: Paging) -> Origin:
    pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    filters = [(name, value) for name, value in pairs if name not in {*_HOW_REFERRALS, "ids", "sort"}]
    count = sum(name == "ids" for name, _ in pairs)
    shown = urlencode([*filters, *([("ticked", str(count))] if count else [])])
    address = urlencode([("view", which), *filters, *(pair for pair in pairs if pair[0] == "sort")])
    sort = f"-{paging.sort}" if paging.descending else paging.sort
    return Origin(
        which=which,
        filters=shown,
        sort=sort,
        at=times.public(times.from_datetime(services.clock.now())) or "",
        by=principal.person.name,
        fresh=times.public(services.state.load().cursor.last_success),
        link=f"{services.settings.public_url}/app?{address}",
    )


def _file(
    name: str, principal: Principal, options: Options, origin: Origin, write: Callable[[Path], int]
) -> HttpResponse:
    """What is written, as an answer; the file is gone by then."""
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "export"
        rows = write(path)
        content = path.read_bytes()
    log.info(
        events.EXPORTED,
        list=origin.which,
        format=options.format,
        columns=options.columns,
        contacts=options.contacts,
        rows=rows,
        who=principal.id,
    )
    return responses.download(content, f"{name}-{origin.at[:10]}.{options.format}", MIMETYPES[options.format])


def _date(given: Given, name: str) -> date | None:
    day = given.day(name)
    try:
        return date.fromisoformat(day) if day else None
    except ValueError:
        raise InvalidParameter(f"Parameter '{name}' must be a day, such as 2026-11-30.") from None
