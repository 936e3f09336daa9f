"""A process that another one started ends with it: standard input is a pipe that nobody writes to, and its end is the signal."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable


def watch(ended: Callable[[], None]) -> None:
    """Calls `ended` from a thread when standard input ends: the starter closed it, or died."""

    def wait() -> None:
        # Not through `sys.stdin`, whose lock a waiting thread would hold when the interpreter ends.
        while os.read(0, 1024):
            pass
        ended()

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
