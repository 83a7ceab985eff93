"""The rules of a definition's spec: group, names, and versions with schemas, subresources, columns, selectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required, too_many
from fakekube.core.meta import Obj
from fakekube.schema.custom.judging import bad_value
from fakekube.schema.definitions import defaults, openapi, structural
from fakekube.schema.definitions.internal import FIELDS, Spec, internal, schema_text, versions_text
from fakekube.schema.definitions.paths import PathError, follow
from fakekube.schema.definitions.rules import Surroundings, total_cost_errors

Schema = Mapping[str, Any]

COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
SCOPES = ("Cluster", "Namespaced")
MOST_SELECTABLE = 8
WARNING_LENGTH = 256
OBJECT_ONLY = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'

_NOT_AT_ROOT = frozenset(
    {
        "ID",
        "Schema",
        "Ref",
        "Nullable",
        "Default",
        "Enum",
        "MaxProperties",
        "MinProperties",
        "AllOf",
        "OneOf",
        "AnyOf",
        "Not",
        "AdditionalProperties",
        "PatternProperties",
        "Dependencies",
        "AdditionalItems",
        "Definitions",
        "XEmbeddedResource",
        "XIntOrString",
        "XListMapKeys",
        "XListType",
        "XMapType",
    }
)
"""What the root of a schema may not say where status is judged apart."""

_AT_ROOT = (
    "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern "
    "MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields "
    "XValidations"
)


class Options(NamedTuple):
    """What is asked of the spec; an update is not held to rules that the definition broke before."""

    schema_required: bool = True
    structural: bool = True
    pruned_defaults: bool = True
    nodes: openapi.Options = openapi.Options()
    known_rules: frozenset[str] = frozenset()
    """Rules that were there before: they may use what new ones may not."""
    unchanged: frozenset[str] = frozenset()
    """Versions whose schema is as it was: a single rule's cost is not held against them."""
    many_selectable: frozenset[str] = frozenset()
    """Versions that had too many selectable fields already ('': all versions)."""


def for_update(old: Obj, new: Obj) -> Options:
    """The options of an update: rules that the old spec breaks are not asked of the new one."""
    before, after = internal(old), internal(new)
    schemas = [schema for schema in _schemas(before) if schema is not None]
    nodes = [node for schema in schemas for node in structural.everything(schema)]
    return Options(
        schema_required=None not in _schemas(before),
        structural=not any(structural.construction_error(s) or structural.errors(s, "") for s in schemas),
        pruned_defaults=not any(defaults.has_unknown(node) for node in nodes),
        nodes=openapi.Options(
            valid_types=all((node.get("type") or "object") in openapi.TYPES for node in nodes),
            atomic_sets=not any(map(openapi.has_loose_sets, nodes)),
            map_keys=not any(True for node in nodes for _ in openapi.key_errors(node, "")),
        ),
        known_rules=frozenset(
            rule.get("rule") or "" for node in nodes for rule in node.get("x-kubernetes-validations") or ()
        ),
        unchanged=frozenset(name for name, schema in _by_version(new).items() if _by_version(old).get(name) == schema),
        many_selectable=_many_selectable(before, after),
    )


def _schemas(spec: Spec) -> list[Obj | None]:
    if spec.schema is not None:
        return [spec.schema.get("openAPIV3Schema")]
    return [(version.get("schema") or {}).get("openAPIV3Schema") for version in spec.versions]


def _by_version(spec: Obj) -> dict[str, Any]:
    return {version.get("name") or "": version.get("schema") for version in spec.get("versions") or ()}


def _many_selectable(before: Spec, after: Spec) -> frozenset[str]:
    def of(spec: Spec) -> dict[str, Any]:
        found = {version.get("name") or "": version.get("selectableFields") for version in spec.versions}
        return {**found, "": spec.common.get("selectableFields")}

    then, now = of(before), of(after)
    return frozenset(name for name, had in then.items() if had and len(had) > MOST_SELECTABLE and now.get(name) == had)


