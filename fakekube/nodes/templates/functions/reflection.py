"""sprig's functions on types and versions."""

from __future__ import annotations

from fakekube.nodes.templates.functions.signatures import Rows
from fakekube.nodes.templates.values import kind_of, same, type_of
from fakekube.nodes.templates.versions import Version, satisfies

ROWS: Rows = {
    "typeOf": (".", type_of),
    "typeIs": ("s.", lambda name, value: type_of(value) == name),
    "typeIsLike": ("s.", lambda name, value: type_of(value) in (name, f"*{name}")),
    "kindOf": (".", kind_of),
    "kindIs": ("s.", lambda name, value: kind_of(value) == name),
    "deepEqual": ("..", same),
    "semver": ("s", Version.parse),
    "semverCompare": ("ss", lambda constraint, version: satisfies(Version.parse(version), constraint)),
}
