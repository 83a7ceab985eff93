"""jq. `jq.json` holds what gojq, which KWOK uses, makes of many expressions: the values that come out, and whether it
then fails, or refuses to read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakekube.nodes.jq import JqError, Query

HELD = json.loads(Path(__file__).with_name("jq.json").read_text())
POD: dict[str, Any] = {
    "metadata": {"labels": {"a.b/c": "x"}, "ownerReferences": [{"kind": "Job"}, {"kind": "Other"}]},
    "spec": {"replicas": 3, "containers": [{"name": "a"}, {"name": "b", "ports": [80]}]},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}, {"type": "X", "status": "No"}]},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (".", [POD]),
        (".status.phase", ["Running"]),
        ('.metadata.labels["a.b/c"]', ["x"]),
        ('.metadata."labels"', [POD["metadata"]["labels"]]),
        (".metadata.ownerReferences.[].kind", ["Job", "Other"]),
        (".metadata.ownerReferences[].kind", ["Job", "Other"]),
        ('.status.conditions.[] | select( .type == "Ready" ) | .status', ["True"]),
        ('.status.conditions[] | select(.type != "Ready" and .status == "No") | .type', ["X"]),
        (".spec.containers[1].ports[0]", [80]),
        (".spec.containers[-1].name", ["b"]),
        (".missing.deeper", [None]),
        (".missing // .status.phase", ["Running"]),
        ("[.spec.containers[].name] | length", [2]),
        (".spec.containers | map(.name)", [["a", "b"]]),
        (".spec.replicas > 2 and (.spec.replicas | . < 5)", [True]),
        (".spec.replicas * 2 + 1, -1", [7, -1]),
        ('if .spec.replicas > 5 then "many" elif .spec.replicas > 2 then "some" else "few" end', ["some"]),
        ('.status.phase | startswith("Run")', [True]),
        ('.status.phase | test("^R.n+ing$")', [True]),
        ("any(.status.conditions[]; .type)", [True]),
        ('.spec.containers | any(has("ports"))', [True]),
        (".status.phase[]?", []),
    ],
)
def test_expressions(text: str, found: list[Any] | None) -> None:
    if found is None:
        with pytest.raises(JqError):
            Query(text)
    else:
        assert Query(text).all(POD) == found


def test_what_does_not_fit_is_absent() -> None:
    assert Query(".status.phase[]").present(POD) is None
    assert Query(".status.nothing").present(POD) == []
    with pytest.raises(JqError, match='cannot iterate over: string \\("Running"\\)'):
        Query(".status.phase[]").all(POD)


@pytest.mark.parametrize(
    "text",
    [".a | reduce", "{a: }", ".a as $x", "$x", "nope(1)", "(.a", "'x'", "now", "input", "$ENV", '"a', "break $x"],
)
def test_what_is_beyond_is_refused(text: str) -> None:
    with pytest.raises(JqError):
        Query(text)


@pytest.mark.parametrize(("text", "made", "end"), HELD["cases"])
def test_what_gojq_makes_of_them(text: str, made: list[Any] | None, end: str) -> None:
    if end == "refused":
        with pytest.raises(JqError):
            Query(text)
        return
    query = Query(text)
    if end == "fails":
        with pytest.raises(JqError):
            query.all(HELD["value"])
    else:
        assert query.all(HELD["value"]) == made


def test_what_never_ends_is_cut_off() -> None:
    with pytest.raises(JqError, match="too deep"):
        Query("def f: f | f; f").all(None)
    assert Query("[limit(3; 1 | repeat(. * 2))]").all(None) == [[1, 2, 4]]
