"""Probes and lifecycle handlers: one action each, and numbers that make sense."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.fielderrors import forbidden, invalid, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.rules import Errors, IntOrString, named, not_negative, one_of

PROBE_ACTIONS = ("exec", "httpGet", "tcpSocket", "grpc")
HOOK_ACTIONS = ("exec", "httpGet", "tcpSocket", "sleep")
NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
ONE_ONLY = "may not specify more than 1 handler type"


def validate_probes(errors: Errors, container: Obj, grace: int | None, path: str) -> None:
    """The three probes of a container."""
    for field in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(field)
        if probe is not None:
            _validate_probe(errors, probe, grace, f"{path}.{field}", is_readiness=field == "readinessProbe")


def _validate_probe(errors: Errors, probe: Obj, grace: int | None, path: str, *, is_readiness: bool) -> None:
    _validate_handler(errors, probe, PROBE_ACTIONS, grace, path)
    not_negative(errors, probe, path, *NUMBERS)
    own_grace = probe.get("terminationGracePeriodSeconds")
    if own_grace is not None and own_grace <= 0:
        errors.append(invalid(f"{path}.terminationGracePeriodSeconds", own_grace, "must be greater than 0"))
    if is_readiness:
        if own_grace is not None:
            detail = "must not be set for readinessProbes"
            errors.append(invalid(f"{path}.terminationGracePeriodSeconds", own_grace, detail))
    elif probe.get("successThreshold", 0) != 1:
        errors.append(invalid(f"{path}.successThreshold", probe.get("successThreshold", 0), "must be 1"))


def validate_lifecycle(errors: Errors, lifecycle: Obj, grace: int | None, path: str) -> None:
    """postStart and preStop."""
    for field in ("postStart", "preStop"):
        if lifecycle.get(field) is not None:
            _validate_handler(errors, lifecycle[field], HOOK_ACTIONS, grace, f"{path}.{field}")


def _validate_handler(errors: Errors, handler: Obj, actions: tuple[str, ...], grace: int | None, path: str) -> None:
    given = [action for action in actions if handler.get(action) is not None]
    if not given:
        errors.append(required(path, "must specify a handler type"))
        return
    _validate_action(errors, given[0], handler[given[0]], grace, f"{path}.{given[0]}")
    errors.extend(forbidden(f"{path}.{action}", ONE_ONLY) for action in given[1:])


def _validate_action(errors: Errors, kind: str, action: Obj, grace: int | None, path: str) -> None:
    match kind:
        case "exec":
            if not action.get("command"):
                errors.append(required(f"{path}.command"))
        case "httpGet":
            _validate_http(errors, action, path)
        case "sleep":
            seconds = action.get("seconds", 0)
            if grace is not None and not 0 <= seconds <= grace:
                detail = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                errors.append(invalid(path, seconds, detail))
        case _:
            port_number_or_name(errors, action.get("port", 0), f"{path}.port")


def _validate_http(errors: Errors, action: Obj, path: str) -> None:
    if not action.get("path"):
        errors.append(required(f"{path}.path"))
    port_number_or_name(errors, action.get("port", 0), f"{path}.port")
    one_of(errors, action.get("scheme", ""), ("HTTP", "HTTPS"), f"{path}.scheme")
    for header in action.get("httpHeaders") or ():
        name = header.get("name", "")
        named(errors, names.http_header_name(name), name, f"{path}.httpHeaders")


def port_number_or_name(errors: Errors, port: IntOrString, path: str) -> None:
    """A port by its number or by the name that a container gives it."""
    messages = names.port_number(port) if isinstance(port, int) else names.port_name(port)
    named(errors, messages, port, path)
