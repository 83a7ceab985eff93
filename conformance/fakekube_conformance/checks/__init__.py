"""The checks, topic by topic; importing this package enters them all in the list."""

from importlib import import_module

TOPICS = (
    "creating",
    "reading",
    "updating",
    "deleting",
    "lists",
    "selectors",
    "watching",
    "watch_options",
    "patching",
    "strategic",
    "applying",
    "ownership",
    "metadata",
    "strictness",
    "pods",
    "workloads",
    "subresources",
    "generations",
    "dry_runs",
    "finalizing",
    "namespaces",
    "services",
    "endpoints",
    "definitions",
    "custom_objects",
    "discovery",
    "openapi",
    "tables",
    "media_types",
    "rollouts",
    "stateful",
    "scheduling",
    "kubelets",
    "refusals",
    "access",
    "tokens",
    "admission",
    "networking",
    "names",
)
"""In the order in which a reader meets them; each is a module of this package."""

for _topic in TOPICS:
    import_module(f"{__name__}.{_topic}")
