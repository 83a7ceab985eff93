"""Endpoints, ingresses, policies and address ranges."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.registry.kinds.conftest import Api

NETWORKING = "networking.k8s.io"
INGRESSES, POLICIES = f"ingresses.{NETWORKING}", f"networkpolicies.{NETWORKING}"
ADDRESSES, RANGES, SLICES = f"ipaddresses.{NETWORKING}", f"servicecidrs.{NETWORKING}", "endpointslices.discovery.k8s.io"
BACKEND = {"service": {"name": "s", "port": {"number": 80}}}


async def test_subsets_of_endpoints_keep_their_order(api: Api) -> None:
    subsets = [{"addresses": [{"ip": f"10.0.0.{number}"}], "ports": [{"port": number}]} for number in (2, 1)]
    found = (await api.make("endpoints", subsets=subsets))["subsets"]
    assert [subset["ports"] for subset in found] == [[{"port": number, "protocol": "TCP"}] for number in (2, 1)]


async def test_a_policy_is_for_what_it_has_rules_for(api: Api) -> None:
    assert (await api.make(POLICIES, "a", spec={"podSelector": {}}))["spec"]["policyTypes"] == ["Ingress"]
    made = await api.make(POLICIES, "b", spec={"podSelector": {}, "egress": [{"ports": [{"port": 53}]}]})
    assert made["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert made["spec"]["egress"][0]["ports"] == [{"port": 53, "protocol": "TCP"}]


async def test_ranges_and_addresses_stay(api: Api) -> None:
    await api.make(RANGES, spec={"cidrs": ["10.1.0.0/16"]})
    assert await api.refused_change(RANGES, spec={"cidrs": ["10.2.0.0/16"]}) != []
    await api.make(ADDRESSES, "10.1.0.1", spec={"parentRef": {"resource": "services", "namespace": "n", "name": "s"}})
    assert await api.refused_change(ADDRESSES, "10.1.0.1", spec={"parentRef": {"name": "t"}}) != []


@pytest.mark.parametrize(
    ("resource", "parts", "fault"),
    [
        (
            INGRESSES,
            {"spec": {}},
            "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified",
        ),
        (
            INGRESSES,
            {"spec": {"rules": [{"http": {"paths": [{"path": "x", "pathType": "Prefix", "backend": BACKEND}]}}]}},
            'spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path',
        ),
        (
            INGRESSES,
            {"spec": {"rules": [{"host": "10.0.0.1"}]}},
            'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
        ),
        (
            POLICIES,
            {"spec": {"podSelector": {}, "ingress": [{"from": [{}]}]}},
            "spec.ingress[0].from[0]: Required value: must specify a peer",
        ),
        (
            POLICIES,
            {
                "spec": {
                    "podSelector": {},
                    "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/8"]}}]}],
                }
            },
            'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/8": must be a strict subset of `cidr`',
        ),
        (
            SLICES,
            {"addressType": "IPv4", "endpoints": [{"addresses": []}]},
            "endpoints[0].addresses: Required value: must contain at least 1 address",
        ),
        (
            SLICES,
            {"addressType": "Carrier", "endpoints": []},
            'addressType: Unsupported value: "Carrier": supported values: "FQDN", "IPv4", "IPv6"',
        ),
        (
            "endpoints",
            {"subsets": [{"addresses": [{"ip": "127.0.0.1"}]}]},
            (
                "subsets[0].addresses[0].ip: Invalid value: "
                '"127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'
            ),
        ),
    ],
)
async def test_faults(api: Api, resource: str, parts: dict[str, Any], fault: str) -> None:
    assert fault in await api.refused(resource, **parts)
