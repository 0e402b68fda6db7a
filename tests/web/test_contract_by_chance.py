"""Requests made up from docs/openapi.yaml, valid and not, against the running app: no 5xx, no answer that it does not name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

from local.azurite import Azurite
from local.simulator import Simulator
from tests.hosting import HostProcess, app_settings
from tests.web.contract import document

# A developer's machine has no sign-in to the app, so nothing there answers 401.
schema = schemathesis.openapi.from_dict({name: part for name, part in document().items() if name != "security"})

MORE_THAN_A_SCHEMA = (
    *("/companies/{key}/name", "/company", "/owner", "/comments", "/views", "/views/{id}", "/report", "/subscriptions"),
    "/subscriptions/{id}",
)


@pytest.fixture(scope="module")
def host(
    azurite: Azurite, _unused_accounts: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostProcess]:
    """An app of its own, since these requests sync, sign out and link."""
    with Simulator(referrals=30, seed=1, auto_approve=True) as simulator:
        given = app_settings(simulator, azurite.connection_string_of(next(_unused_accounts)))
        with HostProcess(given, tmp_path_factory.mktemp("by-chance") / "host.log") as host:
            host.sign_in()
            host.sync_to_the_end()
            yield host


@schema.parametrize()
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_contract_names(case: Case[Any], host: HostProcess) -> None:
    response = case.call(base_url=host.url, allow_redirects=False, timeout=300)
    # Other methods never reach the app: what they get is the host's own answer.
    excluded = [unsupported_method]
    if case.operation.path.endswith(MORE_THAN_A_SCHEMA):
        # Which texts are names, domains, addresses or queries, and which days come before others, is more than a schema can say.
        excluded.append(positive_data_acceptance)
    case.validate_response(response, excluded_checks=excluded)
