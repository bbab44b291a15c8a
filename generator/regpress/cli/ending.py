"""How the program ends: at once.

To look through the records of a large registry for cycles, and to free them one by one, takes longer than many a build.
Only a process that is the program's own ends so; another program, such as a test, goes on after a command.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

_own: list[bool] = []


def is_own_process() -> None:
    """Note that this process ends with the command."""
    _own.append(True)


def collect_no_more() -> None:
    """Switch the cyclic garbage collector off for good; for commands that do one thing and end."""
    if _own:
        gc.disable()


def leave(code: int) -> NoReturn:
    """End the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
