"""What simulators keep over restarts of the local stack: what was changed there, and what a CRM was given."""

from __future__ import annotations

from pathlib import Path

from local.dynamics.store import Store
from local.dynamics.switches import Switches
from local.kept import load, save
from local.simulator import Simulator


def test_changed_referrals_are_as_they_were(tmp_path: Path) -> None:
    with Simulator(referrals=20) as first:
        changed = first.data.ids()[0]
        first.data.change(changed, status="Closed", substatus="Won")
        created = first.data.create(name="yeni")
        save(tmp_path / "kept", first.data.kept())
        before = first.data.bodies()
    with Simulator(referrals=20) as second:
        second.data.clear()
        second.data.load(load(tmp_path / "kept"))
        assert second.data.bodies() == before
        assert (second.data.get(changed) or {})["substatus"] == "Won"
        assert second.data.get(created)


def test_rows_of_the_crm_are_as_they_were(tmp_path: Path) -> None:
    first = Store(Switches())
    first.put("lead", "00000000-0000-4000-8000-000000000001", {"subject": "kept"})
    save(tmp_path / "kept", first.kept())
    second = Store(Switches())
    second.restore(load(tmp_path / "kept"))
    assert second.rows == first.rows


def test_what_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    assert load(tmp_path / "none") is None
    (tmp_path / "half").write_bytes(b"\x80\x04")
    assert load(tmp_path / "half") is None
