"""Pods of one sort are placed by what was kept of the last one; it must be as if all nodes had been judged anew."""

import random
from typing import Any

import pytest

from fakekube.controllers.scheduler import round as scheduling
from fakekube.controllers.scheduler.ranking import Ranking, Rankings
from tests.unit.controllers.labs import lab, pod


async def placements(seed: int) -> list[tuple[str, str]]:
    made, chance, present = await lab(count=7), random.Random(seed), list[str]()
    for number in range(60):
        asked = {"requests": {"cpu": chance.choice(["100m", "900m"]), "memory": chance.choice(["64Mi", "1Gi"])}}
        more: dict[str, Any] = chance.choice([{}, {}, {"nodeSelector": {"disk": "ssd"}}])
        await pod(made, f"p{number}", container={"resources": asked}, **more)
        present.append(f"p{number}")
        name = f"node-{chance.randint(1, 7)}"
        what = chance.randint(0, 5)
        if what == 0:
            await made.api.patch("nodes", "", name, {"spec": {"unschedulable": chance.random() < 0.5}})
        elif what == 1:
            disk = {"disk": chance.choice(["ssd", "rust"])}
            await made.api.patch("nodes", "", name, {"metadata": {"labels": disk}})
        elif what == 2 and present:
            await made.api.delete("pods", "default", present.pop(chance.randrange(len(present))))
        elif what == 3:
            taints = [{"key": "k", "effect": chance.choice(["NoSchedule", "PreferNoSchedule"])}]
            await made.api.patch("nodes", "", name, {"spec": {"taints": chance.choice([None, taints])}})
        if chance.random() < 0.6:
            await made.settle()
    await made.settle()
    return [(each["metadata"]["name"], each["spec"].get("nodeName", "")) for each in made.all("pods")]


@pytest.mark.parametrize("seed", range(4))
async def test_what_was_kept_places_as_judging_all_nodes_does(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = await placements(seed)
    monkeypatch.setattr(scheduling, "_is_plain", lambda pod, judge: False)
    assert kept == await placements(seed)
    assert len({node for _, node in kept}) > 3


def test_only_what_changed_is_weighed_again() -> None:
    rankings, weights, weighed = Rankings(), {"a": (2,), "b": (1,), "c": (3,)}, []

    def weigh(name: str) -> tuple[int, ...] | None:
        weighed.append(name)
        return weights.get(name)

    ranking = rankings.of("sort", weights)
    assert ranking.lightest(weigh) == "b"
    weights["b"] = (4,)
    rankings.touch("b")
    assert ranking.lightest(weigh) == "a"
    weights.clear()
    for name in "abc":
        rankings.touch(name)
    assert ranking.lightest(weigh) is None
    assert weighed == ["a", "b", "c", "b", "a", "b", "c"]


def test_places_that_hold_no_more_are_thrown_away() -> None:
    ranking, weights = Ranking(["a", "b"]), {"b": (-1,)}
    for turn in range(1000):
        weights["a"] = (turn,)
        ranking.unjudged["a"] = None
        assert ranking.lightest(weights.get) == "b"
    assert len(ranking._places) < 100
