"""Every answer's form and headers: JSON, problems, files, 304, compression; and what a request goes through."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from azure.functions import HttpRequest, HttpResponse

from shared.core import errors
from shared.core.errors import HunterError, InvalidRequest, SyncRunning, Throttled, Unavailable
from shared.core.throttle import Throttle
from shared.model.run import Run
from shared.services import Services
from shared.web import responses
from shared.web.access import Principal, Role
from shared.web.app import body_of, correlation_of, handle

AZURE = {"WEBSITE_SITE_NAME": "hunter", "WEBSITE_HOSTNAME": "hunter.azurewebsites.net", "WEBSITE_AUTH_ENABLED": "True"}
TRACE = "0af7651916cd43dd8448eb211c80319c"


def request(method: str = "GET", body: bytes = b"", **headers: str) -> HttpRequest:
    """A request; ``accept_encoding="gzip"`` becomes the header Accept-Encoding."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest(method, "http://127.0.0.1:7071/api/v1/partner-center/summary", headers=named, body=body)


def ask(
    handler: Any, sent: HttpRequest | None = None, *, environ: Mapping[str, str] | None = None, **options: Any
) -> HttpResponse:
    """Through the gate, with a handler or what one answers or raises."""

    def answers(_request: HttpRequest, _principal: Principal, _services: Services) -> HttpResponse:
        if isinstance(handler, BaseException):
            raise handler
        return handler if isinstance(handler, HttpResponse) else responses.json(handler)

    settings = {"role": Role.READ, "function_name": "test", "services": Services({}), **options}
    return handle(sent or request(), answers, environ=environ or {}, **settings)


def content(response: HttpResponse) -> Any:
    """The JSON of an answer."""
    return json.loads(response.get_body(), parse_float=Decimal)


def test_json() -> None:
    response = ask({"dealValue": Decimal("1200.50"), "name": "Işık", "none": None})
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert content(response) == {"dealValue": Decimal("1200.50"), "name": "Işık", "none": None}
    assert b"1200.50" in response.get_body()
    assert response.headers["Cache-Control"] == "no-store"


def test_every_answer_carries_the_security_headers() -> None:
    file = responses.file(b"body{}", "text/css")
    answers = [ask({}), ask(InvalidRequest()), ask(RuntimeError("x")), ask(file), ask(responses.redirect("/app"))]
    answers.append(ask(file, request(If_None_Match=file.headers["ETag"])))
    for response in answers:
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert response.headers["Cache-Control"] in {"no-store", "no-cache"}
        assert not [name for name, _ in response.headers if name.lower().startswith("access-control")]
        assert "Strict-Transport-Security" not in response.headers
    secure = ask({}, environ=AZURE)
    assert secure.status_code == 401
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


ALL_ERRORS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, HunterError) and kind is not SyncRunning
]


@pytest.mark.parametrize("kind", ALL_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_is_a_problem(kind: type[HunterError]) -> None:
    response = ask(kind())
    body = content(response)
    assert response.status_code == kind.status == body["status"]
    assert response.mimetype == "application/problem+json"
    assert set(body) == {"type", "title", "status", "detail", "code", "correlationId"}
    assert body["code"] == kind.code
    assert body["detail"] == kind().message
    assert body["title"] != "Error"
    assert body["correlationId"] == response.headers["X-Correlation-Id"]


def test_retry_after_is_whole_seconds_and_never_too_short() -> None:
    assert ask(Throttled(retry_after=12.1)).headers["Retry-After"] == "13"
    assert ask(Unavailable(retry_after=0)).headers["Retry-After"] == "1"
    assert ask(Throttled()).headers["Retry-After"] == "30"
    assert "Retry-After" not in ask(Unavailable()).headers


def test_a_running_sync_is_told_with_its_run() -> None:
    response = ask(SyncRunning(subject=Run.start("full", "timer", datetime(2026, 11, 24, 9, 0, 0, tzinfo=UTC))))
    assert response.status_code == 409
    assert content(response)["run"]["mode"] == "full"
    assert content(response)["run"]["startedAt"] == "2026-11-24T09:00:00Z"


def test_an_unforeseen_error_says_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shared")
    response = ask(ValueError("selin@contoso.com eyJ0eXAi"))
    body = content(response)
    assert (response.status_code, body["code"]) == (500, "internal_error")
    assert "selin" not in str(body) + caplog.text
    assert "eyJ" not in str(body) + caplog.text
    assert "kind=ValueError" in caplog.text
    assert "shared/web/app.py:" in caplog.text
    assert body["correlationId"] in caplog.text


def test_each_request_is_logged_once_with_duration_and_correlation(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shared")
    response = ask(InvalidRequest())
    lines = [record.getMessage() for record in caplog.records if "function_executed" in record.getMessage()]
    assert len(lines) == 1
    for field in ("function=test", "status=400", "durationMs=", "code=invalid_request", "method=GET"):
        assert field in lines[0]
    assert response.headers["X-Correlation-Id"] in lines[0]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, TRACE),
        ({"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"}, None),
        ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01\nforged=1"}, None),
        ({"traceparent": "selin"}, None),
        ({"x-correlation-id": "5F1C4C52-0e4b-4c0b-9a51-7d2f6f0c7390"}, "5f1c4c52-0e4b-4c0b-9a51-7d2f6f0c7390"),
        ({"x-correlation-id": "selin@contoso.com"}, None),
        ({"x-correlation-id": "x" * 5000}, None),
        ({}, None),
    ],
)
def test_correlation_ids_of_callers_are_taken_when_well_formed(headers: dict[str, str], expected: str | None) -> None:
    found = correlation_of(headers)
    if expected is None:
        assert len(found) == 36
        assert found != correlation_of(headers)
    else:
        assert found == expected


