"""The rooms of the page: imports go one way, and few scripts lie at the root."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "shared" / "web" / "static"
MAY_IMPORT = {"core": {"core", "i18n"}, "parts": {"core", "parts"}, "views": {"core", "parts", "views"}, "i18n": set()}
SCRIPTS = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js"))


def imported(script: str) -> list[str]:
    """What a script imports, as paths from the root; types that a comment names do not count."""
    text = re.sub(r"/\*\*.*?\*/", "", (STATIC / script).read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"""(?:from|import\()\s*["'`](\.[^"'`]+)["'`]""", text)
    return [((STATIC / script).parent / name).resolve().relative_to(STATIC.resolve()).as_posix() for name in found]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_go_one_way(room: str) -> None:
    scripts = [script for script in SCRIPTS if script.startswith(room + "/")]
    assert scripts
    for script in scripts:
        rooms = {name.split("/")[0] for name in imported(script)}
        assert rooms <= MAY_IMPORT[room], script


def test_no_two_scripts_import_each_other() -> None:
    graph = {script: imported(script) for script in SCRIPTS}

    def visit(script: str, way: tuple[str, ...]) -> None:
        assert script not in way, " -> ".join([*way, script])
        if script in done:
            return
        for name in graph.get(script, []):
            # What is imported only when it is first shown makes no circle.
            if f'import("./{name.split("/", 1)[1]}")' not in (STATIC / script).read_text(encoding="utf-8"):
                visit(name, (*way, script))
        done.add(script)

    done: set[str] = set()
    for script in SCRIPTS:
        visit(script, ())


def test_few_scripts_lie_at_the_root_and_none_is_long() -> None:
    assert [script for script in SCRIPTS if "/" not in script] == ["app.js"]
    for script in SCRIPTS:
        if not script.startswith("i18n/"):
            assert len((STATIC / script).read_text(encoding="utf-8").splitlines()) <= 450, script
