"""Ingresses and IngressClasses."""

from __future__ import annotations

from fakekube.core import addresses, names
from fakekube.core.fielderrors import FieldError, forbidden, invalid, not_supported, required, too_long
from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.kinds.checks import dns_label, dns_subdomain, immutable, invalids, legacy_ip, one_of
from fakekube.registry.kinds.filling import fill
from fakekube.registry.strategy import Context, Strategy

GROUP = "networking.k8s.io"
CLASS_ANNOTATION = "kubernetes.io/ingress.class"
PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
SCOPES = ("Cluster", "Namespace")
LONGEST_CONTROLLER = 250
_WRONG_PARTS = ("//", "/./", "/../", "%2f", "%2F")
_WRONG_ENDS = ("/..", "/.")


def _host_faults(field: str, host: str) -> list[FieldError]:
    check = names.wildcard_dns1123_subdomain if "*" in host else names.dns1123_subdomain
    return invalids(field, host, check(host))


def _reference_faults(field: str, reference: Obj) -> list[FieldError]:
    """What is wrong with a reference to some object of some kind."""
    faults: list[FieldError] = []
    if reference.get("apiGroup") is not None:
        faults += dns_subdomain(f"{field}.apiGroup", reference["apiGroup"])
    for part in ("kind", "name"):
        value, at = reference.get(part, ""), f"{field}.{part}"
        faults += invalids(at, value, names.path_segment(value)) if value else [required(at)]
    return faults


def _service_faults(field: str, service: Obj) -> list[FieldError]:
    name, port = service.get("name", ""), service.get("port") or {}
    faults = dns_label(f"{field}.service.name", name) if name else [required(f"{field}.service.name")]
    if port.get("name") and port.get("number"):
        faults.append(invalid(field, "", "cannot set both port name & port number"))
    elif port.get("name"):
        faults += invalids(f"{field}.service.port.name", port["name"], names.port_name(port["name"]))
    elif port.get("number"):
        faults += invalids(f"{field}.service.port.number", port["number"], names.port_number(port["number"]))
    else:
        faults.append(required(field, "port name or number is required"))
    return faults


def _backend_faults(field: str, backend: Obj) -> list[FieldError]:
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        return [invalid(field, "", "cannot set both resource and service backends")]
    if resource is not None:
        return _reference_faults(f"{field}.resource", resource)
    if service is not None:
        return _service_faults(field, service)
    return [invalid(field, "", "resource or service backend is required")]


def _path_faults(field: str, path: Obj) -> list[FieldError]:
    kind, text, at = path.get("pathType"), path.get("path") or "", f"{field}.path"
    if kind is None:
        return [required(f"{field}.pathType", "pathType must be specified")]
    faults: list[FieldError] = []
    is_absolute = text.startswith("/")
    if kind in ("Exact", "Prefix"):
        if not is_absolute:
            faults.append(invalid(at, text, "must be an absolute path"))
        faults += [invalid(at, text, f"must not contain '{part}'") for part in _WRONG_PARTS if part in text]
        faults += [invalid(at, text, f"cannot end with '{end}'") for end in _WRONG_ENDS if text.endswith(end)]
    elif kind == "ImplementationSpecific":
        if text and not is_absolute:
            faults.append(invalid(at, text, "must be an absolute path"))
    else:
        faults.append(not_supported(f"{field}.pathType", kind, PATH_TYPES))
    return faults + _backend_faults(f"{field}.backend", path.get("backend") or {})


def _http_faults(field: str, http: Obj | None) -> list[FieldError]:
    if http is None:
        return []
    paths = http.get("paths") or []
    faults = [] if paths else [required(f"{field}.http.paths")]
    for index, path in enumerate(paths):
        faults += _path_faults(f"{field}.http.paths[{index}]", path)
    return faults


def _rule_faults(field: str, rule: Obj, *, lenient: bool) -> list[FieldError]:
    host, faults = rule.get("host") or "", list[FieldError]()
    if host:
        if addresses.parse_ip(host) is not None:
            faults.append(invalid(f"{field}.host", host, "must be a DNS name, not an IP address"))
        faults += _host_faults(f"{field}.host", host)
    return faults if lenient and "*" in host else faults + _http_faults(field, rule.get("http"))


def _tls_faults(field: str, tls: Obj, *, any_secret: bool) -> list[FieldError]:
    faults: list[FieldError] = []
    for index, host in enumerate(tls.get("hosts") or ()):
        faults += _host_faults(f"{field}.hosts[{index}]", host)
    secret = tls.get("secretName") or ""
    return faults if any_secret or not secret else faults + dns_subdomain(f"{field}.secretName", secret)


