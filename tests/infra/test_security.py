"""What the deployment must never lose: sign-in in front, identity instead of keys, no role too many, Flex left alone."""

from __future__ import annotations

import json
import re

import pytest

from shared.core.setting_list import SETTINGS
from shared.web.routes import ROUTES
from tests.infra.bicep import FILES, INFRA, template
from tests.webhook.front_end import EXCLUDED

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
ROLES = {
    "hostStorage": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",  # Storage Blob Data Owner
    "dataStorage": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",  # Storage Table Data Contributor
    "keyVault": "4633458b-17de-408a-b874-0445c86b69e6",  # Key Vault Secrets User
    "applicationInsights": "3913510d-42f4-4e42-8a64-420c390055eb",  # Monitoring Metrics Publisher
    "communication": "09976791-48a7-449e-bb21-39d1a415f350",  # Communication and Email Service Owner
}
# Flex Consumption refuses these or breaks on them.
FORBIDDEN_ON_FLEX = (
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_EXTENSION_VERSION",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_CONTENT",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "ENABLE_ORYX_BUILD",
    "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
    "WEBSITE_MOUNT_ENABLED",
    "WEBSITE_TIME_ZONE",
    "TZ:",
    "linuxFxVersion",
    "alwaysOn",
    "healthCheckPath",
    "basicPublishingCredentialsPolicies",
    "slots",
)

APP = template("modules/functionapp.bicep")
STORAGE = template("modules/storage.bicep")
VAULT = template("modules/keyvault.bicep")


def test_storage_takes_no_key_no_anonymous_reader_and_no_old_tls() -> None:
    for name, value in {
        "allowSharedKeyAccess": "false",
        "allowBlobPublicAccess": "false",
        "allowCrossTenantReplication": "false",
        "defaultToOAuthAuthentication": "true",
        "supportsHttpsTrafficOnly": "true",
    }.items():
        assert STORAGE.words(name) == [value], name
    assert STORAGE.literal("minimumTlsVersion") == ["TLS1_2"]
    assert STORAGE.literal("publicAccess") == ["None"]


def test_no_file_reads_a_key() -> None:
    for path in FILES:
        assert not re.search(r"listKeys|listAccountSas|AccountKey=|listSecrets", path.read_text("utf-8")), path.name


def test_host_and_data_have_an_account_each() -> None:
    resources = template("resources.bicep")
    calls = [name for name, module in resources.modules.items() if module["detail"]["path"] == "modules/storage.bicep"]
    assert {str(resources.params(name)["name"]) for name in calls} == {"hostStorageName", "dataStorageName"}
    assert resources.params("functionApp")["hostStorageName"] == "hostStorageName"
    assert "tableServiceUri: dataStorage.outputs.tableServiceUri" in resources.source


def test_exactly_these_roles_each_on_one_resource() -> None:
    rbac = template("modules/rbac.bicep")
    named = {name: entry["value"] for name, entry in rbac.tree["variables"].items()}
    assignments = rbac.of_type("Microsoft.Authorization/roleAssignments")
    granted = {}
    for assignment in assignments:
        definition = assignment["properties"]["roleDefinitionId"]["function"]["parameters"]
        variable = next(name for name in named if name in json.dumps(definition))
        granted[assignment["scope"]] = named[variable]
    assert granted == ROLES
    assert len(assignments) == len(ROLES)
    assert rbac.literal("principalType") == ["ServicePrincipal"] * len(ROLES)


def test_no_other_file_assigns_a_role() -> None:
    assigning = [path.name for path in FILES if "roleAssignments@" in path.read_text("utf-8")]
    assert assigning == ["rbac.bicep"]


def test_roles_stand_before_the_app_starts() -> None:
    functions = template("resources.bicep").modules["functionApp"]["config"]
    assert "rbac" in functions["dependsOn"]


def test_the_app_has_one_identity_and_uses_it_for_everything() -> None:
    (site,) = APP.of_type("Microsoft.Web/sites")
    assert site["identity"]["type"] == "UserAssigned"
    assert APP.literal("type").count("UserAssigned") == 1
    assert site["properties"]["keyVaultReferenceIdentity"] == "identityId"
    storage = site["properties"]["functionAppConfig"]["deployment"]["storage"]
    assert storage["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": "identityId",
    }


