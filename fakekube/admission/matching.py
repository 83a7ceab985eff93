"""Which requests a webhook or a policy is for: rules, selectors, and the other versions a resource is served in.

A rule that does not name the resource of the request may still name one that the same objects are served as
(matchPolicy Equivalent): the objects are then shown in that version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fakekube.admission.chain import CREATE, UPDATE, Attributes
from fakekube.admission.reading import lookup
from fakekube.core import errors, selectors
from fakekube.core.meta import Obj, labels_of
from fakekube.core.selectors import Selector

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource
    from fakekube.schema.scheme import Scheme
    from fakekube.storage.store import Store

ANY = "*"
EXEMPT_GROUP = "admissionregistration.k8s.io"
_POLICIES = frozenset(
    (
        f"validatingadmissionpolicies.{EXEMPT_GROUP}",
        f"validatingadmissionpolicybindings.{EXEMPT_GROUP}",
        f"mutatingadmissionpolicies.{EXEMPT_GROUP}",
        f"mutatingadmissionpolicybindings.{EXEMPT_GROUP}",
    )
)
_WEBHOOKS = frozenset(
    (f"validatingwebhookconfigurations.{EXEMPT_GROUP}", f"mutatingwebhookconfigurations.{EXEMPT_GROUP}")
)
_REVIEWS = frozenset(
    (
        "selfsubjectreviews.authentication.k8s.io",
        "tokenreviews.authentication.k8s.io",
        "localsubjectaccessreviews.authorization.k8s.io",
        "selfsubjectaccessreviews.authorization.k8s.io",
        "selfsubjectrulesreviews.authorization.k8s.io",
        "subjectaccessreviews.authorization.k8s.io",
    )
)
NOT_FOR_WEBHOOKS = _POLICIES | _WEBHOOKS
"""What configures admission is never shown to webhooks: nobody may lock himself out."""
NOT_FOR_POLICIES = _POLICIES | _REVIEWS
"""Policies are not shown themselves, nor the questions that the cluster lives by."""


def namespace_of(attributes: Attributes) -> str:
    """The namespace as admission sees it: that of a Namespace is its own name."""
    return attributes.name if attributes.resource.id == "namespaces" else attributes.namespace


class Rule(NamedTuple):
    """One entry of `rules` or `resourceRules`."""

    operations: frozenset[str]
    groups: frozenset[str]
    versions: frozenset[str]
    resources: tuple[tuple[str, str], ...]
    scope: str
    names: frozenset[str]

    @classmethod
    def of(cls, rule: Obj) -> Rule:
        """The rule as it is configured."""
        resources = [each.partition("/") for each in rule.get("resources") or ()]
        return cls(
            frozenset(rule.get("operations") or ()),
            frozenset(rule.get("apiGroups") or ()),
            frozenset(rule.get("apiVersions") or ()),
            tuple((name, below) for name, _, below in resources),
            rule.get("scope") or ANY,
            frozenset(rule.get("resourceNames") or ()),
        )

    def matches(self, attributes: Attributes, resource: Resource) -> bool:
        """Whether the rule names this request, taken to be about `resource`."""
        return (
            _holds(self.operations, attributes.operation)
            and _holds(self.groups, resource.group)
            and _holds(self.versions, resource.version)
            and self._in_scope(attributes)
            and any(
                name in (ANY, resource.plural) and below in (ANY, attributes.subresource)
                for name, below in self.resources
            )
            and (not self.names or attributes.name in self.names)
        )

    def _in_scope(self, attributes: Attributes) -> bool:
        return self.scope == ANY or (self.scope == "Namespaced") == bool(attributes.namespace)


def _holds(items: frozenset[str], wanted: str) -> bool:
    return ANY in items or wanted in items


class Equivalents:
    """The resources that the same objects are served as."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._generation = -1
        self._families: dict[int, list[Resource]] = {}

    def of(self, resource: Resource, subresource: str) -> list[Resource]:
        """The others of them that have the subresource, in the order of discovery."""
        if self._generation != self._scheme.generation:
            self._generation = self._scheme.generation
            self._families = {}
            for each in self._scheme.resources():
                self._families.setdefault(id(each.storage), []).append(each)
        family = self._families.get(id(resource.storage), ())
        return [each for each in family if each is not resource and _has(each, subresource)]


def _has(resource: Resource, subresource: str) -> bool:
    return not subresource or subresource in resource.subresources


def chosen(
    rules: Sequence[Rule], attributes: Attributes, equivalents: Equivalents, *, equivalent: bool
) -> Resource | None:
    """The resource that the rules know the request's object as; None if they do not."""
    asked = attributes.asked
    if any(rule.matches(attributes, asked) for rule in rules):
        return asked
    if not equivalent:
        return None
    others = equivalents.of(asked, attributes.subresource)
    return next((other for rule in rules for other in others if rule.matches(attributes, other)), None)


class Selection:
    """namespaceSelector and objectSelector, each absent if it selects everything."""

    __slots__ = ("_namespaces", "_objects")

    def __init__(self, namespaces: Obj | None, objects: Obj | None) -> None:
        self._namespaces = _selector(namespaces)
        self._objects = _selector(objects)

    def matches(self, attributes: Attributes, obj: Obj | None, store: Store) -> bool | None:
        """Whether both select the request (`obj`: its object as it is now); None if its namespace is not there."""
        if self._objects is not None and not any(
            each is not None and self._objects.matches(labels_of(each)) for each in (obj, attributes.old)
        ):
            return False
        if self._namespaces is None or (not attributes.namespace and attributes.resource.id != "namespaces"):
            return True
        labels = _namespace_labels(attributes, obj, store)
        return None if labels is None else self._namespaces.matches(labels)


def _selector(found: Obj | None) -> Selector | None:
    if not found or not any(found.values()):
        return None
    return selectors.from_object(found)


def _namespace_labels(attributes: Attributes, obj: Obj | None, store: Store) -> dict[str, str] | None:
    """The labels of the request's namespace; of one that is being written those that it is to have."""
    is_namespace = attributes.resource.id == "namespaces"
    if is_namespace and not attributes.subresource and attributes.operation in (CREATE, UPDATE):
        return labels_of(obj or {})
    found = lookup(store, "namespaces", "", namespace_of(attributes))
    return None if found is None else labels_of(found)


def missing_namespace(attributes: Attributes) -> errors.StatusError:
    """404 for a request whose namespace is not there."""
    return errors.not_found("", "namespaces", namespace_of(attributes))


def rules_of(rules: Iterable[Obj] | None) -> tuple[Rule, ...]:
    """The rules as they are configured."""
    return tuple(map(Rule.of, rules or ()))
