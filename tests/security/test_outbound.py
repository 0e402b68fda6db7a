"""Requests to the outside: no redirects, certificates checked, time limits. Read from the source: no new one is missed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SENDING = {"request", "get", "post", "put", "patch", "delete", "head"}


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    """Every call in the app, with the text of what is called."""
    for path in sorted((ROOT / "shared").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield path.relative_to(ROOT), node, ast.unparse(node.func)


def test_no_request_follows_redirects_or_skips_certificates() -> None:
    sent = []
    for path, call, name in calls():
        owner, _, method = name.rpartition(".")
        options = {one.arg: ast.unparse(one.value) for one in call.keywords if one.arg}
        assert options.get("verify") in {None, "True"}, f"{path}:{call.lineno}"
        if method in SENDING and (owner.endswith("session") or owner == "requests"):
            sent.append(path.name)
            assert options.get("allow_redirects") == "False", f"{path}:{call.lineno} may follow a redirect"
            assert "timeout" in options, f"{path}:{call.lineno} has no time limit"
    assert {"client.py", "entra.py", "tenants.py"} <= set(sent)


def test_nothing_else_opens_connections() -> None:
    """Outside of these modules the app sends nothing; the table service is reached by its own."""
    for path, call, name in calls():
        if name in {"requests.Session", "Session"}:
            allowed = {"client.py", "entra.py", "tenants.py", "fast_lane.py", "tables.py"}
            allowed |= {"bounded.py", "certificates.py", "webhooks.py"}
            assert path.name in allowed, f"{path}:{call.lineno}"
        assert not name.startswith(("urllib.request.", "http.client.", "socket.", "subprocess.")), (
            f"{path}:{call.lineno}"
        )
