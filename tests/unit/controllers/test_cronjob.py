from typing import Any

import pytest

from fakekube.core.errors import forbidden
from fakekube.core.meta import Obj, time_text
from tests.unit.controllers.labs import change, lab, names, template
from tests.unit.machinery.fakeapi import Lab

CRON, JOBS = "cronjobs.batch", "jobs.batch"
MINUTE = 60
START = 1_767_225_600 // MINUTE
"""The minute at which a lab's clock starts: midnight."""


async def make(made: Lab, schedule: str = "* * * * *", **more: Any) -> None:
    job = {"spec": {"template": template({}, {"fakekube/exit-code": "0"}, restartPolicy="Never")}}
    spec: Obj = {"schedule": schedule, "concurrencyPolicy": "Allow", "suspend": False, "jobTemplate": job}
    spec |= {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1, **more}
    await made.make(CRON, "CronJob", "c", spec=spec)


async def end(made: Lab, name: str, kind: str = "Complete") -> None:
    now = time_text(made.clock.now())
    entry = {"type": kind, "status": "True", "lastTransitionTime": now}
    status = {"startTime": now, "completionTime": now, "conditions": [entry]}
    await change(made, JOBS, name, {"status": status}, "status")


def status(made: Lab) -> Obj:
    return dict((made.get(CRON, "c") or {}).get("status") or {})


async def test_a_job_is_made_at_each_time_and_named_after_its_minute() -> None:
    made = await lab("cronjob", kubelets=False)
    await make(made)
    await made.settle(59)
    assert names(made, JOBS) == []
    await made.settle(62)
    assert names(made, JOBS) == [f"c-{START + 1}", f"c-{START + 2}"]
    assert [each["name"] for each in status(made)["active"]] == names(made, JOBS)
    assert status(made)["lastScheduleTime"] == "2026-01-01T00:02:00Z"
    first = made.all(JOBS)[0]["metadata"]
    assert first["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "2026-01-01T00:01:00Z"
    assert first["ownerReferences"][0]["kind"] == "CronJob"


@pytest.mark.parametrize(("policy", "expected"), [("Allow", [1, 2]), ("Forbid", [1]), ("Replace", [2])])
async def test_a_job_that_still_runs_at_the_next_time(policy: str, expected: list[int]) -> None:
    made = await lab("cronjob", kubelets=False)
    await make(made, concurrencyPolicy=policy)
    await made.settle(121)
    assert names(made, JOBS) == [f"c-{START + number}" for number in expected]


async def test_old_jobs_are_cleared_away() -> None:
    made = await lab("cronjob", kubelets=False)
    await make(made, successfulJobsHistoryLimit=1)
    for number in (1, 2, 3):
        await made.settle(61)
        await end(made, f"c-{START + number}")
        await made.settle()
    assert names(made, JOBS) == [f"c-{START + 3}"]
    assert "active" not in status(made)
    assert status(made)["lastSuccessfulTime"] == time_text(made.clock.now())


async def test_a_suspended_one_makes_nothing_and_catches_up_with_the_last_time_only() -> None:
    made = await lab("cronjob", kubelets=False)
    await make(made, suspend=True)
    await made.settle(330)
    assert names(made, JOBS) == []
    await change(made, CRON, "c", {"spec": {"suspend": False}})
    await made.settle()
    assert names(made, JOBS) == [f"c-{START + 5}"]


async def test_a_time_that_is_too_long_ago_is_missed() -> None:
    made = await lab("cronjob", kubelets=False)
    await make(made, "0 * * * *", suspend=True, startingDeadlineSeconds=30)
    await made.settle(3700)
    await change(made, CRON, "c", {"spec": {"suspend": False}})
    await made.settle()
    assert names(made, JOBS) == []


async def test_a_time_zone_moves_the_times() -> None:
    made = await lab("cronjob", kubelets=False)
    await make(made, "30 1 * * *", timeZone="Europe/Berlin")
    await made.settle(1801)
    (only,) = made.all(JOBS)
    stamp = only["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert stamp == "2026-01-01T01:30:00+01:00"


async def test_a_zone_that_nobody_knows_is_told_of() -> None:
    made = await lab("cronjob", kubelets=False)
    await make(made, timeZone="Europe/Nowhere")
    await made.settle(120)
    assert names(made, JOBS) == []
    assert made.told("UnknownTimeZone") == ['invalid timeZone: "Europe/Nowhere": unknown time zone Europe/Nowhere']


async def test_a_day_that_never_comes_is_told_of() -> None:
    made = await lab("cronjob", kubelets=False)
    await make(made, "0 0 31 2 *")
    await made.settle(120)
    told = "invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second"
    assert made.told("InvalidSchedule")[0] == told


async def test_a_job_that_is_refused_keeps_no_account_from_being_written() -> None:
    made = await lab("cronjob", kubelets=False)
    await make(made)
    await made.settle(61)
    made.api.refuse[JOBS] = forbidden("batch", "jobs", "c-x", "exceeded quota: q")
    await end(made, f"c-{START + 1}")
    await made.settle(59)
    await made.settle(2)
    assert made.told("SawCompletedJob") == [f"Saw completed job: c-{START + 1}, condition: Complete"]
    assert made.told("FailedCreate")[0].startswith('Error creating job: jobs.batch "c-x" is forbidden')
    assert "active" not in status(made)


async def test_a_job_that_cannot_be_deleted_keeps_the_next_from_being_made_only_where_it_is_to_be_replaced() -> None:
    for policy, expected in (("Allow", [1, 2]), ("Replace", [1])):
        made = await lab("cronjob", kubelets=False)
        await make(made, concurrencyPolicy=policy, successfulJobsHistoryLimit=0)
        await made.settle(61)
        first = f"c-{START + 1}"
        made.api.keep[first] = forbidden("batch", "jobs", first, "denied")
        if policy == "Allow":
            await end(made, first)
        await made.settle(60)
        assert names(made, JOBS) == [f"c-{START + number}" for number in expected]
        assert made.told("FailedDelete")[0] == f'Deleted job: jobs.batch "{first}" is forbidden: denied'
