"""Phrases: every one that a script asks for is in a dictionary in use where the script runs, and none is idle.

A view or dialog names its dictionaries in views/index.js. What it may ask for is read off the scripts that it imports:
keys written out, and keys put together from a group and a value, such as t(`run.${state}`) or term("status", value).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from shared.core.setting_problems import SENTENCES

STATIC = Path(__file__).parents[2] / "shared" / "web" / "static"
SCRIPTS = sorted(
    path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js") if STATIC / "i18n" not in path.parents
)
ALWAYS = {"frame", "words", "errors"}
"""The dictionaries of app.js itself; that of the errors comes before the first of them is said."""
LATER = {"sync", "sign-in", "actions"}
"""Those of what stands around the view."""
NOT_FOLLOWED = {"views/companies/view.js": {"views/actions/bulk.js"}}
"""What a view imports and never calls: nothing is done with many companies."""

SHOW_ALL = {"filter.*", "column.*"}
"""What shows all filters and columns asks for; which there are, their own scripts say."""
STAR = r"[\w' -]+\.?"
"""A value in the place of a star: of open lists some are sentences."""


def room_of_key() -> dict[str, str]:
    """The dictionary of each key."""
    found: dict[str, str] = {}
    for path in sorted((STATIC / "i18n" / "en").glob("*.js")):
        keys = re.findall(r'^  "?([\w.][\w. \'-]*?)"?: ["{]', path.read_text(encoding="utf-8"), re.MULTILINE)
        found |= dict.fromkeys(keys, path.stem)
    return found


ROOM = room_of_key()


@cache
def code(script: str) -> str:
    """A script without its comments."""
    text = re.sub(r"/\*.*?\*/", "", (STATIC / script).read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"(?m)(^|\s)//.*$", "", text)


def imports(script: str, how: str = r"\bfrom\s*") -> list[str]:
    """The scripts that one imports, as paths from the root."""
    names = re.findall(how + r'"(\.[^"]+)"', code(script))
    return [((STATIC / script).parent / name).resolve().relative_to(STATIC.resolve()).as_posix() for name in names]


def reached(starts: Iterable[str], leave: Iterable[str] = ()) -> set[str]:
    """The scripts, and all that they import, at once or when it is first needed; other places are places of their own."""
    found: set[str] = set()
    todo = list(starts)
    while todo:
        script = todo.pop()
        if script not in found and script not in leave:
            found.add(script)
            todo += imports(script)
            if script not in {"app.js", "views/index.js"}:
                todo += imports(script, r"import\(")
    return found


def first_argument(text: str) -> str:
    """Up to the comma or bracket that ends it."""
    depth = 0
    for at, letter in enumerate(text):
        if depth == 0 and letter in ",)":
            return text[:at]
        depth += (letter in "([{") - (letter in ")]}")
    raise AssertionError(f"no end: {text[:80]}")


@dataclass(frozen=True)
class Asked:
    """Keys as written (`status.New`), or with a star for a value (`status.*`); which script asks."""

    key: str
    script: str

    @property
    def fitting(self) -> set[str]:
        """The keys of the dictionaries that it may mean."""
        return keys_like(self.key)


@cache
def keys_like(key: str) -> set[str]:
    """The keys with something in the place of a star."""
    pattern = re.compile(re.escape(key).replace(r"\*", STAR))
    return {known for known in ROOM if pattern.fullmatch(known)}


def called_for(text: str) -> set[str]:
    """The keys in calls of t, has and sentence: of each choice between keys all of them, a star for each value."""
    keys: set[str] = set()
    for call in re.finditer(r"(?<![\w.])(t|has|sentence)\(", text):
        argument = first_argument(text[call.end() :])
        before = "error." if call[1] == "sentence" else ""
        templates = re.findall(r"`([^`]*)`", argument)
        keys |= {before + re.sub(r"\${[^}]*}", "*", template) for template in templates}
        literals = re.findall(r'([=!]= |\()?"([^"]*)"', re.sub(r"`[^`]*`", "", argument))
        keys |= {before + literal for other, literal in literals if not other}
    return keys


def described(script: str) -> set[str]:
    """The phrases of the filters and columns that a script describes; the scripts that show them all ask for them."""
    text, source = code(script), (STATIC / script).read_text(encoding="utf-8")
    keys: set[str] = set()
    if "@import { Filter }" in source:
        for kind, name in re.findall(r'\b(choice|oneOf)\("(\w+)"', text):
            keys |= {f"filter.{name}", *([f"{name}.*"] if kind == "oneOf" else [])}
        keys |= {f"filter.{name}" for name in re.findall(r'= {\s*name: "(\w+)"', text)}
    if "@import { Column }" in source:
        keys |= {f"column.{name}" for name in re.findall(r'\bname: "(\w+)"', text)}
    return keys


@cache
def asked(script: str) -> frozenset[Asked]:
    """What a script asks for."""
    text = code(script)
    keys = {written for written in re.findall(r'"([\w-]+(?:\.[\w-]+)+)"', text) if written in ROOM}
    keys |= {f"{group}.*" for group in re.findall(r'\bterm\("(\w+)"', text)} | described(script)
    if script != "core/i18n.js":  # there the functions are made
        keys |= called_for(text)
    return frozenset(Asked(key, script) for key in keys - SHOW_ALL if not key.startswith("*"))


def places() -> list[tuple[str, set[str], set[str]]]:
    """Where scripts run: the script it begins with, the scripts, the dictionaries that are in use there."""
    table = code("views/index.js")
    found = [
        ("app.js", reached(["app.js"]), ALWAYS),
        ("around", reached(imports("app.js", r"import\(")), ALWAYS | LATER),
    ]
    for block in re.findall(r"{[^{}]*?import\([^{}]*}", table):
        script = "views/" + re.findall(r'import\("\./([^"]+)"', block)[0]
        named = re.findall(r"phrases: \[([^\]]*)\]", block)
        rooms = set(re.findall(r'"([^"]+)"', named[0])) if named else set()
        found.append((script, reached([script], NOT_FOLLOWED.get(script, ())), ALWAYS | rooms))
    return found


PLACES = places()


def test_every_view_and_dialog_is_a_place() -> None:
    assert len(PLACES) == 2 + code("views/index.js").count("import(")
    assert set().union(*(scripts for _, scripts, _ in PLACES)) | {"views/actions/bulk.js"} == set(SCRIPTS)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_a_phrase_is_there_where_it_is_asked_for(place: tuple[str, set[str], set[str]]) -> None:
    _, scripts, rooms = place
    missing = [
        f"{ask.script} asks for {key}, which is in {ROOM[key]}"
        for script in sorted(scripts)
        for ask in asked(script)
        for key in sorted(ask.fitting)
        if ROOM[key] not in rooms
    ]
    assert missing == []


def test_every_phrase_that_is_asked_for_exists() -> None:
    unknown = [f"{ask.script} asks for {ask.key}" for script in SCRIPTS for ask in asked(script) if not ask.fitting]
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    unknown += [key for key in re.findall(r'data-t(?:-label)?="([\w.]+)"', page) if ROOM.get(key) not in ALWAYS]
    assert unknown == []


def test_what_is_wrong_with_settings_is_said_as_the_server_says_it() -> None:
    text = (STATIC / "i18n" / "en" / "errors.js").read_text(encoding="utf-8")
    assert dict(re.findall(r'^  "setting\.(\w+)": "(.*)",$', text, re.MULTILINE)) == SENTENCES


def test_no_phrase_is_idle() -> None:
    page = re.findall(r'data-t(?:-label)?="([\w.]+)"', (STATIC / "index.html").read_text(encoding="utf-8"))
    used = set(page).union(*(ask.fitting for script in SCRIPTS for ask in asked(script)))
    assert set(ROOM) - used == set()
