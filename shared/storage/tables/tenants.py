"""The TenantLookups table: what Entra said of each company domain, and when. One partition; RowKey is the domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.model.tenant import KnownTenant
from shared.storage.engine.batches import write_all
from shared.storage.engine.entities import Entity, key
from shared.storage.engine.tables import Operation, Replace, TableStore

TABLE: Final = "TenantLookups"
PARTITION: Final = "tenants"


def load_all(store: TableStore) -> dict[str, KnownTenant]:
    """What is known, by domain."""
    rows = store.table(TABLE).query("PartitionKey eq @partition", {"partition": PARTITION})
    return {str(row["domain"]): _from_row(row) for row in rows}


def save(store: TableStore, known: Mapping[str, KnownTenant]) -> None:
    """Store what was learned; whoever asked last is right."""
    write_all(store.table(TABLE), [Replace(_to_row(domain, tenant), None) for domain, tenant in known.items()], _leave)


def _leave(_: Operation) -> None:
    return None


def _from_row(row: Mapping[str, Any]) -> KnownTenant:
    return KnownTenant(row["state"], row.get("tenantId"), row.get("checkedAt"), row["failures"], row["triedAt"])


def _to_row(domain: str, known: KnownTenant) -> Entity:
    return {
        "PartitionKey": PARTITION,
        "RowKey": key(domain),
        "domain": domain,
        "state": known.state,
        "tenantId": known.tenant_id,
        "checkedAt": known.checked_at,
        "failures": known.failures,
        "triedAt": known.tried_at,
    }