def errors(stated: Obj, options: Options | None = None) -> list[FieldError]:
    """What is wrong with the spec, its conversion apart."""
    options = options or Options()
    spec = internal(stated)
    return [
        *_group(stated.get("group") or ""),
        *_one_of("spec.scope", stated.get("scope") or "", SCOPES),
        *_presence(spec, options),
        *_preserving_defaults(stated, spec),
        *_versions(spec, options),
        *_unique(spec),
        *_names_required(stated.get("names") or {}),
        *name_errors(stated.get("names") or {}, "spec.names"),
        *_validation(spec.schema, _has_status(spec), "spec.validation", spec.version, options),
        *_subresources(spec.common.get("subresources"), "spec.subresources"),
        *_columns(spec.common.get("additionalPrinterColumns"), "spec"),
        *_common_selectable(spec, options),
        *_preserving_conversion(stated),
    ]


def _one_of(path: str, value: str, allowed: Sequence[str]) -> Iterator[FieldError]:
    if not value:
        yield required(path)
    elif value not in allowed:
        yield not_supported(path, value, allowed)


def _group(group: str) -> Iterator[FieldError]:
    if not group:
        yield required("spec.group")
    elif messages := names.dns1123_subdomain(group):
        yield invalid("spec.group", group, ",".join(messages))
    elif "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")


def _presence(spec: Spec, options: Options) -> Iterator[FieldError]:
    """Every version (of definitions that once had none: every served version) has a schema."""
    if spec.schema is not None and spec.schema.get("openAPIV3Schema") is not None:
        return
    for index, version in enumerate(spec.versions):
        if (version.get("schema") or {}).get("openAPIV3Schema") is not None:
            continue
        path = f"spec.versions[{index}].schema.openAPIV3Schema"
        if options.schema_required:
            yield required(path)
        elif version.get("served"):
            yield required(path, "because otherwise all fields are pruned")


def _preserving_defaults(stated: Obj, spec: Spec) -> Iterator[FieldError]:
    """Objects that keep whatever they are given have no defaults."""
    if stated.get("preserveUnknownFields"):
        nodes = (node for schema in _schemas(spec) if schema is not None for node in structural.everything(schema))
        if any(node.get("default") is not None for node in nodes):
            text = "must be false in order to use defaults in the schema"
            yield invalid("spec.preserveUnknownFields", True, text)


def _preserving_conversion(stated: Obj) -> Iterator[FieldError]:
    """Nor does anybody convert them."""
    strategy = (stated.get("conversion") or {}).get("strategy") or ""
    if stated.get("preserveUnknownFields") and strategy != "None":
        text = "must be None if spec.preserveUnknownFields is true"
        yield invalid("spec.conversion.strategy", strategy, text)


def _versions(spec: Spec, options: Options) -> Iterator[FieldError]:
    per_version = any(version.get("subresources") is not None for version in spec.versions)
    for index, version in enumerate(spec.versions):
        path, name = f"spec.versions[{index}]", version.get("name") or ""
        if messages := names.dns1035_label(name):
            yield invalid(f"{path}.name", name, ",".join(messages))
        subresources = version.get("subresources") if per_version else spec.common.get("subresources")
        yield from _version(version, path, name, bool(subresources and "status" in subresources), options)


def _version(version: Obj, path: str, name: str, has_status: bool, options: Options) -> Iterator[FieldError]:
    warning = version.get("deprecationWarning")
    for message in _warning_messages(bool(version.get("deprecated")), warning):
        yield invalid(f"{path}.deprecationWarning", warning, message)
    yield from _validation(version.get("schema"), has_status, f"{path}.schema", name, options)
    yield from _subresources(version.get("subresources"), f"{path}.subresources")
    yield from _columns(version.get("additionalPrinterColumns"), path)
    selectable = version.get("selectableFields")
    if selectable:
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        where = f"{path}.selectableFields"
        if schema is None:
            text = "may only be set when `version.schema.openAPIV3Schema` is not included"
            yield invalid(where, "", text)
        else:
            yield from _unbuilt(schema, f"{path}.schema.openAPIV3Schema")
            yield from _selectable(selectable, schema, where, name in options.many_selectable)


def _warning_messages(deprecated: bool, warning: str | None) -> Iterator[str]:
    if warning is None:
        return
    if not deprecated:
        yield "can only be set for deprecated versions"
        return
    if len(warning.encode()) > WARNING_LENGTH:
        yield f"must be <= {WARNING_LENGTH} characters long"
    if not warning:
        yield "must not be an empty string"
    for index, letter in enumerate(warning):
        if letter != " " and not letter.isprintable():
            place = len(warning[:index].encode())
            start = "must only contain printable UTF-8 characters"
            yield f"{start}; non-printable character found at index {place}"
            return


