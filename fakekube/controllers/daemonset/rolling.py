"""How old daemon pods become new ones: in place, or with new ones beside them first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fakekube.controllers.daemonset.crew import Crew, Work
from fakekube.machinery.podfacts import PodFacts

Places = Mapping[str, Sequence[PodFacts]]


def roll(crew: Crew, work: Work) -> None:
    """Take the rollout a step on, if there is anything old."""
    if all(crew.updated(pod) for pods in crew.pods.values() for pod in pods):
        return
    wanted = crew.wanted()
    surge, unavailable = crew.limits(len(wanted))
    places: Places = {**dict.fromkeys(wanted, ()), **crew.pods}
    if surge:
        _by_surge(crew, places, surge, len(wanted), work)
    else:
        _in_place(crew, places, unavailable, work)


def _old_and_new(crew: Crew, pods: Sequence[PodFacts]) -> tuple[list[PodFacts], list[PodFacts]]:
    staying = [pod for pod in pods if not pod.deleting]
    new = [pod for pod in staying if crew.updated(pod)]
    return [pod for pod in staying if pod not in new], new


def _in_place(crew: Crew, places: Places, most: int, work: Work) -> None:
    """Old pods that are of no use go at once; others as long as not too many nodes are without."""
    without = 0
    candidates: list[PodFacts] = []
    for pods in places.values():
        old, new = _old_and_new(crew, pods)
        if len(old) + len(new) != 1:
            without += 1
        elif new:
            without += not crew.available(new[0])
        elif not crew.available(old[0]):
            work.delete.append(old[0])
            without += 1
        else:
            candidates.append(old[0])
    work.delete += candidates[: max(0, most - without)]


def _by_surge(crew: Crew, places: Places, surge: int, wanted: int, work: Work) -> None:
    """New pods come beside old ones, so many at a time; an old one goes when its new one is available.

    An old one on a node that should have none any more goes when as many others as are wanted are available.
    """
    busy = available = 0
    candidates: list[str] = []
    misplaced: list[PodFacts] = []
    for node, pods in places.items():
        old, new = _old_and_new(crew, pods)
        if len(old) > 1 or len(new) > 1:
            busy += 1
            continue
        available += any(crew.available(pod) for pod in (old or new))
        if not old:
            continue
        if new:
            if crew.available(new[0]):
                work.delete.append(old[0])
            else:
                busy += 1
        elif not crew.rules.get(node, (False, False))[0]:
            (misplaced if crew.available(old[0]) else work.delete).append(old[0])
        elif not crew.available(old[0]):
            work.create.append(node)
        else:
            candidates.append(node)
    work.delete += misplaced[: max(0, available - wanted)]
    work.create += candidates[: max(0, surge - busy)]
