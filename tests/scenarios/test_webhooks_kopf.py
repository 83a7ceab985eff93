"""kopf's own admission server answers admission calls: it configures itself and is called over TLS."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kopf
import pytest

from fakekube.access.certificates import Authority
from fakekube.core.errors import StatusError

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(seed=1, controllers=[])
CONFIGURATIONS = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")


def operator() -> kopf.OperatorRegistry:
    """Judges and changes config maps."""
    registry = kopf.OperatorRegistry()

    @kopf.on.mutate("", "v1", "configmaps", id="paint", operations=["CREATE"], registry=registry)
    def paint(patch: kopf.Patch, warnings: list[str], **_: Any) -> None:
        patch.metadata.labels["colour"] = "blue"
        warnings.append("painted")

    @kopf.on.validate("", "v1", "configmaps", id="judge", operations=["CREATE", "DELETE"], registry=registry)
    def judge(body: kopf.Body, dryrun: bool, **_: Any) -> None:
        if "keep" in (body.get("data") or {}):
            raise kopf.AdmissionError("nobody keeps anything", code=409)

    return registry


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, Any]:
    authority = Authority(time.time())
    credential = authority.issue_server(["127.0.0.1"], time.time())
    files = {"certfile": credential.certificate_pem, "pkeyfile": credential.key_pem, "cafile": authority.pem}
    for name, content in files.items():
        tmp_path.joinpath(name).write_bytes(content)
    return {name: tmp_path / name for name in files}


@pytest.fixture
def running(kube: FakeCluster, certificate: dict[str, Any]) -> Iterator[None]:
    """The operator, in a thread, until the test is over."""
    registry, settings = operator(), kopf.OperatorSettings()
    settings.admission.server = kopf.WebhookServer(addr="127.0.0.1", host="127.0.0.1", **certificate)
    settings.admission.managed = "auto.kopf.dev"
    settings.scanning.disabled = True

    @kopf.on.login(registry=registry)
    def login(**_: Any) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(server=kube.url, token=kube.token, ca_data=kube.ca_pem)

    stop = threading.Event()
    work = kopf.operator(registry=registry, settings=settings, clusterwide=True, standalone=True, stop_flag=stop)
    thread = threading.Thread(target=lambda: asyncio.run(work))
    thread.start()
    try:
        for kind in CONFIGURATIONS:
            kube.wait_for(f"{kind}/auto.kopf.dev", lambda obj: bool(obj and obj.get("webhooks")))
        yield
    finally:
        kube.reset()  # also ends the connections to kopf's server
        stop.set()
        thread.join()


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


@pytest.mark.usefixtures("running")
def test_kopf_changes_and_judges_objects(kube: FakeCluster) -> None:
    assert kube.create(config_map("a"))["metadata"]["labels"] == {"colour": "blue"}
    with pytest.raises(StatusError, match="denied the request: nobody keeps anything") as refused:
        kube.create(config_map("b", keep="1"))
    assert refused.value.code == 409
    kube.delete("configmaps", "a")
