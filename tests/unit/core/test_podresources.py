"""What a pod asks for as a whole."""

from __future__ import annotations

from typing import Any

from fakekube.core.podresources import aggregate, requested


def container(cpu: str, **more: Any) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu}}, **more}


def cpu(spec: dict[str, Any]) -> str:
    return str(requested(spec, "requests")["cpu"])


def test_containers_add_up() -> None:
    assert cpu({"containers": [container("100m"), container("200m"), {}]}) == "300m"


def test_init_containers_run_one_by_one_before_the_others() -> None:
    assert cpu({"containers": [container("100m")], "initContainers": [container("1"), container("500m")]}) == "1"


def test_sidecars_stay_and_count_with_what_starts_after_them() -> None:
    sidecar = container("200m", restartPolicy="Always")
    before, after = container("1"), container("1")
    assert cpu({"containers": [container("100m")], "initContainers": [sidecar]}) == "300m"
    assert cpu({"containers": [container("100m")], "initContainers": [sidecar, after]}) == "1200m"
    assert cpu({"containers": [container("100m")], "initContainers": [before, sidecar]}) == "1"


def test_pod_level_resources_come_before_the_sum() -> None:
    spec = {"containers": [container("100m")], "resources": {"requests": {"cpu": "2"}}}
    assert cpu(spec) == "2"
    assert str(aggregate(spec, "requests")["cpu"]) == "100m"
