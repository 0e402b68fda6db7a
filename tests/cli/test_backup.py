"""A backup holds all tables, and a restore makes them equal: shown by comparing every row and every type."""

from __future__ import annotations

import ast
import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.simulator import Simulator
from shared.actions.service import Ask
from shared.background import tick
from shared.cli import __main__ as cli
from shared.companies.editor import CompanyEditor
from shared.core.errors import InvalidRequest, StorageUnavailable, SyncRunning
from shared.model import times
from shared.model.action import Who
from shared.model.desk import Owner
from shared.model.person import Person
from shared.model.run import Run
from shared.model.view import View
from shared.services import Services
from shared.storage import backup
from shared.storage.engine.tables import TableStore
from shared.storage.tables import comments, owners, views
from tests.hosting import app_settings

SHARED = Path(__file__).parents[2] / "shared"
ME = Person("me", "Ayşe", "ayse@contoso.com")


@pytest.fixture
def services(storage_account: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """An app that synced 40 referrals, whose people linked one and whose tables hold values of every type."""
    with Simulator(referrals=40, seed=4, auto_approve=True) as simulator:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(simulator.ca_file))
        settings = {**app_settings(simulator, storage_account), "HUNTER_TENANT_LOOKUP_ENABLED": "false"}
        settings["HUNTER_WRITE_ENABLED"] = "true"
        assert cli.main(["sign-in"], settings) == 0
        assert cli.main(["sync"], settings) == 0
        made = Services(settings)
        identity = simulator.data.ids()[0]
        simulator.data.change(identity, status="Closed", substatus="Won")
        simulator.data.change(simulator.data.ids()[1], notes="x" * 700_000)
        assert cli.main(["sync"], settings) == 0
        people_add(made, identity)
        made.linker.link(identity, {"domain": "byhand.com", "name": "El ile 🙂"}, "me", made.clock.now())
        made.store.table("TenantLookups").insert(
            {
                "PartitionKey": "=2F kinds",
                "RowKey": "ığ日本",
                "int": 2**62,
                "small": -1,
                "float": 0.1,
                "nan": float("nan"),
                "whole": 3.0,
                "yes": True,
                "bytes": bytes(range(256)),
                "empty": "",
                "half": "cut \ud83d",
                "lines": "a\u2028b\r\nc",
                "end": '{"end": true}',
                "table": "x",
            }
        )
        made.settings_environ = settings  # type: ignore[attr-defined]
        yield made


def people_add(made: Services, identity: str) -> None:
    """Everything that people make, on a referral."""
    at = times.from_datetime(made.clock.now())
    comments.add(made.store, identity, "Söz 🙂", ME, at)
    owners.set_owner(made.store, [identity], Owner("ece@contoso.com", "Ece"), ME, at)
    view = View(
        id="v1", name="Mine", list="referrals", query="owner=me", shared=True, owner=ME, created_at=at, updated_at=at
    )
    views.insert(made.store, view)
    made.people.note(ME, made.clock.now())
    other = next(each for each in made.read_model.snapshot().referrals if each.status == "Active")
    acted = made.actions.act(other.id, Ask("update", remark="Not: 🙂"), Who(ME.id, ME.name))
    assert acted.action.state == "applied"
    tick.run(made)  # puts it away, to where it stays


def dump(store: TableStore) -> dict[str, dict[tuple[str, str], dict[str, Any]]]:
    """All rows of the tables that have any, without their ETags; values with their types."""
    there = store.names()
    tables = {
        name: {
            (row["PartitionKey"], row["RowKey"]): {
                column: (type(value).__name__, repr(value)) for column, value in row.items() if column != "etag"
            }
            for row in store.table(name).query()
        }
        for name in backup.known_tables()
        if name in there
    }
    return {name: rows for name, rows in tables.items() if rows}


def empty_store(connection_string: str) -> TableStore:
    return Services({"HUNTER_STORAGE": connection_string}).store


def test_what_is_restored_equals_what_was_saved(services: Services, tmp_path: Path, other_account: str) -> None:
    file = tmp_path / "one.hunter"
    counts = backup.save(services.store, file)
    before = dump(services.store)
    assert {name: rows for name, rows in counts.items() if rows} == {name: len(rows) for name, rows in before.items()}
    assert {"Referrals", "ReferralChanges", "ReferralPayloads", "CompanyLinks", "SyncState", "SignIn"} <= before.keys()
    assert {"Owners", "Comments", "Views", "Actions", "People"} <= before.keys()
    assert file.stat().st_mode & 0o077 == 0

    other = empty_store(other_account)
    assert backup.restore(other, file) == counts
    assert dump(other) == before

    again = tmp_path / "two.hunter"
    backup.save(other, again)
    assert rows_of(again) == rows_of(file)


def rows_of(file: Path) -> list[bytes]:
    """The rows in a backup, but for the marks between them."""
    return [line for line in gzip.open(file) if b'"PartitionKey"' in line]


def test_an_app_goes_on_with_what_was_restored(services: Services, tmp_path: Path, other_account: str) -> None:
    file = tmp_path / "one.hunter"
    person = Person("id", "Ayşe Demir", "ayse@partner.com")
    CompanyEditor(services.store).rename("byhand.com", "A Name by Hand", person, services.clock.now())
    backup.save(services.store, file)
    storage = other_account
    settings = {**services.settings_environ, "HUNTER_STORAGE": storage}  # type: ignore[attr-defined]
    assert cli.main(["restore", str(file)], settings) == 0
    restored = Services(settings)
    assert restored.sync.run("http").inserted == 0
    assert restored.sync.run("http", mode="full").unchanged == 40
    snapshot = restored.read_model.snapshot()
    assert "A Name by Hand" in {company.name for company in snapshot.companies}


