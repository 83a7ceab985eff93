"""Webhooks of a test: what answers admission calls in this process or on this machine, without DNS and certificates."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from fakekube.admission.chain import Attributes
from fakekube.cluster.names import find_resource
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.schema.scheme import Scheme
from fakekube.server.callouts import Calls
from fakekube.server.localhooks import target_of

Function = TypeVar("Function", bound=Callable[..., Any])
API = "admissionregistration.k8s.io/v1"
DOMAIN = "webhooks.invalid"
"""Where functions are: a name that leads nowhere but to them."""
OPERATIONS = ("CREATE", "UPDATE")
OPTIONS = frozenset(
    (
        *("name", "operations", "rules", "failurePolicy", "matchPolicy", "namespaceSelector", "objectSelector"),
        *("sideEffects", "timeoutSeconds", "admissionReviewVersions", "matchConditions", "reinvocationPolicy"),
    )
)
"""What may be said of a function that is a webhook."""


MOST_AUDITED = 1000
"""Requests whose annotations are remembered."""


class Audited(NamedTuple):
    """A request that webhooks or policies have annotated for the audit."""

    operation: str
    resource: str
    namespace: str
    name: str
    user: str
    annotations: dict[str, str]


class Routes:
    """Where calls to webhooks go, and what they and policies told the audit."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.audited: deque[Audited] = deque(maxlen=MOST_AUDITED)
        """The last requests that were annotated."""

    def note(self, attributes: Attributes) -> None:
        """Remember a request's annotations."""
        resource, name = attributes.asked.id, attributes.name
        below = f"/{attributes.subresource}" if attributes.subresource else ""
        place = (attributes.operation, resource + below, attributes.namespace, name, attributes.user.name)
        self.audited.append(Audited(*place, attributes.annotations))

    def reset(self) -> None:
        """Nobody answers for webhooks any more, and nothing was audited."""
        self._calls.forget()
        self.audited.clear()

    def serve(self, where: str, handler: object) -> None:
        """Let `handler` answer for a Service ('NAMESPACE/NAME' or 'NAMESPACE/NAME:PORT') or an origin
        ('https://HOST[:PORT]').

        A handler is a port on this machine where a webhook listens over TLS, 'http://HOST:PORT' or
        'https://HOST:PORT', an ASGI application, or a function of the AdmissionRequest (a dictionary). A function
        answers None or True (allowed; what it changed in request['object'] is applied), False or a text (denied, with
        this message), a list (a JSON patch) or the whole response as a dictionary.
        """
        origin = where.rstrip("/")
        if not origin.startswith("https://") and origin.count("/") != 1:
            raise ValueError(f"a webhook is at 'NAMESPACE/SERVICE' or 'https://HOST[:PORT]', not {where!r}")
        self._calls.register(origin, target_of(handler))


class Webhooks(Routes):
    """The same, and configurations made for functions."""

    def __init__(self, routes: Routes, calls: Calls, scheme: Scheme, create: Callable[[Obj], Any]) -> None:
        super().__init__(calls)
        self.audited = routes.audited
        self._scheme = scheme
        self._create = create

    def mutating(self, *resources: str, **options: Any) -> Callable[[Function], Function]:
        """Decorates a function (or ASGI application) that changes objects of these resources; see `validating`."""
        return self._configured("Mutating", resources, options)

    def validating(self, *resources: str, **options: Any) -> Callable[[Function], Function]:
        """Decorates a function (or ASGI application) that judges objects of these resources ('pods', 'deploy',
        'deployments.apps/scale', 'widgets.example.com', '*').

        Options: operations (CREATE and UPDATE unless told), name (that of the function unless told; a whole one, with
        two dots or more, is told as it stands), and the fields of a webhook, such as failurePolicy, namespaceSelector
        or matchConditions.
        """
        return self._configured("Validating", resources, options)

    def _configured(self, kind: str, resources: Iterable[str], options: Obj) -> Callable[[Function], Function]:
        if unknown := options.keys() - OPTIONS:
            raise TypeError(f"webhooks have no {', '.join(sorted(unknown))}; there are {', '.join(sorted(OPTIONS))}")

        def decorate(function: Function) -> Function:
            name = options.pop("name", "") or getattr(function, "__name__", type(function).__name__)
            name = name.strip("_<>").replace("_", "-").lower()
            whole = name if name.count(".") > 1 else f"{name}.{DOMAIN}"
            self.serve(f"https://{whole}", function)
            operations = list(options.pop("operations", OPERATIONS))
            hook = {
                "name": whole,
                "clientConfig": {"url": f"https://{whole}/"},
                "rules": [self._rule(resource, operations) for resource in resources],
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                **options,
            }
            configuration = {"apiVersion": API, "kind": f"{kind}WebhookConfiguration", "metadata": {"name": name}}
            self._create({**configuration, "webhooks": [hook]})
            return function

        return decorate

    def _rule(self, resource: str, operations: list[str]) -> Obj:
        group, plural = self._found(*resource.partition("/")[::2])
        return {"apiGroups": [group], "apiVersions": ["*"], "operations": operations, "resources": [plural]}

    def _found(self, name: str, subresource: str) -> tuple[str, str]:
        below = f"/{subresource}" if subresource else ""
        if name == "*":
            return "*", name + below
        try:
            resource = find_resource(self._scheme, name)
        except StatusError:  # it may be defined later
            plural, _, group = name.partition(".")
            return group, plural + below
        return resource.group, resource.plural + below
