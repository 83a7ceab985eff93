"""CertificateSigningRequests: who asks is written into the spec, which then stays as it is."""

from __future__ import annotations

import base64

from fakekube.core.clock import timestamp
from fakekube.core.fielderrors import FieldError, duplicate, forbidden, go_quote, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.keypairs import pem_blocks
from fakekube.registry.kinds.selectable import SelectableStrategy
from fakekube.registry.kinds.signing_requests import spec_faults
from fakekube.registry.strategy import Context

_REQUESTER = ("username", "uid", "groups", "extra")
_VERDICTS = ("Approved", "Denied")
_FINAL = (*_VERDICTS, "Failed")


class CertificateSigningRequestStrategy(SelectableStrategy):
    """The requester comes from authentication, the verdict through `approval`, the certificate through `status`."""

    generation_fields = None
    field_selectors = {  # noqa: RUF012 - a table that nobody changes
        "spec.signerName": lambda obj: (obj.get("spec") or {}).get("signerName") or "",
    }

    def name_messages(self, name: str, prefix: bool) -> list[str]:
        """Any name will do."""
        return []

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """What is to be signed, and by whom."""
        return spec_faults(obj.get("spec") or {})

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Write down who asks."""
        spec, user = obj.setdefault("spec", {}), context.request.user
        for name in _REQUESTER:
            spec.pop(name, None)
        found = (user.name, user.uid, list(user.groups), {key: list(values) for key, values in user.extra})
        spec.update({name: value for name, value in zip(_REQUESTER, found, strict=True) if value})
        obj["status"] = {}

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """The spec stays."""
        obj["spec"] = old["spec"]
        if context.request.subresource == "approval":
            self.fill_times(context, obj, old)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Verdicts are only added, by `approval`, and are true."""
        errors = _condition_errors(obj)
        if context.request.subresource == "approval":
            errors += _lost_verdicts(obj, old)
        return errors

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """A certificate is PEM and stays; no verdict comes or goes this way."""
        certificate, before = ((each.get("status") or {}).get("certificate") or "" for each in (obj, old))
        errors = _condition_errors(obj)
        if certificate != before:
            errors += _certificate_errors(certificate)
        errors += _lost_verdicts(obj, old)
        errors += [
            forbidden("status.conditions", f'updates may not add a condition of type "{kind}"')
            for kind in _VERDICTS
            if kind in _types(obj) - _types(old)
        ]
        if before and certificate != before:
            errors.append(forbidden("status.certificate", "updates may not modify existing certificate content"))
        return errors

    def prepare_for_status(self, context: Context, obj: Obj, old: Obj) -> None:
        """The verdicts are kept as they are, and times are filled in."""
        status = obj.setdefault("status", {})
        conditions = status.get("conditions") or []
        kept = [
            dict(each) for each in (old.get("status") or {}).get("conditions") or () if each.get("type") in _VERDICTS
        ]
        given = [each for each in conditions if each.get("type") in _VERDICTS]
        if not given and kept:
            conditions = kept + conditions
        if conditions:
            status["conditions"] = conditions
        self.fill_times(context, obj, old)

    def fill_times(self, context: Context, obj: Obj, old: Obj) -> None:
        """Times of conditions that have none; `approval` does this as well."""
        now = timestamp(context.clock)
        before = (old.get("status") or {}).get("conditions") or ()
        for condition in (obj.get("status") or {}).get("conditions") or ():
            condition["lastUpdateTime"] = condition.get("lastUpdateTime") or now
            if not condition.get("lastTransitionTime"):
                same = (each for each in before if _same(each, condition) and each.get("lastTransitionTime"))
                condition["lastTransitionTime"] = next(same, {"lastTransitionTime": now})["lastTransitionTime"]


def _types(obj: Obj) -> set[str]:
    return {each.get("type") or "" for each in (obj.get("status") or {}).get("conditions") or ()}


def _lost_verdicts(obj: Obj, old: Obj) -> list[FieldError]:
    return [
        forbidden("status.conditions", f'updates may not remove a condition of type "{kind}"')
        for kind in _FINAL
        if kind in _types(old) - _types(obj)
    ]


def _condition_errors(obj: Obj) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, each in enumerate((obj.get("status") or {}).get("conditions") or ()):
        path = f"status.conditions[{index}]"
        kind, status = each.get("type") or "", each.get("status") or ""
        if not kind:
            errors.append(required(f"{path}.type"))
        allowed = ("True",) if kind in _FINAL else ("False", "True", "Unknown")
        if not status:
            errors.append(required(f"{path}.status"))
        elif status not in allowed:
            errors.append(not_supported(f"{path}.status", status, allowed))
        if kind in _VERDICTS and seen & set(_VERDICTS) - {kind}:
            why = "Approved and Denied conditions are mutually exclusive"
            errors.append(invalid("status.conditions", kind, why))
        if kind in seen:
            errors.append(duplicate(f"{path}.type", kind))
        seen.add(kind)
    return errors


def _certificate_errors(encoded: str) -> list[FieldError]:
    if not encoded:
        return []
    kinds = [kind for kind, _ in pem_blocks(base64.b64decode(encoded))]
    others = [kind for kind in kinds if kind != "CERTIFICATE"]
    problem = "" if kinds else "must contain at least one CERTIFICATE PEM block"
    if others:
        problem = f"only CERTIFICATE PEM blocks are allowed, found {go_quote(others[0])}"
    return [invalid("status.certificate", "<certificate data>", problem)] if problem else []


def _same(one: Obj, other: Obj) -> bool:
    return one.get("type") == other.get("type") and one.get("status") == other.get("status")


ROWS = {"certificatesigningrequests.certificates.k8s.io": CertificateSigningRequestStrategy()}