def test_rows_that_are_there_are_overwritten_only_when_asked(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "one.hunter"
    backup.save(services.store, file)
    before = dump(services.store)
    table = services.store.table("CompanyLinks")
    table.insert({"PartitionKey": "links", "RowKey": "later", "id": "later"})
    row = next(services.store.table("Referrals").query(limit=1))
    services.store.table("Referrals").replace({**row, "name": "changed since"}, None)
    services.store.table("Quarantine").insert({"PartitionKey": "quarantine", "RowKey": "later"})
    changed = dump(services.store)
    with pytest.raises(InvalidRequest, match="--replace"):
        backup.restore(services.store, file)
    assert dump(services.store) == changed
    backup.restore(services.store, file, replace=True)
    after = dump(services.store)
    assert after == before


SPOILT: tuple[Callable[[bytes], bytes], ...] = (
    lambda content: content[: len(content) // 2],
    lambda content: content[:-1],
    lambda content: b"",
    lambda content: b"no gzip",
    lambda content: gzip.compress(b'{"some": "json"}\n'),
    lambda content: gzip.compress(b"no json\n"),
    lambda content: gzip.compress(gzip.decompress(content).replace(b"me", b"mE", 1)),
    lambda content: gzip.compress(b"\n".join(gzip.decompress(content).split(b"\n")[:-2]) + b"\n"),
    lambda content: gzip.compress(gzip.decompress(content).replace(b'"version": 1', b'"version": 2', 1)),
)


def test_a_file_that_is_not_whole_changes_nothing(services: Services, tmp_path: Path, other_account: str) -> None:
    whole = tmp_path / "whole.hunter"
    backup.save(services.store, whole)
    file = tmp_path / "one.hunter"
    other = empty_store(other_account)
    for number, spoil in enumerate(SPOILT):
        file.write_bytes(spoil(whole.read_bytes()))
        with pytest.raises(InvalidRequest, match=r"one\.hunter"):
            backup.restore(other, file)
        assert other.names() == set(), number


def test_a_backup_never_overwrites_a_file_and_leaves_no_half_of_one(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "one.hunter"
    file.write_text("mine")
    with pytest.raises(InvalidRequest):
        backup.save(services.store, file)
    assert file.read_text() == "mine"
    monkeypatch.setattr(services.store, "intercept", fail_at("Companies"))
    with pytest.raises(StorageUnavailable):
        backup.save(services.store, tmp_path / "two.hunter")
    assert [path.name for path in tmp_path.iterdir()] == ["one.hunter"]
    with pytest.raises(InvalidRequest, match="can't be written"):
        backup.save(services.store, tmp_path / "no-such-folder" / "three.hunter")


def fail_at(table: str) -> Any:
    """What intercepts requests, and fails at the first of a table."""

    def intercept(when: str, operation: str, name: str) -> None:
        if name == table:
            raise StorageUnavailable

    return intercept


def test_an_interrupted_restore_is_finished_by_another(services: Services, tmp_path: Path, other_account: str) -> None:
    file = tmp_path / "one.hunter"
    backup.save(services.store, file)
    other = empty_store(other_account)
    other.intercept = fail_at("ReferralChanges")
    with pytest.raises(StorageUnavailable):
        backup.restore(other, file)
    other.intercept = None
    assert not list(other.table("SyncState").query())
    backup.restore(other, file, replace=True)
    assert dump(other) == dump(services.store)


def test_a_running_sync_is_not_restored_over(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "one.hunter"
    backup.save(services.store, file)
    run = Run.start("full", "http", services.clock.now(), dry_run=False)
    services.state.acquire(run, services.state.load())
    with pytest.raises(SyncRunning):
        backup.restore(services.store, file, replace=True)


def test_a_sync_during_a_backup_lets_the_next_one_reckon_all_companies(
    services: Services, tmp_path: Path, other_account: str
) -> None:
    began: list[bool] = []

    def begin(when: str, operation: str, table: str) -> None:
        if table == "Companies" and not began:
            began.append(True)
            assert services.sync.run("http").state == "succeeded"

    services.store.intercept = begin
    backup.save(services.store, tmp_path / "one.hunter")
    services.store.intercept = None
    other = empty_store(other_account)
    backup.restore(other, tmp_path / "one.hunter")
    [lease] = [row for row in other.table("SyncState").query() if row["RowKey"] == "head-lease"]
    assert lease["settled"] is False


def test_every_table_that_the_app_names_is_in_a_backup() -> None:
    named: set[str] = set()
    for path in SHARED.rglob("*.py"):
        source = path.read_text("utf-8")
        named |= set(re.findall(r'\.table\("(\w+)"\)', source))
        for node in ast.walk(ast.parse(source)):
            if (
                isinstance(node, ast.AnnAssign)
                and isinstance(node.target, ast.Name)
                and node.target.id.endswith("TABLE")
            ) and isinstance(node.value, ast.Constant):
                named.add(str(node.value.value))
    assert named <= set(backup.known_tables())