def test_nobody_reaches_the_app_without_a_sign_in() -> None:
    source = APP.source
    assert APP.words("requireAuthentication") == ["true"]
    assert APP.literal("unauthenticatedClientAction") == ["RedirectToLoginPage"]
    assert APP.literal("redirectToProvider") == ["azureactivedirectory"]
    assert "AllowAnonymous" not in source
    assert re.search(r"platform: \{\s*enabled: true", source)
    assert re.search(r"azureActiveDirectory: \{\s*enabled: true", source)
    (excluded,) = re.findall(r"excludedPaths: \[([^\]]*)\]", source)
    paths = re.findall(r"'([^']*)'", excluded)
    assert tuple(paths) == EXCLUDED, "the health check, and the route that believes a signature alone"
    assert {f"/{route.template}" for route in ROUTES if route.role is None} == set(paths)
    assert not re.search(r"[*?%$]|/$", "\n".join(paths)), "exact paths: no wildcard, nothing that is filled in"
    assert APP.words("httpsOnly") == APP.words("requireHttps") == ["true"]
    assert APP.literal("minTlsVersion") == ["1.2"]
    assert "openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'" in source
    assert re.search(r"allowedAudiences: \[\s*authClientId\s*\]", source)
    assert "WEBSITE_AUTH_AAD_ALLOWED_TENANTS: tenant().tenantId" in source


def test_sign_in_works_without_a_secret() -> None:
    assert APP.literal("clientSecretSettingName") == ["OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"]
    assert APP.variable("platformSettings")["OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"] == "identityClientId"
    entra = template("modules/entra.bicep")
    assert "passwordCredentials" not in entra.source
    (credential,) = entra.of_type("Microsoft.Graph/applications/federatedIdentityCredentials")
    assert credential["subject"] == "identityPrincipalId"
    assert credential["audiences"] == ["api://AzureADTokenExchange"]
    assert "issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'" in entra.source


def test_only_people_with_a_role_are_let_in() -> None:
    entra = template("modules/entra.bicep")
    assert entra.words("appRoleAssignmentRequired") == ["true"]
    assert entra.literal("signInAudience") == ["AzureADMyOrg"]
    assert "'${pageUrl}/.auth/login/aad/callback'" in entra.source


def test_the_registrations_roles_are_those_that_the_app_asks_for() -> None:
    roles = json.loads((INFRA / "app-roles.json").read_text("utf-8"))
    defaults = {setting.name: setting.default for setting in SETTINGS}
    assert [role["value"] for role in roles] == [
        defaults[f"HUNTER_ROLE_{role}"] for role in ("READ", "WRITE", "OPERATE")
    ]
    assert len({role["id"] for role in roles}) == len(roles)
    assert all(role["isEnabled"] and role["allowedMemberTypes"] == ["User"] for role in roles)
    for role in roles:
        assert f"role.value == '{role['value']}'" in template("modules/entra.bicep").source


def test_the_vault_works_by_role_and_never_shows_a_secret() -> None:
    assert VAULT.words("enableRbacAuthorization") == ["true"]
    assert "accessPolicies" not in VAULT.source
    names = re.findall(r"name: '([a-z-]+)'\n  properties: \{\n    value:", VAULT.source)
    assert sorted(names) == ["partner-center-client-secret", "token-cache-key"]
    for name in names:
        assert f"secrets/{name})'" in APP.source, "the app refers to it"


def test_telemetry_is_taken_by_identity_and_capped() -> None:
    monitoring = template("modules/monitoring.bicep")
    assert monitoring.words("DisableLocalAuth") == ["true"]
    assert monitoring.words("dailyQuotaGb") == ["dailyQuotaGb"]
    assert "Authorization=AAD" in APP.source


@pytest.mark.parametrize("name", FORBIDDEN_ON_FLEX)
def test_nothing_is_set_that_flex_consumption_refuses(name: str) -> None:
    assert name not in APP.source


def test_the_plan_is_flex_consumption_with_python() -> None:
    (plan,) = APP.of_type("Microsoft.Web/serverfarms")
    assert plan["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert APP.words("reserved") == ["true"]
    assert re.search(r"runtime: \{\s*name: 'python'\s*version: '3.12'", APP.source)
    (site,) = APP.of_type("Microsoft.Web/sites")
    assert site["properties"]["functionAppConfig"]["scaleAndConcurrency"]["maximumInstanceCount"] == 40


def test_a_virtual_network_closes_every_store() -> None:
    resources = template("resources.bicep")
    closing = "publicNetworkAccess: virtualNetworkEnabled ? 'Disabled' : 'Enabled'"
    assert resources.source.count(closing) == 3
    endpoints = template("modules/network.bicep").variable("endpoints")
    assert {endpoint["group"] for endpoint in endpoints} == {"blob", "table", "vault"}
