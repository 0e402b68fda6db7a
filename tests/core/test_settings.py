"""Settings: defaults, what is taken, and all problems at once, by name and never with a value."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from shared.core.errors import ConfigurationError, FeatureDisabled
from shared.core.setting_list import SETTINGS
from shared.core.settings import load

ROOT = Path(__file__).parents[2]
PC = "HUNTER_PARTNER_CENTER_"
KEYS = [base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in range(2)]  # the same in each worker
GOOD = {
    f"{PC}ENABLED": "true",
    f"{PC}TENANT_ID": "8a6f1d9e-0000-4000-8000-000000000001",
    f"{PC}CLIENT_ID": "8a6f1d9e-0000-4000-8000-000000000002",
    "HUNTER_STORAGE": "UseDevelopmentStorage=true",
    "HUNTER_TOKEN_CACHE_KEY": ",".join(KEYS),
}


def test_what_is_not_set_has_its_default() -> None:
    settings = load({})
    assert not settings.enabled
    assert settings.api_url == "https://api.partner.microsoft.com"
    assert settings.authority == "https://login.microsoftonline.com"
    assert settings.scope == "https://api.partner.microsoft.com/.default"
    assert settings.sync_schedule == "0 */10 * * * *"
    assert (settings.full_sync_hours, settings.page_interval_seconds, settings.overlap_minutes) == (24, 0.2, 60)
    assert settings.tenant_lookup_enabled
    assert (settings.role_read, settings.role_operate) == ("Referrals.Read", "Referrals.Operate")
    assert settings.retention_months == 0


def test_good_settings_have_no_problem() -> None:
    settings = load(GOOD | {"HUNTER_PARTNER_DOMAINS": "Contoso.com, @fabrikam.com.tr"})
    assert settings.problems == ()
    assert settings.partner_domains == ("contoso.com", "fabrikam.com.tr")
    assert settings.token_cache_keys == tuple(KEYS)
    settings.require_partner_center()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (f"{PC}ENABLED", "perhaps"),
        (f"{PC}API_URL", "http://api.partner.microsoft.com"),
        (f"{PC}API_URL", "https://user:pass@host"),
        (f"{PC}API_URL", "https://host:notaport"),
        (f"{PC}API_URL", "ftp://127.0.0.1"),
        (f"{PC}API_URL", "https://api partner.example"),
        (f"{PC}API_URL", "https://api..example"),
        (f"{PC}API_URL", "https://api.example:0"),
        (f"{PC}API_URL", "https://api.example\\x"),
        (f"{PC}API_URL", "https://[x"),
        (f"{PC}AUTHORITY", "http://127.0.0.1"),
        (f"{PC}AUTHORITY", "https://login.microsoftonline.com/common"),
        (f"{PC}TENANT_ID", ""),
        (f"{PC}TENANT_ID", "a/b"),
        (f"{PC}TENANT_ID", ".."),
        (f"{PC}CLIENT_ID", ""),
        (f"{PC}SYNC_SCHEDULE", "7 7 * * *"),
        (f"{PC}SYNC_SCHEDULE", "0 61 * * * *"),
        (f"{PC}SYNC_SCHEDULE", "0 0 0 30 2 *"),  # never
        (f"{PC}SYNC_SCHEDULE", "0 0 0 * * 7"),  # the platform's Sunday is 0
        (f"{PC}SYNC_SCHEDULE", "0 0 0 L * *"),  # cron knows it, NCRONTAB does not
        (f"{PC}SYNC_SCHEDULE", "0 0 0 ? * *"),
        (f"{PC}SYNC_SCHEDULE", "0 R * * * *"),
        (f"{PC}FULL_SYNC_HOURS", "0"),
        (f"{PC}FULL_SYNC_HOURS", "nan"),
        (f"{PC}PAGE_INTERVAL_SECONDS", "-1"),
        (f"{PC}OVERLAP_MINUTES", "x"),
        ("HUNTER_STORAGE", "no connection string"),
        ("HUNTER_STORAGE", ""),
        ("HUNTER_TOKEN_CACHE_KEY", ""),
        ("HUNTER_TOKEN_CACHE_KEY", "tooshort"),
        ("HUNTER_TOKEN_CACHE_KEY", f"{KEYS[0]},tooshort"),
        ("HUNTER_TENANT_LOOKUP_ENABLED", "2"),
        ("HUNTER_PARTNER_DOMAINS", "https://contoso.com/"),
        ("HUNTER_PARTNER_DOMAINS", "contoso.com;fabrikam.com"),
        ("HUNTER_PARTNER_DOMAINS", "contoso..com"),
        ("HUNTER_RETENTION_MONTHS", "many"),
        ("HUNTER_RETENTION_MONTHS", "0.5"),
    ],
)
def test_a_wrong_value_is_named_and_never_shown(name: str, value: str) -> None:
    settings = load(GOOD | {name: value})
    assert [problem.name for problem in settings.problems] == [name]
    with pytest.raises(ConfigurationError) as raised:
        settings.require_partner_center()
    assert name in raised.value.message
    if len(value) > 3:
        assert value not in raised.value.message


def test_all_problems_come_at_once() -> None:
    names = {problem.name for problem in load({f"{PC}ENABLED": "true"}).problems}
    assert names == {f"{PC}TENANT_ID", f"{PC}CLIENT_ID", "HUNTER_STORAGE", "HUNTER_TOKEN_CACHE_KEY"}


def test_switched_off_is_said_before_anything_else() -> None:
    with pytest.raises(FeatureDisabled):
        load({}).require_partner_center()


def test_own_domains_are_taken_as_people_write_them() -> None:
    settings = load(GOOD | {"HUNTER_PARTNER_DOMAINS": "@Contoso.com, İŞ.com.tr,fabrikam.com."})
    assert not settings.problems
    assert settings.partner_domains == ("contoso.com", "iş.com.tr", "fabrikam.com")


def test_the_emulators_short_form_may_end_in_a_semicolon() -> None:
    for text in ("UseDevelopmentStorage=true", "usedevelopmentstorage=true;"):
        assert not load(GOOD | {"HUNTER_STORAGE": text}).problems


def test_storage_by_identity() -> None:
    uri = {"HUNTER_STORAGE": "", "HUNTER_STORAGE__tableServiceUri": "https://a.table.core.windows.net/"}
    settings = load(GOOD | uri)
    assert settings.storage_uri == "https://a.table.core.windows.net"


@pytest.mark.parametrize(
    "uri",
    [
        "http://a.table.core.windows.net",
        "https://[a",
        "https://a:99999",
        "ftp://127.0.0.1",
        "https://user:word@a.table.core.windows.net",
        "https://a.table.core.windows.net/?sv=1",
    ],
)
def test_a_wrong_address_of_storage_is_named(uri: str) -> None:
    wrong = load(GOOD | {"HUNTER_STORAGE": "", "HUNTER_STORAGE__tableServiceUri": uri})
    assert [problem.name for problem in wrong.problems] == ["HUNTER_STORAGE__tableServiceUri"]


@pytest.mark.parametrize(
    "schedule", ["0 */10 * * * *", "0 0 6 * * monday", "0 0 6 29 FEB *", "0 5/20 * * * *", "0 0 22-3 * * MON-FRI"]
)
def test_what_the_platform_reads_is_a_schedule(schedule: str) -> None:
    settings = load(GOOD | {f"{PC}SYNC_SCHEDULE": schedule})
    assert not settings.problems
    assert settings.sync_schedule == schedule


@pytest.mark.parametrize(
    "address",
    [
        "https://host/",
        "https://host:8443/path",
        "HTTPS://HOST",
        "https://fındık.example",
        "http://[::1]:7071",
        "http://localhost",
    ],
)
def test_an_address_is_taken(address: str) -> None:
    assert not load(GOOD | {f"{PC}API_URL": address}).problems


@pytest.mark.parametrize(
    "sender", ["referrals", "a@", "@contoso.com", "a@b@contoso.com", "A <a@contoso.com>", "a@contoso.com,b@contoso.com"]
)
def test_a_wrong_sender_is_named(sender: str) -> None:
    settings = load(GOOD | {"HUNTER_MAIL_VIA": "graph", "HUNTER_MAIL_FROM": sender})
    assert [problem.name for problem in settings.problems] == ["HUNTER_MAIL_FROM"]
    assert not settings.mail_from


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUNTER_DYNAMICS_URL", "https://contoso.crm4.dynamics.com/api/data/v9.2"),
        ("HUNTER_DYNAMICS_AUTHORITY", "https://login.microsoftonline.com/contoso.com/"),
    ],
)
def test_a_path_where_only_a_host_can_stand_is_named(name: str, value: str) -> None:
    """It becomes the audience of a token, or the place of the tenant."""
    given = {"HUNTER_DYNAMICS_URL": "https://contoso.crm4.dynamics.com/", "HUNTER_DYNAMICS_ENABLED": "true"}
    assert not load(GOOD | given).problems
    problems = load(GOOD | given | {name: value}).problems
    assert [(problem.name, problem.phrase) for problem in problems] == [(name, "host_alone")]


def test_simulators_on_this_machine_may_have_paths() -> None:
    given = {"HUNTER_DYNAMICS_URL": "http://127.0.0.1:8443/crm", f"{PC}AUTHORITY": "https://localhost:8443/entra"}
    settings = load(GOOD | given | {"HUNTER_DYNAMICS_ENABLED": "true"})
    assert not settings.problems
    assert (settings.dynamics_url, settings.authority) == (*given.values(),)


def test_a_secret_of_dynamics_needs_an_id_and_a_tenant() -> None:
    given = {"HUNTER_STORAGE": "UseDevelopmentStorage=true", "HUNTER_DYNAMICS_URL": "https://contoso.crm4.dynamics.com"}
    secret = {"HUNTER_DYNAMICS_CLIENT_SECRET": "very-secret"}
    assert not load(given | secret).problems  # not while it is off
    problems = load(given | secret | {"HUNTER_DYNAMICS_ENABLED": "true"}).problems
    assert [problem.name for problem in problems] == ["HUNTER_DYNAMICS_CLIENT_ID", "HUNTER_DYNAMICS_TENANT_ID"]
    assert not load(given | {"HUNTER_DYNAMICS_ENABLED": "true"}).problems  # the managed identity needs neither


@pytest.mark.parametrize("names", ["CN=Microsoft", "*.microsoft.com", ","])
def test_a_subject_that_no_certificate_can_have_is_named(names: str) -> None:
    problems = load(GOOD | {"HUNTER_WEBHOOK_CERTIFICATE_SUBJECTS": names}).problems
    assert [problem.name for problem in problems] == ["HUNTER_WEBHOOK_CERTIFICATE_SUBJECTS"]


def test_no_secret_in_a_representation() -> None:
    settings = load(GOOD | {f"{PC}CLIENT_SECRET": "very-secret"})
    for shown in (repr(settings), str(settings)):
        assert "very-secret" not in shown
        assert KEYS[0] not in shown


def test_the_example_file_has_every_setting() -> None:
    example = json.loads((ROOT / "local.settings.example.json").read_text("utf-8"))["Values"]
    ours = {name for name in example if name.startswith("HUNTER_")}
    optional = {"HUNTER_STORAGE__tableServiceUri", "HUNTER_STORAGE__clientId"}
    assert {one.name for one in SETTINGS} - optional <= ours <= {one.name for one in SETTINGS}


def test_a_wrong_public_address_is_named_and_links_lead_where_the_platform_says() -> None:
    settings = load(GOOD | {"HUNTER_PUBLIC_URL": "hunter.contoso.com", "WEBSITE_HOSTNAME": "hunter.azurewebsites.net"})
    assert [problem.name for problem in settings.problems] == ["HUNTER_PUBLIC_URL"]
    assert settings.public_url == "https://hunter.azurewebsites.net"
    assert load(GOOD | {"HUNTER_PUBLIC_URL": "http://hunter.contoso.com"}).public_url == "http://127.0.0.1:7071"
    assert load(GOOD | {"WEBSITE_HOSTNAME": "localhost:7072"}).public_url == "http://localhost:7072"
    assert load(GOOD | {"WEBSITE_HOSTNAME": "[x"}).public_url == "https://[x"
