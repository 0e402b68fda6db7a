"""What msgspec has to know of a struct is made when its module is imported, in one thread.

It is made when a struct is first read. Two threads that do so at once end the process: the second finds it half made.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"
READERS = {"msgspec.convert", "msgspec.json.decode", "msgspec.msgpack.decode"}
PLAIN = {"dict", "list", "tuple", "str"}
"""What is no struct."""


def read_in_functions(tree: ast.Module) -> Iterator[str]:
    """The names of the structs that calls read by their type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in READERS:
            types = [each.value for each in node.keywords if each.arg == "type"]
            if ast.unparse(node.func) == "msgspec.convert":
                types += node.args[1:2]
            for each in types:
                name = ast.unparse(each)
                if name.split("[")[0] not in PLAIN:
                    yield name


def made_on_import(tree: ast.Module) -> set[str]:
    """The structs of which the module makes a decoder when it is imported."""
    calls = (node for top in tree.body if isinstance(top, ast.Assign | ast.AnnAssign) for node in ast.walk(top))
    return {
        ast.unparse(node.args[0])
        for node in calls
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".Decoder") and node.args
    }


@pytest.mark.parametrize("path", sorted(SHARED.rglob("*.py")), ids=lambda path: path.relative_to(SHARED).as_posix())
def test_structs_are_made_before_threads_read_them(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert set(read_in_functions(tree)) <= made_on_import(tree)
