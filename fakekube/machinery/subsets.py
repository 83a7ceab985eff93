"""The canonical form of Endpoints subsets: ports that share all their addresses are listed together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from fakekube.core.meta import Obj
from fakekube.machinery.workloads import sparse

Piece = tuple[Obj, bool, "Obj | None"]
"""An address, whether it is ready, and a port (None: an address without any)."""


def repacked(pieces: Iterable[Piece]) -> list[Obj]:
    """Subsets of these pieces, in a fixed order; for one port an address that is both is not ready."""
    addresses: dict[tuple[str, str], Obj] = {}
    by_port: dict[bytes, dict[tuple[str, str], bool]] = {}
    for address, ready, port in pieces:
        place = (address["ip"], (address.get("targetRef") or {}).get("uid", ""))
        addresses.setdefault(place, address)
        known = by_port.setdefault(orjson.dumps(port, option=orjson.OPT_SORT_KEYS), {})
        known[place] = ready and known.get(place, True)
    by_group: dict[tuple[Any, ...], list[bytes]] = {}
    for text, group in by_port.items():
        by_group.setdefault(tuple(sorted(group.items())), []).append(text)
    return [_subset(group, ports, addresses) for group, ports in sorted(by_group.items())]


def _subset(group: tuple[Any, ...], ports: list[bytes], addresses: dict[tuple[str, str], Obj]) -> Obj:
    listed = [port for port in map(orjson.loads, sorted(ports)) if port is not None]
    return sparse(
        {
            "addresses": [addresses[place] for place, ready in group if ready],
            "notReadyAddresses": [addresses[place] for place, ready in group if not ready],
            "ports": listed,
        }
    )


def pieces_of(subsets: Iterable[Obj]) -> Iterable[Piece]:
    """The pieces of subsets as someone wrote them."""
    for subset in subsets:
        for kind, ready in (("addresses", True), ("notReadyAddresses", False)):
            for address in subset.get(kind) or ():
                for port in subset.get("ports") or (None,):
                    yield address, ready, port
