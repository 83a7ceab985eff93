"""When a cluster has come to rest, and when its clients have, too."""

from __future__ import annotations

import asyncio

from fakekube.cluster.companions import Companions
from fakekube.cluster.running import Runner
from fakekube.core.errors import StatusError
from fakekube.server.traffic import Traffic
from fakekube.server.watches import Streams

SILENCE_TIMEOUT_SECONDS = 10.0
TURNS = 50
"""So many turns of the loop are usually more than enough for every watch to be written to."""
TURN_SECONDS = 0.001
"""How long settling leaves the loop to others, after these, before it looks again."""


class Settling:
    """Waits for controllers, watches and clients."""

    def __init__(self, runner: Runner, streams: Streams, traffic: Traffic, companions: Companions) -> None:
        self._runner = runner
        self._streams = streams
        self._traffic = traffic
        self._companions = companions

    async def settle(self) -> None:
        """Returns when no controller has work, no timer is due now, and every watcher was sent everything; a client
        that does not take it is not waited for. Loops in the cluster's time have done all they want to, too."""
        await self._settle_here()
        at_work = bool(self._companions)
        while at_work:
            mark = self._traffic.mark
            at_work = await self._companions.until_at_rest()
            await self._settle_here()
            if self._traffic.busy:
                await asyncio.sleep(TURN_SECONDS)
            at_work = at_work or self._traffic.busy or mark != self._traffic.mark

    async def _settle_here(self) -> None:
        turn = 0
        await self._runner.until_idle()
        while not self._streams.all_sent:
            await asyncio.sleep(0 if turn < TURNS else TURN_SECONDS)
            await self._runner.until_idle()
            turn += 1
        await asyncio.sleep(0)  # the loop hands what was written to the sockets at the end of its turn

    async def settle_with_clients(self, quiet: float, timeout: float) -> None:
        """Returns when, besides, no client has asked anything or was sent anything for `quiet` seconds of the machine's
        time; StatusError 504 if that does not come about in time."""
        clock = asyncio.get_running_loop().time
        end = clock() + timeout
        await self.settle()
        begin = clock()
        while (left := max(begin, self._traffic.silent_since) + quiet - clock()) > 0:
            if clock() + left > end:
                why = f"clients were not silent for {quiet:g} s within {timeout:g} s"
                raise StatusError(504, "Timeout", why)
            await asyncio.sleep(left)
            await self.settle()
