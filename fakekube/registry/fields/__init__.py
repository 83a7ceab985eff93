"""Who owns which field: managedFields of plain writes, and server-side apply.

`update` books a plain write, `apply` does a whole server-side apply, `same_but_managed` tells a write that changes
nothing. The rules are those of sigs.k8s.io/structured-merge-diff and k8s.io/apimachinery/pkg/util/managedfields.
"""

from fakekube.registry.fields.apply import apply
from fakekube.registry.fields.managers import check, manager_name, same_but_managed
from fakekube.registry.fields.resets import resets
from fakekube.registry.fields.scale import SCALE_VERSION, from_scale, scaled, to_scale
from fakekube.registry.fields.update import update

__all__ = [
    "SCALE_VERSION",
    "apply",
    "check",
    "from_scale",
    "manager_name",
    "resets",
    "same_but_managed",
    "scaled",
    "to_scale",
    "update",
]
