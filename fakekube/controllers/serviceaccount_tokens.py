"""Secrets of type service-account-token: filled with a token for their account, and deleted when it is gone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import NamedTuple

from fakekube.core.meta import Obj, annotations_of
from fakekube.machinery.controller import Controller, NamedKey, Watch, service_account
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


class Named(NamedTuple):
    """A key: the account named a token secret that is gone."""

    namespace: str
    account: str
    secret: str


def reconcile(key: NamedKey | Named, world: World) -> Plan:
    """Fill the secret, or delete it if its account is not there; an account does not name a secret that is gone."""
    if isinstance(key, Named):
        return _without_reference(key, world)
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
    wanted = {} if data.get("namespace") else {"namespace": _encoded(key.namespace)}
    wanted["ca.crt"] = _encoded(world.settings.root_ca)  # empty where plain HTTP is spoken; who mounts it finds a file
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


def _without_reference(key: Named, world: World) -> Plan:
    account = world.get("serviceaccounts", key.namespace, key.account)
    listed = account.get("secrets") or [] if account is not None else []
    left = [each for each in listed if each.get("name") != key.secret]
    if account is None or left == listed or world.get("secrets", key.namespace, key.secret) is not None:
        return NOTHING
    changed = {name: value for name, value in account.items() if name != "secrets"}
    return Plan([Update("serviceaccounts", {**changed, "secrets": left} if left else changed)])


def _of_secret(event: Event, world: World) -> Iterable[NamedKey | Named]:
    """The secret; when a token is gone, the account that may name it."""
    yield NamedKey(event.key.namespace, event.key.name)
    gone = event.before.view if event.after is None and event.before is not None else {}
    if gone.get("type") == TYPE:
        yield Named(event.key.namespace, annotations_of(gone).get(ACCOUNT, ""), event.key.name)


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def _of_account(event: Event, world: World) -> Iterable[NamedKey]:
    """The token secrets of the account."""
    found = world.indexed(BY_ACCOUNT, (event.key.namespace, event.key.name))
    return [NamedKey(each["metadata"]["namespace"], each["metadata"]["name"]) for each in found]


CONTROLLER = Controller(
    name="serviceaccount-token",
    reconcile=reconcile,
    watches=(Watch("secrets", _of_secret), Watch("serviceaccounts", _of_account)),
    user=service_account("tokens-controller"),
    component="serviceaccount-token",
)
