"""The volumes of a pod: one source each, and what each source needs."""

from __future__ import annotations

import re
from collections.abc import Callable

from fakekube.core import names
from fakekube.core.fielderrors import duplicate, forbidden, invalid, not_supported, required, too_long
from fakekube.core.meta import Obj
from fakekube.core.quantity import parse
from fakekube.registry.kinds.claim_specs import validate_claim_spec
from fakekube.registry.kinds.pod_validation.frame import Frame
from fakekube.registry.kinds.pod_validation.paths import descending, file_mode, without_backsteps
from fakekube.registry.kinds.pod_validation.projections import key_to_path, validate_downward, validate_projected
from fakekube.registry.kinds.rules import Errors, missing, named, one_of, within
from fakekube.registry.objectmeta import annotation_errors, label_errors

HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
LONGEST_DRIVER = 63
PARTITION_WRONG = "must be between 0 and 255, inclusive"
ONE_ONLY = "may not specify more than 1 volume type"

Check = Callable[[Errors, Obj, str, Frame], None]


def validate_volumes(errors: Errors, frame: Frame, path: str) -> None:
    """All volumes; the faultless ones are put into the frame."""
    volumes = frame.spec.get("volumes") or ()
    made = {f"{frame.pod_name}-{each.get('name', '')}" for each in volumes if frame.pod_name and "ephemeral" in each}
    for index, volume in enumerate(volumes):
        here, name = f"{path}[{index}]", volume.get("name", "")
        before = len(errors)
        _validate_source(errors, volume, name, here, frame)
        if not name:
            errors.append(required(f"{here}.name"))
        else:
            named(errors, names.dns1123_label(name), name, f"{here}.name")
        if name in frame.volumes:
            errors.append(duplicate(f"{here}.name", name))
        if len(errors) == before:
            frame.volumes[name] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if made and claim in made:
            detail = "must not reference a PVC that gets created for an ephemeral volume"
            errors.append(invalid(f"{here}.persistentVolumeClaim.claimName", claim, detail))


def _validate_source(errors: Errors, volume: Obj, name: str, path: str, frame: Frame) -> None:
    given = [field for field in volume if field != "name"]
    if len(given) > 1:
        given = [field for field in SOURCES if field in volume]
    if not given:
        errors.append(required(path, "must specify a volume type"))
        return
    for place, field in enumerate(given):
        if place:
            errors.append(forbidden(f"{path}.{_TOLD_AS.get(field, field)}", ONE_ONLY))
        elif field in SOURCES:
            SOURCES[field](errors, volume[field], f"{path}.{_CHECKED_AS.get(field, field)}", frame)
        if field == "iscsi" and "initiatorName" in volume[field]:
            _validate_iscsi_length(errors, volume, name, path)
    if given[0] == "ephemeral" and frame.pod_name and name:
        claim = f"{frame.pod_name}-{name}"
        messages = [f'PVC name "{claim}": {message}' for message in names.dns1123_subdomain(claim)]
        named(errors, messages, name, f"{path}.name")


# The real server misnames some fields.
_TOLD_AS = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
_CHECKED_AS = {"gcePersistentDisk": "persistentDisk"}


