"""YAML scalars become what kubectl and the API server make of them."""

import pytest

from fakekube.core.yamltext import YamlError, documents


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("80:80", "80:80"),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("0644", 420),
        ("0o644", 420),
        ("0x1F", 31),
        ("0b101", 5),
        ("-7", -7),
        ("1_000", 1000),
        ("08", 8),
        ("1e3", 1000),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1.2.3", "1.2.3"),
        ("100m", "100m"),
        ("1Gi", "1Gi"),
        ("y", True),
        ("No", False),
        ("ON", True),
        ("yEs", "yEs"),
        ('"yes"', "yes"),
        ("~", None),
        ("", None),
        ("null", None),
        ("=", "="),
    ],
)
def test_a_plain_scalar_is_read_as_kubernetes_reads_it(scalar: str, value: object) -> None:
    [document] = documents(f"key: {scalar}")
    assert document == {"key": value}
    assert type(document["key"]) is type(value)


def test_keys_become_text() -> None:
    assert list(documents("{on: 1, 8080: 2, a: 3}")) == [{"true": 1, "8080": 2, "a": 3}]


def test_merge_keys_and_anchors_are_followed() -> None:
    [document] = documents("base: &b {x: 1, y2: 2}\nnext: {<<: *b, x: 3}")
    assert document["next"] == {"x": 3, "y2": 2}


def test_json_is_yaml() -> None:
    assert list(documents('{"a": [1, true, null, "b\\u00e9"]}')) == [{"a": [1, True, None, "bé"]}]


def test_documents_before_a_fault_are_still_read() -> None:
    stream = documents("a: 1\n---\nb: [\n")
    assert next(stream) == {"a": 1}
    with pytest.raises(YamlError, match="line"):
        next(stream)


@pytest.mark.parametrize("text", ["a: \x00", b"a: \xff\xfe\xff"])
def test_text_that_yaml_does_not_allow_is_a_fault(text: str | bytes) -> None:
    with pytest.raises(YamlError):
        list(documents(text))


def test_python_objects_cannot_be_made() -> None:
    with pytest.raises(YamlError):
        list(documents("!!python/object/apply:os.getcwd []"))
