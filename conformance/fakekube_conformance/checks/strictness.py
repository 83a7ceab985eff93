"""fieldValidation: what becomes of fields that the schema does not know, and of those given twice."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, equal, lacks
from fakekube_conformance.objects import Obj, config_map, container, deployment

TWICE = '{"metadata": {"name": "card"}, "data": {"main": "pie", "main": "fish"}}'


def misspelt() -> Obj:
    return config_map("card", {"main": "pie"}, lables={"a": "b"}) | {"flavour": "vanilla"}


def answered_with(case: Case, mode: str | None) -> list[str]:
    """The warnings of a create that must be done, and must have dropped what nobody knows."""
    answer = case.post("configmaps", misspelt(), fieldValidation=mode)
    lacks("object", answer.body, "flavour")
    lacks("metadata", answer.body["metadata"], "lables")
    return answer.warnings


WARNINGS = ['unknown field "metadata.lables"', 'unknown field "flavour"']


@check("By default unknown fields are dropped, each with a warning")
def default(case: Case) -> None:
    equal("warnings", answered_with(case, None), WARNINGS)


@check("fieldValidation=Warn drops unknown fields, each with a warning")
def warn(case: Case) -> None:
    equal("warnings", answered_with(case, "Warn"), WARNINGS)


@check("fieldValidation=Ignore drops unknown fields in silence")
def ignore(case: Case) -> None:
    equal("warnings", answered_with(case, "Ignore"), [])


@check("fieldValidation=Strict refuses unknown fields and names them all")
def strict(case: Case) -> None:
    answer = case.post("configmaps", misspelt(), fieldValidation="Strict", status=400)
    answer.because("BadRequest", "strict decoding error: " + ", ".join(WARNINGS))


@check("Unknown fields deep inside are told with their path")
def deep(case: Case) -> None:
    body = deployment("web", 0)
    body["spec"]["template"]["spec"]["containers"] = [container(ports=[{"containerPort": 80, "prot": "TCP"}])]
    answer = case.post("apps/v1/deployments", body, fieldValidation="Strict", status=400)
    answer.because("BadRequest", 'unknown field "spec.template.spec.containers[0].ports[0].prot"')


@check("Field names are told apart by case")
def letter_case(case: Case) -> None:
    answer = case.post("configmaps", {"metadata": {"name": "card"}, "Data": {"main": "pie"}})
    equal("warnings", answer.warnings, ['unknown field "Data"'])
    lacks("object", answer.body, "data", "Data")


@check("Of a field given twice the last value counts, with a warning")
def duplicate(case: Case) -> None:
    answer = case.post("configmaps", TWICE)
    equal("value", answer.look("data.main"), "fish")
    equal("warnings", answer.warnings, ['duplicate field "data.main"'])


@check("fieldValidation=Strict refuses fields given twice")
def strict_duplicate(case: Case) -> None:
    answer = case.post("configmaps", TWICE, fieldValidation="Strict", status=400)
    answer.because("BadRequest", 'duplicate field "data.main"')


@check("An update is as strict as a create")
def update(case: Case) -> None:
    case.create("configmaps", config_map("card"))
    case.put("configmaps/card", misspelt(), fieldValidation="Strict", status=400).because("BadRequest", "unknown field")
    equal("warnings", case.put("configmaps/card", misspelt()).warnings, WARNINGS)


@check("A strict patch that brings unknown fields is refused as Invalid")
def patch(case: Case) -> None:
    case.create("configmaps", config_map("card"))
    answer = case.merge("configmaps/card", {"flavour": "vanilla"}, fieldValidation="Strict", status=422)
    answer.because("Invalid", "flavour")
    equal("warnings", case.merge("configmaps/card", {"flavour": "vanilla"}).warnings, ['unknown field "flavour"'])


@check("An unknown fieldValidation is refused and the known ones are told")
def unknown_mode(case: Case) -> None:
    answer = case.post("configmaps", config_map("card"), fieldValidation="Fussy", status=422)
    answer.blames("fieldValidation", cause="FieldValueNotSupported")
    contains("message", answer.look("message"), '"Ignore", "Strict", "Warn"')
