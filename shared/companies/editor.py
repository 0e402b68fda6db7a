"""What people say of companies: renames them, merges one into another, and takes both back.

The order of writes makes a crash harmless: a note that lists have to be told, what was said, the data's version, and the
note's removal. A sync finishes what a note still stands for. No row of a company is written: what was said is laid over
them when they are read (``model.company_edits``), so it survives every sync, and taking it back leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from shared.core.errors import CompanyMerged, InvalidRequest, NotFound, StorageUnavailable
from shared.model import times
from shared.model.company_edits import CompanyEdit, Kind, Standing, changed
from shared.model.domains import display_domain
from shared.model.person import Person
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables import companies as rows
from shared.storage.tables import company_edits as edit_rows
from shared.storage.tables import company_links as link_rows
from shared.storage.tables.sync_state import bump_data_version

NAME_LETTERS: Final = 300
_ATTEMPTS: Final = 8
_NAMED: Final = 3
"""So many companies are named in a sentence."""

Said = tuple[Kind, str, str | None]
"""The kind, a company's key, and the value."""
Decide = Callable[[Standing], tuple[str, list[Said]]]
"""The company that an answer is about, and what is to be written."""


class CompanyEditor:
    """Keeps what people say of companies.

    Every method returns the key of the company that the answer is about; repeating a call changes nothing. All raise
    StorageUnavailable when storage does not answer.
    """

    def __init__(self, store: TableStore) -> None:
        self._store = store

    def rename(self, key: str, name: Any, by: Person, now: datetime) -> str:
        """Call a company by another name, whatever its referrals say.

        Args:
            key: the company, or one that is part of it.
            name: its name; outer and repeated blanks don't count.
            by: who says so.
            now: when, aware.

        Raises:
            InvalidRequest: this is no name.
            NotFound: there is no such company.
        """
        text = _name(name)

        def decide(standing: Standing) -> tuple[str, list[Said]]:
            company = self._known(key, standing)
            former = (edit.key for edit in standing.said if edit.kind == "name" and edit.key != company)
            others = [other for other in former if standing.derived(other) == company]
            return company, [("name", company, text), *(("name", other, None) for other in others)]

        return self._write(decide, (key,), by, now)

    def use_own_name(self, key: str, by: Person, now: datetime) -> str:
        """Call a company by what its referrals say again. Raises NotFound."""

        def decide(standing: Standing) -> tuple[str, list[Said]]:
            company = self._known(key, standing)
            names = (edit.key for edit in standing.said if edit.kind == "name")
            return company, [("name", named, None) for named in names if standing.derived(named) == company]

        return self._write(decide, (key,), by, now)

    def merge(self, key: str, into: Any, by: Person, now: datetime) -> str:
        """Show a company's referrals, those still to come too, as another company's.

        Args:
            key: the company that becomes part of the other.
            into: the key of that other; one that is part of a company stands for that.
            by: who says so.
            now: when, aware.

        Returns:
            The key of the company that both are now.

        Raises:
            InvalidRequest: ``into`` is no key, or that of the company itself.
            NotFound: there is no such company.
            CompanyMerged: it would become a chain or a circle.
        """
        if not isinstance(into, str) or not into:
            raise InvalidRequest("'into' must be a company's key, such as contoso.com.")

        def decide(standing: Standing) -> tuple[str, list[Said]]:
            company, target = standing.derived(key), self._known(into, standing)
            if company not in standing.merges:
                self._known(key, standing)
            if target == company:
                raise _circle(standing, company, into)
            if parts := standing.parts(company):
                raise CompanyMerged(
                    f"{_list(parts)} merged into this company. Undo that first, then merge each by itself."
                )
            return target, [("into", company, target)]

        return self._write(decide, (key, into), by, now)

    def part(self, key: str, by: Person, now: datetime) -> str:
        """Take a merge back: the company is what its referrals say again. Nothing happens where it was not merged.

        Raises NotFound.
        """

        def decide(standing: Standing) -> tuple[str, list[Said]]:
            company = standing.derived(key)
            held = {edit.key for edit in standing.merges.values()}
            # What was overruled by this merge must not come into force now.
            over = [
                edit.key
                for edit in standing.said
                if edit.kind == "into"
                and (
                    standing.derived(edit.key) == company
                    or (edit.key not in held and standing.derived(edit.value or "") == company)
                )
            ]
            if not over:
                self._known(key, standing)
            return company, [("into", merged, None) for merged in over]

        return self._write(decide, (key,), by, now)

    def company(self, key: str) -> str | None:
        """The key of the company that a key leads to; None when there is none."""
        standing = self._standing(edit_rows.load(self._store), (key,))
        company = standing.company(key)
        return company if self._is_there(company, standing) else None

    def _write(self, decide: Decide, keys: Iterable[str], by: Person, now: datetime) -> str:
        """Decide on what is stored, and write it unless somebody else has written meanwhile: then decide again."""
        at, note = times.from_datetime(now), None
        for _ in range(_ATTEMPTS):
            stored = edit_rows.load(self._store)
            company, said = decide(self._standing(stored, keys))
            edits = [
                changed(before, CompanyEdit(kind, key, value, by, at), edit_rows.HISTORY_KEPT)
                for kind, key, value in said
                for before in [stored.edits.get((kind, key))]
                if (before.value if before else None) != value
            ]
            if edits:
                note = note or link_rows.note_pending(self._store)
                try:
                    edit_rows.save(self._store, edits, stored)
                except RowConflict:
                    continue
            # Also where nothing changed: an attempt before may have died between the two.
            bump_data_version(self._store)
            if note:
                link_rows.clear_pending(self._store, note)
            return company
        raise StorageUnavailable(retry_after=10)

    def _standing(self, stored: edit_rows.StoredEdits, keys: Iterable[str]) -> Standing:
        """What people said, over which of the companies they spoke of became one by themselves."""
        edits = stored.edits.values()
        spoken_of = {*keys, *(edit.key for edit in edits), *(edit.value for edit in edits if edit.kind == "into")}
        return Standing(edits, rows.load_stubs(self._store, {key for key in spoken_of if key}))

    def _known(self, key: str, standing: Standing) -> str:
        company = standing.company(key)
        if not self._is_there(company, standing):
            raise NotFound("There is no such company.")
        return company

    def _is_there(self, company: str, standing: Standing) -> bool:
        return any(rows.find(self._store, key) for key in (company, *standing.parts(company)))


def _name(value: Any) -> str:
    name = " ".join(value.split()) if isinstance(value, str) else ""
    if not 1 <= len(name) <= NAME_LETTERS or not name.isprintable():
        raise InvalidRequest(f"'name' must be a name of 1 to {NAME_LETTERS} characters.")
    return name


def _circle(standing: Standing, company: str, into: str) -> Exception:
    other = standing.derived(into)
    if other == company:
        return InvalidRequest("A company can't be merged into itself. Choose another one.")
    return CompanyMerged(
        f"{_list([other])} merged into this company already. Undo that first to merge it the other way."
    )


def _list(keys: list[str]) -> str:
    shown = [display_domain(key) for key in keys[:_NAMED]]
    if len(keys) > _NAMED:
        return f"{', '.join(shown)} and {len(keys) - _NAMED} more are"
    return f"{' and '.join(shown)} {'is' if len(keys) == 1 else 'are'}"
