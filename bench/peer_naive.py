"""The function app that one writes in an afternoon: requests, and one upsert for each record."""

from __future__ import annotations

import json

import requests
from azure.data.tables import TableServiceClient, UpdateMode

from bench.meter import TOLD, Meter


def main() -> None:
    """Read all pages, write all records."""
    with Meter() as meter:
        service = TableServiceClient.from_connection_string(TOLD["storage"])
        table = service.create_table_if_not_exists("Naive")
        url = f"{TOLD['api_url']}/v1.0/engagements/referrals?$orderby=createdDateTime%20asc"
        rows = 0
        while url:
            page = requests.get(url, headers={"Authorization": f"Bearer {TOLD['token']}"}, timeout=30).json()
            for record in page["value"]:
                if not isinstance(record, dict) or not record.get("id"):
                    continue
                row = {
                    "PartitionKey": "referrals",
                    "RowKey": str(record["id"]),
                    "name": record.get("name"),
                    "status": record.get("status"),
                    "updatedDateTime": record.get("updatedDateTime"),
                    "payload": json.dumps(record)[:30_000],
                }
                kept = {name: value for name, value in row.items() if isinstance(value, str)}
                table.upsert_entity(kept, mode=UpdateMode.REPLACE)
                rows += 1
            link = page.get("@odata.nextLink")
            url = f"{TOLD['api_url']}/v1.0/engagements/referrals?{link.partition('?')[2]}" if link else ""
    meter.report(rows=rows)


if __name__ == "__main__":
    main()
