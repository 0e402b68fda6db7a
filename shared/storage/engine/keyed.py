"""Rows by their keys, in as few requests as filters allow and with as little reading as the service can do.

``or`` between row keys alone makes the service read the whole partition for each such query (Microsoft, "Design for
querying"). So the keys are sorted and cut into questions, and each also says between which keys it looks, which the index
answers: all questions together read a partition at most once. One question over several partitions reads them once, too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Final
from urllib.parse import quote

from shared.storage.engine.entities import Entity
from shared.storage.engine.tables import Table

Key = tuple[str, str]
"""PartitionKey and RowKey."""

COMPARISONS: Final = 15
"""In one filter (Microsoft, "Querying tables and entities")."""
KEYS_IN_QUESTION: Final = COMPARISONS - 3
"""Keys of one partition that fit one question, beside the partition and both ends."""
_LETTERS: Final = 8_000
"""What the keys of a filter may take of its address, in which a letter outside ASCII takes six and more."""
_ORDERS_PART: Final = "\ud800"
"""From this letter on, the orders of code points and of UTF-16 units are not the same."""


def read(
    table: Table,
    keys: Iterable[Key],
    select: Sequence[str] | None = None,
    executor: Executor | None = None,
    *,
    points: int = 1,
    together: Callable[[str], object] = str,
) -> Iterator[Entity]:
    """The rows with these keys, in no particular order; a key without a row is left out.

    Args:
        table: where they are.
        keys: their keys, safe for storage (see ``entities.key``).
        select: the properties wanted, to which the keys are added; None for all.
        executor: where questions are asked side by side; None asks them in turn.
        points: so many keys, or fewer, are read one by one, which is cheapest for the service.
        together: of a partition's key; neighbouring partitions for which it gives the same share questions.
    """
    columns = list(dict.fromkeys(("PartitionKey", "RowKey", *select))) if select else None
    wanted = sorted(set(keys))
    questions = [[address] for address in wanted] if len(wanted) <= points else list(_questions(wanted, together))

    def ask(question: list[Key]) -> list[Entity]:
        return _ask(table, question, columns)

    answers = executor.map(ask, questions) if executor and len(questions) > 1 else map(ask, questions)
    return itertools.chain.from_iterable(answers)


def _questions(wanted: Sequence[Key], together: Callable[[str], object]) -> Iterator[list[Key]]:
    """Sorted keys, cut into what one filter holds; what does not fit one of several partitions is cut in each of them."""
    ordered = []
    for address in wanted:
        if address[1].isascii() or max(address[1]) < _ORDERS_PART:
            ordered.append(address)
        else:
            yield [address]  # whether it lies between two others depends on who compares
    for _, group in itertools.groupby(ordered, key=lambda address: together(address[0])):
        members = list(group)
        if _fits(members):
            yield members
            continue
        for _, of_one in itertools.groupby(members, key=lambda address: address[0]):
            question: list[Key] = []
            for address in of_one:
                if question and not _fits([*question, address]):
                    yield question
                    question = []
                question.append(address)
            yield question


def _fits(question: Sequence[Key]) -> bool:
    (first, begin), (last, end) = question[0], question[-1]
    rows = [row for _, row in question]
    named = [begin, *rows, end] if first == last else rows
    comparisons = len(named) + (1 if first == last else 2)
    return comparisons <= COMPARISONS and sum(len(quote(row, safe="")) for row in named) <= _LETTERS


def _ask(table: Table, question: list[Key], columns: list[str] | None) -> list[Entity]:
    if len(question) == 1:
        row = table.get(*question[0], columns)
        return [row] if row else []
    first, last = question[0][0], question[-1][0]
    end = len(question) - 1
    if first == last:
        within = f"PartitionKey eq @first and RowKey ge @k0 and RowKey le @k{end}"
    else:
        within = "PartitionKey ge @first and PartitionKey le @last"
    any_key = " or ".join(f"RowKey eq @k{number}" for number in range(len(question)))
    parameters = {"first": first, "last": last, **{f"k{number}": row for number, (_, row) in enumerate(question)}}
    asked = set(question)
    rows = table.query(f"{within} and ( {any_key} )", parameters, columns)
    return [row for row in rows if (row["PartitionKey"], row["RowKey"]) in asked]
