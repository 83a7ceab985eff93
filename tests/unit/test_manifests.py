"""Manifests are read from wherever they are written, and a fault says where it is."""

import io
import sys
from pathlib import Path

import pytest

from fakekube import manifests
from fakekube.manifests import ManifestError

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
TWO = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n# nothing\n---\napiVersion: v1\nkind: Service\n"


def kinds(*sources: manifests.Source) -> list[str]:
    return [obj["kind"] for obj in manifests.read(*sources)]


def test_a_dict_text_a_file_and_a_folder_can_be_mixed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.yml").write_text(TWO)
    (tmp_path / "a.json").write_text('{"apiVersion": "v1", "kind": "Secret"}')
    (tmp_path / "README.md").write_text("not a manifest")
    assert kinds(POD, TWO, tmp_path, str(tmp_path / "a.json")) == [
        *["Pod", "Pod", "Service"],
        *["Secret", "Pod", "Service"],
        "Secret",
    ]


def test_a_dash_is_the_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(TWO))
    assert kinds("-") == ["Pod", "Service"]


def test_lists_are_opened_up_and_typed_lists_give_their_kind() -> None:
    nested = {"apiVersion": "v1", "kind": "List", "items": [POD, {"apiVersion": "v1", "kind": "List", "items": [POD]}]}
    typed = {"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {"name": "d"}}]}
    assert kinds(nested) == ["Pod", "Pod"]
    assert manifests.read(typed) == [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}}]


def test_namespaces_and_definitions_come_first_and_the_rest_keeps_its_order() -> None:
    objects = [
        {"apiVersion": version, "kind": kind}
        for version, kind in [
            ("v1", "Pod"),
            ("example.com/v1", "Namespace"),
            ("v1", "Service"),
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            ("v1", "Namespace"),
        ]
    ]
    assert [objects.index(obj) for obj in manifests.in_order(objects)] == [3, 4, 0, 1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: Pod\n", "document 1: apiVersion is missing"),
        ("apiVersion: v1\n", "document 1: kind is missing"),
        (TWO + "---\n- a\n", "document 4: a manifest is a mapping, not a list"),
        (TWO + "---\na: [\n", "document 4: .*line"),
        ("apiVersion: v1\nkind: List\nitems: [3]\n", r"document 1, items\[0\]: a manifest is a mapping, not a number"),
    ],
)
def test_a_fault_names_file_and_document(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(ManifestError, match=f"bad.yaml, {message}"):
        manifests.read(file)


def test_a_missing_file_and_an_empty_folder_are_faults(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="No such file"):
        manifests.read(tmp_path / "none.yaml")
    with pytest.raises(ManifestError, match=r"kind: Pod: No such file or directory \(text is taken for a manifest if"):
        manifests.read("kind: Pod")
    with pytest.raises(ManifestError, match="no manifest"):
        manifests.read(tmp_path)
