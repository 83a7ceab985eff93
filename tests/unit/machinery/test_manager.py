from collections.abc import Hashable, Iterable

from fakekube.core.errors import StatusError, conflict, forbidden
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself
from fakekube.machinery.manager import CHANGES_PER_STEP
from fakekube.machinery.plan import NOTHING, Change, Create, Delete, Emit, Plan, Update
from fakekube.machinery.queue import RACES_AT_ONCE
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key
from tests.unit.machinery.fakeapi import Lab


def controller(reconcile, name: str = "test", resource: str = "configmaps", keys=itself) -> Controller:  # type: ignore[no-untyped-def]
    return Controller(name, reconcile, (Watch(resource, keys),), f"user-{name}", name)


def secret(name: str) -> dict[str, object]:
    return {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": name, "namespace": "default"}}


async def test_what_is_there_at_the_start_and_what_comes_is_looked_at_once() -> None:
    seen: list[Hashable] = []

    def reconcile(key: NamedKey, world: World) -> Plan:
        seen.append(key.name)
        return NOTHING

    lab = Lab(controller(reconcile))
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.make("configmaps", "ConfigMap", "b")
    await lab.make("secrets", "Secret", "not-watched")
    assert lab.manager.ready()
    assert lab.woken == 2
    await lab.settle()
    assert seen == ["a", "b"]
    assert not lab.manager.ready()
    lab.manager.reset()
    await lab.settle()
    assert seen == ["a", "b", "a", "b"]


async def test_a_plan_is_carried_out_as_the_controllers_user() -> None:
    def reconcile(key: NamedKey, world: World) -> Plan:
        return Plan([Create("secrets", secret("made"))]) if world.get("secrets", "default", "made") is None else NOTHING

    lab = Lab(controller(reconcile))
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.settle()
    assert lab.get("secrets", "made") is not None
    assert lab.api.users == ["user-test kube-controller-manager"]


async def test_a_long_plan_takes_several_steps_and_others_get_their_turn() -> None:
    order: list[str] = []

    def long(key: NamedKey, world: World) -> Plan:
        if world.list("secrets"):
            return NOTHING
        return Plan([Create("secrets", secret(f"s{n}")) for n in range(CHANGES_PER_STEP * 2)])

    def other(key: NamedKey, world: World) -> Plan:
        order.append(f"{len(world.list('secrets'))}")
        return NOTHING

    lab = Lab(controller(long, "long"), controller(other, "other"))
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.settle()
    assert len(lab.all("secrets")) == CHANGES_PER_STEP * 2
    assert order == [str(CHANGES_PER_STEP)]


async def test_who_looks_at_much_comes_up_less_often() -> None:
    turns: list[str] = []

    def costly(key: NamedKey, world: World) -> Plan:
        turns.append("costly")
        world.reads += 1000
        return NOTHING

    def cheap(key: NamedKey, world: World) -> Plan:
        turns.append("cheap")
        return NOTHING

    lab = Lab(controller(costly, "costly"), controller(cheap, "cheap"))
    for n in range(20):
        await lab.make("configmaps", "ConfigMap", f"c{n}")
    await lab.settle()
    assert turns[:21].count("costly") == 1


async def test_a_controller_that_fails_is_tried_again_and_kills_nobody(caplog) -> None:  # type: ignore[no-untyped-def]
    tries: list[float] = []

    def reconcile(key: NamedKey, world: World) -> Plan:
        tries.append(world.now())
        if len(tries) < 3:
            raise RuntimeError("broken")
        return NOTHING

    lab = Lab(controller(reconcile))
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.settle(1)
    assert len(tries) == 3
    assert "'a'" in caplog.text


async def test_a_key_is_looked_at_again_when_the_plan_says_so() -> None:
    moments: list[float] = []

    def reconcile(key: NamedKey, world: World) -> Plan:
        moments.append(world.now())
        return Plan(after=10)

    lab = Lab(controller(reconcile))
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.settle(25)
    assert [moment - moments[0] for moment in moments] == [0, 10, 20]


async def test_a_conflict_ends_the_plan_and_the_key_is_tried_again_at_once_and_silently(caplog) -> None:  # type: ignore[no-untyped-def]
    tries = 0

    def reconcile(key: NamedKey, world: World) -> Plan:
        nonlocal tries
        tries += 1
        found = world.get("configmaps", *key)
        assert found is not None
        if tries == 1:
            stale = {**found, "metadata": {**found["metadata"], "resourceVersion": "999"}}
            return Plan([Update("configmaps", stale), Create("secrets", secret("not-made"))])
        return NOTHING

    lab = Lab(controller(reconcile))
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.settle()
    assert tries == 2
    assert lab.all("secrets") == []
    assert caplog.text == ""


async def test_who_always_comes_too_late_backs_off() -> None:
    tries: list[float] = []

    def reconcile(key: NamedKey, world: World) -> Plan:
        tries.append(world.now())
        return Plan([Create("secrets", secret("taken"))])

    lab = Lab(controller(reconcile))
    await lab.make("secrets", "Secret", "taken")
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.settle()
    assert len(tries) == 1 + RACES_AT_ONCE
    assert lab.manager.next_due() is not None


async def test_what_fails_otherwise_waits_even_if_a_race_was_lost_besides() -> None:
    def status_too(error: StatusError) -> Plan:
        return Plan([Create("secrets", secret("taken"))], retry=True)

    def reconcile(key: NamedKey, world: World) -> Plan:
        tries.append(key)
        return Plan([Create("services", {**secret("x"), "kind": "Service"}, refused=status_too)])

    tries: list[Hashable] = []
    lab = Lab(controller(reconcile))
    lab.api.refuse["services"] = forbidden("", "services", "x", "over quota")
    await lab.make("secrets", "Secret", "taken")
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.settle()
    assert len(tries) == 1


async def test_what_is_gone_already_is_deleted() -> None:
    def reconcile(key: NamedKey, world: World) -> Plan:
        return Plan([Delete(Key("secrets", "default", "none")), Create("secrets", secret("next"))])

    lab = Lab(controller(reconcile))
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.manager.step()
    assert lab.get("secrets", "next") is not None


async def test_nothing_is_retried_in_a_namespace_that_is_going() -> None:
    def reconcile(key: NamedKey, world: World) -> Plan:
        return Plan([Create("secrets", secret("x"))])

    lab = Lab(controller(reconcile))
    causes = [{"reason": "NamespaceTerminating", "message": "", "field": ""}]
    lab.api.refuse["secrets"] = forbidden("", "secrets", "x", "going", causes)
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.settle()
    assert lab.manager.next_due() is None


async def test_outcomes_lead_to_more_changes() -> None:
    found: list[str] = []

    def then(made: dict[str, object]) -> Iterable[Change]:
        found.append("then")
        return [Emit(made, "Made", "well done")]

    def refused(error: StatusError) -> Plan:
        found.append(error.reason)
        return Plan([Emit(CONFIG, "NotMade", error.message, "Warning")])

    def reconcile(key: NamedKey, world: World) -> Plan:
        return Plan([Create("secrets", secret("x"), then=then, refused=refused)])

    lab = Lab(controller(reconcile))
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.settle()
    assert lab.told("Made") == ["well done"]
    lab.api.refuse["secrets"] = conflict("", "secrets", "x", "no")
    await lab.make("configmaps", "ConfigMap", "b")
    await lab.settle()
    assert found == ["then", "Conflict"]
    assert len(lab.told("NotMade")) == 1


CONFIG = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "default", "uid": "u"}}


def both(event: Event, world: World) -> list[str]:
    return [event.key.name, "all"]


async def test_a_watch_says_which_keys_a_write_concerns() -> None:
    seen: list[Hashable] = []

    def reconcile(key: str, world: World) -> Plan:
        seen.append(key)
        return NOTHING

    lab = Lab(controller(reconcile, keys=both))
    await lab.make("configmaps", "ConfigMap", "a")
    await lab.make("configmaps", "ConfigMap", "b")
    await lab.settle()
    assert seen == ["a", "all", "b"]
