import asyncio

import pytest
import uvloop

from fakekube.cluster.wallclock import WallClock


def test_nobody_is_called_before_the_moment() -> None:
    """uvloop counts in milliseconds, so that its own timers ring up to one too early."""

    async def early() -> list[float]:
        clock, rung, done = WallClock(), list[float](), asyncio.Event()
        for number in range(200):
            moment = clock.now() + 0.001 + number * 0.000137
            clock.call_at(moment, lambda moment=moment: rung.append(clock.now() - moment))  # type: ignore[misc]
        clock.call_at(clock.now() + 0.05, done.set)
        await done.wait()
        return rung

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rung = runner.run(early())
    assert len(rung) == 200
    assert min(rung) >= 0


async def test_an_early_alarm_waits_on_and_can_still_be_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, rung = WallClock(), list[str]()
    begin = clock.now()
    monkeypatch.setattr(clock, "now", lambda: begin)
    taken_back = clock.call_at(begin + 0.001, lambda: rung.append("one"))
    clock.call_at(begin + 0.001, lambda: rung.append("other"))
    await asyncio.sleep(0.01)
    assert rung == []
    taken_back()
    monkeypatch.setattr(clock, "now", lambda: begin + 1)
    await asyncio.sleep(0.01)
    assert rung == ["other"]
