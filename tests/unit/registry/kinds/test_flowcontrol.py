"""FlowSchemas and priority levels."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.registry.kinds.conftest import Api, merged

GROUP = "flowcontrol.apiserver.k8s.io"
SCHEMAS, LEVELS = f"flowschemas.{GROUP}", f"prioritylevelconfigurations.{GROUP}"
RULE: dict[str, Any] = {
    "subjects": [{"kind": "User", "user": {"name": "u"}}],
    "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/x/*"]}],
}
SCHEMA: dict[str, Any] = {"priorityLevelConfiguration": {"name": "l"}, "rules": [RULE]}
QUEUE: dict[str, Any] = {"type": "Limited", "limited": {"limitResponse": {"type": "Queue", "queuing": {}}}}


async def test_defaults(api: Api) -> None:
    assert (await api.make(SCHEMAS, spec=SCHEMA))["spec"]["matchingPrecedence"] == 1000
    limited = (await api.make(LEVELS, spec=QUEUE))["spec"]["limited"]
    assert limited["nominalConcurrencyShares"] == 30
    assert limited["limitResponse"]["queuing"] == {"queues": 64, "handSize": 8, "queueLengthLimit": 50}


@pytest.mark.parametrize(
    ("resource", "spec", "fault"),
    [
        (
            SCHEMAS,
            merged(SCHEMA, {"matchingPrecedence": 1}),
            "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
        ),
        (
            SCHEMAS,
            merged(SCHEMA, {"priorityLevelConfiguration": {"name": ""}}),
            "spec.priorityLevelConfiguration.name: Required value: must reference a priority level",
        ),
        (
            SCHEMAS,
            merged(SCHEMA, {"rules": [{**RULE, "subjects": [{"kind": "User", "group": {"name": "g"}}]}]}),
            "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
        ),
        (
            SCHEMAS,
            merged(SCHEMA, {"rules": [{**RULE, "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["/*x"]}]}]}),
            (
                'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/*x": wildcard can only do '
                "suffix matching"
            ),
        ),
        (
            LEVELS,
            {"type": "Exempt"},
            "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
        ),
        (LEVELS, {"type": "Limited"}, "spec.limited: Required value: must not be empty when type is Limited"),
        (
            LEVELS,
            merged(QUEUE, {"limited": {"limitResponse": {"queuing": {"handSize": 65}}}}),
            "spec.limited.limitResponse.queuing.handSize: Invalid value: 65: should not be greater than queues (64)",
        ),
        (
            LEVELS,
            merged(QUEUE, {"limited": {"limitResponse": {"queuing": {"handSize": 11}}}}),
            (
                "spec.limited.limitResponse.queuing.handSize: Invalid value: 11: required entropy bits of deckSize 64 "
                "and handSize 11 should not be greater than 60"
            ),
        ),
    ],
)
async def test_faults(api: Api, resource: str, spec: dict[str, Any], fault: str) -> None:
    assert fault in await api.refused(resource, spec=spec)
