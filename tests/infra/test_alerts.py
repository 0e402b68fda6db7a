"""The alerts: their queries name events and fields that exist, and fire on the log lines that the app really writes."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from typing import Any

import pytest

from shared.core import errors, events
from shared.core.log import bound, get_logger
from shared.web.routes import ROUTES
from tests.infra import kql
from tests.infra.bicep import INFRA, ROOT, template

ALERTS = template("modules/alerts.bicep")
RULES: dict[str, dict[str, Any]] = {rule["name"]: rule for rule in ALERTS.variable("rules")}
EVENTS = set(events.FIELDS)
Event = tuple[str, dict[str, object]]


def codes() -> set[str]:
    """All codes of the exception tree."""

    def below(kind: type[errors.HunterError]) -> Iterable[type[errors.HunterError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from below(child)

    return {kind.code for kind in below(errors.HunterError)}


def check_names(query: str) -> None:
    """A query may name only events of the list, fields those events carry, and codes of the exception tree."""
    named = set(re.findall(r'e\.event\) == "(\w+)"', query))
    for group in re.findall(r"e\.event\) in \(([^)]*)\)", query):
        named |= set(re.findall(r'"(\w+)"', group))
    assert named <= EVENTS, query
    named = named or EVENTS  # a query over all events
    allowed = set(events.COMMON_FIELDS).union(*(events.FIELDS[name] for name in named))
    assert set(re.findall(r"\be\.(\w+)", query)) <= allowed, query
    for group in re.findall(r"e\.code\) !?(?:in|==) \(?([^)\n]*)\)?", query):
        assert set(re.findall(r'"(\w+)"', group)) <= codes(), query


def test_there_is_an_alert_for_each_thing_somebody_must_know() -> None:
    assert set(RULES) == {
        "hunter-sync-failed",
        "hunter-no-success",
        "hunter-sign-in-required",
        "hunter-throttled",
        "hunter-actions-failing",
        "hunter-notifications-failing",
        "hunter-dynamics-failing",
        "hunter-server-errors",
    }


@pytest.mark.parametrize("name", RULES)
def test_a_query_names_only_what_the_code_emits(name: str) -> None:
    assert 'e.event) == "' in RULES[name]["query"]
    check_names(RULES[name]["query"])


def test_rules_are_evaluated_alike_resolve_themselves_and_tell_somebody() -> None:
    source = ALERTS.source
    assert ALERTS.literal("metricMeasureColumn") == ["measure"]
    assert ALERTS.literal("timeAggregation") == ["Total"]
    assert ALERTS.literal("evaluationFrequency") == ["PT15M"]
    assert ALERTS.words("autoMitigate") == ["true"]
    assert re.search(r"actionGroups: \[\s*actionGroup.id\s*\]", source)
    assert re.search(r"scopes: \[\s*workspaceId\s*\]", source)
    for field in ("query", "operator", "threshold", "severity", "enabled", "window", "displayName"):
        assert f"rule.{field}\n" in source
    # Where the documents can be read, each rule links to its part of them.
    assert (
        "description: empty(documentationUrl) ? rule.description : '${rule.description} ${documentationUrl}/" in source
    )


def test_the_function_that_is_left_out_of_the_page_s_errors_is_the_sync() -> None:
    (left_out,) = re.findall(r'tostring\(e\.function\) != "(\w+)"', RULES["hunter-server-errors"]["query"])
    route = next(route for route in ROUTES if route.name == left_out)
    assert (route.method, route.template) == ("POST", "api/v1/partner-center/referrals/sync")


def test_a_sync_that_is_switched_off_alarms_nobody() -> None:
    assert RULES["hunter-no-success"]["enabled"] == "syncEnabled"
    assert RULES["hunter-sign-in-required"]["enabled"] == "syncEnabled"


def test_the_operations_guide_explains_each_alert() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text("utf-8")
    for rule in RULES.values():
        assert rule["name"] in guide
        heading = re.search(r"docs/operations\.md: (.+)\.$", rule["description"])
        assert heading
        assert f"### {heading[1]}\n" in guide


def test_the_guides_own_queries_name_only_what_the_code_emits() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text("utf-8")
    queries = re.findall(r"```kusto\n(.*?)```", guide, re.DOTALL)
    assert len(queries) >= 8
    for query in queries:
        if "parse_json" in query:
            check_names(query)


def test_the_workbook_is_whole_and_names_only_what_the_code_emits() -> None:
    workbook = json.loads((INFRA / "workbook.json").read_text("utf-8"))
    assert "loadTextContent('../workbook.json')" in template("modules/workbook.bicep").source
    queries = [item["content"] for item in workbook["items"] if item["type"] == 3]
    assert len(queries) >= 5
    (parameters,) = (item["content"]["parameters"] for item in workbook["items"] if item["type"] == 9)
    assert [parameter["name"] for parameter in parameters] == ["Time"]
    for content in queries:
        check_names(content["query"])
        assert content["timeContextFromParameter"] == "Time"
        assert set(re.findall(r"\{(\w+)", content["query"])) <= {"Time"}


@pytest.fixture
def fired(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Which rules fire on these events, each logged as the app logs in Azure."""
    monkeypatch.setenv("WEBSITE_SITE_NAME", "func-hunter")

    def run(*logged: Event) -> set[str]:
        caplog.clear()
        log = get_logger("tests.infra.alerts")
        with caplog.at_level(logging.INFO):
            for event, fields in logged:
                with bound(runId=fields.pop("runId", "run-1")):
                    log.info(event, **fields)
        messages = [record.getMessage() for record in caplog.records]
        assert len(messages) == len(logged)
        return {
            name
            for name, rule in RULES.items()
            if kql.fires(rule["operator"], rule["threshold"], kql.measure(rule["query"], ["no JSON", *messages]))
        }

    return run


