"""A spec that was found faultless is known again, whatever its token's volume is called; a faulty one is not."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.registry.kinds.pod_validation.known import MOST_SPECS, Known, text_of
from tests.unit.registry.kinds.conftest import Api


def spec(*volumes: str, **fields: object) -> Obj:
    container = {"name": "c", "image": "i", "volumeMounts": [{"name": name, "mountPath": name} for name in volumes]}
    return {"containers": [container], "volumes": [{"name": name, "emptyDir": {}} for name in volumes], **fields}


def test_the_suffix_of_the_tokens_volume_does_not_matter() -> None:
    one, other = spec("kube-api-access-abcd2"), spec("kube-api-access-zzzz9")
    assert text_of(one) == text_of(other)
    assert text_of(one) != text_of(spec("kube-api-access-abcde2"))
    assert text_of(one) != text_of(spec("kube-api-access-ABCD2"))
    assert text_of(one) != text_of(spec("kube-api-access-"))
    assert text_of(spec("kube-api-access-a2345", "kube-api-access-b2345")) != text_of(
        spec("kube-api-access-a2345", "kube-api-access-a2345")
    )


def test_so_many_are_known_and_no_more() -> None:
    known = Known()
    for number in range(MOST_SPECS + 1):
        known.add(number)
    assert MOST_SPECS in known
    assert 0 not in known


async def test_faults_are_told_again_and_again(api: Api) -> None:
    await api.make("pods", "fine", spec=spec("kube-api-access-a2345", "kube-api-access-b2345"))
    doubled = spec("kube-api-access-a2345", "kube-api-access-a2345")
    first = await api.refused("pods", "a", spec=doubled)
    assert any("Duplicate value" in fault for fault in first)
    assert await api.refused("pods", "b", spec=doubled) == first


async def test_a_claim_is_called_after_its_pod(api: Api) -> None:
    claim = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    wanted = {
        "containers": [{"name": "c", "image": "i"}],
        "volumes": [{"name": "v" * 63, "ephemeral": {"volumeClaimTemplate": claim}}],
    }
    await api.make("pods", "short", spec=wanted)
    assert await api.refused("pods", "n" * 250, spec=wanted)