def _unique(spec: Spec) -> Iterator[FieldError]:
    """Names of versions are unique, and one is the storage version."""
    listed = [version.get("name") or "" for version in spec.versions]

    def wrong(text: str) -> FieldError:
        shown = versions_text(spec.versions)  # of large definitions this takes a while
        return FieldError("FieldValueInvalid", "spec.versions", f"Invalid value: {shown}: {text}")

    if len(set(listed)) != len(listed):
        yield wrong("must contain unique version names")
    if sum(bool(version.get("storage")) for version in spec.versions) != 1:
        yield wrong("must have exactly one version marked as storage version")
    if spec.version and (messages := names.dns1035_label(spec.version)):
        yield invalid("spec.version", spec.version, ",".join(messages))


# --- names


def _names_required(stated: Obj) -> Iterator[FieldError]:
    for name in ("plural", "singular", "kind", "listKind"):
        if not stated.get(name):
            yield required(f"spec.names.{name}")


def name_errors(stated: Obj, path: str) -> Iterator[FieldError]:
    """What is wrong with the names that are there."""
    for name in ("plural", "singular"):
        yield from _label(stated.get(name), f"{path}.{name}")
    for name in ("kind", "listKind"):
        value = stated.get(name) or ""
        messages = names.dns1035_label(value.lower()) if value else []
        if messages:
            text = "may have mixed case, but should otherwise match: " + ",".join(messages)
            yield invalid(f"{path}.{name}", value, text)
    for index, value in enumerate(stated.get("shortNames") or ()):
        yield from _label(value, f"{path}.shortNames[{index}]", needed=True)
    if stated.get("kind") and stated.get("kind") == stated.get("listKind"):
        yield invalid(f"{path}.listKind", stated["listKind"], "kind and listKind may not be the same")
    for index, value in enumerate(stated.get("categories") or ()):
        yield from _label(value, f"{path}.categories[{index}]", needed=True)


def _label(value: str | None, path: str, *, needed: bool = False) -> Iterator[FieldError]:
    if (value or needed) and (messages := names.dns1035_label(value or "")):
        yield invalid(path, value or "", ",".join(messages))


# --- schemas


def _has_status(spec: Spec) -> bool:
    everywhere = [spec.common.get("subresources"), *(version.get("subresources") for version in spec.versions)]
    return any(each is not None and "status" in each for each in everywhere)


def _validation(
    validation: Obj | None, has_status: bool, path: str, version: str, options: Options
) -> list[FieldError]:
    schema = (validation or {}).get("openAPIV3Schema")
    if schema is None:
        return []
    path += ".openAPIV3Schema"
    found = list(_root(schema, path)) if has_status else []
    if schema.get("nullable"):
        found.append(forbidden(f"{path}.nullable", "nullable cannot be true at the root"))
    unfit, surroundings = "", None
    if options.structural:
        unfit = structural.construction_error(schema)
        faults = [] if unfit else structural.errors(schema, path)
        faults = faults or ([] if unfit else defaults.errors(schema, path, pruned=options.pruned_defaults))
        found += faults
        if not unfit and not faults:
            surroundings = Surroundings.of_root(schema, options.known_rules, version in options.unchanged)
    found += openapi.errors(schema, path, options.nodes, surroundings)
    if not found and unfit:
        found.append(invalid(path, "", unfit))
    return found + total_cost_errors(surroundings, path)


def _root(schema: Obj, path: str) -> Iterator[FieldError]:
    """The root says little where status is judged by properties.status alone."""
    for name, go, shape in FIELDS:
        if name not in schema or (go not in _NOT_AT_ROOT and go != "Type"):
            continue
        if go == "Type" and schema["type"] and schema["type"] != "object":
            yield invalid(f"{path}.type", schema["type"], OBJECT_ONLY)
            return
        said = shape(schema[name])
        if go in _NOT_AT_ROOT and said is not None and said is not False and said != "":
            text = f"only [{_AT_ROOT}] fields are allowed at the root of the schema"
            text = f"Invalid value: {schema_text(schema)}: {text} if the status subresource is enabled"
            yield FieldError("FieldValueInvalid", path, text)
            return


# --- subresources, columns, selectable fields


