"""The machine's own time, as a Clock that calls back through the running event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class WallClock:
    """Seconds since the epoch; when the machine's clock is set back, it waits until that has caught up."""

    def __init__(self) -> None:
        self._latest = 0.0

    def now(self) -> float:
        self._latest = max(self._latest, time.time())
        return self._latest

    def call_at(self, moment: float, call: Callable[[], None], *, holds: bool = True) -> Callable[[], None]:
        """Have `call` called when it is `moment`; the result takes that back. This time is held by nobody."""
        return asyncio.get_running_loop().call_later(max(moment - self.now(), 0.0), call).cancel
