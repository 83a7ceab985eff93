"""Whatever fits a kind's types is stored or refused, never a crash; what was stored can be written back unchanged."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.registry.kinds import MODULES
from fakekube.schema.resources import Resource
from fakekube.schema.typed import List, Map, Scalar, Struct, Type
from tests.unit.registry.kinds.conftest import NAMESPACE, SCHEME, Api

IDS = [resource_id for ids in MODULES.values() for resource_id in ids]
TEXTS = (
    "", "a", "b", "A b", "a.b", "10.0.0.1", "::1", "1Gi", "/x", "a/b", "http", "metadata.name", "x" * 70,
    "0", "25%", "*", "Always", "Never", "TCP", "Exists", "In", "RollingUpdate", "OnDelete", "Indexed", "Localhost",
    "example.com/x", "v1", "apps/v1", "linux", "windows", "Pod", "Pods", "Resource", "self", "true",
)  # fmt: skip
SAMPLES: dict[str, tuple[Any, ...]] = {
    "string": TEXTS,
    "bool": (True, False),
    "int32": (0, 1, 2, -1, 80, 65536),
    "int64": (0, 1, 2, -1, 80, 2**40),
    "double": (0, 1.5),
    "bytes": ("", "YQ=="),
    "quantity": ("1", "100m", "1Gi", "0", "-1", "1.5"),
    "intOrString": (1, 0, -1, 80, "25%", "a", "150%"),
    "time": ("2026-01-01T00:00:00Z", None),
    "microTime": ("2026-01-01T00:00:00.000000Z", None),
}
"""By the kind of a scalar; others are objects of any form."""
POD: Obj = {"containers": [{"name": "c", "image": "i"}]}
TEMPLATE: Obj = {"metadata": {"labels": {"a": "b"}}, "spec": POD}
WORKLOAD: Obj = {"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": TEMPLATE}}
JOB: Obj = {"template": {"spec": {**POD, "restartPolicy": "Never"}}}
CLAIM: Obj = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
VALID: dict[str, Obj] = {
    "pods": {"spec": POD},
    "podtemplates": {"template": TEMPLATE},
    **dict.fromkeys(("deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps"), WORKLOAD),
    "replicationcontrollers": {"spec": {"template": TEMPLATE}},
    "jobs.batch": {"spec": JOB},
    "cronjobs.batch": {"spec": {"schedule": "0 0 * * *", "jobTemplate": {"spec": JOB}}},
    "services": {"spec": {"ports": [{"port": 80}]}},
    "persistentvolumeclaims": {"spec": CLAIM},
}
"""Objects from which to start, of kinds that are seldom met by chance."""


class Chance:
    """Objects that fit a type."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def object(self, resource: Resource) -> Obj:
        """A whole object, or a change of one that is valid."""
        valid = VALID.get(resource.id)
        if valid is None or self._random.random() < 0.3:
            return self._struct(resource.type, 0)
        found: Obj = copy(valid)
        for _ in range(self._random.randint(1, 3)):
            self.change(resource.type, found)
        return found

    def change(self, kind: Type, value: Any) -> None:
        """Put something else in one place of a value."""
        pick = self._random
        if isinstance(kind, Struct) and value is not None:
            inner = [name for name in value if name in kind.fields and isinstance(value[name], (dict, list))]
            if inner and pick.random() < 0.75:
                name = pick.choice(inner)
                return self.change(kind.fields[name].type, value[name])
            name = pick.choice([name for name in kind.fields if name not in ("kind", "apiVersion", "metadata")] or [""])
            if name:
                value[name] = self._value(kind.fields[name].type, 7)
        elif isinstance(kind, List) and value:
            if pick.random() < 0.2:
                value.append(self._value(kind.item, 7))
            else:
                self.change(kind.item, pick.choice(value))
        elif isinstance(kind, Map) and value is not None:
            value[pick.choice(TEXTS)] = self._value(kind.item, 7)
        return None

    def _value(self, kind: Type, depth: int) -> Any:
        if self._random.random() < 0.04:
            return None
        if isinstance(kind, Scalar):
            known = self._random.random() < 0.8 and kind.enum
            return self._random.choice(known or SAMPLES.get(kind.kind, ({}, {"a": 1})))
        count = self._random.choice((0, 1, 1, 2))
        if isinstance(kind, List):
            return [self._value(kind.item, depth + 1) for _ in range(count)]
        if isinstance(kind, Map):
            return {self._random.choice(TEXTS): self._value(kind.item, depth + 1) for _ in range(count)}
        return self._struct(kind, depth)

    def _struct(self, kind: Type, depth: int) -> Obj:
        assert isinstance(kind, Struct), kind
        likely = max(0.12, 0.6 - 0.07 * depth)
        return {
            field.name: self._value(field.type, depth + 1)
            for field in kind.fields.values()
            if depth < 10 and self._random.random() < (0.93 if field.required else likely)
        }


def copy(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


def bare(obj: Obj, name: str) -> Obj:
    """The object under this name, without what a client need not say."""
    return {
        "metadata": {"name": name},
        **{key: obj[key] for key in obj if key not in ("apiVersion", "kind", "metadata")},
    }


@pytest.mark.parametrize("seed", range(4))
async def test_kinds(seed: int) -> None:
    api, chance, stored = Api(), Chance(seed), 0
    for number, resource_id in enumerate([*IDS] * 6):
        resource, name = SCHEME.stored(resource_id), f"n{number}"
        assert resource is not None, resource_id
        namespace = NAMESPACE if resource.namespaced else ""
        try:
            made = await api.create(resource, namespace, bare(chance.object(resource), name))
        except StatusError:
            continue
        stored += 1
        assert await api.update(resource, namespace, name, copy(made)) == made
        for subresource in ("", *(resource.subresources or ())):
            changed = copy(made)
            chance.change(resource.type, changed)
            try:
                await api.patch(resource, namespace, name, bare(changed, name), subresource=subresource)
            except StatusError as error:
                assert error.code != 500, error  # noqa: PT017 - most changes are refused, and may be
    assert stored > 50, "enough was met by chance"
