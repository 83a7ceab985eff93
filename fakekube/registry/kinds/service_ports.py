"""Node ports of a Service: kept by the port's name, asked for, or chosen; and the one for health checks."""

from __future__ import annotations

from fakekube.core.errors import internal
from fakekube.core.fielderrors import invalid
from fakekube.core.meta import Obj
from fakekube.registry import allocation
from fakekube.registry.kinds.service_families import full, owner_of, refuse
from fakekube.registry.strategy import Context


def needs_node_ports(spec: Obj) -> bool:
    """Whether services of this type have node ports."""
    return spec.get("type") in ("NodePort", "LoadBalancer")


def gives_ports(spec: Obj) -> bool:
    """Whether ports that name no node port are given one."""
    kind = spec.get("type")
    return kind == "NodePort" or (kind == "LoadBalancer" and bool(spec.get("allocateLoadBalancerNodePorts")))


def needs_health_port(spec: Obj) -> bool:
    """Whether load balancers ask each node for its health."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def numbers(spec: Obj) -> list[int]:
    """The node ports in their order."""
    return [port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")]


def keep_ports(spec: Obj, then: Obj) -> None:
    """Fill in the node ports that an update leaves out: those that ports of these names had."""
    if gives_ports(spec) and gives_ports(then):
        used = set(numbers(spec)) & set(numbers(then))
        before = {port.get("name", ""): port.get("nodePort") for port in then.get("ports") or ()}
        for port in spec.get("ports") or ():
            number = before.get(port.get("name", ""))
            if not port.get("nodePort") and number and number not in used:
                port["nodePort"] = number
    health = then.get("healthCheckNodePort")
    if health and needs_health_port(spec) and needs_health_port(then):
        spec["healthCheckNodePort"] = spec.get("healthCheckNodePort") or health


class Chooser:
    """Chooses the ports of one write; what it chose is taken for the rest of it."""

    def __init__(self, context: Context, obj: Obj) -> None:
        self._context = context
        self._obj = obj
        self._owner = owner_of(obj)
        self.taken: set[int] = set()

    def ask(self, port: int) -> str:
        """Why this port cannot be had; '' if it is taken now."""
        why = allocation.port_fault(self._context.store, port, self._owner)
        if self._context.request.dry_run and why == allocation.PORT_RANGE:
            why = ""
        if not why and port in self.taken:
            why = allocation.PORT_ALLOCATED
        self.taken.add(port)
        return why

    def demand(self, index: int, port: int) -> None:
        """Take this port, or raise the 422."""
        why = self.ask(port)
        if why:
            refuse(self._obj, [invalid(f"spec.ports[{index}].nodePort", port, why)])

    def any(self) -> int | None:
        """Take some port."""
        if self._context.request.dry_run:
            found: int | None = allocation.dry_run_port(self.taken)
        else:
            found = allocation.next_port(self._context.store, self._context.ids, self.taken)
        if found is not None:
            self.taken.add(found)
        return found

    def some(self) -> int:
        """Take some port, or raise the 500."""
        found = self.any()
        if found is None:
            raise full(f"failed to allocate a nodePort: {allocation.FULL}")
        return found


def choose_ports(context: Context, obj: Obj, old: Obj | None) -> None:
    """Give node ports to the ports that need them; raise if one asked for cannot be had."""
    spec, then = obj["spec"], (old or {}).get("spec") or {}
    chooser = Chooser(context, obj)
    if needs_node_ports(spec):
        if old is None:
            _choose_new(spec, chooser)
        else:
            _choose_changed(spec, then, chooser)
    if needs_health_port(spec) and not (old is not None and needs_health_port(then)):
        _choose_health_port(spec, chooser)


def _choose_new(spec: Obj, chooser: Chooser) -> None:
    """Ports of the same number, of different protocols, share a node port."""
    by_number: dict[int, int] = {}
    ports = spec.get("ports") or []
    for index, port in enumerate(ports):
        if not port.get("nodePort") and not gives_ports(spec):
            continue
        number = port.get("port", 0)
        shared = by_number.get(number)
        if shared is None:
            same = (each["nodePort"] for each in ports if each.get("port", 0) == number and each.get("nodePort"))
            wanted = next(same, 0)
            if wanted:
                chooser.demand(index, wanted)
            port["nodePort"] = by_number[number] = wanted or chooser.some()
        elif not port.get("nodePort"):
            port["nodePort"] = shared
        elif port["nodePort"] != shared:
            chooser.demand(index, port["nodePort"])


def _choose_changed(spec: Obj, then: Obj, chooser: Chooser) -> None:
    before = set(numbers(then))
    asked: set[int] = set()
    seen: set[tuple[str, int]] = set()
    for index, port in enumerate(spec.get("ports") or ()):
        if not port.get("nodePort") and not gives_ports(spec):
            continue
        number = port.get("nodePort")
        if not number:
            port["nodePort"] = number = chooser.some()
        elif number not in before and number not in asked:
            chooser.demand(index, number)
            asked.add(number)
        pair = (port.get("protocol", ""), number)
        if pair in seen:
            raise internal(f"duplicate nodePort: {{{pair[0]} {number}}}")
        seen.add(pair)


def _choose_health_port(spec: Obj, chooser: Chooser) -> None:
    wanted = spec.get("healthCheckNodePort") or 0
    if wanted:
        why = chooser.ask(wanted)
        if why:
            raise internal(f"failed to allocate requested HealthCheck NodePort {wanted}: {why}")
        return
    found = chooser.any()
    if found is None:
        raise internal(f"failed to allocate a HealthCheck NodePort 0: {allocation.FULL}")
    spec["healthCheckNodePort"] = found
