from fakekube.schema.structural import custom_type
from fakekube.schema.table import table
from fakekube.schema.typed import ANY, List, Map, Scalar, Struct, child

META = table().struct_named("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
assert META is not None


def test_a_structural_schema_becomes_a_type() -> None:
    of = custom_type(
        "Cart",
        {
            "properties": {
                "spec": {
                    "type": "object",
                    "required": ["size"],
                    "properties": {
                        "size": {"type": "integer", "default": 3},
                        "port": {"x-kubernetes-int-or-string": True, "nullable": True},
                        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                        "items": {
                            "type": "array",
                            "x-kubernetes-list-type": "map",
                            "x-kubernetes-list-map-keys": ["sku"],
                            "items": {"type": "object", "properties": {"sku": {"type": "string"}}},
                        },
                        "template": {"type": "object", "x-kubernetes-embedded-resource": True},
                        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                    },
                }
            }
        },
        META,
    )
    assert child(of, "metadata") is META
    spec = child(of, "spec")
    assert isinstance(spec, Struct)
    size = spec.fields["size"]
    assert (size.required, size.default, size.type.go) == (True, 3, "int64")
    port = spec.fields["port"].type
    assert isinstance(port, Scalar)
    assert (port.kind, port.nullable) == ("intOrString", True)
    labels, items = spec.fields["labels"].type, spec.fields["items"].type
    assert isinstance(labels, Map)
    assert isinstance(items, List)
    assert (items.list_type, items.keys) == ("map", ("sku",))
    assert child(spec.fields["template"].type, "metadata") is META
    assert child(spec.fields["free"].type, "anything") is ANY
    assert child(spec, "anything") is None
