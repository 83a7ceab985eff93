"""Leads many lives: `python -m tests.scenarios.simulation --seeds 1000`, or one again: `--seed 17`."""

from __future__ import annotations

import argparse
import asyncio
import time

from fakekube.cluster.composition import Cluster
from tests.scenarios.simulation.lives import Broken, lead, settings


async def run(seeds: range, trace: bool, most: int) -> int:
    """Lead these lives; how many went wrong."""
    cluster = Cluster(settings())
    await cluster.start()
    wrong = 0
    for seed in seeds:
        try:
            lines = await lead(cluster, seed)
        except Broken as fault:
            wrong += 1
            print(fault, flush=True)
            if wrong >= most:
                break
        else:
            if trace:
                print("\n".join(lines))
    await cluster.stop()
    return wrong


def main() -> None:
    """Say what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--most", type=int, default=5, help="stop after so many that went wrong")
    parser.add_argument("--trace", action="store_true", help="tell what happened")
    options = parser.parse_args()
    seeds = (
        range(options.first, options.first + options.seeds)
        if options.seed is None
        else range(options.seed, options.seed + 1)
    )
    begin = time.perf_counter()
    wrong = asyncio.run(run(seeds, options.trace, options.most))
    print(f"{len(seeds)} lives, {wrong} wrong, {time.perf_counter() - begin:.1f} s")
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()