def _needs(*fields: str) -> Check:
    """A source of which these fields must not be empty."""

    def check(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
        missing(errors, source, path, *fields)

    return check


def _empty_dir(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    limit = source.get("sizeLimit")
    if limit is not None and parse(limit).nanos < 0:
        errors.append(forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity"))


def _host_path(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    if not source.get("path"):
        errors.append(required(f"{path}.path"))
        return
    without_backsteps(errors, source["path"], f"{path}.path")
    one_of(errors, source.get("type", ""), HOST_PATH_TYPES, f"{path}.type")


def _git_repo(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    missing(errors, source, path, "repository")
    descending(errors, source.get("directory", ""), f"{path}.directory")


def _disk(field: str) -> Check:
    """A disk of a cloud, with a partition."""

    def check(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
        missing(errors, source, path, field)
        partition = source.get("partition") or 0
        if not 0 <= partition <= 255:
            errors.append(invalid(f"{path}.partition", partition, PARTITION_WRONG))

    return check


def _keyed(field: str) -> Check:
    """The files of a Secret or a ConfigMap."""

    def check(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
        missing(errors, source, path, field)
        file_mode(errors, source, "defaultMode", path)
        for index, item in enumerate(source.get("items") or ()):
            key_to_path(errors, item, f"{path}.items[{index}]")

    return check


def _nfs(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    missing(errors, source, path, "server", "path")
    target = source.get("path", "")
    if not target.startswith("/"):
        errors.append(invalid(f"{path}.path", target, "must be an absolute path"))


_ISCSI_NAMES = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([0-9A-Za-z.-]+)(:[^,;*&$|\s]+)\Z").match,
    "eui": re.compile(r"eui\.[0-9A-Fa-f]{16}\Z").match,
    "naa": re.compile(r"naa\.[0-9A-Fa-f]{32}\Z").match,
}


def _iscsi_name(errors: Errors, name: str, path: str) -> None:
    is_known = name.startswith(tuple(_ISCSI_NAMES))
    if not is_known:
        errors.append(invalid(path, name, "must be valid format starting with iqn, eui, or naa"))
    elif not _ISCSI_NAMES[name[:3]](name):
        errors.append(invalid(path, name, "must be valid format"))


def _iscsi(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    missing(errors, source, path, "targetPortal", "iqn")
    if source.get("iqn"):
        _iscsi_name(errors, source["iqn"], f"{path}.iqn")
    within(errors, source.get("lun") or 0, 0, 255, f"{path}.lun")
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and "secretRef" not in source:
        errors.append(required(f"{path}.secretRef"))
    if "initiatorName" in source:
        _iscsi_name(errors, source["initiatorName"], f"{path}.initiatorname")


def _validate_iscsi_length(errors: Errors, volume: Obj, name: str, path: str) -> None:
    if len(f"{name}:{volume['iscsi'].get('targetPortal', '')}") > 64:
        detail = (
            "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
            "if iscsi.initiatorName is specified."
        )
        errors.append(invalid(f"{path}.name", name, detail))


def _flocker(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    name, uid = source.get("datasetName"), source.get("datasetUUID")
    if not name and not uid:
        errors.append(required(path, "one of datasetName and datasetUUID is required"))
    if name and uid:
        detail = "datasetName and datasetUUID can not be specified simultaneously"
        errors.append(invalid(path, "resource", detail))
    if name and "/" in name:
        errors.append(invalid(f"{path}.datasetName", name, "must not contain '/'"))


def _fc(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    ports, ids = source.get("targetWWNs") or [], source.get("wwids") or []
    if not ports and not ids:
        errors.append(required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both"))
    if ports and ids:
        detail = "targetWWNs and wwids can not be specified simultaneously"
        errors.append(invalid(f"{path}.targetWWNs", ports, detail))
    if ports and "lun" not in source:
        errors.append(required(f"{path}.lun", "lun is required if targetWWNs is specified"))
    elif ports:
        within(errors, source["lun"], 0, 255, f"{path}.lun")


def _flex(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    missing(errors, source, path, "driver")
    for key in sorted(source.get("options") or ()):
        domain = "." + key.partition("/")[0].lower()
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            detail = "kubernetes.io and k8s.io namespaces are reserved"
            errors.append(invalid(f"{path}.options[{key}]", key, detail))


def _with_secret(field: str, *, is_label: bool = False) -> Check:
    """A source that may name a Secret."""

    def check(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
        missing(errors, source, path, field)
        if is_label:
            for each in (field, "volumeNamespace"):
                if source.get(each):
                    named(errors, names.dns1123_label(source[each]), source[each], f"{path}.{each}")
        if "secretRef" in source and not source["secretRef"].get("name"):
            errors.append(required(f"{path}.secretRef.name"))

    return check


def _quobyte(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    registry, detail = source.get("registry", ""), "must be a host:port pair or multiple pairs separated by commas"
    if not registry:
        errors.append(required(f"{path}.registry", detail))
    elif len(source.get("tenant", "")) > 64:
        tenant_detail = "must be a UUID and may not exceed a length of 64 characters"
        errors.append(required(f"{path}.tenant", tenant_detail))
    else:
        wrong = [pair for pair in registry.split(",") if pair.count(":") != 1 and not pair.startswith("[")]
        errors.extend(invalid(f"{path}.registry", registry, detail) for _ in wrong)
    missing(errors, source, path, "volume")


_MANAGED_DISK = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
_BLOB_DISK = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"


def _azure_disk(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    missing(errors, source, path, "diskName", "diskURI")
    if "cachingMode" in source:
        one_of(errors, source["cachingMode"], ("None", "ReadOnly", "ReadWrite"), f"{path}.cachingMode")
    kind, uri = source.get("kind"), source.get("diskURI", "")
    if kind is None:
        return
    one_of(errors, kind, ("Dedicated", "Managed", "Shared"), f"{path}.kind")
    start, told = ("/subscriptions/", _MANAGED_DISK) if kind == "Managed" else ("https://", _BLOB_DISK)
    if not uri.startswith(start):
        errors.append(not_supported(f"{path}.diskURI", uri, [told]))


def csi_driver_name(errors: Errors, name: str, path: str) -> None:
    """The name of a CSI driver."""
    if not name:
        errors.append(required(path))
        return
    if len(name) > LONGEST_DRIVER:
        errors.append(too_long(path, LONGEST_DRIVER))
    named(errors, names.dns1123_subdomain(name.lower()), name, path)


def _csi(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    csi_driver_name(errors, source.get("driver", ""), f"{path}.driver")
    if "nodePublishSecretRef" in source:
        name = source["nodePublishSecretRef"].get("name", "")
        if not name:
            errors.append(required(f"{path}.nodePublishSecretRef.name"))
        else:
            named(errors, names.dns1123_subdomain(name), name, f"{path}.name")


def _ephemeral(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    template = source.get("volumeClaimTemplate")
    path = f"{path}.volumeClaimTemplate"
    if template is None:
        errors.append(required(path))
        return
    meta = template.get("metadata") or {}
    errors += annotation_errors(meta.get("annotations") or {}, f"{path}.metadata.annotations")
    errors += label_errors(meta.get("labels") or {}, f"{path}.metadata.labels")
    others = [field for field in meta if field not in ("annotations", "labels")]
    errors.extend(forbidden(f"{path}.metadata.{field}", "cannot be set") for field in others)
    validate_claim_spec(errors, template.get("spec") or {}, f"{path}.spec")


def _image(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    if frame.is_pod:
        missing(errors, source, path, "reference")
    one_of(errors, source.get("pullPolicy", ""), PULL_POLICIES, f"{path}.pullPolicy")


def _downward(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    validate_downward(errors, source, path)


def _projected(errors: Errors, source: Obj, path: str, frame: Frame) -> None:
    validate_projected(errors, source, path)


SOURCES: dict[str, Check] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "gitRepo": _git_repo,
    "gcePersistentDisk": _disk("pdName"),
    "awsElasticBlockStore": _disk("volumeID"),
    "secret": _keyed("secretName"),
    "nfs": _nfs,
    "iscsi": _iscsi,
    "glusterfs": _needs("endpoints", "path"),
    "flocker": _flocker,
    "persistentVolumeClaim": _needs("claimName"),
    "rbd": _needs("monitors", "image"),
    "cinder": _with_secret("volumeID"),
    "cephfs": _needs("monitors"),
    "quobyte": _quobyte,
    "downwardAPI": _downward,
    "fc": _fc,
    "flexVolume": _flex,
    "configMap": _keyed("name"),
    "azureFile": _needs("secretName", "shareName"),
    "vsphereVolume": _needs("volumePath"),
    "photonPersistentDisk": _needs("pdID"),
    "portworxVolume": _needs("volumeID"),
    "azureDisk": _azure_disk,
    "storageos": _with_secret("volumeName", is_label=True),
    "projected": _projected,
    "scaleIO": _needs("gateway", "system", "volumeName"),
    "csi": _csi,
    "ephemeral": _ephemeral,
    "image": _image,
}
"""Source -> its check, in the order in which the real server looks for them: the first one given is the volume's."""
