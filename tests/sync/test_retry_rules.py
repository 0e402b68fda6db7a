"""The retry table and the reading of next links, without any network."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.core.backoff import retry_after
from shared.core.errors import ContractChanged, UntrustedLink
from shared.partner_center import retry
from shared.partner_center.next_links import next_query
from shared.partner_center.retry import Action, Rule

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
API = "http://127.0.0.1:7080"


def expected(status: int, *, on_link: bool, has_retry_after: bool) -> Rule | None:
    """The contract, said a second time."""
    rules = {200: None, 401: retry.UNAUTHORIZED, 403: retry.FORBIDDEN, 429: retry.THROTTLED}
    if status in rules:
        return rules[status]
    if status in (400, 410) and on_link:
        return retry.LINK_EXPIRED
    if status == 503 and has_retry_after:
        return retry.THROTTLED
    if status in (408, 500, 502, 503, 504):
        return retry.FAILED
    return {1: retry.REJECTED, 2: retry.BROKEN, 3: retry.REJECTED, 4: retry.REJECTED}.get(
        status // 100, retry.OTHER_FAILURE
    )


@pytest.mark.parametrize("on_link", [False, True])
@pytest.mark.parametrize("has_retry_after", [False, True])
def test_every_status_has_its_rule(on_link: bool, has_retry_after: bool) -> None:
    for status in [*range(200, 600), *(int(one) for one in HTTPStatus)]:
        rule = retry.rule_for_status(status, on_link=on_link, has_retry_after=has_retry_after)
        assert rule is expected(status, on_link=on_link, has_retry_after=has_retry_after), status


def test_only_what_may_pass_is_tried_again() -> None:
    assert {rule for rule in retry.RULES if rule.action is Action.RETRY} == {
        retry.THROTTLED,
        retry.FAILED,
        retry.CONNECTION,
        retry.BROKEN,
    }
    assert {retry.rule_for_kind(kind) for kind in retry.Kind} <= set(retry.RULES)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        ("86400", 86_400),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0),
        ("Tue, 24 Nov 2026 11:00:00 +0200", 0),
        ("Tuesday, 24-Nov-26 09:01:00 GMT", 60),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", 1.5),
        ("٣", None),
        ("Tue, 24 Nov 2026 09:01:00", 60),
        ("Tue, 99 Nov 2026 09:01:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}, NOW) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d\d:\d\d:\d\d [+-]\d{1,12}"))
@example("Tue, 24 Nov 2026 09:00:00 +99999999999999")
@example("9" * 400)
def test_no_retry_after_makes_the_reading_fail(text: str) -> None:
    seconds = retry_after({"Retry-After": text}, NOW)
    assert seconds is None or seconds >= 0


@given(st.integers(1, 12), st.none() | st.floats(0, 10_000))
def test_a_wait_is_full_jitter_above_what_was_asked_for(attempt: int, asked: float | None) -> None:
    wait = retry.BACKOFF.wait(attempt, asked)
    most = min(retry.BACKOFF.most, retry.BACKOFF.first * 2 ** (attempt - 1))
    assert (asked or 0) <= wait <= max(most, asked or 0)


def test_jitter_is_spread_over_all_of_its_range(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = random.Random(1)
    monkeypatch.setattr(random, "uniform", generator.uniform)
    for attempt in (1, 3, 5, 9):
        most = min(retry.BACKOFF.most, 2 ** (attempt - 1))
        waits = sorted(retry.BACKOFF.wait(attempt, None) for _ in range(2_000))
        for share in (0.1, 0.5, 0.9):
            assert waits[int(2_000 * share)] == pytest.approx(most * share, rel=0.25)


QUERY = "$skiptoken=a%2Fb%3D&x=1"


@pytest.mark.parametrize(
    "link",
    [
        f"{API}/v1.0/engagements/referrals?{QUERY}",
        f"https://127.0.0.1/other?{QUERY}",
        f"http://api.partner.microsoft.com/v1.0/referrals?{QUERY}",
        f"https://api.partner.microsoft.com:443/v1.0/engagements/referrals?{QUERY}",
        f"HTTPS://API.Partner.Microsoft.Com/v1.0?{QUERY}",
        f"/v1.0/engagements/referrals?{QUERY}",
        f"referrals?{QUERY}",
        f"?{QUERY}",
        f"https://evil.example@api.partner.microsoft.com/?{QUERY}",
        f"https://evil.example\\@api.partner.microsoft.com/?{QUERY}",
    ],
)
def test_of_a_link_only_the_query_is_taken_unchanged(link: str) -> None:
    assert next_query(link, API) == QUERY


@pytest.mark.parametrize(
    "link",
    [
        f"https://evil.example/?{QUERY}",
        f"https://api.partner.microsoft.com@evil.example/?{QUERY}",
        f"https://api.partner.microsoft.com.evil.example/?{QUERY}",
        f"https://evil-api.partner.microsoft.com/?{QUERY}",
        f"//evil.example/?{QUERY}",
        f"ftp://api.partner.microsoft.com/?{QUERY}",
        f"file:///etc/passwd?{QUERY}",
        f"javascript:alert(1)?{QUERY}",
        f"http://[::1/?{QUERY}",
        f"https://api.partner.microsoft.com:port/?{QUERY}",
        f"https:/?{QUERY}",
    ],
)
def test_a_link_to_anywhere_else_is_refused(link: str) -> None:
    with pytest.raises(UntrustedLink):
        next_query(link, API)


@pytest.mark.parametrize("link", [API, f"{API}/v1.0/engagements/referrals", f"{API}/?", "/", "#x"])
def test_a_link_without_a_query_leads_nowhere(link: str) -> None:
    with pytest.raises(ContractChanged):
        next_query(link, API)


@given(st.text(max_size=80))
def test_any_link_is_taken_or_refused(link: str) -> None:
    with suppress(UntrustedLink, ContractChanged):
        assert next_query(link, API)
