"""What annotations and rules ask of a pod."""

from __future__ import annotations

from typing import Any

from fakekube.core.meta import Obj
from fakekube.nodes.behaviour import USUAL, Behaviour, Rule, Rules, annotated


def pod(annotations: dict[str, str] | None = None, **meta: Any) -> Obj:
    about = {"name": "p", "namespace": "default", "uid": "u", "labels": {"app": "a"}, **meta}
    if annotations:
        about["annotations"] = annotations
    return {"metadata": about, "spec": {"restartPolicy": "Never", "containers": [{"name": "c"}]}}


def rules(*given: Rule) -> Rules:
    made = Rules(None)  # type: ignore[arg-type]
    for rule in given:
        made.add(rule)
    return made


def everything(labels: dict[str, str]) -> bool:
    return True


def test_annotations() -> None:
    assert annotated(pod({"other": "x"})) is USUAL
    found = annotated(pod({"fakekube/exit-code": "3", "fakekube/exit-after": "1.5", "fakekube/ready": "false"}))
    assert found == Behaviour(exit_code=3, exit_after=1.5, ready=False, restarts=False)
    assert annotated(pod({"fakekube/exit-code": "1", "fakekube/restarts": "true"})).restarts is True
    assert annotated(pod({"fakekube/exit-after": "soon"})).exit_after == 0


def test_what_was_told_last_counts() -> None:
    made = rules(
        Rule(Behaviour(exit_code=1, exit_after=5), everything),
        Rule(Behaviour(exit_code=2), everything),
        Rule(Behaviour(exit_code=9), lambda labels: labels.get("app") == "other"),
        Rule(Behaviour(exit_code=8), everything, namespace="elsewhere"),
        Rule(Behaviour(exit_code=7), everything, name="q"),
    )
    asked = made.about(pod({"fakekube/exit-code": "3", "fakekube/stop-after": "4"}))
    assert asked.pod == Behaviour(exit_code=2, exit_after=5, stop_after=4, restarts=False)


def test_rules_about_containers() -> None:
    asked = rules(
        Rule(Behaviour(exit_code=1), everything), Rule(Behaviour(ready=False), everything, container="c")
    ).about(pod())
    assert asked.of({"name": "c"}) == Behaviour(exit_code=1, ready=False)
    assert asked.of({"name": "c"}, init=True) == Behaviour(ready=False)
    assert asked.of({"name": "d"}) == Behaviour(exit_code=1)


def test_outcomes() -> None:
    assert USUAL.outcome(0) is None
    assert Behaviour(exit_code=0).outcome(0) == (0, "Completed")
    assert Behaviour(oom=True).outcome(3) == (137, "OOMKilled")
    twice = Behaviour(fail_first=2, exit_code=0)
    assert [twice.outcome(run) for run in range(3)] == [(1, "Error"), (1, "Error"), (0, "Completed")]
    assert [Behaviour(fail_first=1, exit_code=5).outcome(run) for run in range(2)] == [(5, "Error"), None]
    assert [Behaviour(fail_first=1, oom=True).outcome(run) for run in range(2)] == [(137, "OOMKilled"), None]


def test_the_pods_of_a_job_have_turns() -> None:
    made = rules()
    owner = [{"controller": True, "uid": "job", "kind": "Job", "name": "j"}]
    turns = [made.turn(pod(uid=uid, ownerReferences=owner)) for uid in ("one", "two", "one", "three")]
    assert turns == [0, 1, 0, 2]
    assert made.turn(pod(uid="alone")) == 0
