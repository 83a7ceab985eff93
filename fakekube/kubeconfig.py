"""The kubeconfig of a cluster: one context, named fakekube, that every client reads."""

from __future__ import annotations

import base64
import os
import tempfile
from json import dumps
from pathlib import Path

MARK = "# Written by fakekube; overwritten by its next cluster."
NAME = "fakekube"


def render(url: str, token: str, ca_pem: bytes | None = None, namespace: str = "default") -> str:
    """The kubeconfig as YAML text; its values are quoted as JSON, which YAML reads the same."""
    trust = f"\n    certificate-authority-data: {base64.b64encode(ca_pem).decode()}" if ca_pem else ""
    return f"""{MARK}
apiVersion: v1
kind: Config
current-context: {NAME}
clusters:
- name: {NAME}
  cluster:
    server: {dumps(url)}{trust}
users:
- name: {NAME}
  user:
    token: {dumps(token)}
contexts:
- name: {NAME}
  context:
    cluster: {NAME}
    user: {NAME}
    namespace: {dumps(namespace)}
"""


def write(path: Path, *, url: str, token: str, ca_pem: bytes | None = None) -> None:
    """Put the kubeconfig at `path` in one step, readable by its owner alone.

    Raises FileExistsError for a file with other content: nobody's kubeconfig is overwritten.
    """
    if not _is_ours(path):
        raise FileExistsError(f"{path} holds something else than a kubeconfig of fakekube: name another file")
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes files of mode 0600; the rename is atomic within one folder.
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(render(url, token, ca_pem))
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def _is_ours(path: Path) -> bool:
    """Whether the path may be written: absent, empty, or written by this module before."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline().rstrip("\n") in ("", MARK)
    except FileNotFoundError:
        return True
