"""The contract says what there is: its routes are the app's, its codes are those of the errors, its examples are right."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from shared.core import errors
from tests.web.contract import FILE, document, resolved, validator


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_its_routes_are_those_of_the_app() -> None:
    # A module of its own: an app can list its functions only once.
    app = runpy.run_path(str(FILE.parents[1] / "function_app.py"))["app"]
    registered = set()
    for function in app.get_functions():
        trigger = function.get_trigger()
        if trigger is not None and trigger.type == "httpTrigger":
            settings = trigger.get_dict_repr()
            registered |= {
                (f"/{settings['route'].replace('{*', '{')}", str(method).lower()) for method in settings["methods"]
            }
    assert registered == {(path, method) for path, method, _ in operations()}


def every_error(root: type[errors.HunterError] = errors.HunterError) -> set[type[errors.HunterError]]:
    own = {root} if "code" in vars(root) else set()
    return own.union(*(every_error(one) for one in root.__subclasses__()))


def test_its_codes_are_those_of_the_errors() -> None:
    documented = document()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert sorted(documented) == sorted({error.code for error in every_error()})


def test_every_code_is_described_where_it_comes_with_its_status() -> None:
    texts = {name: answer["description"] for name, answer in document()["components"]["responses"].items()}
    by_status: dict[str, str] = {}
    for _, _, operation in operations():
        for status, answer in operation["responses"].items():
            name = answer.get("$ref", "").rpartition("/")[2]
            by_status[status] = by_status.get(status, "") + texts.get(name, "")
    for error in every_error():
        assert f"`{error.code}`" in by_status[str(error.status)], error.code


def test_every_operation_can_be_told_and_is_explained() -> None:
    identifiers = [operation["operationId"] for _, _, operation in operations()]
    assert len(identifiers) == len(set(identifiers))
    for path, method, operation in operations():
        assert operation["summary"], (path, method)
        for status, answer in operation["responses"].items():
            assert resolved(answer)["description"], (path, method, status)


def test_parameters_of_paths_are_declared() -> None:
    for path, method, operation in operations():
        named = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        declared = {one["name"] for one in map(resolved, operation.get("parameters", [])) if one["in"] == "path"}
        assert named == declared, (path, method)


def test_schemas_are_schemas() -> None:
    for name, schema in document()["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", []):
            assert list(validator(schema).iter_errors(example)) == [], name


def test_examples_are_right() -> None:
    found = 0
    for path, method, operation in operations():
        bodies = [resolved(answer).get("content", {}) for answer in operation["responses"].values()]
        bodies.append(operation.get("requestBody", {}).get("content", {}))
        for content in bodies:
            for media in content.values():
                examples = [one["value"] for one in media.get("examples", {}).values()]
                examples += [media["example"]] if "example" in media else []
                for example in examples:
                    problems = [error.message for error in validator(media["schema"]).iter_errors(example)]
                    assert problems == [], (path, method)
                    found += 1
        for parameter in map(resolved, operation.get("parameters", [])):
            if "example" in parameter:
                problems = [error.message for error in validator(parameter["schema"]).iter_errors(parameter["example"])]
                assert problems == [], (path, parameter["name"])
                found += 1
    assert found > 10
