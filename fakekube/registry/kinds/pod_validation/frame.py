"""What the checks of a pod's parts must know of the whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from fakekube.core.meta import Obj


@dataclass(slots=True)
class Frame:
    """One pod spec under judgement."""

    spec: Obj
    is_pod: bool
    """A Pod itself, not a template."""
    pod_name: str = ""
    """Its name, if it has one already."""
    is_mirror: bool = False
    volumes: dict[str, Obj] = field(default_factory=dict)
    """The faultless volumes by name."""
    claims: frozenset[str] = frozenset()
    """The names under spec.resourceClaims."""

    @property
    def host_users(self) -> bool:
        """Whether the pod shares the host's user namespace."""
        return self.spec.get("hostUsers") is not False
