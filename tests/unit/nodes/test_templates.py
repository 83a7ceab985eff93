"""Go's templates. `templates.json` holds what Go itself makes of many (tests/clients/test_templates.py asks it)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakekube.core.ids import Ids
from fakekube.nodes.templates import Template, TemplateError
from fakekube.nodes.templates.functions import chance

HELD = json.loads(Path(__file__).with_name("templates.json").read_text())
NOW = 1_767_225_600.0

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
        ("{{ if .empty }}1{{ else if eq (int .count) 2 3 }}2{{ else }}3{{ end }}", "2"),
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
        ('{{ eq .missing "x" }} {{ ne .count "4" }} {{ lt 1 2 }} {{ ge "b" "a" }}', "false true true true"),
        ('{{ printf "%s-%d-%v-%q-%03d" .name (int .count) .map .name 7 }}', 'web-3-map[x:1 y:2]-"web"-007'),
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
        ('{{ "a" .b }}', "can't give argument to non-function"),
        ("{{ break }}", "outside {{range}}"),
        ('{{ if .a }}{{ define "x" }}{{ end }}{{ end }}', "unexpected {{define}}"),
        ('{{ template "x" }}', 'template "x" not defined'),
        ('{{ env "HOME" }}', "function 'env' is not supported: the machine's environment is not for templates"),
        ("{{ (.a }}", "unclosed left paren"),
        ("{{ | .a }}", "unexpected '|'"),
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


@pytest.mark.parametrize(("text", "made"), HELD["cases"])
def test_what_go_makes_of_them(text: str, made: str | None) -> None:
    functions = chance.functions(NOW, lambda: Ids(1))
    try:
        found = Template(text, chance.NAMES).render(HELD["data"], functions)
    except TemplateError:
        found = None
    assert found == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ('{{ now | date "2006-01-02 15:04" }}', "2026-01-01 00:00"),
        ("{{ now.Unix }} {{ htmlDate now }}", "1767225600 2026-01-01"),
        ('{{ ago (dateModify "-90m" now) }}', "1h30m0s"),
        ('{{ now | date_modify "24h" | dateInZone "Jan _2 15:04 MST" }}', None),
        ('{{ dateInZone "Jan _2 15:04 MST" (now | date_modify "24h") "Europe/Berlin" }}', "Jan  2 01:00 CET"),
        ('{{ durationRound (now | date_modify "-50h") }}', "2d"),
    ],
)
def test_the_time_is_the_clusters(text: str, made: str | None) -> None:
    functions = chance.functions(NOW, lambda: Ids(1))
    template = Template(text, chance.NAMES)
    if made is None:
        with pytest.raises(TemplateError, match="wrong number of args for dateInZone: want 3 got 2"):
            template.render({}, functions)
    else:
        assert template.render({}, functions) == made


def test_chance_is_handed_in() -> None:
    template = Template('{{ randAlpha 8 }} {{ uuidv4 }} {{ randInt 1 9 }} {{ shuffle "abcd" }}', chance.NAMES)

    def rendered(seed: int) -> str:
        ids = Ids(seed)
        return template.render({}, chance.functions(NOW, lambda: ids))

    assert rendered(1) == rendered(1) != rendered(2)
