"""What stands in the way of an apply: fields that it would change and others own."""

from __future__ import annotations

from typing import NamedTuple

from fakekube.core.errors import StatusError, cause
from fakekube.registry.fields import sets
from fakekube.registry.fields.elements import Path, shown_path
from fakekube.registry.fields.managers import Identity, Managers
from fakekube.registry.fields.sets import Set
from fakekube.registry.fields.versions import ChangesByVersion


class Conflict(NamedTuple):
    """A field and its owner."""

    owner: Identity
    path: Path


class ConflictsError(Exception):
    """An apply that may not go on."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__(f"{len(conflicts)} conflicts")
        self.conflicts = conflicts

    def beyond(self, allowed: Set) -> list[Conflict]:
        """Those about fields that are not in the set."""
        return [conflict for conflict in self.conflicts if not sets.has(allowed, conflict.path)]


def find(managers: Managers, changes: ChangesByVersion) -> list[Conflict]:
    """What others than the applier own of what changes, by owner in the order that messages have them."""
    found: list[Conflict] = []
    for identity in sorted(managers, key=Identity.rank):
        changed = changes[managers[identity].version]
        if changed is not None:
            fields = sets.intersection(managers[identity].fields, changed.written)
            found += [Conflict(identity, path) for path in sets.paths(fields)]
    return found


def refusal(conflicts: list[Conflict]) -> StatusError:
    """The 409 that tells them."""
    causes = [
        cause("FieldManagerConflict", f"conflict with {conflict.owner}", shown_path(conflict.path))
        for conflict in conflicts
    ]
    return StatusError(409, "Conflict", _message(conflicts), {"causes": causes})


def _message(conflicts: list[Conflict]) -> str:
    if len(conflicts) == 1:
        only = conflicts[0]
        return f"Apply failed with 1 conflict: conflict with {only.owner}: {shown_path(only.path)}"
    lines = []
    for owner in dict.fromkeys(conflict.owner for conflict in conflicts):
        lines.append(f"conflicts with {owner}:")
        lines += [f"- {shown_path(conflict.path)}" for conflict in conflicts if conflict.owner == owner]
    return f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)
