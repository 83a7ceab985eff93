"""ControllerRevisions: the templates that a StatefulSet or DaemonSet has had, numbered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fakekube.core.meta import Obj, annotations_of, controller_of, is_deleting, labels_of
from fakekube.machinery.plan import Change, Create, Delete, Update
from fakekube.machinery.selection import matcher
from fakekube.machinery.workloads import adopt, content_hash, release
from fakekube.machinery.world import World
from fakekube.storage.values import Key

REVISIONS = "controllerrevisions.apps"


@dataclass(frozen=True, slots=True)
class History:
    """An owner's revisions, oldest first. `reference`: the owner as their controller; `hash_label`: where a hash is."""

    owner: Obj
    reference: Obj
    hash_label: str
    revisions: tuple[Obj, ...]
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, owner: Obj, reference: Obj, hash_label: str, world: World) -> History:
        """The owner's revisions: its own, and those without controller that its selector matches, which are adopted."""
        matches = matcher(owner["spec"].get("selector"))
        found: list[Obj] = []
        changes: list[Change] = []
        for each in world.list(REVISIONS, owner["metadata"]["namespace"]):
            meta, above = each["metadata"], controller_of(each)
            key = Key(REVISIONS, meta["namespace"], meta["name"])
            fits = matches(labels_of(each))
            if above is not None and above["uid"] == reference["uid"]:
                if fits:
                    found.append(each)
                else:
                    changes.append(release(key, meta["uid"], reference["uid"]))
            elif above is None and fits and not is_deleting(each) and not is_deleting(owner):
                changes.append(adopt(key, meta["uid"], reference))
        found.sort(
            key=lambda each: (each["revision"], each["metadata"].get("creationTimestamp", ""), each["metadata"]["name"])
        )
        return cls(owner, reference, hash_label, tuple(found), tuple(changes))

    @property
    def data(self) -> Obj:
        """What a revision of the owner's present template holds: a patch that puts it back."""
        return {"spec": {"template": {**self.owner["spec"]["template"], "$patch": "replace"}}}

    def present(self) -> Obj | None:
        """The newest revision of the present template."""
        data = self.data
        return next((each for each in reversed(self.revisions) if each.get("data") == data), None)

    def by_name(self, name: str) -> Obj | None:
        """The revision of this name."""
        return next((each for each in self.revisions if each["metadata"]["name"] == name), None)

    def pending(self, collisions: int | None) -> Change | None:
        """The write after which the present template is the newest revision; None if it is."""
        found, number = self.present(), self.revisions[-1]["revision"] if self.revisions else 0
        if found is None:
            return Create(REVISIONS, self._made(number + 1, collisions))
        if found["revision"] < number:
            return Update(REVISIONS, {**found, "revision": number + 1})
        return None

    def _made(self, number: int, collisions: int | None) -> Obj:
        meta, template = self.owner["metadata"], self.owner["spec"]["template"]
        name = content_hash(self.data, collisions)
        made: Obj = {
            "name": f"{meta['name'][:223]}-{name}",
            "namespace": meta["namespace"],
            "labels": {**labels_of(template), self.hash_label: name},
            "ownerReferences": [self.reference],
        }
        if annotations_of(self.owner):
            made["annotations"] = annotations_of(self.owner)
        return {
            "kind": "ControllerRevision",
            "apiVersion": "apps/v1",
            "metadata": made,
            "data": self.data,
            "revision": number,
        }

    def outdated(self, limit: int, live: Iterable[str], label: str = "") -> list[Change]:
        """Deletions of the oldest revisions beyond the limit; those in `live` (names, or values of `label`) stay."""
        kept = set(live)
        unused = [each for each in self.revisions if _named(each, label) not in kept]
        return [Delete.of(REVISIONS, each) for each in unused[: max(0, len(unused) - limit)]]


def _named(revision: Obj, label: str) -> str:
    return labels_of(revision).get(label, "") if label else revision["metadata"]["name"]


def template_of(owner: Obj, revision: Obj) -> Obj:
    """The template that the revision holds."""
    held = ((revision.get("data") or {}).get("spec") or {}).get("template")
    if held is None:
        return dict(owner["spec"]["template"])
    return {name: value for name, value in held.items() if name != "$patch"}