def test_nobody_reaches_a_handler_without_access() -> None:
    reached: list[bool] = []

    def handler(_request: HttpRequest, _principal: Principal, _services: Services) -> HttpResponse:
        reached.append(True)
        return responses.json({})

    options: dict[str, Any] = {"function_name": "test", "services": Services()}
    assert handle(request(), handler, role=Role.READ, environ=AZURE, **options).status_code == 401
    assert handle(request("POST", b"a=1"), handler, role=Role.OPERATE, environ={}, **options).status_code == 415
    cross = request("POST", sec_fetch_site="cross-site")
    assert handle(cross, handler, role=Role.OPERATE, environ={}, **options).status_code == 403
    throttle = Throttle(0, 60)
    limited = handle(request("POST"), handler, role=Role.OPERATE, environ={}, throttle=throttle, **options)
    assert limited.status_code == 429
    assert int(limited.headers["Retry-After"]) >= 1
    assert reached == []
    assert handle(request(), handler, role=None, environ=AZURE, **options).status_code == 200


@pytest.mark.parametrize(
    ("sent", "compressed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("GZIP", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("identity", False),
    ],
)
def test_long_answers_are_compressed_for_who_takes_it(sent: str, compressed: bool) -> None:
    payload = {"text": "ı" * 2000}
    response = ask(payload, request(Accept_Encoding=sent))
    body = response.get_body()
    assert (response.headers.get("Content-Encoding") == "gzip") is compressed
    assert json.loads(gzip.decompress(body) if compressed else body) == payload
    assert response.headers["Vary"] == "Accept-Encoding"


def test_short_answers_and_images_are_not_compressed() -> None:
    sent = request(Accept_Encoding="gzip")
    assert "Content-Encoding" not in ask({"a": 1}, sent).headers
    assert "Content-Encoding" not in ask(responses.file(b"x" * 5000, "image/png"), sent).headers
    assert ask(responses.file(b"x" * 5000, "text/javascript"), sent).headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("form", ["{0}", 'W/"other", {0}', "*", '"v1:ı"'])
def test_who_has_this_version_gets_304(form: str) -> None:
    answer = responses.json({"a": 1}, etag="v1:ı")
    etag = answer.headers["ETag"]
    assert etag.isascii()
    same = ask(answer, request(If_None_Match=form.format(etag) if form != '"v1:ı"' else etag.removeprefix("W/")))
    assert (same.status_code, same.get_body()) == (304, b"")
    assert same.headers["ETag"] == etag
    assert ask(answer, request(If_None_Match='W/"another"')).status_code == 200
    assert ask(answer, request("POST", If_None_Match=etag)).status_code == 200


def test_different_versions_have_different_tags() -> None:
    versions = ["v1", "v2", 'v"1', "v 1", "vı", "v%131", "v%20"]
    assert len({responses.tag(version) for version in versions}) == len(versions)


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "app", "/app\r\nX: y", ""]
)
def test_redirects_lead_to_own_paths_only(path: str) -> None:
    with pytest.raises(ValueError, match="paths of this app"):
        responses.redirect(path)


def test_body() -> None:
    assert body_of(request("POST", b"")) == {}
    assert body_of(request("POST", b' {"a": 1}')) == {"a": 1}
    for wrong in (b"[]", b"1", b"null", b"{", b'{"a":\xff}', b"[" * 30_000, b'{"a":1}}'):
        with pytest.raises(InvalidRequest):
            body_of(request("POST", wrong))
