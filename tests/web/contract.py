"""docs/openapi.yaml, as tests hold answers against it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
API = "/api/v1/partner-center"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A part of the document, or what it refers to."""
    while "$ref" in part:
        here: Any = document()
        for name in part["$ref"].removeprefix("#/").split("/"):
            here = here[name.replace("~1", "/")]
        part = here
    return part


def check(path: str, method: str, status: int, content_type: str, body: Any) -> None:
    """Fail unless the document says that this route may answer this.

    Args:
        path: the route as in the document, such as ``/api/v1/partner-center/referrals/{id}``.
        method: in lower case.
        status: of the answer.
        content_type: its media type.
        body: its JSON, decoded.
    """
    answers = document()["paths"][path][method]["responses"]
    assert str(status) in answers, f"{method} {path} does not say that it may answer {status}"
    content = resolved(answers[str(status)])["content"]
    assert content_type in content, f"{method} {path} {status} does not say that it may be {content_type}"
    schema = content[content_type]["schema"]
    problems = [f"{error.json_path}: {error.message[:200]}" for error in validator(schema).iter_errors(body)]
    assert not problems, problems[:5]


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """A validator of a schema that may refer to the document's components."""
    return Draft202012Validator({**schema, "components": document()["components"]})
