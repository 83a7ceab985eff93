from ipaddress import ip_network

from fakekube.nodes import bootstrap
from fakekube.settings import MOST_NODES


def test_nodes_are_numbered_and_their_zones_go_round() -> None:
    made = bootstrap.nodes(4, "2026-01-01T00:00:00Z", "v1.36.0")
    assert [each["metadata"]["name"] for each in made] == ["node-1", "node-2", "node-3", "node-4"]
    zones = [each["metadata"]["labels"]["topology.kubernetes.io/zone"] for each in made]
    assert zones == ["zone-a", "zone-a", "zone-b", "zone-a"]
    assert made[1]["spec"] == {"podCIDR": "10.244.2.0/24", "podCIDRs": ["10.244.2.0/24"]}
    assert made[1]["status"]["addresses"] == [
        {"type": "InternalIP", "address": "10.0.0.2"},
        {"type": "Hostname", "address": "node-2"},
    ]
    assert made[1]["status"]["nodeInfo"]["kubeletVersion"] == "v1.36.0"


def test_no_two_nodes_have_the_same_addresses() -> None:
    made = bootstrap.nodes(1000, "2026-01-01T00:00:00Z", "v1.36.0")
    assert len({each["spec"]["podCIDR"] for each in made}) == 1000
    assert len({each["status"]["addresses"][0]["address"] for each in made}) == 1000


def test_what_a_node_is_said_to_be_follows_from_its_number() -> None:
    now = "2026-01-01T00:00:00Z"
    assert bootstrap.node(1, now, "v1.36.0") == bootstrap.node(1, now, "v1.36.0")
    one, other = (bootstrap.node_info(name, "v1.36.0") for name in ("node-1", "node-2"))
    assert one["systemUUID"] != other["systemUUID"]


def test_pods_of_all_nodes_have_private_addresses_that_nothing_else_has() -> None:
    networks = [ip_network(bootstrap.pod_cidr(number)) for number in range(1, MOST_NODES + 1)]
    assert bootstrap.MOST_NODES == MOST_NODES
    assert len(set(networks)) == MOST_NODES
    others = [ip_network("10.0.0.0/16"), ip_network("10.96.0.0/12")]
    assert all(each.subnet_of(ip_network("10.0.0.0/8")) for each in networks)
    assert not any(each.overlaps(other) for each in networks for other in others)
