"""Jobs and CronJobs."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.core.meta import Obj
from fakekube.registry.kinds import strategy_of
from fakekube.registry.kinds.job_indexes import IndexFault, count_indexes, first_overlap, intervals
from tests.unit.registry.kinds.conftest import Api, merged

JOBS, CRON_JOBS = "jobs.batch", "cronjobs.batch"
TEMPLATE: Obj = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
LABELS = ("batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name")


async def made(api: Api, **parts: Any) -> Obj:
    return await api.make(JOBS, spec=merged({"template": TEMPLATE}, parts))


async def refused(api: Api, **parts: Any) -> list[str]:
    return await api.refused(JOBS, "y", spec=merged({"template": TEMPLATE}, parts))


async def made_cron(api: Api, **parts: Any) -> Obj:
    spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}}
    return await api.make(CRON_JOBS, spec=merged(spec, parts))


async def refused_cron(api: Api, name: str = "y", **parts: Any) -> list[str]:
    spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}}
    return await api.refused(CRON_JOBS, name, spec=merged(spec, parts))


async def test_defaults_and_the_selector_by_uid(api: Api) -> None:
    job = await made(api)
    uid, spec = job["metadata"]["uid"], job["spec"]
    assert spec.pop("selector") == {"matchLabels": {LABELS[0]: uid}}
    labels = dict.fromkeys(LABELS, uid) | {LABELS[1]: "x", LABELS[3]: "x"}
    assert spec.pop("template")["metadata"]["labels"] == labels
    assert job["metadata"]["labels"] == labels
    assert spec == {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 6,
        "completionMode": "NonIndexed",
        "manualSelector": False,
        "suspend": False,
        "podReplacementPolicy": "TerminatingOrFailed",
    }


async def test_a_selector_of_ones_own_needs_saying_so(api: Api) -> None:
    selector, template = {"matchLabels": {"a": "b"}}, merged(TEMPLATE, {"metadata": {"labels": {"a": "b"}}})
    faults = await refused(api, selector=selector, template=template)
    assert faults[0].endswith("`selector` not auto-generated")
    job = await made(api, selector=selector, template=template, manualSelector=True)
    assert job["spec"]["template"]["metadata"]["labels"] == {"a": "b"}


@pytest.mark.parametrize("given", [{}, {"status": ""}])
async def test_conditions_of_a_failure_policy_are_looked_for_with_true(api: Api, given: Obj) -> None:
    rule = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", **given}]}
    job = await made(api, podFailurePolicy={"rules": [rule]})
    assert job["spec"]["podFailurePolicy"]["rules"][0]["onPodConditions"][0]["status"] == "True"


BAD: list[tuple[Obj, str]] = [
    ({"parallelism": -1}, "spec.parallelism: Invalid value: -1: must be greater than or equal to 0"),
    (
        {"completionMode": "Indexed", "parallelism": 2},
        "spec.completions: Required value: when completion mode is Indexed",
    ),
    ({"completionMode": "x"}, 'spec.completionMode: Unsupported value: "x": supported values: '),
    ({"backoffLimitPerIndex": 1}, "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"),
    (
        {"template": merged(TEMPLATE, {"spec": {"restartPolicy": "Always"}})},
        'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ),
    (
        {
            "template": merged(TEMPLATE, {"spec": {"restartPolicy": "OnFailure"}}),
            "podFailurePolicy": {
                "rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}}],
            },
        },
        'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy',
    ),
    (
        {"successPolicy": {"rules": [{"succeededCount": 1}]}},
        "spec.successPolicy: Invalid value: ",
    ),
]


@pytest.mark.parametrize(("parts", "start"), BAD)
async def test_what_is_refused(api: Api, parts: Obj, start: str) -> None:
    faults = await refused(api, **parts)
    assert any(fault.startswith(start) for fault in faults), faults


async def test_what_of_a_job_may_change(api: Api) -> None:
    await made(api)
    assert (await api.change(JOBS, spec={"parallelism": 3}))["spec"]["parallelism"] == 3
    assert await api.refused_change(JOBS, spec={"completions": 3}) == [
        "spec.completions: Invalid value: 3: field is immutable"
    ]
    (fault,) = await api.refused_change(JOBS, spec={"template": {"spec": {"nodeSelector": {"a": "b"}}}})
    assert fault.startswith("spec.template: Invalid value: ")
    assert fault.endswith("field is immutable")


async def test_a_suspended_job_may_be_sent_elsewhere(api: Api) -> None:
    await made(api, suspend=True)
    changed = await api.change(JOBS, spec={"template": {"spec": {"nodeSelector": {"a": "b"}}}})
    assert changed["spec"]["template"]["spec"]["nodeSelector"] == {"a": "b"}
    assert len(await api.refused_change(JOBS, spec={"template": {"spec": {"hostNetwork": True}}})) == 1


async def test_indexed_jobs_grow_with_their_parallelism(api: Api) -> None:
    await made(api, completionMode="Indexed", completions=2, parallelism=2)
    await api.change(JOBS, spec={"completions": 3, "parallelism": 3})
    assert await api.refused_change(JOBS, spec={"completions": 4}) == [
        "spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism"
    ]


async def test_an_end_is_told_whole_and_only_once(api: Api) -> None:
    await made(api)
    done = [{"type": "Complete", "status": "True"}]
    faults = await api.refused_change(JOBS, subresource="status", status={"conditions": done})
    assert "status.completionTime: Required value: completionTime is required for Complete jobs" in faults
    times = {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:01Z"}
    ended = [{"type": "SuccessCriteriaMet", "status": "True"}, *done]
    await api.change(JOBS, subresource="status", status={**times, "succeeded": 1, "conditions": ended})
    faults = await api.refused_change(JOBS, subresource="status", status={"completionTime": "2026-01-01T00:00:02Z"})
    assert [fault.split(":")[0] for fault in faults] == ["status.completionTime"]


def test_deleting_a_job_warns_of_what_stays() -> None:
    strategy = strategy_of(JOBS)
    assert "child pods are preserved by default" in strategy.deletion_warnings({})[0]
    assert strategy.deletion_warnings({"propagationPolicy": "Orphan"}) == []
    assert strategy.deletion_warnings({"orphanDependents": False}) == []


async def test_defaults_of_a_cron_job(api: Api) -> None:
    spec = (await made_cron(api))["spec"]
    template = spec.pop("jobTemplate")["spec"]
    assert spec == {
        "schedule": "0 0 * * *",
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    }
    assert "selector" not in template
    assert "parallelism" not in template, "a Job's own defaults come when it is made"


async def test_schedules_are_read(api: Api) -> None:
    assert await refused_cron(api, schedule="* *") == [
        'spec.schedule: Invalid value: "* *": expected exactly 5 fields, found 2: [* *]'
    ]
    assert await refused_cron(api, timeZone="Mars/Olympus") == [
        'spec.timeZone: Invalid value: "Mars/Olympus": unknown time zone Mars/Olympus'
    ]
    (fault,) = await refused_cron(api, schedule="TZ=UTC 0 0 * * *")
    assert fault.endswith("cannot use TZ or CRON_TZ in schedule, use timeZone field instead")


async def test_a_cron_jobs_name_leaves_room_for_the_time(api: Api) -> None:
    assert await refused_cron(api, "a" * 53) == [
        f'metadata.name: Invalid value: "{"a" * 53}": must be no more than 52 characters'
    ]


@pytest.mark.parametrize(
    ("text", "expected"), [("", []), ("1", [(1, 1)]), ("0,2-4", [(0, 0), (2, 4)]), ("3,5-7", [(3, 3), (5, 7)])]
)
def test_indexes_as_intervals(text: str, expected: list[tuple[int, int]]) -> None:
    assert intervals(text, 8) == expected
    assert count_indexes(text, 8) == sum(last - first + 1 for first, last in expected)


@pytest.mark.parametrize("text", ["a", "3,1", "1-1", "4-2", "9", "1,", "0-3,2"])
def test_malformed_indexes(text: str) -> None:
    with pytest.raises(IndexFault):
        intervals(text, 8)


def test_overlapping_indexes() -> None:
    assert first_overlap("0-3,6", "4,6-7", 8) == 6
    assert first_overlap("0-3", "4-7", 8) is None
