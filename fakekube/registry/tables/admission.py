"""The cells of what decides over requests: webhooks, policies, role bindings, certificate requests."""

from __future__ import annotations

from typing import Any

from fakekube.core import human
from fakekube.core.meta import Obj
from fakekube.registry.tables.parts import age, name, part, spec, status


def webhook_configuration(obj: Obj, now: float) -> list[Any]:
    """Name, Webhooks, Age."""
    return [name(obj), len(obj.get("webhooks") or ()), age(obj, now)]


def _policy(obj: Obj, now: float, rules: str) -> list[Any]:
    kind = spec(obj).get("paramKind")
    shown = human.UNSET if kind is None else f"{kind.get('apiVersion') or ''}/{kind.get('kind') or ''}"
    return [name(obj), len(spec(obj).get(rules) or ()), shown, age(obj, now)]


def validating_policy(obj: Obj, now: float) -> list[Any]:
    """Name, Validations, ParamKind, Age."""
    return _policy(obj, now, "validations")


def mutating_policy(obj: Obj, now: float) -> list[Any]:
    """Name, Mutations, ParamKind, Age."""
    return _policy(obj, now, "mutations")


def policy_binding(obj: Obj, now: float) -> list[Any]:
    """Name, PolicyName, ParamRef, Age."""
    return [name(obj), spec(obj).get("policyName") or "", _parameter(part(obj, "spec", "paramRef")), age(obj, now)]


def _parameter(reference: Obj) -> str:
    if reference.get("name"):
        return f"{reference.get('namespace') or '*'}/{reference['name']}"
    return _go_selector(reference["selector"]) if reference.get("selector") is not None else human.UNSET


def _go_selector(selector: Obj) -> str:
    """A label selector as its Go type prints itself."""
    labels = "".join(f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items()))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{each.get('key')},Operator:{each.get('operator')},"
        f"Values:[{' '.join(each.get('values') or ())}],}},"
        for each in selector.get("matchExpressions") or ()
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )


def role_binding(obj: Obj, now: float) -> list[Any]:
    """Name, Role, Age, Users, Groups, ServiceAccounts."""
    role, subjects = part(obj, "roleRef"), obj.get("subjects") or ()
    names = {
        kind: [each.get("name") or "" for each in subjects if each.get("kind") == kind] for kind in ("User", "Group")
    }
    accounts = [
        f"{each.get('namespace') or ''}/{each.get('name') or ''}"
        for each in subjects
        if each.get("kind") == "ServiceAccount"
    ]
    shown = [", ".join(each) for each in (names["User"], names["Group"], accounts)]
    return [name(obj), f"{role.get('kind') or ''}/{role.get('name') or ''}", age(obj, now), *shown]


def certificate_request(obj: Obj, now: float) -> list[Any]:
    """Name, Age, SignerName, Requestor, RequestedDuration, Condition."""
    wanted = spec(obj)
    seconds = wanted.get("expirationSeconds")
    return [
        name(obj),
        age(obj, now),
        wanted.get("signerName") or human.NONE,
        wanted.get("username") or "",
        human.NONE if seconds is None else human.human_duration(seconds),
        _decision(obj),
    ]


def _decision(obj: Obj) -> str:
    kinds = {each.get("type") for each in status(obj).get("conditions") or ()}
    word = next((kind for kind in ("Denied", "Approved") if kind in kinds), "Pending")
    failed = ",Failed" if "Failed" in kinds else ""
    return word + failed + (",Issued" if status(obj).get("certificate") else "")
