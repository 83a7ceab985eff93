"""Controllers write statuses of stored objects: nothing but the status is read, and all of the object is shown."""

from __future__ import annotations

import orjson

from fakekube.access.authentication import Authenticator
from fakekube.admission.chain import Attributes, Chain, Context, Plugin
from fakekube.core.clock import FixedClock
from fakekube.core.ids import Ids
from fakekube.core.meta import Obj
from fakekube.registry.backend import Backend
from fakekube.registry.client import Client
from fakekube.registry.verbs import Registry
from fakekube.schema.scheme import Scheme
from fakekube.storage.store import Store
from fakekube.storage.values import Key

SPEC = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}}
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


class Onlooker(Plugin):
    def __init__(self) -> None:
        self.shown: list[bytes] = []

    async def admit(self, attributes: Attributes, context: Context) -> None:
        self.shown.append(orjson.dumps(attributes.obj))


async def test_a_status_is_written_over_what_is_stored() -> None:
    clock, store, onlooker = FixedClock(), Store(), Onlooker()
    backend = Backend(store, Scheme.for_version(), clock, Ids(1), Chain((onlooker,)))
    client = Client(Registry(backend, Authenticator(clock, b"secret")), shared=True)
    made = await client.create(
        "replicasets.apps", "ns", {"metadata": {"name": "r"}, "spec": {**SPEC, "template": TEMPLATE}}
    )
    stored = store.get(Key("replicasets.apps", "ns", "r"))
    assert stored is not None
    before = stored.decode()
    status = {"replicas": 2, "conditions": [], "fullyLabeledReplicas": 0, "observedGeneration": 1}
    found = await client.update("replicasets.apps", "ns", "r", {**stored.view, "status": status}, subresource="status")
    assert found["status"] == {"replicas": 2, "observedGeneration": 1}
    assert found["spec"] == made["spec"]
    assert list(found) == ["kind", "apiVersion", "metadata", "status", "spec"]
    shown: Obj = orjson.loads(onlooker.shown[-1])
    assert (shown["spec"], shown["status"]) == (found["spec"], found["status"])
    assert stored.view == before, "what is stored is shared, and stays as it is"
