"""What tests in other languages ask of pods and nodes, over HTTP: behaviours, silent kubelets, environments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fakekube.cluster.behaving import KEYWORDS
from fakekube.cluster.nodes import NodeVerbs
from fakekube.cluster.pods import PodVerbs, Told
from fakekube.core.errors import StatusError, bad_request, not_found
from fakekube.core.selectors import SelectorError

if TYPE_CHECKING:
    from fakekube.cluster.composition import Cluster

WHO = ("selector", "namespace", "name", "container")
FIELDS = (*WHO, *sorted(KEYWORDS))


class Remote:
    """Behaviours by number, in the order in which they were told, and whatever else is asked of pods and nodes."""

    def __init__(self, cluster: Cluster) -> None:
        self._pods = PodVerbs(cluster)
        self._nodes = NodeVerbs(cluster)
        self._told: dict[str, tuple[dict[str, Any], Told]] = {}
        self._last = 0

    def reset(self) -> None:
        """Nothing was told, as the rules themselves are gone with a reset."""
        self._told.clear()

    async def behave(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Tell pods how to behave; what was told, with its number. 400 says what is wrong."""
        unknown = [name for name in body if name not in FIELDS]
        if unknown:
            raise bad_request(f"unknown field {unknown[0]!r}; known are: {', '.join(FIELDS)}")
        who = {name: body[name] for name in WHO if body.get(name) is not None}
        _check_who(who)
        try:
            told = await self._pods.behave(
                who.pop("selector"), **who, **{name: value for name, value in body.items() if name in KEYWORDS}
            )
        except (ValueError, TypeError, SelectorError) as error:
            raise bad_request(str(error)) from error
        self._last += 1
        kept = {"id": str(self._last), **body}
        self._told[kept["id"]] = (kept, told)
        return kept

    def behaviours(self) -> list[dict[str, Any]]:
        """What was told and counts."""
        return [kept for kept, _ in self._told.values()]

    def behaviour(self, number: str) -> dict[str, Any]:
        """What was told under this number; 404 if nothing is."""
        if number not in self._told:
            raise not_found("", "behaviours", number)
        return self._told[number][0]

    async def forget(self, number: str) -> dict[str, Any]:
        """Take back what was told under this number; 404 if nothing is."""
        kept = self.behaviour(number)
        await self._told.pop(number)[1].remove()
        return kept

    async def forget_all(self) -> None:
        """Take everything back."""
        for number in list(self._told):
            await self.forget(number)

    async def speak(self, node: str, speaks: bool) -> None:
        """Let the node's kubelet fall silent, or speak again; 400 if it is none of the cluster's own."""
        try:
            await (self._nodes.start(node) if speaks else self._nodes.stop(node))
        except ValueError as error:
            raise bad_request(str(error)) from error

    async def shut_down(self, node: str) -> None:
        """Shut the node down with grace; 400 as above."""
        try:
            await self._nodes.shut_down(node)
        except ValueError as error:
            raise bad_request(str(error)) from error

    async def speaking(self) -> list[str]:
        """The nodes whose kubelets speak."""
        return await self._nodes.names()

    async def environment(self, namespace: str, name: str, container: str | None) -> dict[str, str]:
        """What a container would see; 400 says why it could not start, 404 that there is no such pod."""
        try:
            return await self._pods.environment(name, namespace, container=container)
        except StatusError:
            raise
        except ValueError as error:
            raise bad_request(str(error)) from error


def _check_who(who: Mapping[str, Any]) -> None:
    if "selector" not in who:
        raise bad_request("selector is needed: labels as an object, or the text of a selector; {} selects all pods")
    selector = who["selector"]
    labels = isinstance(selector, dict) and all(isinstance(value, str) for value in selector.values())
    if not labels and not isinstance(selector, str):
        raise bad_request(f"selector must be labels (an object of texts) or the text of a selector, not {selector!r}")
    for field in WHO[1:]:
        if field in who and not isinstance(who[field], str):
            raise bad_request(f"{field} must be text, not {who[field]!r}")
