import pytest

from fakekube.schema import generate


@pytest.fixture
def structs() -> generate.Structs:
    text = {"kind": "string", "go": "string"}
    go = {
        "x.Outer": {
            "go": "v1.Outer",
            "fields": [
                {
                    "json": "inner",
                    "type": {"kind": "slice", "go": "[]v1.Inner", "elem": {"kind": "struct", "name": "x.Inner"}},
                },
                {"json": "name", "type": {**text, "pointer": True}, "omitempty": True, "path": ["Meta"]},
            ],
        },
        "x.Inner": {
            "go": "v1.Inner",
            "fields": [{"json": "protocol", "type": {"kind": "string", "go": "v1.Protocol"}}],
        },
    }
    schemas = {
        "x.Outer": {
            "required": ["inner"],
            "properties": {"inner": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["protocol"]}},
        },
        "x.Inner": {"properties": {"protocol": {"default": "TCP", "enum": ["TCP", "UDP"]}}},
    }
    return generate.Structs(go, schemas)


def test_facts_of_go_and_openapi_are_merged(structs: generate.Structs) -> None:
    inner, outer = structs.rows()
    assert inner == [
        "x.Inner",
        "v1.Inner",
        [["protocol", ["scalar", "v1.Protocol", "string", ["TCP", "UDP"]], 0, {"default": "TCP"}]],
        {"defaulted": True},
    ]
    assert outer == [
        "x.Outer",
        "v1.Outer",
        [
            ["inner", ["list", "[]v1.Inner", 0, "map", ["protocol"]], 8],
            ["name", "string", 3, {"path": "Meta"}],
        ],
        {"defaulted": True},
    ]


def test_a_go_type_of_an_unknown_form_is_refused_loudly(structs: generate.Structs) -> None:
    with pytest.raises(KeyError):
        structs.type({"kind": "complex128", "go": "complex128"}, {})
