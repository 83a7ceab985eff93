"""NamespaceLifecycle: nothing enters a namespace that is missing or going away; some namespaces never go."""

from __future__ import annotations

from fakekube.admission.chain import CREATE, DELETE, Attributes, Context, Plugin
from fakekube.admission.reading import lookup, refused
from fakekube.core import errors
from fakekube.core.errors import cause

IMMORTAL = frozenset(("default", "kube-system", "kube-public"))
REVIEWS = frozenset(("localsubjectaccessreviews.authorization.k8s.io",))
"""Asking about a namespace must not tell whether it exists."""


class NamespaceLifecycle(Plugin):
    name = "NamespaceLifecycle"

    async def admit(self, attributes: Attributes, context: Context) -> None:
        resource = attributes.resource
        if resource.id == "namespaces":
            if attributes.operation == DELETE and attributes.name in IMMORTAL:
                raise errors.forbidden("", "namespaces", attributes.name, "this namespace may not be deleted")
            return
        if not attributes.namespace or attributes.operation == DELETE or resource.id in REVIEWS:
            return
        self._check(attributes, context)

    def _check(self, attributes: Attributes, context: Context) -> None:
        name = attributes.namespace
        namespace = lookup(context.store, "namespaces", "", name)
        if namespace is None:
            raise errors.not_found("", "namespaces", name)
        if attributes.operation == CREATE and (namespace.get("status") or {}).get("phase") == "Terminating":
            why = f"unable to create new content in namespace {name} because it is being terminated"
            told = cause("NamespaceTerminating", f"namespace {name} is being terminated", "metadata.namespace")
            raise refused(attributes, why, [told])
