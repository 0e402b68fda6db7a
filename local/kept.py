"""What a simulator keeps over restarts of the local stack, so that both sides still know of each other the next day."""

from __future__ import annotations

import contextlib
import os
import pickle
import tempfile
from pathlib import Path
from typing import Any


def load(path: Path) -> Any:
    """What was kept; None when nothing was, or it can't be read any more (then the simulator begins anew)."""
    with contextlib.suppress(Exception):
        return pickle.loads(path.read_bytes())  # written by this machine's own simulator, for its owner alone
    return None


def save(path: Path, content: Any) -> None:
    """Keep it, in one step, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        pickle.dump(content, file)
    Path(name).replace(path)
