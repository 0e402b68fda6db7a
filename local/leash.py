"""`python -m local.leash MODULE ARGUMENTS...`: run a module that ends when the process that started it does.

Standard input is a pipe held open by the starting process. When that process ends in any way, even by SIGKILL, the
pipe closes, and this process gets a SIGTERM from itself. `end_with_parent.cjs` is the same for Node.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the module named by the first argument as `python -m` would."""
    threading.Thread(target=_end_with_parent, name="leash", daemon=True).start()
    module = sys.argv[1]
    sys.argv = [module, *sys.argv[2:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
