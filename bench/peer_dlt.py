"""dlt's rest_api source, incremental and merging: to DuckDB, and by a custom destination to the same tables.

Runs in an environment of its own, with dlt and without the product.
"""
# mypy: ignore-errors

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.meter import TOLD, Meter

FOLDER = Path(TOLD["work"]) / "pipelines"


def main(kind: str) -> None:
    """One run of a pipeline; the state of the last is in its folder."""
    with Meter() as meter:
        import dlt
        from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
        from dlt.sources.rest_api import rest_api_source

        class OwnLinks(JSONLinkPaginator):
            """The links name another host and a shortened path; only their query counts."""

            def update_state(self, response, data=None):
                super().update_state(response, data)
                if self._next_reference:
                    query = self._next_reference.partition("?")[2]
                    self._next_reference = f"{TOLD['api_url']}/v1.0/engagements/referrals?{query}"

        source = rest_api_source(
            {
                "client": {
                    "base_url": TOLD["api_url"],
                    "auth": {"type": "bearer", "token": TOLD["token"]},
                    "paginator": OwnLinks(next_url_path="['@odata.nextLink']"),
                },
                "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
                "resources": [
                    {
                        "name": "referrals",
                        "endpoint": {
                            "path": "v1.0/engagements/referrals",
                            "params": {"$orderby": "updatedDateTime desc"},
                            "data_selector": "value",
                            "incremental": {
                                "cursor_path": "updatedDateTime",
                                "initial_value": "2000-01-01T00:00:00Z",
                                "row_order": "desc",
                                "on_cursor_value_missing": "include",
                            },
                        },
                        "processing_steps": [
                            {"filter": lambda record: isinstance(record, dict) and bool(record.get("id"))}
                        ],
                    }
                ],
            }
        )
        options = {"loader_file_format": "parquet"} if kind == "parquet" else {}
        to_file = dlt.destinations.duckdb(str(FOLDER / "referrals.duckdb"))
        destination = _tables(dlt) if kind == "tables" else to_file
        pipeline = dlt.pipeline(
            pipeline_name=f"bench_{kind}", pipelines_dir=str(FOLDER), destination=destination, dataset_name="bench"
        )
        pipeline.run(source, **options)
    meter.report()


def _tables(dlt):
    """Batches of a hundred for each of 16 partitions, by the SDK, as a careful user would write them."""
    import hashlib
    import json

    from azure.data.tables import TableServiceClient

    client = TableServiceClient.from_connection_string(TOLD["storage"]).create_table_if_not_exists("Dlt")

    @dlt.destination(
        batch_size=1_600,
        loader_file_format="typed-jsonl",
        name="tables",
        skip_dlt_columns_and_tables=True,
        max_table_nesting=0,
    )
    def tables(items, table):
        partitions = {}
        for record in items:
            text = json.dumps(record, default=str)
            partition = hashlib.sha256(str(record["id"]).encode()).hexdigest()[0]
            row = {
                "PartitionKey": partition,
                "RowKey": str(record["id"]),
                "name": str(record.get("name") or ""),
                "status": str(record.get("status") or ""),
                "payload": text[:30_000],
            }
            partitions.setdefault(partition, {})[row["RowKey"]] = row

        def write(rows):
            for start in range(0, len(rows), 100):
                client.submit_transaction([("upsert", row, {"mode": "replace"}) for row in rows[start : start + 100]])

        with ThreadPoolExecutor(4) as writers:
            list(writers.map(write, [list(rows.values()) for rows in partitions.values()]))

    return tables()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    main(sys.argv[1])