SUCCESS: Event = (events.SYNC_SUCCEEDED, {"pages": 1, "fetched": 3})


def test_a_quiet_day_is_quiet(fired: Any) -> None:
    assert fired(SUCCESS, (events.PARTNER_CENTER_ATTEMPT, {"status": 200, "attempt": 1})) == set()


def test_runs_against_the_crm_that_fail_are_told_and_those_that_work_are_not(fired: Any) -> None:
    well: Event = (events.DYNAMICS_RUN, {"scope": "changed", "created": 1})
    failed: list[Event] = [(events.DYNAMICS_RUN, {"scope": "all", "code": "dynamics_unavailable"}) for _ in range(3)]
    assert fired(SUCCESS, well, well, well, well) == set()
    assert fired(SUCCESS, *failed) == {"hunter-dynamics-failing"}


def test_silence_is_an_alarm(fired: Any) -> None:
    """No log line at all: the timer stopped, or the app does not start."""
    assert fired() == {"hunter-no-success"}


def test_a_failed_sync_is_told_with_its_own_alert(fired: Any) -> None:
    assert fired(SUCCESS, (events.SYNC_FAILED, {"code": "access_denied"})) == {"hunter-sync-failed"}


def test_a_dead_sign_in_is_told_once_not_twice(fired: Any) -> None:
    logged = [(events.SIGN_IN_REQUIRED, {}), (events.SYNC_FAILED, {"code": "sign_in_required"})]
    assert fired(SUCCESS, *logged) == {"hunter-sign-in-required"}


def test_throttling_of_three_runs_is_told_of_one_run_is_not(fired: Any) -> None:
    def throttled(run: int) -> Event:
        return events.PARTNER_CENTER_THROTTLED, {"runId": f"run-{run}", "status": 429}

    assert fired(SUCCESS, *(throttled(1) for _ in range(5))) == set()
    assert fired(SUCCESS, throttled(1), throttled(2), throttled(3)) == {"hunter-throttled"}


def test_errors_of_the_page_are_told_those_of_a_sync_have_their_own_alert(fired: Any) -> None:
    def answered(function: str, status: int) -> Event:
        return events.FUNCTION_EXECUTED, {"function": function, "status": status}

    assert fired(SUCCESS, *(answered("referrals", 500) for _ in range(3))) == {"hunter-server-errors"}
    assert fired(SUCCESS, *(answered("sync_referrals", 502) for _ in range(3))) == set()
    assert fired(SUCCESS, *(answered("referrals", 404) for _ in range(9))) == set()


def test_a_target_that_keeps_failing_is_told_one_bad_minute_is_not(fired: Any) -> None:
    def failed(shown: bool) -> Event:
        return events.NOTIFICATION_FAILED, {"channel": "teams", "code": "target_gone", "failures": 1, "shown": shown}

    assert fired(SUCCESS, failed(shown=False), failed(shown=False)) == set()
    assert fired(SUCCESS, failed(shown=True)) == {"hunter-notifications-failing"}
