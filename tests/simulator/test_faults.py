"""Every fault, over real sockets."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests

from local.simulator import Fault, Simulator
from tests.hosting import eventually

from .client import Client


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalidRequest"),
        (401, "unAuthorized"),
        (403, "accessDenied"),
        (404, "itemNotFound"),
        (503, "serviceNotAvailable"),
    ],
)
def test_statuses_in_the_shape_of_the_referrals_api(
    small: Simulator, small_api: Client, status: int, code: str
) -> None:
    small.faults.add(status=status)
    answer = small_api.get()

    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert {"message", "target", "innerError"} <= set(answer.json()["error"])
    assert "request-id" in answer.headers
    assert small_api.get().status_code == 200


def test_throttling_with_seconds_with_a_date_and_without(small: Simulator, small_api: Client) -> None:
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=90)
    for retry_after in (57, moment, "soon", None):
        small.faults.add(status=429, retry_after=retry_after)
    first, second, third, fourth = (small_api.get() for _ in range(4))

    assert [answer.status_code for answer in (first, second, third, fourth)] == [429] * 4
    assert first.headers["Retry-After"] == "57"
    assert first.json() == {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds."}
    assert parsedate_to_datetime(second.headers["Retry-After"]) == moment
    assert third.headers["Retry-After"] == "soon"
    assert "Retry-After" not in fourth.headers


def test_gateways_answer_in_html_or_nothing(small: Simulator, small_api: Client) -> None:
    small.faults.add(kind="html")
    small.faults.add(status=504)
    small.faults.add(status=500, shape="empty")
    bad, slow, empty = (small_api.get() for _ in range(3))

    assert (bad.status_code, bad.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert (slow.status_code, slow.text[:6]) == (504, "<html>")
    assert (empty.status_code, empty.content) == (500, b"")


def test_answers_that_are_no_list(small: Simulator, small_api: Client) -> None:
    small.faults.add(kind="invalid_json")
    small.faults.add(kind="wrong_type")
    small.faults.add(kind="wrong_shape")
    small.faults.add(kind="wrong_shape", body={"value": {}})
    small.faults.add(kind="redirect")
    broken, page, shape, other, redirect = (small_api.get() for _ in range(5))

    with pytest.raises(requests.JSONDecodeError):
        broken.json()
    assert broken.headers["Content-Type"].startswith("application/json")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "value" not in shape.json()
    assert other.json() == {"value": {}}
    assert redirect.status_code == 302
    assert redirect.headers["Location"].startswith("https://login.microsoftonline.com/")


def test_connections_break(small: Simulator, small_api: Client) -> None:
    small.faults.add(kind="reset")
    with pytest.raises(requests.ConnectionError):
        small_api.get()
    small.faults.add(kind="stall")
    with pytest.raises(requests.ReadTimeout):
        small_api.session.get(small_api.url, timeout=0.5)
    eventually(lambda: [request.status for request in small.requests] == [-1, -1], "the request that stalls")
    small.faults.add(kind="cut")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        small_api.get()
    assert small_api.get().status_code == 200
    assert [request.status for request in small.requests] == [-1, -1, 200, 200]


def test_a_stall_may_end_and_a_slow_answer_is_whole(small: Simulator, small_api: Client) -> None:
    small.faults.add(kind="stall", delay=0.1)
    with pytest.raises(requests.ConnectionError):
        small_api.get()
    small.faults.add(kind="slow", delay=0.2)
    answer = small_api.get()

    assert answer.elapsed.total_seconds() >= 0.2
    assert len(answer.json()["value"]) == 10


def test_faults_choose_their_requests(small: Simulator, small_api: Client) -> None:
    small.faults.add(status=500, match="next", after=1, times=2)
    first = small_api.get().json()["@odata.nextLink"]
    statuses = [small_api.follow(first).status_code for _ in range(4)]
    assert statuses == [200, 500, 500, 200]

    small.faults.add(status=500, match="get", times=0)
    identity = small.data.ids()[0]
    assert [small_api.get(f"/{identity}").status_code for _ in range(3)] == [500] * 3
    assert small_api.get().status_code == 200
    small.faults.clear()
    assert small_api.get(f"/{identity}").status_code == 200


@pytest.mark.parametrize(
    ("match", "path", "status"),
    [
        ("token", "oauth2/v2.0/token", 503),
        ("devicecode", "oauth2/v2.0/devicecode", 500),
        ("metadata", "v2.0/.well-known/openid-configuration", 502),
        ("entra", "oauth2/v2.0/token", 504),
        ("any", "oauth2/v2.0/token", 503),
    ],
)
def test_entra_fails_too(small: Simulator, match: str, path: str, status: int) -> None:
    small.faults.add(status=status, match=match)
    method = "GET" if "openid" in path else "POST"
    address = f"{small.authority}/{small.tenant_id}/{path}"
    answer = requests.request(method, address, timeout=60, verify=str(small.ca_file))

    assert answer.status_code == status


def test_faults_of_discovery_leave_the_own_tenant_alone(small: Simulator) -> None:
    small.faults.add(status=429, match="discovery", retry_after=3)
    statuses = [
        requests.get(
            f"{small.authority}/{name}/v2.0/.well-known/openid-configuration", timeout=60, verify=str(small.ca_file)
        ).status_code
        for name in (small.tenant_id, "contoso-foods.com")
    ]

    assert statuses == [200, 429]


def test_a_body_of_one_s_own(small: Simulator, small_api: Client) -> None:
    small.faults.add(Fault(status=400, body={"error": "invalid_grant", "suberror": "bad_token"}))
    small.faults.add(status=200, body="{not json", content_type="application/json", headers={"X-Odd": "1"})

    assert small_api.get().json() == {"error": "invalid_grant", "suberror": "bad_token"}
    odd = small_api.get()
    assert (odd.text, odd.headers["X-Odd"]) == ("{not json", "1")


def test_a_fault_that_makes_no_sense_is_refused(small: Simulator) -> None:
    with pytest.raises(ValueError, match="There is no fault fire"):
        small.faults.add(kind="fire")
    with pytest.raises(ValueError, match="No request is of the kind nothing"):
        small.faults.add(match="nothing")


def test_requests_are_kept_without_tokens(small: Simulator, small_api: Client) -> None:
    small_api.get(filter="status eq 'New'", top="3")
    [request] = small.requests

    assert (request.kind, request.method, request.path) == ("list", "GET", "/v1.0/engagements/referrals")
    assert request.query == {"$filter": "status eq 'New'", "$top": "3"}
    assert request.status == 200
    assert "Bearer" not in json.dumps(request.as_dict())
    assert small.requests_of("next") == []