def ingress_faults(spec: Obj, then: Obj | None = None) -> list[FieldError]:
    """What is wrong with an Ingress; some faults that it had before may stay."""
    before = then or {}
    any_secret = any(
        _tls_faults("", {"secretName": each.get("secretName")}, any_secret=False) for each in before.get("tls") or ()
    )
    lenient = any(
        "*" in (each.get("host") or "") and _http_faults("", each.get("http")) for each in before.get("rules") or ()
    )
    faults: list[FieldError] = []
    if not spec.get("rules") and spec.get("defaultBackend") is None:
        faults.append(invalid("spec", None, "either `defaultBackend` or `rules` must be specified"))
    if spec.get("defaultBackend") is not None:
        faults += _backend_faults("spec.defaultBackend", spec["defaultBackend"])
    for index, rule in enumerate(spec.get("rules") or ()):
        faults += _rule_faults(f"spec.rules[{index}]", rule, lenient=lenient)
    for index, tls in enumerate(spec.get("tls") or ()):
        faults += _tls_faults(f"spec.tls[{index}]", tls, any_secret=any_secret)
    if spec.get("ingressClassName") is not None:
        faults += dns_subdomain("spec.ingressClassName", spec["ingressClassName"])
    return faults


def _balancer(obj: Obj) -> list[Obj]:
    found: list[Obj] = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    return found


class IngressStrategy(Strategy):
    """Rules for traffic from outside."""

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """No address yet."""
        obj["status"] = {"loadBalancer": {}}

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """Rules, backends, hosts; the class is told once."""
        spec = obj.get("spec") or {}
        faults, name = ingress_faults(spec), spec.get("ingressClassName")
        told = annotations_of(obj).get(CLASS_ANNOTATION)
        if told is not None and name is not None and told != name:
            why = "must match `ingressClassName` when both are specified"
            faults.append(invalid(f"annotations.{CLASS_ANNOTATION}", told, why))
        return faults

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Rules, backends, hosts."""
        return ingress_faults(obj.get("spec") or {}, old.get("spec"))

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The addresses that a controller gave."""
        before = [each["ip"] for each in _balancer(old) if each.get("ip")]
        faults: list[FieldError] = []
        for index, each in enumerate(_balancer(obj)):
            field, ip, host = f"status.loadBalancer.ingress[{index}]", each.get("ip"), each.get("hostname")
            if ip:
                faults += legacy_ip(f"{field}.ip", ip, before)
            if host:
                faults += dns_subdomain(f"{field}.hostname", host)
                if addresses.parse_ip(host) is not None:
                    faults.append(invalid(f"{field}.hostname", host, "must be a DNS name, not an IP address"))
        return faults

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """The annotation that named the class is deprecated; addresses in the status that are spelt oddly."""
        if context.request.subresource == "status":
            found = [(index, each["ip"]) for index, each in enumerate(_balancer(obj)) if each.get("ip")]
            texts = [addresses.ip_warnings(f"status.loadBalancer.ingress[{index}]", ip) for index, ip in found]
            return [text for group in texts for text in group]
        if old is not None or CLASS_ANNOTATION not in annotations_of(obj):
            return []
        if (obj.get("spec") or {}).get("ingressClassName") is not None:
            return []
        return [f"annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"]


def _parameter_faults(field: str, parameters: Obj) -> list[FieldError]:
    faults = _reference_faults(field, parameters)
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        return [*faults, required(f"{field}.scope")]
    faults += one_of(f"{field}.scope", scope, SCOPES)
    at = f"{field}.namespace"
    if scope == "Namespace":
        why = "`parameters.scope` is set to 'Namespace'"
        faults += [required(at, why)] if namespace is None else dns_label(at, namespace)
    elif scope == "Cluster" and namespace is not None:
        faults.append(forbidden(at, "`parameters.scope` is set to 'Cluster'"))
    return faults


class IngressClassStrategy(Strategy):
    """Who serves Ingresses; the controller stays."""

    def default(self, obj: Obj) -> None:
        """Parameters are cluster-wide."""
        parameters = (obj.get("spec") or {}).get("parameters")
        if parameters is not None:
            fill(parameters, "scope", "Cluster")

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """A controller, and parameters that can be found."""
        spec = obj.get("spec") or {}
        controller = spec.get("controller") or ""
        field = "spec.controller"
        faults = [too_long(field, LONGEST_CONTROLLER)] if len(controller) > LONGEST_CONTROLLER else []
        faults += names.domain_prefixed_path(field, controller)
        parameters = spec.get("parameters")
        return faults if parameters is None else faults + _parameter_faults("spec.parameters", parameters)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The controller stays; then the rules for new classes."""
        new, was = ((each.get("spec") or {}).get("controller") or "" for each in (obj, old))
        return immutable("spec.controller", new, was) + self.validate(context, obj)


ROWS = {f"ingresses.{GROUP}": IngressStrategy(), f"ingressclasses.{GROUP}": IngressClassStrategy()}
