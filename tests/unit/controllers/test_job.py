from typing import Any

from fakekube.controllers.job.backoff import FINALIZER
from fakekube.core.errors import forbidden
from fakekube.core.meta import Obj, time_text
from tests.unit.controllers.labs import change, condition, lab, names, pod, template
from tests.unit.machinery.fakeapi import Lab

JOBS = "jobs.batch"
INDEX = "batch.kubernetes.io/job-completion-index"
LABELS = {"batch.kubernetes.io/job-name": "j"}


def ends(code: int = 0, after: int = 0, **notes: str) -> Obj:
    """A template whose containers end."""
    annotations = {"fakekube/exit-code": str(code), "fakekube/exit-after": str(after), **notes}
    return template(LABELS, annotations, restartPolicy="Never")


async def make_job(made: Lab, pods: Obj | None = None, **more: Any) -> None:
    spec = {"parallelism": 1, "completions": 1, "backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False}
    spec |= {"podReplacementPolicy": "TerminatingOrFailed", "selector": {"matchLabels": LABELS}}
    await made.make(JOBS, "Job", "j", spec={**spec, "template": pods or ends(), **more})


def status(made: Lab) -> Obj:
    found = made.get(JOBS, "j")
    assert found is not None
    return dict(found["status"])


def verdict(made: Lab) -> tuple[str, str, str]:
    """Complete or Failed, with reason and message."""
    found = next(each for each in status(made)["conditions"] if each["type"] in ("Complete", "Failed"))
    return found["type"], found.get("reason", ""), found.get("message", "")


def indexes(made: Lab) -> list[str]:
    return [each["metadata"]["annotations"][INDEX] for each in made.all("pods")]


async def test_a_job_completes_when_enough_pods_have_succeeded() -> None:
    made = await lab("job")
    await make_job(made, ends(after=5), completions=3, parallelism=2)
    await made.settle()
    assert (status(made)["active"], len(names(made))) == (2, 2)
    await made.settle(11)
    assert (status(made)["succeeded"], status(made).get("active", 0)) == (3, 0)
    assert verdict(made)[:2] == ("Complete", "CompletionsReached")
    assert condition(made.get(JOBS, "j"), "SuccessCriteriaMet")["status"] == "True"
    assert status(made)["completionTime"] == time_text(made.clock.now() - 1)
    assert status(made)["uncountedTerminatedPods"] == {}
    assert made.told("Completed") == ["Job completed"]
    assert not any(each["metadata"].get("finalizers") for each in made.all("pods"))


async def test_failures_are_tried_again_ever_later_until_the_limit() -> None:
    made = await lab("job")
    await make_job(made, ends(1), backoffLimit=2)
    await made.settle(9)
    assert len(names(made)) == 1
    await made.settle(1)
    assert len(names(made)) == 2
    await made.settle(19)
    assert len(names(made)) == 2
    await made.settle(2)
    assert verdict(made) == ("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    assert status(made)["failed"] == 3
    assert made.told("BackoffLimitExceeded") == ["Job has reached the specified backoff limit"]


async def test_a_deadline_ends_the_job_and_its_pods() -> None:
    made = await lab("job")
    await make_job(made, ends(after=1000), activeDeadlineSeconds=60)
    await made.settle(59)
    assert status(made)["active"] == 1
    await made.settle(2)
    assert verdict(made)[:2] == ("Failed", "DeadlineExceeded")
    assert names(made) == []


async def test_a_suspended_job_has_no_pods_and_starts_anew() -> None:
    made = await lab("job")
    await make_job(made, ends(after=60), suspend=True)
    await made.settle()
    assert names(made) == []
    assert condition(made.get(JOBS, "j"), "Suspended")["status"] == "True"
    assert "startTime" not in status(made)
    await change(made, JOBS, "j", {"spec": {"suspend": False}})
    await made.settle()
    assert len(names(made)) == 1
    assert condition(made.get(JOBS, "j"), "Suspended")["reason"] == "JobResumed"
    await change(made, JOBS, "j", {"spec": {"suspend": True}})
    await made.settle()
    assert names(made) == []
    assert made.told("Suspended") == ["Job suspended"] * 1
    assert status(made).get("failed", 0) == 0


async def test_each_index_succeeds_once() -> None:
    made = await lab("job")
    await make_job(made, ends(), completions=4, parallelism=2, completionMode="Indexed")
    await made.settle(1)
    assert status(made)["completedIndexes"] == "0-3"
    assert sorted(indexes(made)) == ["0", "1", "2", "3"]
    assert {each["spec"]["hostname"] for each in made.all("pods")} == {"j-0", "j-1", "j-2", "j-3"}
    (env,) = made.all("pods")[0]["spec"]["containers"][0]["env"]
    assert env["name"] == "JOB_COMPLETION_INDEX"


async def test_with_a_limit_per_index_one_bad_index_spoils_only_the_verdict() -> None:
    made = await lab("job")
    await make_job(made, ends(1), completions=2, parallelism=2, completionMode="Indexed", backoffLimitPerIndex=1)
    await made.settle(60)
    assert status(made)["failedIndexes"] == "0,1"
    assert verdict(made) == ("Failed", "FailedIndexes", "Job has failed indexes")
    assert status(made)["failed"] == 4


async def test_a_rule_can_fail_the_job_at_once() -> None:
    made = await lab("job")
    rule = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}
    await make_job(made, ends(42), podFailurePolicy={"rules": [rule]})
    await made.settle(1)
    kind, reason, message = verdict(made)
    assert (kind, reason) == ("Failed", "PodFailurePolicy")
    assert message.endswith("failed with exit code 42 matching FailJob rule at index 0")


async def test_a_rule_can_ignore_a_failure() -> None:
    made = await lab("job")
    rule = {"action": "Ignore", "onExitCodes": {"operator": "NotIn", "values": [2]}}
    await make_job(made, ends(1), backoffLimit=0, podFailurePolicy={"rules": [rule]})
    await made.settle(1)
    assert status(made).get("failed", 0) == 0
    assert "conditions" not in status(made)


async def test_a_success_policy_ends_the_job_early() -> None:
    made = await lab("job")
    policy = {"rules": [{"succeededIndexes": "0"}]}
    await make_job(made, ends(), completions=3, completionMode="Indexed", successPolicy=policy)
    await made.settle(1)
    assert condition(made.get(JOBS, "j"), "SuccessCriteriaMet")["reason"] == "SuccessPolicy"
    assert status(made)["completedIndexes"] == "0"


async def test_without_completions_one_success_is_enough_for_all_but_no_more_are_made() -> None:
    made = await lab("job")
    await make_job(made, ends(after=10), completions=None, parallelism=2)
    await made.settle(12)
    assert status(made)["succeeded"] == 2
    assert verdict(made)[0] == "Complete"


async def test_a_job_that_is_gone_lets_its_pods_go() -> None:
    made = await lab("job", "garbage-collector")
    await make_job(made, ends(after=60))
    await made.settle()
    assert made.all("pods")[0]["metadata"]["finalizers"] == ["batch.kubernetes.io/job-tracking"]
    await made.api.delete(JOBS, "default", "j", {"propagationPolicy": "Background"})
    await made.settle()
    assert names(made) == []


async def test_another_controllers_job_is_left_alone() -> None:
    made = await lab("job")
    await make_job(made, managedBy="example.com/mine")
    await made.settle()
    assert names(made) == []


async def test_a_finished_job_goes_when_its_time_has_passed() -> None:
    made = await lab("job", "ttl-after-finished", "garbage-collector")
    await make_job(made, ttlSecondsAfterFinished=100)
    await made.settle(99)
    assert names(made, JOBS) == ["j"]
    await made.settle(1)
    assert (names(made, JOBS), names(made)) == ([], [])


async def test_the_time_after_the_end_may_be_given_and_taken_back_later() -> None:
    made = await lab("job", "ttl-after-finished", "garbage-collector")
    await make_job(made)
    await made.settle(10)
    await change(made, JOBS, "j", {"spec": {"ttlSecondsAfterFinished": 100}})
    await made.settle(50)
    await change(made, JOBS, "j", {"spec": {"ttlSecondsAfterFinished": None}})
    await made.settle()
    assert made.manager.next_due() is None
    await change(made, JOBS, "j", {"spec": {"ttlSecondsAfterFinished": 70}})
    await made.settle(20)
    assert names(made, JOBS) == []


async def test_a_job_that_is_refused_its_pods_says_what_it_has_all_the_same() -> None:
    made = await lab("job")
    made.api.refuse["pods"], made.api.room["pods"] = forbidden("", "pods", "j-x", "exceeded quota: q"), 1
    await make_job(made, ends(after=50), completions=4, parallelism=4)
    await made.settle()
    assert (status(made)["active"], "startTime" in status(made)) == (1, True)
    assert made.told("FailedCreate")[0] == 'Error creating: pods "j-x" is forbidden: exceeded quota: q'
    made.api.refuse.clear()
    await made.settle(60)
    assert (len(names(made)), status(made)["succeeded"]) == (4, 4)


async def test_the_end_is_written_with_the_last_count() -> None:
    made = await lab("job")
    await make_job(made)
    counts: list[tuple[int, bool]] = []

    def note(event: Any) -> None:
        if event.key.resource == JOBS and event.after is not None:
            said = event.after.view.get("status") or {}
            kinds = {each["type"] for each in said.get("conditions") or ()}
            counts.append((said.get("succeeded", 0), "Complete" in kinds))

    made.store.listen(note)
    await made.settle()
    assert (1, False) not in counts
    assert counts[-1] == (1, True)


async def test_a_finished_pod_that_is_adopted_counts() -> None:
    made = await lab("job")
    await pod(made, "done", metadata={"labels": LABELS})
    await change(made, "pods", "done", {"status": {"phase": "Succeeded"}}, "status")
    await make_job(made)
    await made.settle()
    assert names(made) == ["done"]
    assert verdict(made)[:2] == ("Complete", "CompletionsReached")


async def test_pods_of_a_job_that_another_manages_keep_their_finalizer() -> None:
    made = await lab("job")
    await make_job(made, managedBy="example.com/other")
    ended = {"conditions": [{"type": "Complete", "status": "True"}]}
    await change(made, JOBS, "j", {"status": ended}, "status")
    owner = made.get(JOBS, "j")
    assert owner is not None
    reference = {"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": owner["metadata"]["uid"]}
    meta = {"labels": LABELS, "ownerReferences": [{**reference, "controller": True}], "finalizers": [FINALIZER]}
    await pod(made, "theirs", metadata=meta)
    await made.settle()
    found = made.get("pods", "theirs")
    assert found is not None
    assert found["metadata"]["finalizers"] == [FINALIZER]


async def test_what_is_too_much_goes_before_anything_is_made() -> None:
    made = await lab("job", kubelets=False)
    await make_job(made, completionMode="Indexed", completions=3, parallelism=3)
    await made.settle()
    one = made.all("pods")[0]["metadata"]["name"]
    await change(made, "pods", one, {"metadata": {"annotations": {INDEX: "1"}}})
    await made.settle()
    assert sorted(indexes(made)) == ["0", "1", "2"]


async def test_while_the_next_pod_waits_the_others_are_counted() -> None:
    made = await lab("job")
    await make_job(made, ends(after=600), completions=2, parallelism=2)
    await made.settle()
    await change(made, "pods", names(made)[0], {"status": {"phase": "Failed"}}, "status")
    await made.settle(1)
    assert (status(made)["active"], status(made)["ready"], len(names(made))) == (1, 1, 2)
    await made.settle(10)
    assert status(made)["active"] == 2


async def test_a_job_that_someone_else_ends_lets_its_pods_go() -> None:
    made = await lab("job")
    await make_job(made, ends(after=600))
    await made.settle()
    ended = {"conditions": [{"type": "Failed", "status": "True", "reason": "Mine", "message": ""}]}
    await change(made, JOBS, "j", {"status": ended}, "status")
    await made.settle()
    (only,) = made.all("pods")
    assert not only["metadata"].get("finalizers")
