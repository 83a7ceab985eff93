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
    """An owner's revisions, oldest first. `reference`: the owner as their controller; `hash_label`: where a hash is;
    `made`: the present template as a new revision, and `stranger`: one that is not the owner's but the very same."""

    owner: Obj
    hash_label: str
    revisions: tuple[Obj, ...]
    changes: tuple[Change, ...]
    made: Obj
    stranger: Obj | None

    @classmethod
    def of(cls, owner: Obj, reference: Obj, hash_label: str, collisions: int | None, world: World) -> History:
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
        made = _made(owner, reference, hash_label, found[-1]["revision"] + 1 if found else 1, collisions)
        named = world.get(REVISIONS, made["metadata"]["namespace"], made["metadata"]["name"])
        stranger = named if named is not None and named not in found and named.get("data") == made["data"] else None
        return cls(owner, hash_label, tuple(found), tuple(changes), made, stranger)

    def present(self) -> Obj | None:
        """The newest revision of the present template; while it lasts, one that an earlier owner of the name left."""
        data = self.made["data"]
        return next((each for each in reversed(self.revisions) if each.get("data") == data), self.stranger)

    def by_name(self, name: str) -> Obj | None:
        """The revision of this name."""
        return next((each for each in self.revisions if each["metadata"]["name"] == name), None)

    def pending(self) -> Change | None:
        """The write after which the present template is the newest revision; None if it is."""
        found = self.present()
        if found is None:
            return Create(REVISIONS, self.made)
        if found is not self.stranger and found["revision"] < self.made["revision"] - 1:
            return Update(REVISIONS, {**found, "revision": self.made["revision"]})
        return None

    def outdated(self, limit: int, live: Iterable[str]) -> list[Change]:
        """Deletions of the oldest revisions beyond the limit; those whose names are in `live` stay and do not count."""
        kept = set(live)
        unused = [each for each in self.revisions if each["metadata"]["name"] not in kept]
        return [Delete.of(REVISIONS, each) for each in unused[: max(0, len(unused) - limit)]]

    def outdated_by_hash(self, limit: int, live: Iterable[str]) -> list[Change]:
        """Deletions of the oldest revisions beyond the limit, which all but the present one count for; those whose hash
        is in `live` stay."""
        kept, data = set(live), self.made["data"]
        old = [each for each in self.revisions if each.get("data") != data]
        unused = [each for each in old if labels_of(each).get(self.hash_label, "") not in kept]
        return [Delete.of(REVISIONS, each) for each in unused[: max(0, len(old) - limit)]]


def _made(owner: Obj, reference: Obj, hash_label: str, number: int, collisions: int | None) -> Obj:
    """A revision of the owner's present template; what it holds is a patch that puts the template back."""
    meta, template = owner["metadata"], owner["spec"]["template"]
    data = {"spec": {"template": {**template, "$patch": "replace"}}}
    name = content_hash(data, collisions)
    made: Obj = {
        "name": f"{meta['name'][:223]}-{name}",
        "namespace": meta["namespace"],
        "labels": {**labels_of(template), hash_label: name},
        "ownerReferences": [reference],
    }
    if annotations_of(owner):
        made["annotations"] = annotations_of(owner)
    return {
        "kind": "ControllerRevision",
        "apiVersion": "apps/v1",
        "metadata": made,
        "data": data,
        "revision": number,
    }


def template_of(owner: Obj, revision: Obj) -> Obj:
    """The template that the revision holds."""
    held = ((revision.get("data") or {}).get("spec") or {}).get("template")
    if held is None:
        return dict(owner["spec"]["template"])
    return {name: value for name, value in held.items() if name != "$patch"}
