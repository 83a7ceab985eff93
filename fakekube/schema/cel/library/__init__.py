"""The functions that expressions may call, as Kubernetes 1.36 lets new ones."""

from __future__ import annotations

from functools import cache

from fakekube.schema.cel.declarations import Functions, declared
from fakekube.schema.cel.library import collections, kubernetes, rights, standard, texts


@cache
def functions() -> Functions:
    """All functions by name."""
    found = declared([*standard.rows(), *texts.rows(), *collections.rows(), *kubernetes.rows()])
    for overload in rights.overloads():
        found.setdefault(overload.function, []).append(overload)
    return found
