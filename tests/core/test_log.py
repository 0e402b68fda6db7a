"""Our own log lines: their form, their context, and what libraries may say beside them."""

from __future__ import annotations

import json
import logging

import pytest

from shared.core import events
from shared.core.log import bound, configure, current, get_logger, in_azure

log = get_logger("shared.test")


def test_libraries_are_quiet(caplog: pytest.LogCaptureFixture) -> None:
    configure()
    for name in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity", "urllib3.connectionpool"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO), name
    # MSAL puts answers of Entra and ID tokens into its warnings and errors.
    for name in ("msal.application", "msal.oauth2cli.oauth2", "msal.oauth2cli.oidc", "msal.telemetry"):
        assert not logging.getLogger(name).isEnabledFor(logging.ERROR), name
    assert logging.getLogger("shared.sync.service").isEnabledFor(logging.INFO)


def test_in_azure_an_event_is_one_json_object(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "shared")
    monkeypatch.setenv("WEBSITE_SITE_NAME", "hunter")
    with bound(runId="r1"), bound(correlationId="c1"):
        log.info(events.SYNC_SUCCEEDED, pages=3, code=None, note="two\nlines")
    assert json.loads(caplog.records[-1].getMessage()) == {
        "event": "sync_succeeded",
        "runId": "r1",
        "correlationId": "c1",
        "pages": 3,
        "note": "two\nlines",
    }
    assert "\n" not in caplog.records[-1].getMessage()
    assert current("runId") is None


def test_locally_an_event_is_one_readable_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shared")
    log.warning(events.SYNC_FAILED, code="x", note="two\nlines", spaced="a b")
    assert caplog.records[-1].getMessage() == 'sync_failed code=x note="two\\nlines" spaced="a b"'
    assert not in_azure({})
    assert in_azure({"WEBSITE_INSTANCE_ID": "1"})
