"""The chain asks those whom a request concerns."""

from __future__ import annotations

from fakekube.admission.chain import CREATE, UPDATE, Attributes, Chain, Context, Plugin
from tests.unit.admission.conftest import World, attributes_of


class Watchman(Plugin):
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.seen: list[str] = []

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        self.asked.append(f"{operation} {resource_id}")
        return operation == CREATE

    def handles(self, attributes: Attributes) -> bool:
        return attributes.name != "unseen"

    async def admit(self, attributes: Attributes, context: Context) -> None:
        self.seen.append(f"{attributes.operation} {attributes.name}")


async def test_a_plugin_is_asked_once_what_concerns_it_and_each_time_what_it_handles(world: World) -> None:
    watchman = Watchman()
    chain = Chain((watchman,))
    for operation, name in ((CREATE, "a"), (CREATE, "unseen"), (UPDATE, "a"), (CREATE, "b")):
        attributes = attributes_of("pods", {}, operation, name=name)
        await chain.admit(attributes, world)
        await chain.validate(attributes, world)
    assert watchman.asked == ["CREATE pods", "UPDATE pods"]
    assert watchman.seen == ["CREATE a", "CREATE b"]
