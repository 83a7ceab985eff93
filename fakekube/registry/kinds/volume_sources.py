"""What a PersistentVolume is made of: one source each, and what each source needs.

Most rules are those of the sources of a pod's volumes; some name a Secret with its namespace.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fakekube.core import names
from fakekube.core.fielderrors import forbidden, invalid, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.pod_validation.frame import Frame
from fakekube.registry.kinds.pod_validation.paths import without_backsteps
from fakekube.registry.kinds.pod_validation.volumes import ONE_ONLY, SOURCES, csi_driver_name
from fakekube.registry.kinds.rules import Errors, missing, named, within

Check = Callable[[Errors, Obj, str, str], None]
"""(what was found so far, the source, its field, the name of the volume)."""

SECRET_REFS = (
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
)
_LONGEST_ISCSI = 64
_ISCSI_NAMES = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([0-9A-Za-z.-]+)(:[^,;*&$|\s]+)").fullmatch,
    "eui": re.compile(r"eui\.[0-9A-Fa-f]{16}").fullmatch,
    "naa": re.compile(r"naa\.[0-9A-Fa-f]{32}").fullmatch,
}


def _as_in_pods(field: str) -> Check:
    """The rule of the source of the same name in a pod's volumes."""

    def check(errors: Errors, source: Obj, path: str, name: str) -> None:
        SOURCES[field](errors, source, path, Frame({}, is_pod=False))

    return check


def _secret_with_namespace(errors: Errors, source: Obj, path: str) -> None:
    if "secretRef" in source:
        missing(errors, source["secretRef"], f"{path}.secretRef", "name", "namespace")


def _glusterfs(errors: Errors, source: Obj, path: str, name: str) -> None:
    missing(errors, source, path, "endpoints", "path")
    namespace = source.get("endpointsNamespace")
    if namespace == "":
        why = "if the endpointnamespace is set, it must be a valid namespace name"
        errors.append(invalid(f"{path}.endpointsNamespace", namespace, why))
    elif namespace is not None:
        named(errors, names.dns1123_label(namespace), namespace, f"{path}.endpointsNamespace")


def _iscsi_name(errors: Errors, value: str, path: str) -> None:
    is_valid = _ISCSI_NAMES.get(value[:3])
    if is_valid is None or not is_valid(value):
        errors.append(invalid(path, value, "must be valid format"))


def _iscsi(errors: Errors, source: Obj, path: str, name: str) -> None:
    portal = source.get("targetPortal", "")
    missing(errors, source, path, "targetPortal")
    if "initiatorName" in source and len(f"{name}:{portal}") > _LONGEST_ISCSI:
        why = (
            "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
            "if iscsi.initiatorName is specified."
        )
        errors.append(invalid(f"{path}.targetportal", portal, why))
    if source.get("iqn"):
        _iscsi_name(errors, source["iqn"], f"{path}.iqn")
    else:
        errors.append(required(f"{path}.iqn"))
    within(errors, source.get("lun") or 0, 0, 255, f"{path}.lun")
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and "secretRef" not in source:
        errors.append(required(f"{path}.secretRef"))
    if "secretRef" in source:
        missing(errors, source["secretRef"], f"{path}.secretRef", "name")
    if "initiatorName" in source:
        _iscsi_name(errors, source["initiatorName"], f"{path}.initiatorname")


def _cinder(errors: Errors, source: Obj, path: str, name: str) -> None:
    missing(errors, source, path, "volumeID")
    _secret_with_namespace(errors, source, path)


def _azure_file(errors: Errors, source: Obj, path: str, name: str) -> None:
    missing(errors, source, path, "secretName", "shareName")
    if source.get("secretNamespace") == "":
        errors.append(required(f"{path}.secretNamespace"))


def _local(errors: Errors, source: Obj, path: str, name: str) -> None:
    missing(errors, source, path, "path")
    without_backsteps(errors, source.get("path", ""), f"{path}.path")


def _storageos(errors: Errors, source: Obj, path: str, name: str) -> None:
    missing(errors, source, path, "volumeName")
    for field in ("volumeName", "volumeNamespace"):
        if source.get(field):
            named(errors, names.dns1123_label(source[field]), source[field], f"{path}.{field}")
    _secret_with_namespace(errors, source, path)


def _csi(errors: Errors, source: Obj, path: str, name: str) -> None:
    csi_driver_name(errors, source.get("driver", ""), f"{path}.driver")
    missing(errors, source, path, "volumeHandle")
    for field in SECRET_REFS:
        if field in source:
            _secret_reference(errors, source[field], f"{path}.{field}")


def _secret_reference(errors: Errors, reference: Obj, path: str) -> None:
    for field, check in (("name", names.dns1123_subdomain), ("namespace", names.dns1123_label)):
        value = reference.get(field, "")
        if value:
            named(errors, check(value), value, f"{path}.{field}")
        else:
            errors.append(required(f"{path}.{field}"))


CHECKS: dict[str, tuple[str, Check]] = {
    "hostPath": ("hostPath", _as_in_pods("hostPath")),
    "gcePersistentDisk": ("persistentDisk", _as_in_pods("gcePersistentDisk")),
    "awsElasticBlockStore": ("awsElasticBlockStore", _as_in_pods("awsElasticBlockStore")),
    "glusterfs": ("glusterfs", _glusterfs),
    "flocker": ("flocker", _as_in_pods("flocker")),
    "nfs": ("nfs", _as_in_pods("nfs")),
    "rbd": ("rbd", _as_in_pods("rbd")),
    "quobyte": ("quobyte", _as_in_pods("quobyte")),
    "cephfs": ("cephfs", _as_in_pods("cephfs")),
    "iscsi": ("iscsi", _iscsi),
    "cinder": ("cinder", _cinder),
    "fc": ("fc", _as_in_pods("fc")),
    "flexVolume": ("flexVolume", _as_in_pods("flexVolume")),
    "azureFile": ("azureFile", _azure_file),
    "vsphereVolume": ("vsphereVolume", _as_in_pods("vsphereVolume")),
    "photonPersistentDisk": ("photonPersistentDisk", _as_in_pods("photonPersistentDisk")),
    "portworxVolume": ("portworxVolume", _as_in_pods("portworxVolume")),
    "azureDisk": ("azureDisk", _as_in_pods("azureDisk")),
    "scaleIO": ("scaleIO", _as_in_pods("scaleIO")),
    "local": ("local", _local),
    "storageos": ("storageos", _storageos),
    "csi": ("csi", _csi),
}
"""Source -> how the real server calls it in its faults, and its rule; in the order in which they are looked at."""


def validate_sources(errors: Errors, spec: Obj, path: str, name: str) -> None:
    """The source of a volume, of which there must be one."""
    count = 0
    for field, (told, check) in CHECKS.items():
        if spec.get(field) is None:
            continue
        if count and field != "flexVolume":
            second = "cephFS" if field == "cephfs" else field
            errors.append(forbidden(f"{path}.{second}", ONE_ONLY))
            continue
        count += 1
        check(errors, spec[field], f"{path}.{told}", name)
        if field == "local" and spec.get("nodeAffinity") is None:
            errors.append(required(f"{path}.nodeAffinity", "Local volume requires node affinity"))
    if not count:
        errors.append(required(path, "must specify a volume type"))
