"""PodResizeValidator: a running pod cannot come to ask for more than its node has."""

from __future__ import annotations

from fakekube.admission.chain import UPDATE, Attributes, Context, Plugin
from fakekube.admission.reading import lookup, refused
from fakekube.core.meta import Obj, labels_of
from fakekube.core.podresources import requested
from fakekube.core.quantity import ZERO, parse

OS_LABEL = "kubernetes.io/os"


class PodResize(Plugin):
    name = "PodResizeValidator"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return resource_id == "pods" and subresource == "resize" and operation == UPDATE

    async def validate(self, attributes: Attributes, context: Context) -> None:
        spec = (attributes.obj or {}).get("spec") or {}
        name = spec.get("nodeName")
        if not name or spec == (attributes.old or {}).get("spec"):
            return
        node = lookup(context.store, "nodes", "", name)
        if node is None:
            raise refused(attributes, f'node "{name}" not found')
        system = labels_of(node).get(OS_LABEL, "linux")
        if system != "linux":
            why = f'pod resize is only supported on linux nodes, node "{name}" is "{system}"'
            raise refused(attributes, why, [{"reason": "UnsupportedPlatform"}])
        fault = _capacity_fault(spec, (node.get("status") or {}).get("allocatable") or {})
        if fault:
            raise refused(attributes, fault, [{"reason": "NodeCapacity"}])


def _capacity_fault(spec: Obj, allocatable: Obj) -> str:
    wanted = requested(spec, "requests")
    for name, amount in (spec.get("overhead") or {}).items():
        wanted[name] = wanted.get(name, ZERO) + parse(amount)
    told = []
    cpu, memory = wanted.get("cpu", ZERO), wanted.get("memory", ZERO)
    has_cpu, has_memory = parse(allocatable.get("cpu", "0")), parse(allocatable.get("memory", "0"))
    if cpu > has_cpu:
        told.append(f"cpu, requested: {cpu.milli()}, allocatable: {has_cpu.milli()}")
    if memory > has_memory:
        told.append(f"memory, requested: {memory.value()}, allocatable: {has_memory.value()}")
    return f"node didn't have enough allocatable resources: {'; '.join(told)}" if told else ""
