"""The Bicep files fit together: they parse, modules get exactly what they ask for, the parameters file matches."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.bicep import FILES, INFRA, ROOT, template

PARAMETERS_FILE = INFRA / "main.parameters.json"


def relative(path: Path) -> str:
    return str(path.relative_to(INFRA))


def file_parameters() -> dict[str, Any]:
    content = json.loads(PARAMETERS_FILE.read_text("utf-8"))
    return {name: entry["value"] for name, entry in content["parameters"].items()}


@pytest.mark.parametrize("name", [relative(path) for path in FILES])
def test_every_file_parses(name: str) -> None:
    parsed = template(name)
    assert parsed.resources or parsed.modules


def module_calls() -> list[tuple[str, str]]:
    return [(relative(path), name) for path in FILES for name in template(relative(path)).modules]


@pytest.mark.parametrize(("caller", "module"), module_calls())
def test_a_module_exists_and_gets_exactly_its_parameters(caller: str, module: str) -> None:
    path = (INFRA / caller).parent / template(caller).modules[module]["detail"]["path"]
    assert path.is_file()
    callee = template(relative(path.resolve()))
    given = set(template(caller).params(module))
    assert given <= set(callee.parameters), f"{caller}: {module} gets parameters it does not have"
    assert callee.required <= given, f"{caller}: {module} lacks a parameter"


def test_every_module_file_is_used() -> None:
    used = {
        ((INFRA / caller).parent / template(caller).modules[module]["detail"]["path"]).resolve()
        for caller, module in module_calls()
    }
    assert {path for path in FILES if path.parent.name == "modules"} <= used


def test_main_passes_every_parameter_of_resources_on() -> None:
    """What resources.bicep can do alone, azd can do too, but for the one that has to be computed there."""
    main, resources = template("main.bicep"), template("resources.bicep")
    assert set(main.parameters) == set(resources.parameters) - {"currentMonth"}
    passed = main.params("resources")
    assert passed == {name: name for name in main.parameters}


def test_defaults_are_the_same_wherever_they_are_written() -> None:
    main, resources, in_file = template("main.bicep"), template("resources.bicep"), file_parameters()
    for name in sorted(set(main.parameters) - {"environmentName", "location"}):
        default = main.parameters[name]["default"]
        assert resources.parameters[name]["default"] == default, name
        value = in_file[name]
        if isinstance(value, str):
            match = re.fullmatch(r"\$\{[A-Z_]+(?:=(.*))?\}", value)
            assert match, name
            value = match[1] or ""
            assert value == (str(default).lower() if isinstance(default, bool) else str(default)), name
        else:
            assert value == default, name


def test_the_parameters_file_gives_exactly_the_parameters_of_main() -> None:
    assert set(file_parameters()) == set(template("main.bicep").parameters)


def test_azd_never_has_to_ask_for_more_than_name_and_place() -> None:
    """azd asks for a string parameter that is empty and has no default."""
    assert template("main.bicep").required == {"environmentName", "location"}


def test_secrets_come_in_as_secure_parameters_everywhere() -> None:
    secret = re.compile("secret$|key$", re.IGNORECASE)
    flags = {"partnerCenterUsesClientSecret", "dynamicsUsesClientSecret", "dynamicsUsesSetupSecret"}
    seen = 0
    for path in FILES:
        for name, parameter in template(relative(path)).parameters.items():
            if secret.search(name) and name not in flags:
                seen += 1
                assert {"type": "secure"} in parameter["decorators"], f"{path.name}: {name}"
    assert seen == 6  # two in each of main, resources and keyvault


def test_outputs_hold_no_secret() -> None:
    for path in FILES:
        for name in template(relative(path)).tree.get("outputs", {}):
            assert not re.search("secret|password|connectionstring", name, re.IGNORECASE), f"{path.name}: {name}"


def test_api_versions_are_no_previews_but_for_the_one_type_that_has_no_other() -> None:
    previews = {
        resource["type"]
        for path in FILES
        for resource in template(relative(path)).resources.values()
        if "preview" in str(resource["api_version"])
    }
    assert previews == {"Microsoft.Insights/diagnosticSettings"}


def test_one_type_is_used_in_one_version() -> None:
    versions: dict[str, set[str]] = {}
    for path in FILES:
        for resource in template(relative(path)).resources.values():
            versions.setdefault(resource["type"], set()).add(resource["api_version"])
    assert {kind: found for kind, found in versions.items() if len(found) > 1} == {}


def test_azd_finds_its_service_and_its_hooks() -> None:
    project = yaml.safe_load((ROOT / "azure.yaml").read_text("utf-8"))
    (service,) = project["services"]
    assert f"'azd-service-name': '{service}'" in template("modules/functionapp.bicep").source
    assert project["services"][service] == {"project": ".", "language": "python", "host": "function"}
    assert (ROOT / project["infra"]["path"] / f"{project['infra']['module']}.bicep").is_file()
    for hook in project["hooks"].values():
        for system in hook.values():
            assert (ROOT / system["run"]).is_file()


def test_the_graph_extension_is_configured_and_used_in_one_file_alone() -> None:
    """Those without rights in Graph compile the same files: the extension must not spread."""
    alias = json.loads((INFRA / "bicepconfig.json").read_text("utf-8"))["extensions"]
    assert list(alias) == ["microsoftGraphV1"]
    using = [path.name for path in FILES if re.search("^extension ", path.read_text("utf-8"), re.MULTILINE)]
    assert using == ["entra.bicep"]


def test_without_graph_rights_the_given_client_id_is_used() -> None:
    source = template("resources.bicep").source
    assert "module entra 'modules/entra.bicep' = if (createAppRegistration) {" in source
    assert "authClientId: createAppRegistration ? entra!.outputs.clientId : authClientId" in source
