"""One list of settings, everywhere: the code's, the template's, the example's and the README's."""

from __future__ import annotations

import json
import re
from typing import Any

from shared.core.setting_list import SETTINGS
from shared.core.settings import load
from tests.infra.bicep import INFRA, ROOT, template

NAMES = {setting.name for setting in SETTINGS}
DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
SECRET = {setting.name for setting in SETTINGS if setting.secret}
BY_IDENTITY = {"HUNTER_STORAGE__tableServiceUri", "HUNTER_STORAGE__clientId"}

# What the Functions host, App Service and azure-identity read.
PLATFORM = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY",
    "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME",
    "AZURE_CLIENT_ID",
    "AzureWebJobsDisableHomepage",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
    "WEBSITE_AUTH_AAD_ALLOWED_TENANTS",
}


def deployed() -> dict[str, Any]:
    value: dict[str, Any] = template("modules/functionapp.bicep").variable("hunterSettings")
    return value


def example() -> dict[str, str]:
    values: dict[str, str] = json.loads((ROOT / "local.settings.example.json").read_text("utf-8"))["Values"]
    return values


def test_the_template_sets_what_the_code_reads() -> None:
    """All but the connection string: in Azure the tables are reached by identity alone."""
    assert set(deployed()) == NAMES - {"HUNTER_STORAGE"}


def test_platform_settings_are_exactly_these() -> None:
    assert set(template("modules/functionapp.bicep").variable("platformSettings")) == PLATFORM


def test_values_written_into_the_template_are_the_codes_defaults() -> None:
    written = dict(re.findall(r"^  (HUNTER_\w+): '([^'$]*)'$", template("modules/functionapp.bicep").source, re.M))
    assert len(written) >= 7
    for name, value in written.items():
        assert value == DEFAULTS[name], name


def test_parameters_default_to_the_codes_defaults() -> None:
    main = template("main.bicep").parameters
    for parameter, name in {
        "partnerCenterEnabled": "HUNTER_PARTNER_CENTER_ENABLED",
        "partnerCenterTenantId": "HUNTER_PARTNER_CENTER_TENANT_ID",
        "partnerCenterClientId": "HUNTER_PARTNER_CENTER_CLIENT_ID",
        "syncSchedule": "HUNTER_PARTNER_CENTER_SYNC_SCHEDULE",
        "partnerDomains": "HUNTER_PARTNER_DOMAINS",
        "tenantLookupEnabled": "HUNTER_TENANT_LOOKUP_ENABLED",
        "retentionMonths": "HUNTER_RETENTION_MONTHS",
        "writeEnabled": "HUNTER_WRITE_ENABLED",
        "publicUrl": "HUNTER_PUBLIC_URL",
        "mailVia": "HUNTER_MAIL_VIA",
        "mailFrom": "HUNTER_MAIL_FROM",
        "mailEndpoint": "HUNTER_MAIL_ENDPOINT",
        "webhookEnabled": "HUNTER_WEBHOOK_ENABLED",
        "dynamicsEnabled": "HUNTER_DYNAMICS_ENABLED",
        "dynamicsUrl": "HUNTER_DYNAMICS_URL",
        "dynamicsTenantId": "HUNTER_DYNAMICS_TENANT_ID",
        "dynamicsPush": "HUNTER_DYNAMICS_PUSH",
        "dynamicsAppId": "HUNTER_DYNAMICS_APP_ID",
    }.items():
        default = main[parameter]["default"]
        assert (str(default).lower() if isinstance(default, bool) else str(default)) == DEFAULTS[name], name
    assert "HUNTER_PARTNER_CENTER_AUTHORITY: environment().authentication.loginEndpoint" in (
        template("modules/functionapp.bicep").source
    )


def test_secrets_are_references_to_the_vault() -> None:
    source = template("modules/functionapp.bicep").source
    references = re.findall(r"var (\w+) = '@Microsoft\.KeyVault\(SecretUri=\$\{keyVaultUri\}secrets/[a-z-]+\)'", source)
    for name in SECRET - {"HUNTER_STORAGE"}:
        line = re.search(rf"^  {name}: (.+)$", source, re.MULTILINE)
        assert line, name
        assert any(reference in line[1] for reference in references), name


def test_a_deployment_as_it_comes_has_no_problem() -> None:
    """Sync off, empty optional settings, as a first `azd up` leaves them: the code takes each of them."""
    source = template("modules/functionapp.bicep").source
    environ = dict(re.findall(r"^  (HUNTER_\w+): '([^'$]*)'$", source, re.MULTILINE)) | {
        "HUNTER_PARTNER_CENTER_ENABLED": "false",
        "HUNTER_PARTNER_CENTER_TENANT_ID": "",
        "HUNTER_PARTNER_CENTER_CLIENT_ID": "",
        "HUNTER_PARTNER_CENTER_CLIENT_SECRET": "",
        "HUNTER_PARTNER_CENTER_AUTHORITY": "https://login.microsoftonline.com/",
        "HUNTER_PARTNER_CENTER_SYNC_SCHEDULE": "0 */10 * * * *",
        "HUNTER_STORAGE__tableServiceUri": "https://stdata.table.core.windows.net/",
        "HUNTER_STORAGE__clientId": "6f0f2c7e-1a52-4f53-9d5a-0f6f2f2b6d11",
        "HUNTER_TENANT_LOOKUP_ENABLED": "true",
        "HUNTER_PARTNER_DOMAINS": "",
        "HUNTER_RETENTION_MONTHS": "0",
    }
    settings = load(environ)
    assert settings.problems == ()
    assert settings.authority == "https://login.microsoftonline.com"
    assert settings.storage_uri == "https://stdata.table.core.windows.net"


def test_the_code_reads_no_setting_that_is_not_in_the_list() -> None:
    paths = sorted([*ROOT.glob("function_app.py"), *(ROOT / "shared").rglob("*.py")])
    for path in paths:
        for name in re.findall(r"HUNTER_\w*[A-Za-z]", path.read_text("utf-8")):
            assert name in NAMES or any(known.startswith(f"{name}_") for known in NAMES), f"{path.name}: {name}"


def test_the_example_has_every_setting_and_reaches_storage_without_azure() -> None:
    assert {name for name in example() if name.startswith("HUNTER_")} == NAMES
    assert all(example()[name] == "" for name in BY_IDENTITY)


def test_the_example_holds_no_secret() -> None:
    for name in SECRET - {"HUNTER_STORAGE"}:
        assert example()[name] == "", name
    assert "AccountKey" not in example()["HUNTER_STORAGE"] or "devstoreaccount1" in example()["HUNTER_STORAGE"]


def test_the_documents_list_every_setting() -> None:
    readme = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for name in sorted(NAMES):
        assert name in readme, name


def test_the_deployment_guide_names_only_azd_values_that_exist() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", (INFRA / "main.parameters.json").read_text("utf-8")))
    outputs = set(template("main.bicep").tree["outputs"])
    guide = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    for name in re.findall(r"azd env (?:set|get-value) ([A-Z_]+)", guide):
        assert name in used | outputs | {"NAME"}, name
    for name in used - {"AZURE_ENV_NAME", "AZURE_LOCATION"}:
        assert name in guide, f"docs/deploy.md does not explain {name}"
