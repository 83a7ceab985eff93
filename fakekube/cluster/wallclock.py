"""The machine's own time, as a Clock."""

from __future__ import annotations

import time


class WallClock:
    """Seconds since the epoch; when the machine's clock is set back, it waits until that has caught up."""

    def __init__(self) -> None:
        self._latest = 0.0

    def now(self) -> float:
        self._latest = max(self._latest, time.time())
        return self._latest
