"""Conditions in kubectl's words, and waiting for them at the store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fakekube.cluster import waiting
from fakekube.cluster.waiting import Waits
from fakekube.storage.store import Store
from fakekube.storage.values import Key

KEY = Key("pods", "default", "p")
READY: dict[str, Any] = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "p", "generation": 2},
    "status": {
        "phase": "Running",
        "observedGeneration": 2,
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Seen", "status": "False"}],
        "ok": True,
        "ports": [80, 443],
    },
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("condition=Ready", True),
        ("condition=Ready=true", True),
        ("condition=Ready=False", False),
        ("condition=Seen", False),
        ("condition=Seen=False", True),
        ("condition=Missing", False),
        ("jsonpath={.status.phase}=Running", True),
        ("jsonpath={.status.phase}=Pending", False),
        ("jsonpath={.status.phase}", True),
        ("jsonpath={.status.nothing}", False),
        ("jsonpath={.status.ok}=true", True),
        ("jsonpath={.status.ports[1]}=443", True),
        ('jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', True),
        ("create", True),
        ("delete", False),
        (lambda obj: obj["status"]["phase"] == "Running", True),
        (lambda obj: [], False),
    ],
)
def test_conditions(condition: Any, holds: bool) -> None:
    assert bool(waiting.test_of(condition)(READY)) is holds
    assert bool(waiting.test_of(condition)(None)) is (condition == "delete")


def test_a_condition_of_an_older_generation_does_not_hold() -> None:
    newer = {**READY, "metadata": {"name": "p", "generation": 3}}
    assert not waiting.test_of("condition=Ready")(newer)


def test_an_unknown_condition() -> None:
    with pytest.raises(ValueError, match=r"cannot wait for 'Ready'; known: condition=NAME\[=VALUE\], jsonpath="):
        waiting.test_of("Ready")


async def test_a_wait_ends_with_the_write_that_fulfils_it() -> None:
    store = Store()
    waits = Waits(store)
    wait = asyncio.ensure_future(waits.until(KEY, waiting.test_of("jsonpath={.status.phase}=Running"), 10))
    await asyncio.sleep(0)
    first = await store.commit(KEY, {**READY, "status": {"phase": "Pending"}}, expected=None)
    await store.commit(Key("pods", "default", "other"), {**READY, "metadata": {"name": "other"}}, expected=None)
    await asyncio.sleep(0)
    assert not wait.done()
    await store.commit(KEY, {**READY}, expected=first.revision)
    found = await wait
    assert found is not None
    assert found["status"]["phase"] == "Running"
    assert not waits._waiting


async def test_a_wait_that_fails_tells_and_leaves_nothing() -> None:
    waits = Waits(Store())
    with pytest.raises(TimeoutError, match=r"waited 0 s in vain for pods default/p: it is not there"):
        await waits.until(KEY, waiting.test_of("create"), 0)
    assert not waits._waiting
    assert await waits.until(KEY, waiting.test_of("delete"), 0) is None