def _subresources(subresources: Obj | None, path: str) -> Iterator[FieldError]:
    scale = (subresources or {}).get("scale")
    if scale is None:
        return
    for name, root in (("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")):
        value, where = scale.get(name) or "", f"{path}.scale.{name}"
        if not value:
            yield required(where)
        elif faults := _simple_path(value, where):
            yield from faults
        elif not value.startswith(f"{root}."):
            yield invalid(where, value, f"should be a json path under {root}")
    selector, where = scale.get("labelSelectorPath") or "", f"{path}.scale.labelSelectorPath"
    if selector:
        faults = _simple_path(selector, where)
        yield from faults
        if not faults and not selector.startswith((".spec.", ".status.")):
            yield invalid(where, selector, "should be a json path under either .spec or .status")


def _simple_path(path: str, where: str) -> list[FieldError]:
    return [] if path.startswith(".") else [invalid(where, path, "must be a simple json path starting with .")]


def _columns(columns: Iterable[Obj] | None, path: str) -> Iterator[FieldError]:
    for index, column in enumerate(columns or ()):
        yield from _column(column, f"{path}.additionalPrinterColumns[{index}]")


def _column(column: Obj, path: str) -> Iterator[FieldError]:
    kind, format, source = (column.get(name) or "" for name in ("type", "format", "jsonPath"))
    if not column.get("name"):
        yield required(f"{path}.name")
    types = f"must be one of {','.join(COLUMN_TYPES)}"
    if not kind:
        yield required(f"{path}.type", types)
    elif kind not in COLUMN_TYPES:
        yield invalid(f"{path}.type", kind, types)
    if format and format not in COLUMN_FORMATS:
        yield invalid(f"{path}.format", format, f"must be one of {','.join(COLUMN_FORMATS)}")
    if not source:
        yield required(f"{path}.JSONPath")
    else:
        yield from _simple_path(source, f"{path}.JSONPath")


def _common_selectable(spec: Spec, options: Options) -> Iterator[FieldError]:
    selectable = spec.common.get("selectableFields")
    if not selectable:
        return
    if spec.schema is None:
        yield invalid("spec.selectableFields", "", "may only be set when validations.schema is included")
        return
    schema = spec.schema.get("openAPIV3Schema") or {}
    yield from _unbuilt(schema, "spec.schema.openAPIV3Schema")
    yield from _selectable(selectable, schema, "spec.selectableFields", "" in options.many_selectable)


def _unbuilt(schema: Schema, path: str) -> Iterator[FieldError]:
    if text := structural.construction_error(schema):
        yield invalid(path, "", text)


def _selectable(fields: Sequence[Obj], schema: Schema, path: str, many: bool) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, each in enumerate(fields):
        source, where = each.get("jsonPath") or "", f"{path}[{index}].jsonPath"
        if not source:
            yield required(where)
            continue
        try:
            place = follow(source, schema, brackets=False)
        except PathError as error:
            yield invalid(where, source, f"is an invalid path: {error}")
            continue
        if place.root == "metadata":
            yield invalid(where, source, "must not point to fields in metadata")
        if place.schema is None or place.schema.get("type") not in ("string", "boolean", "integer"):
            text = "must point to a field of type string, boolean or integer."
            yield invalid(where, source, f"{text} Enum string fields and strings with formats are allowed.")
        if place.text in seen:
            yield duplicate(where, source)
        seen.add(place.text)
    if len(seen) > MOST_SELECTABLE and not many:
        yield too_many(path, len(seen), MOST_SELECTABLE)


# --- status


def stored_version_errors(stored: Sequence[str] | None, versions: Iterable[Obj]) -> Iterator[FieldError]:
    """The storage version is among those stored, and no stored version is gone."""
    path = "status.storedVersions"
    shown = bad_value(stored)
    if not stored:
        text = f"Invalid value: {shown}: must have at least one stored version"
        yield FieldError("FieldValueInvalid", path, text)
        return
    waiting = list(stored)
    for version in versions:
        name = version.get("name") or ""
        if name in waiting:
            waiting.remove(name)
        elif version.get("storage"):
            text = f"Invalid value: {shown}: must have the storage version {name}"
            yield FieldError("FieldValueInvalid", path, text)
    for index, name in enumerate(stored):
        if name in waiting:
            text = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {name} and removes "
                f"{name} from {path}"
            )
            yield invalid(f"{path}[{index}]", name, text)
