"""Requests made from our own OpenAPI documents: whatever they say can be sent, the server does not fail at it."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

if TYPE_CHECKING:
    from fakekube import FakeCluster

FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
pytestmark = pytest.mark.fakekube(tls=False, controllers="none", nodes=1)
SECONDS = 20
GROUPS = ("apis/apps/v1", "apis/networking.k8s.io/v1", "apis/apiextensions.k8s.io/v1")


def ask(kube: FakeCluster, method: str, path: str, body: bytes | None = None, media: str = "") -> tuple[int, bytes]:
    host, _, port = kube.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=SECONDS)
    headers = {"Authorization": f"Bearer {kube.token}"} | ({"Content-Type": media} if media else {})
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def sendable(operation: Any) -> bool:
    """Watches last, and are tested elsewhere; what goes through to pods and nodes is no API of its own."""
    return "/watch/" not in operation.path and "/proxy" not in operation.path


@pytest.mark.parametrize("group", GROUPS)
def test_no_request_of_the_document_is_a_failure(
    kube: FakeCluster, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http.client, "_MAXHEADERS", 5_000)  # each unknown field has a Warning
    document = json.loads(ask(kube, "GET", f"/openapi/v3/{group}")[1])
    schema = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations() if sendable(found.ok())]
    assert len(operations) > 10

    @FEW
    @given(st.data())
    def check(data: st.DataObject) -> None:
        case = data.draw(data.draw(st.sampled_from(operations)).as_strategy())
        query = {
            name: value for name, value in (case.query or {}).items() if name not in ("watch", "sendInitialEvents")
        }
        path = case.formatted_path + (f"?{urlencode(query, doseq=True)}" if query else "")
        body = json.dumps(case.body).encode() if isinstance(case.body, dict | list) else None
        media = (case.media_type or "application/json").replace("*/*", "application/json") if body else ""
        status, answer = ask(kube, case.method, path, body, media)
        text = answer.decode(errors="replace")
        assert "fakekube failed" not in text, text
        assert status < 500 or json.loads(text)["kind"] == "Status", text

    check()
