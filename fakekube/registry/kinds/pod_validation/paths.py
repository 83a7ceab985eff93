"""Paths within volumes and on hosts."""

from __future__ import annotations

from fakekube.core.fielderrors import invalid
from fakekube.core.meta import Obj
from fakekube.registry.kinds.rules import Errors

HIGHEST_MODE = 0o777
MODE_WRONG = "must be a number between 0 and 0777 (octal), both inclusive"


def without_backsteps(errors: Errors, text: str, path: str) -> None:
    """No part of it is '..'."""
    if ".." in text and ".." in text.split("/"):
        errors.append(invalid(path, text, "must not contain '..'"))


def descending(errors: Errors, text: str, path: str) -> None:
    """A relative path that stays inside."""
    if text.startswith("/"):
        errors.append(invalid(path, text, "must be a relative path"))
    without_backsteps(errors, text, path)


def non_reserved(errors: Errors, text: str, path: str) -> None:
    """A descending path whose first part does not start with '..' (the kubelet's own files do)."""
    descending(errors, text, path)
    if text.startswith("..") and not text.startswith("../"):
        errors.append(invalid(path, text, "must not start with '..'"))


def file_mode(errors: Errors, parent: Obj, field: str, path: str) -> None:
    """Permission bits."""
    mode = parent.get(field)
    if mode is not None and not 0 <= mode <= HIGHEST_MODE:
        errors.append(invalid(f"{path}.{field}", mode, MODE_WRONG))
