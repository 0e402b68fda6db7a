"""The deployment package: what .funcignore leaves, on this tree and on one full of things that must not leave it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from tests.infra.bicep import ROOT

NEEDED = {"function_app.py", "host.json", "requirements.txt", "shared"}


def rules() -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines((ROOT / ".funcignore").read_text("utf-8").splitlines())


def package(root: Path) -> set[str]:
    """The files that are packed, as paths from the root. Ignored folders are not entered, as with git."""
    spec = rules()

    def walk(folder: Path) -> Iterator[str]:
        for entry in sorted(folder.iterdir()):
            path = entry.relative_to(root).as_posix()
            if spec.match_file(path + "/" if entry.is_dir() else path):
                continue
            if entry.is_dir():
                yield from walk(entry)
            else:
                yield path

    return set(walk(root))


def test_the_package_is_the_app_and_nothing_else() -> None:
    files = package(ROOT)
    assert {path.split("/")[0] for path in files} == NEEDED


def test_the_package_has_all_of_the_app() -> None:
    files = package(ROOT)
    sources = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "shared").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= files
    assert sources


def test_secrets_caches_and_tools_never_get_in(tmp_path: Path) -> None:
    app = ["function_app.py", "host.json", "requirements.txt", "shared/web/app.py", "shared/web/static/index.html"]
    stray = [
        "local.settings.json",
        "local.settings.live.json",
        ".env",
        "prod.env",
        ".azure/prod/.env",
        ".git/config",
        ".vscode/settings.json",
        ".venv/lib/python3.12/site-packages/msal/__init__.py",
        "hunter_env/bin/python",
        "venv/bin/python",
        ".local/azurite/data.json",
        "node_modules/azurite/package.json",
        "shared/__pycache__/settings.cpython-312.pyc",
        "shared/web/static/.DS_Store",
        "certificate.pem",
        "shared/client.pfx",
        "shared/server.key",
        "tests/infra/test_package.py",
        "local/simulator/__init__.py",
        "bench/results/last.json",
        "docs/deploy.md",
        "infra/main.bicep",
        ".github/workflows/test.yml",
        ".ci/run",
        "dev.py",
        "README.md",
        "requirements-dev.txt",
    ]
    for path in app + stray:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert package(tmp_path) == set(app)
