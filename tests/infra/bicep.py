"""Reads the Bicep files for the tests: the source, and the tree that pycep makes of it.

In pycep's tree a string literal and an identifier look alike ('Allow' and Allow), so what matters for safety is asserted on
the source as well: ``literal`` finds a property whose value is written as a string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from pycep import BicepParser

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
FILES = tuple(sorted(INFRA.rglob("*.bicep")))


@dataclass(frozen=True)
class Template:
    """One Bicep file."""

    path: Path
    source: str
    tree: dict[str, Any]

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return dict(self.tree.get("parameters", {}))

    @property
    def required(self) -> set[str]:
        """Parameters without a default."""
        return {name for name, parameter in self.parameters.items() if parameter.get("default") is None}

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return dict(self.tree.get("resources", {}))

    @property
    def modules(self) -> dict[str, dict[str, Any]]:
        return dict(self.tree.get("modules", {}))

    def variable(self, name: str) -> Any:
        return self.tree["variables"][name]["value"]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The ``config`` of the resources of a type that this file creates."""
        return [_body(r["config"]) for r in self.resources.values() if r["type"] == kind and not r["existing"]]

    def params(self, module: str) -> dict[str, Any]:
        """What a module is called with."""
        return dict(_body(self.modules[module]["config"])["params"])

    def literal(self, name: str) -> list[str]:
        """All values of a property that are written as a plain string literal."""
        return re.findall(rf"^\s*{re.escape(name)}: '([^'$]*)'$", self.source, re.MULTILINE)

    def words(self, name: str) -> list[str]:
        """All values of a property that are written as a bare word (true, false, an identifier, a number)."""
        return re.findall(rf"^\s*{re.escape(name)}: ([A-Za-z0-9_.]+)$", self.source, re.MULTILINE)


def _body(config: dict[str, Any]) -> dict[str, Any]:
    """A condition or a loop wraps the body."""
    while "name" not in config:
        config = config["config"]
    return config


@cache
def template(name: str) -> Template:
    """The parsed file, by its path under infra/."""
    path = INFRA / name
    source = path.read_text("utf-8")
    return Template(path, source, cast(dict[str, Any], BicepParser().parse(text=source)))
