"""What was read of payloads, in a temporary file until its row is written: memory holds where it lies, and no more."""

from __future__ import annotations

import tempfile
from array import array
from types import TracebackType
from typing import Final, Self

import msgspec

from shared.exports.columns import Extent
from shared.exports.people import Extract

_NONE: Final = -1
_MEMORY: Final = 1 << 20
"""Bytes that are kept in memory before a file is made."""


class Spool:
    """Extracts by the position of their referral; closed, its file is gone.

    Args:
        size: how many referrals there are.
    """

    def __init__(self, size: int) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._starts = array("q", [_NONE]) * size
        self._lengths = array("l", [0]) * size
        self._end = 0
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Extract)
        self.extent = Extent()
        """The most people and solutions that any of them has."""

    def put(self, position: int, extract: Extract) -> None:
        """Keep what was read of one referral."""
        encoded = self._encoder.encode(extract)
        self._file.write(encoded)
        self._starts[position], self._lengths[position] = self._end, len(encoded)
        self._end += len(encoded)
        self.extent = self.extent.with_row(extract)

    def get(self, position: int) -> Extract:
        """What was read of it; nothing where it was not found."""
        start = self._starts[position]
        if start == _NONE:
            return Extract()
        self._file.seek(start)
        return self._decoder.decode(self._file.read(self._lengths[position]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
