"""When an automatic clock may leap: not while clients think, and not before they have seen what there is to see."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

WAITING_SECONDS = 0.02
"""Who waits (asks the same again and is told the same) is left so long, by the machine's time."""
CALLING_SECONDS = 0.005
"""Who waits in this process is told of everything as it happens, and need not be given time to look."""
THINKING_SECONDS = 0.25
"""Who has done or learnt something new is given so long to go on."""
REACTING_SECONDS = 0.15
"""Who was sent something by a watch is given so long to do something about it."""
POLLING_SECONDS = 3.0
"""Who asks again at least this often gets to see each state on the way."""
ABSENT_SECONDS = 30.0
"""When nobody has asked anything for so long, and nobody watches, time is of no use to anybody."""
MOST_POLLS = 64
NEVER = float("-inf")


class _Poll(NamedTuple):
    """What was read last of a path, when, and how long after the time before."""

    answer: int
    at: float
    interval: float | None = None

    @property
    def expected(self) -> float:
        """Until when it should be read again, if it is read regularly."""
        if self.interval is None or self.interval > POLLING_SECONDS:
            return NEVER
        return self.at + max(1.5 * self.interval, THINKING_SECONDS)


class Pace:
    """What clients have done lately, in the machine's time (`now`)."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._polls: OrderedDict[bytes, _Poll] = OrderedDict()
        self._news = NEVER
        self._outside = NEVER  # until when clients of the server are given time
        self._inside = NEVER  # until when callers in this process are
        self._shown = NEVER
        self._last = now()
        self._waits = 0

    def asked(self) -> None:
        """A client has done something; it will go on."""
        self._last = self._news = self._now()
        self._outside = self._news + THINKING_SECONDS

    def looked(self, target: bytes, answer: int) -> None:
        """A client has read something. Told the same as before, it waits; otherwise it knows something new."""
        now = self._last = self._now()
        before = self._polls.pop(target, None)
        self._polls[target] = _Poll(answer, now, None if before is None else now - before.at)
        if before is None or before.answer != answer:
            self.asked()
        elif self._news <= before.at:
            self._outside = now + WAITING_SECONDS
        while len(self._polls) > MOST_POLLS:
            self._polls.popitem(last=False)

    def called(self) -> None:
        """A caller in this process has been answered; it will go on."""
        self._last = self._now()
        self._inside = self._last + THINKING_SECONDS

    def waits(self) -> None:
        """A caller in this process waits for something to happen."""
        self._waits += 1
        self._inside = self._now() + CALLING_SECONDS

    def waited(self) -> None:
        """It does no longer."""
        self._waits -= 1
        self.called()

    def leapt(self, *, shown: bool) -> None:
        """Time has leapt; `shown`: and there is something new to see."""
        now = self._now()
        self._shown = now if shown else self._shown
        pause = CALLING_SECONDS if self._waits and self._outside < now else WAITING_SECONDS
        self._inside = max(self._inside, now + pause)

    def earliest(self, sent_at: float) -> float:
        """When time may leap next, if nothing happens until then; `sent_at`: when a watch was last sent something."""
        looks = (poll.expected for poll in self._polls.values() if poll.at < self._shown)
        return max(self._outside, self._inside, sent_at + REACTING_SECONDS, *looks)

    def absent(self) -> bool:
        """Whether nobody has been here for a long time."""
        return not self._waits and self._now() - self._last > ABSENT_SECONDS
