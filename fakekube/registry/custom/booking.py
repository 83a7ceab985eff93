"""Who owns which field of objects whose versions differ: entries speak of the fields of their own version."""

from __future__ import annotations

import orjson

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, split_api_version
from fakekube.registry.custom.conversion import Surroundings, unpruned
from fakekube.registry.fields.typemodel import record
from fakekube.registry.fields.validate import faults, fits, text_of
from fakekube.registry.fields.versions import Unconverted, Unseen
from fakekube.schema.crds import CustomResource
from fakekube.schema.typed import Struct

_Question = tuple[str, bytes]
_HEAD = {"apiVersion", "kind"}


class Views:
    """Shows objects of a custom resource in its definition's other versions; a webhook is asked once for each.

    They are shown as they come out of the conversion: what is not in that version's schema makes them Unseen, and so
    does a version that the definition no longer has.
    """

    def __init__(self, around: Surroundings, resource: CustomResource) -> None:
        self._around = around
        self._resource = resource
        self._known: dict[_Question, Obj | StatusError] = {}

    def __call__(self, obj: Obj, version: str) -> tuple[Struct, Obj]:
        """See fakekube.registry.fields.versions.Convert."""
        target = self._target(obj, version)
        own = self._resource.api_version
        if own not in (obj["apiVersion"], version):  # by way of the version that the request is in
            obj = self(obj, own)[1]
        if obj["apiVersion"] == version:
            return target.type, obj
        if target.conversion is None or obj.keys() == _HEAD:  # no webhook is asked about nothing
            found: Obj = {**obj, "apiVersion": version}
        else:
            found = self._converted(obj, target)
        node = record(target.type)
        if not fits(node, found):
            raise Unseen(text_of(faults(node, found)))
        return target.type, found

    def _target(self, obj: Obj, version: str) -> CustomResource:
        group, name = split_api_version(version)
        if group != self._resource.group:
            stated = "/".join(split_api_version(obj["apiVersion"]))
            raise Unseen(
                f'{stated}, Kind={obj["kind"]} is unstructured and is not suitable for converting to "{version}"'
            )
        found = self._resource.family.get(name)
        if found is None:
            raise Unseen(f"request to convert CR to an invalid group/version: {version}")
        return found

    def _converted(self, obj: Obj, target: CustomResource) -> Obj:
        question = target.api_version, orjson.dumps(_bare(obj))
        found = self._known.get(question)
        if found is None:
            raise _Unasked(self, question, target)
        if isinstance(found, StatusError):
            raise Unseen(found.message)
        return found

    async def ask(self, question: _Question, target: CustomResource) -> None:
        """Have the webhook convert the object of a question, and remember what came of it."""
        try:
            self._known[question] = (await unpruned(self._around, [orjson.loads(question[1])], target))[0]
        except StatusError as error:
            self._known[question] = error


def _bare(obj: Obj) -> Obj:
    """The object without its book of owners."""
    if "managedFields" not in (obj.get("metadata") or ()):
        return obj
    return {**obj, "metadata": {name: part for name, part in obj["metadata"].items() if name != "managedFields"}}


class _Unasked(Unconverted):
    def __init__(self, views: Views, question: _Question, target: CustomResource) -> None:
        super().__init__(f"not yet converted to {target.api_version}")
        self._asked = views, question, target

    async def settle(self) -> None:
        views, question, target = self._asked
        await views.ask(question, target)
