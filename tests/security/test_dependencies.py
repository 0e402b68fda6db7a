"""What is installed is what was looked at: pinned with hashes, declared where it is imported, and free to use. Offline."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
BROUGHT = {"opentelemetry": "azure-monitor-opentelemetry", "urllib3": "requests"}
"""Parts of a declared package, which have to be used in the version that it brings."""
FILES = ("requirements.txt", "requirements-dev.txt")
FREE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|Unlicense|CC0|Zlib)", re.IGNORECASE
)


def pinned(name: str) -> list[tuple[Requirement, list[str]]]:
    """The requirements of a compiled file with their hashes."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    found = []
    for line in lines:
        requirement, *hashes = re.split(r"\s+--hash=", line)
        found.append((Requirement(requirement), hashes))
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_one_version_with_hashes(name: str) -> None:
    requirements = pinned(name)
    assert len(requirements) > 10
    for requirement, hashes in requirements:
        specifiers = list(requirement.specifier)
        assert requirement.url is None
        assert [one.operator for one in specifiers] == ["=="], requirement
        assert "*" not in specifiers[0].version
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


def test_no_file_names_another_source() -> None:
    for path in ROOT.glob("requirements*"):
        options = re.findall(r"^\s*(--?[a-z][\w-]*)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(options) <= {"-r", "--hash"}, path.name


def test_development_runs_what_is_deployed() -> None:
    deployed, development = ({str(one) for one, _ in pinned(name)} for name in FILES)
    assert deployed <= development


def test_this_environment_is_the_pinned_one() -> None:
    for requirement, _ in pinned("requirements.txt"):
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            installed = distribution(requirement.name).version
        except PackageNotFoundError:
            pytest.fail(f"{requirement.name} is not installed")
        assert installed in requirement.specifier, requirement


def declared() -> set[str]:
    """The packages that requirements.in asks for."""
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    lines = [line.partition("#")[0].strip() for line in lines]
    return {canonicalize_name(Requirement(line).name) for line in lines if line}


def test_what_the_app_imports_is_declared() -> None:
    """Not merely there because something else brings it along."""
    owners = packages_distributions()
    names = {canonicalize_name(one) for one in declared()}
    for path in [ROOT / "function_app.py", *(ROOT / "shared").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            else:
                continue
            for module in modules:
                top = module.partition(".")[0]
                if top == "shared" or top in sys.stdlib_module_names:
                    continue
                assert top not in {"local", "tests"}, f"{path.name} imports {module}"
                packages = {canonicalize_name(one) for one in [*owners[top], BROUGHT.get(top, top)]}
                assert packages & names, f"{path.name} imports {module}"


def test_what_is_deployed_is_free_to_use() -> None:
    for requirement, _ in pinned("requirements.txt"):
        if requirement.marker and not requirement.marker.evaluate():
            continue
        metadata = distribution(requirement.name).metadata
        licence = " ".join(
            [
                *(metadata.get_all("License-Expression") or []),
                *(metadata.get_all("License") or [])[:1],
                *(one for one in metadata.get_all("Classifier") or [] if one.startswith("License ::")),
            ]
        )
        assert FREE.search(licence), f"{requirement.name}: {licence[:80]}"


def test_every_node_package_has_its_integrity() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    own = packages.pop("")
    for name, package in packages.items():
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package["integrity"]), name
    wanted = {**own.get("dependencies", {}), **own.get("devDependencies", {})}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), wanted


def test_the_security_rules_of_the_linter_hold_for_the_app() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert not [rule for rule in lint["ignore"] if rule.startswith("S")]
    relaxed = [
        where for where, rules in lint["per-file-ignores"].items() if any(rule.startswith("S") for rule in rules)
    ]
    assert not [where for where in relaxed if where.startswith(("shared", "function_app"))]
