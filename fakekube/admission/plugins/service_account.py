"""ServiceAccount: every pod runs as an account of its namespace and finds its token in a projected volume."""

from __future__ import annotations

from collections.abc import Iterator

from fakekube.admission.chain import CREATE, UPDATE, Attributes, Context, Plugin
from fakekube.admission.reading import lookup, refused
from fakekube.core.meta import Obj, annotations_of, name_of

DEFAULT = "default"
MIRROR = "kubernetes.io/config.mirror"
ENFORCE = "kubernetes.io/enforce-mountable-secrets"
VOLUME_PREFIX = "kube-api-access-"
MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_SECONDS = 3607
"""An hour and a bit: the odd number tells tokens of this plugin from those that were asked for."""
TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))


class ServiceAccount(Plugin):
    name = "ServiceAccount"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return resource_id == "pods" and subresource in ("", "ephemeralcontainers") and operation in (CREATE, UPDATE)

    def handles(self, attributes: Attributes) -> bool:
        return attributes.obj is not None

    async def admit(self, attributes: Attributes, context: Context) -> None:
        pod = attributes.obj
        if attributes.operation != CREATE or pod is None:
            return
        spec = pod.setdefault("spec", {})
        if MIRROR in annotations_of(pod):
            self._check_mirror(attributes, spec)
            return
        name = spec.get("serviceAccountName") or spec.get("serviceAccount") or DEFAULT
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        account = self._account(attributes, context, name)
        if should_mount(account, spec):
            mount_token(context, spec)
        secrets = account.get("imagePullSecrets")
        if secrets and not spec.get("imagePullSecrets"):
            spec["imagePullSecrets"] = [{"name": each.get("name", "")} for each in secrets]
        self._check_secrets(attributes, account, spec)

    def _account(self, attributes: Attributes, context: Context, name: str) -> Obj:
        account = lookup(context.store, "serviceaccounts", attributes.namespace, name)
        if account is None:
            where = f"{attributes.namespace}/{name}"
            raise refused(attributes, f'error looking up service account {where}: serviceaccount "{name}" not found')
        return account

    async def validate(self, attributes: Attributes, context: Context) -> None:
        pod = attributes.obj
        if pod is None or (attributes.operation == UPDATE and not attributes.subresource):
            return
        spec = pod.get("spec") or {}
        if attributes.operation == CREATE and MIRROR in annotations_of(pod):
            self._check_mirror(attributes, spec)
            return
        name = spec.get("serviceAccountName")
        if not name:
            where = f"{attributes.namespace}/{name_of(pod)}"
            raise refused(attributes, f"no service account specified for pod {where}")
        self._check_secrets(attributes, self._account(attributes, context, name), spec)

    def _check_secrets(self, attributes: Attributes, account: Obj, spec: Obj) -> None:
        """An account may insist that its pods use no Secrets but its own."""
        if annotations_of(account).get(ENFORCE) in TRUE:
            fields = ("initContainers", "containers") if attributes.operation == CREATE else ("ephemeralContainers",)
            fault = secret_fault(account, spec, fields)
            if fault:
                raise refused(attributes, fault)

    def _check_mirror(self, attributes: Attributes, spec: Obj) -> None:
        """A static pod's image in the API must not lean on anything of the API."""
        sources = [source for volume in _projected(spec) for source in volume]
        uses_secret = any("secret" in volume for volume in spec.get("volumes") or ())
        names = [name for field in ("initContainers", "containers") for _, name in _references(spec, field)]
        if spec.get("serviceAccountName"):
            raise refused(attributes, "a mirror pod may not reference service accounts")
        if uses_secret or names or spec.get("imagePullSecrets") or any("secret" in source for source in sources):
            raise refused(attributes, "a mirror pod may not reference secrets")
        if any("serviceAccountToken" in source for source in sources):
            raise refused(attributes, "a mirror pod may not use ServiceAccountToken volume projections")


def _projected(spec: Obj) -> Iterator[list[Obj]]:
    for volume in spec.get("volumes") or ():
        if "projected" in volume:
            yield volume["projected"].get("sources") or []


def should_mount(account: Obj, spec: Obj) -> bool:
    """The pod's own word counts before the account's; without any the token is mounted."""
    for part in (spec, account):
        if "automountServiceAccountToken" in part:
            return bool(part["automountServiceAccountToken"])
    return True


def mount_token(context: Context, spec: Obj) -> None:
    """Give every container the token, except where it has something else at that path."""
    volumes = spec.get("volumes") or []
    known = next((each["name"] for each in volumes if each.get("name", "").startswith(VOLUME_PREFIX)), None)
    name = known or VOLUME_PREFIX + context.ids.suffix()
    needed = False
    for field in ("initContainers", "containers"):
        for container in spec.get(field) or ():
            mounts = container.get("volumeMounts") or []
            if all(mount.get("mountPath") != MOUNT_PATH for mount in mounts):
                container["volumeMounts"] = [*mounts, {"name": name, "readOnly": True, "mountPath": MOUNT_PATH}]
                needed = True
    if needed and known is None:
        spec["volumes"] = [*volumes, {"name": name, "projected": token_volume()}]


def token_volume() -> Obj:
    """The token, the cluster's certificate and the namespace, as files."""
    namespace = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": namespace}]}},
        ],
        "defaultMode": 0o644,
    }


_TOLD = {"initContainers": "init container", "containers": "container", "ephemeralContainers": "ephemeral container"}


def _references(spec: Obj, field: str) -> Iterator[tuple[str, str]]:
    """(who refers, the Secret's name) for each variable that comes out of a Secret."""
    for container in spec.get(field) or ():
        who = f"{_TOLD[field]} {container.get('name', '')}"
        for variable in container.get("env") or ():
            reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if reference is not None:
                yield f"{who} with envVar {variable.get('name', '')}", reference.get("name", "")
        for source in container.get("envFrom") or ():
            if "secretRef" in source:
                yield f"{who} with envFrom", source["secretRef"].get("name", "")


def secret_fault(account: Obj, spec: Obj, fields: tuple[str, ...]) -> str:
    """The first Secret that the account does not list; '' if there is none."""
    known = {each.get("name") for each in account.get("secrets") or ()}
    owner = name_of(account)
    detail = f"is not allowed because service account {owner} does not reference that"
    if "containers" in fields:
        for volume in spec.get("volumes") or ():
            name = (volume.get("secret") or {}).get("secretName")
            if name is not None and name not in known:
                return f'volume with secret.secretName="{name}" {detail} secret'
    for field in fields:
        for who, name in _references(spec, field):
            if name not in known:
                return f'{who} referencing secret.secretName="{name}" {detail} secret'
    pull = {each.get("name") for each in account.get("imagePullSecrets") or ()}
    for index, each in enumerate(spec.get("imagePullSecrets") or () if "containers" in fields else ()):
        if each.get("name") not in pull:
            return f'imagePullSecrets[{index}].name="{each.get("name", "")}" {detail} imagePullSecret'
    return ""
