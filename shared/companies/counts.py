"""How many companies are new or different."""

from __future__ import annotations

from dataclasses import dataclass

from shared.model.company import Company


@dataclass
class CompanyCounts:
    """How many companies that lists show are new or different."""

    inserted: int = 0
    updated: int = 0

    def add(self, before: Company | None, after: Company | None) -> None:
        """Count a company; one that is gone is neither new nor different."""
        if after and not before:
            self.inserted += 1
        elif after and after != before:
            self.updated += 1

    def add_all(self, others: CompanyCounts) -> None:
        """Count what others have counted."""
        self.inserted += others.inserted
        self.updated += others.updated
