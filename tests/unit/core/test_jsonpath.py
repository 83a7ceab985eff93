"""Paths lead where kubectl's lead."""

import pytest

from fakekube.core.jsonpath import JSONPath, PathError, simple

POD = {
    "metadata": {"name": "p", "annotations": {"a.b/c": "x"}},
    "spec": {"containers": [{"name": "a", "ports": [1, 2, 3]}, {"name": "b"}]},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]},
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (".metadata.name", ["p"]),
        (".metadata.nope.name", []),
        (r".metadata.annotations.a\.b/c", ["x"]),
        (r".metadata.annotations['a\.b/c']", ["x"]),
        (".spec.containers[*].name", ["a", "b"]),
        (".spec.containers[-1].name", ["b"]),
        (".spec.containers[0].ports[1:]", [2, 3]),
        (".spec.containers[0].ports[::2]", [1, 3]),
        (".spec.containers[0].ports[0,2]", [1, 3]),
        (".metadata['name','nope']", ["p"]),
        ("..name", ["p", "a", "b"]),
        (".metadata.annotations.*", ["x"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type != 'Ready')].status", ["False"]),
        (".spec.containers[?(@.ports)].name", ["a"]),
        (".spec.containers[0].ports[?(@>=2)]", [2, 3]),
        ("$.metadata.name", ["p"]),
    ],
)
def test_a_path_leads_to_values(path, values):
    assert simple(path).values(POD) == values


def test_a_template_has_parts():
    assert JSONPath("name: {.metadata.name}{'\\n'}").find(POD) == [["name: "], ["p"], ["\n"]]


def test_plain_paths_are_known_as_such():
    assert simple(".spec.replicas").fields == ("spec", "replicas")
    assert simple(".spec['replicas']").fields == ("spec", "replicas")
    assert simple(".spec.a[0]").fields is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (".spec[a]", "invalid array index a"),
        (".spec[0", "unterminated array"),
        (".a[?(@.b==1]", "unterminated filter"),
        (".a[?(@.b)", "unclosed array expect ]"),
        (".a[0]!", "unrecognized character in action: U+0021 '!'"),
        ("'x", "unterminated quoted string"),
        ("....a", "invalid multiple recursive descent"),
        (".a[-]", "array index - is not a number"),
    ],
)
def test_unreadable_paths(path, message):

    with pytest.raises(PathError) as caught:
        simple(path)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (".spec.containers[2].name", "array index out of bounds: index 2, length 2"),
        (".spec[0]", "map[string]interface {} is not array or slice"),
        (".spec.containers[?(@.name==1)]", "incompatible types for comparison"),
        (".metadata.name[?(@.a)]", "p is not array or slice and cannot be filtered"),
        ("range", "unrecognized identifier range"),
    ],
)
def test_paths_that_cannot_be_followed(path, message):
    with pytest.raises(PathError) as caught:
        simple(path).values(POD)
    assert str(caught.value) == message


def test_missing_members_can_be_errors():
    with pytest.raises(PathError, match="nope is not found"):
        JSONPath("{.nope}", allow_missing=False).values(POD)
