"""Exports of a list as files, beside XlsxWriter writing the same cells and nothing else.

``python -m bench.exports CASE N``: ``xlsx``, ``csv``, ``ndjson``, or ``floor_xlsx``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from bench.meter import Meter
from bench.read_model import snapshot_of, synthetic
from shared.exports import about
from shared.exports.columns import Extent, Row, hunter_columns
from shared.exports.export import Exporter, Format, Options
from shared.read_model import items
from shared.read_model.current import ReadModel
from shared.read_model.questions import referral_query
from shared.read_model.snapshot import Snapshot

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Ready:
    """A read model that has read already."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def snapshot(self) -> Snapshot:
        """The data."""
        return self._snapshot


def product(kind: Format, snapshot: Snapshot, path: Path) -> None:
    """An export as the route writes it."""
    exporter = Exporter(cast(ReadModel, Ready(snapshot)))
    origin = about.Origin("referrals", "", "-updatedDateTime", "2026-11-24T12:00:00Z", "bench", None, "")
    exporter.referrals(path, referral_query("", ""), Options(kind), origin, NOW)


def floor(snapshot: Snapshot, path: Path) -> None:
    """The same cells by XlsxWriter: values are made before, so that only its writing is timed."""
    import xlsxwriter

    columns = hunter_columns(Extent(), contacts=False)
    workbook = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet, day = workbook.add_worksheet(), workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for number in range(len(snapshot.referrals)):
        row = Row(items.item(snapshot, number, NOW))
        for place, column in enumerate(columns):
            value = column.read(row)
            if isinstance(value, datetime):
                sheet.write_datetime(number + 1, place, value.replace(tzinfo=None), day)
            elif isinstance(value, str):
                sheet.write_string(number + 1, place, value)
            elif value is not None:
                sheet.write_number(number + 1, place, float(value))
    workbook.close()


CASES: Final[dict[str, Callable[[Snapshot, Path], None]]] = {
    "xlsx": lambda snapshot, path: product("xlsx", snapshot, path),
    "csv": lambda snapshot, path: product("csv", snapshot, path),
    "ndjson": lambda snapshot, path: product("ndjson", snapshot, path),
    "floor_xlsx": floor,
}

if __name__ == "__main__":
    data = snapshot_of(synthetic(int(sys.argv[2])))
    data.referral_list.index.order("updatedDateTime", descending=True)
    with tempfile.TemporaryDirectory() as folder, Meter() as meter:
        CASES[sys.argv[1]](data, Path(folder) / "export")
    meter.report()
