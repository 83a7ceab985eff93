"""Go's templates."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.nodes.templates import Template, TemplateError

DATA: dict[str, Any] = {
    "name": "web",
    "count": 3,
    "none": None,
    "empty": [],
    "items": [{"name": "a", "on": True}, {"name": "b"}],
    "map": {"y": 2, "x": 1},
}


def render(text: str, **functions: Any) -> str:
    return Template(text, set(functions)).render(DATA, functions)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a {{ .name }} b", "a web b"),
        ("{{.missing}} {{.missing.deeper}}", "<no value> <no value>"),
        ("{{- .name -}}  !", "web!"),
        ("a  {{- /* a comment */ -}}  b", "ab"),
        ('{{ `raw "x"` }} {{ "tab\\t!" }} {{ \'a\' }} {{ 1.5 }} {{ 0x10 }} {{ -2 }}', 'raw "x" tab\t! 97 1.5 16 -2'),
        ("{{ .items }}", "[map[name:a on:true] map[name:b]]"),
        ("{{ if .empty }}1{{ else if eq .count 2 3 }}2{{ else }}3{{ end }}", "2"),
        ("{{ with .none }}1{{ else with .name }}{{ . }}{{ end }}", "web"),
        ("{{ range .items }}{{ .name }}{{ if .on }}+{{ end }},{{ end }}", "a+,b,"),
        ("{{ range $i, $e := .items }}{{ $i }}={{ $e.name }} {{ end }}", "0=a 1=b "),
        ("{{ range $k, $v := .map }}{{ $k }}{{ $v }}{{ end }}", "x1y2"),
        ("{{ range .empty }}1{{ else }}nothing{{ end }}", "nothing"),
        (
            "{{ range 5 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}",
            "02",
        ),
        ("{{ $x := 1 }}{{ range .items }}{{ $x = add $x 1 }}{{ $y := 7 }}{{ end }}{{ $x }}", "3"),
        ("{{ range .items }}{{ $.name }}{{ end }}", "webweb"),
        ('{{ (index .items 1).name }}{{ index .map "x" }}{{ len .items }}', "b12"),
        ("{{ or .missing .empty .name }} {{ and .name .count }} {{ not .name }}", "web 3 false"),
        ('{{ or .name (fail "is not looked at") }}', "web"),
        ('{{ eq .missing "x" }} {{ ne .count 4 }} {{ lt 1 2 }} {{ ge "b" "a" }}', "false true true true"),
        ('{{ printf "%s-%d-%v-%q-%03d" .name .count .map .name 7 }}', 'web-3-map[x:1 y:2]-"web"-007'),
        ('{{ .name | upper | printf "%s!" }}', "WEB!"),
        ('{{ default "d" .missing }} {{ .name | default "d" }} {{ ternary 1 2 true }}', "d web 1"),
        ('{{ dict "a" 1 "b" (list 1 2) | toJson }}', '{"a":1,"b":[1,2]}'),
        ('{{ join "," (list 1 2) }} {{ .map | keys | join "" }} {{ b64enc "hi" }}', "1,2 xy aGk="),
        ("{{ Now }} {{ Twice .name }}", "t webweb"),
    ],
)
def test_templates(text: str, made: str) -> None:
    assert render(text, Now=lambda: "t", Twice=lambda value: value * 2) == made


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ nothing }}", "line 1: function 'nothing' not defined"),
        ("\n\n a {{ $x }}", "undefined variable '$x'"),
        ("{{ if .a }}{{ $y := 1 }}{{ end }}{{ $y }}", "undefined variable"),
        ("{{ if .a }}", "unexpected EOF"),
        ("{{ end }}", "unexpected {{end}}"),
        ("{{ .a", "unclosed action"),
        ("{{ }}", "missing value for command"),
        ("{{ .a .b }}", "can't give argument to non-function"),
        ("{{ break }}", "outside {{range}}"),
        ('{{ define "x" }}{{ end }}', "'define' is not supported"),
        ("{{ (.a }}", "unclosed left paren"),
        ("{{ .a | }}", "missing value for command"),
    ],
)
def test_what_cannot_be_read(text: str, fault: str) -> None:
    with pytest.raises(TemplateError) as raised:
        Template(text)
    assert fault in str(raised.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ .name.first }}", "can't evaluate field first in type string"),
        ("{{ index .items 2 }}", "error calling index: index out of range: 2"),
        ("{{ index .missing 2 }}", "index of untyped nil"),
        ("{{ eq .name 3 }}", "incompatible types for comparison"),
        ("{{ upper .count }}", "error calling upper"),
        ("{{ range .name }}{{ end }}", "range can't iterate over web"),
        ('{{ fail "no" }}', "error calling fail: no"),
    ],
)
def test_what_cannot_be_rendered(text: str, fault: str) -> None:
    with pytest.raises(TemplateError) as raised:
        render(text)
    assert fault in str(raised.value)
