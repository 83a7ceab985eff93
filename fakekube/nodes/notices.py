"""Warns of annotations that no kubelet here understands: a name that is not known, or a value that cannot be read."""

from __future__ import annotations

from fakekube.admission.chain import DELETE, Attributes, Context, Plugin
from fakekube.core.meta import Obj
from fakekube.nodes.behaviour import ANNOTATIONS, PREFIX, READABLE

_TEMPLATE = ("spec", "template")
PLACES: dict[str, tuple[str, ...]] = {
    "pods": (),
    "replicationcontrollers": _TEMPLATE,
    "cronjobs.batch": ("spec", "jobTemplate", *_TEMPLATE),
    "jobs.batch": _TEMPLATE,
    **dict.fromkeys(("deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps"), _TEMPLATE),
}
"""Where the pod is in these objects."""


class AnnotationNotices(Plugin):
    """Looks at the annotations of pods and of the templates of pods."""

    name = "Annotations"

    def handles(self, attributes: Attributes) -> bool:
        return attributes.resource.id in PLACES and not attributes.subresource and attributes.operation != DELETE

    async def validate(self, attributes: Attributes, context: Context) -> None:
        found: Obj = attributes.obj or {}
        for step in PLACES[attributes.resource.id]:
            found = found.get(step) or {}
        for name, text in ((found.get("metadata") or {}).get("annotations") or {}).items():
            if name.startswith(PREFIX) and (told := notice(name, text)):
                context.warn(told)


def notice(name: str, text: str) -> str:
    """What is odd about the annotation; '' if nothing is."""
    from fakekube.nodes.envfiles import ANNOTATION as FILES

    if name == FILES:
        return ""
    row = ANNOTATIONS.get(name)
    if row is None:
        return f"unknown annotation {name}; known are: {', '.join(sorted((*ANNOTATIONS, FILES)))}"
    words, readable = READABLE[row[1]]
    return "" if readable(text) else f"annotation {name}: {text!r} is not {words}"
