"""Files of environment variables (fileKeyRef): NAME='value' lines, as the kubelet reads them.

No init container writes any here; what they would hold is told by an annotation on the pod: fakekube/files, a JSON
object from "VOLUME/PATH" to the text of the file.
"""

from __future__ import annotations

import json
import re

from fakekube.core.meta import Obj, annotations_of, uid_of

ANNOTATION = "fakekube/files"
_ASSIGNMENT = re.compile(
    r"[ \t]*(?P<name>[^ \t=#\n][^ \t=\n]*)=(?:'(?P<value>[^']*)'[ \t]*(?:#[^\n]*)?|[ \t][^\n]*)(?:\n|$)"
)
_SKIPPED = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|$)")


def told(pod: Obj, volume: str, path: str) -> str | None:
    """The text of the file; None if nothing is told of it."""
    given = annotations_of(pod).get(ANNOTATION)
    if given is None:
        return None
    try:
        files = json.loads(given)
    except json.JSONDecodeError:
        return None
    found = files.get(f"{volume}/{path}") if isinstance(files, dict) else None
    return found if isinstance(found, str) else None


def value(text: str, key: str) -> str:
    """The value of the variable; '' if there is none. ValueError if the text is no such file."""
    at = 0
    while at < len(text):
        skipped = _SKIPPED.match(text, at)
        if skipped is not None and skipped.end() > at:
            at = skipped.end()
            continue
        match = _ASSIGNMENT.match(text, at)
        if match is None:
            raise ValueError("invalid environment variable format")
        if match["name"] == key:
            return match["value"] or ""
        at = match.end()
    return ""


def place(pod: Obj, volume: str, path: str) -> str:
    """Where the file would be on its node."""
    return f"/var/lib/kubelet/pods/{uid_of(pod)}/volumes/kubernetes.io~empty-dir/{volume}/{path}"
