"""Secrets of type service-account-token: filled with a token for their account, and deleted when it is gone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable

from fakekube.core.meta import Obj, annotations_of
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Delete, Plan, Update
from fakekube.machinery.world import Index, World
from fakekube.storage.values import Event

TYPE = "kubernetes.io/service-account-token"
ACCOUNT = "kubernetes.io/service-account.name"
ACCOUNT_UID = "kubernetes.io/service-account.uid"


def _account_of(secret: Obj) -> Iterable[tuple[str, str]]:
    if secret.get("type") == TYPE:
        yield secret["metadata"]["namespace"], annotations_of(secret).get(ACCOUNT, "")


BY_ACCOUNT = Index("secrets", _account_of)


def reconcile(key: NamedKey, world: World) -> Plan:
    """Fill the secret, or delete it if its account is not there."""
    secret = world.get("secrets", *key)
    if secret is None or secret.get("type") != TYPE:
        return NOTHING
    annotations = annotations_of(secret)
    account = world.get("serviceaccounts", key.namespace, annotations.get(ACCOUNT, ""))
    uid = account["metadata"]["uid"] if account is not None else ""
    if account is None or annotations.get(ACCOUNT_UID, uid) != uid:
        meta = secret["metadata"]
        return Plan([Delete.of("secrets", secret, resource_version=meta["resourceVersion"])])
    data = dict(secret.get("data") or {})
    wanted = {"namespace": _encoded(key.namespace), "ca.crt": _encoded(world.settings.root_ca)}
    complete = all(data.get(name) == value for name, value in wanted.items()) and data.get("token")
    if complete and annotations.get(ACCOUNT_UID) == uid:
        return NOTHING
    issue = world.settings.issue_token
    if issue is None:
        return NOTHING
    if not data.get("token"):
        wanted["token"] = _encoded(issue(key.namespace, account["metadata"]["name"], uid))
    meta = {**secret["metadata"], "annotations": {**annotations, ACCOUNT_UID: uid}}
    return Plan([Update("secrets", {**secret, "metadata": meta, "data": data | wanted})])


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def _of_account(event: Event, world: World) -> Iterable[NamedKey]:
    """The token secrets of the account."""
    found = world.indexed(BY_ACCOUNT, (event.key.namespace, event.key.name))
    return [NamedKey(each["metadata"]["namespace"], each["metadata"]["name"]) for each in found]


CONTROLLER = Controller(
    name="serviceaccount-token",
    reconcile=reconcile,
    watches=(Watch("secrets", itself), Watch("serviceaccounts", _of_account)),
    user=service_account("tokens-controller"),
    component="serviceaccount-token",
)
