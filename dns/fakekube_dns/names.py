"""Domain names: as label tuples, and what the labels left of a zone say about the cluster.

A name is a tuple of labels (bytes, without the root). Letter case is kept where a name is shown and lowered where it is
compared.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network
from typing import Final, NamedTuple

Labels = tuple[bytes, ...]

NAME_BYTES: Final = 255
LABEL_BYTES: Final = 63
ADDRESS_ZONES: Final[dict[Labels, int]] = {(b"in-addr", b"arpa"): 4, (b"ip6", b"arpa"): 6}


class ParsedName(NamedTuple):
    """What a name below the zone asks for; parts it does not have are empty. The apex has no `kind`."""

    kind: str = ""
    namespace: str = ""
    service: str = ""  # for kind "pod" the label that spells the address
    endpoint: str = ""
    port: str = ""
    protocol: str = ""


def split(text: str) -> Labels:
    """The labels of a name written with dots; one trailing dot is allowed. ValueError if it cannot go into a packet."""
    text = text.removesuffix(".")
    if not text:
        return ()
    labels = tuple(text.encode("ascii").split(b"."))  # UnicodeEncodeError is a ValueError
    if not all(0 < len(label) <= LABEL_BYTES for label in labels) or not fits(labels):
        raise ValueError(f"not a domain name: {text[:300]!r}")
    return labels


def join(labels: Labels) -> str:
    """The name as text with its trailing dot; bytes that are not plain are written as in zone files."""
    return "".join(_printable(label) + "." for label in labels) or "."


def lowered(labels: Labels) -> Labels:
    """The form in which names are compared."""
    return tuple([label.lower() for label in labels])


def fits(labels: Labels) -> bool:
    """Whether the name keeps to the 255 bytes of RFC 1035."""
    return sum(map(len, labels)) + len(labels) + 1 <= NAME_BYTES


def is_below(name: Labels, ancestor: Labels) -> bool:
    """Whether the name is the ancestor or under it, whatever the letter case."""
    cut = len(name) - len(ancestor)
    return cut >= 0 and lowered(name[cut:]) == lowered(ancestor)


def parse(labels: Labels) -> ParsedName | None:
    """Read the lower-case labels left of the zone; None is a shape that no record can have."""
    texts = [label.decode("latin-1") for label in reversed(labels)]
    kind, *rest = texts or [""]
    if kind not in ("", "svc", "pod"):
        return None
    if not rest:
        return ParsedName(kind)
    namespace, service, *left = rest if len(rest) > 1 else [*rest, ""]
    match left:
        case []:
            return ParsedName(kind, namespace, service)
        case [endpoint]:
            return ParsedName(kind, namespace, service, endpoint=endpoint)
        case [protocol, port]:
            return ParsedName(
                kind, namespace, service, port=port.removeprefix("_"), protocol=protocol.removeprefix("_")
            )
    return None


@lru_cache(maxsize=65536)
def canonical(text: str) -> tuple[str, int]:
    """An IP address in its one spelling and its family, 4 or 6; family 0 is not an address."""
    try:
        return str(IPv4Address(text)), 4
    except AddressValueError:
        pass
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return text, 0
    if address.scope_id is not None:
        return text, 0
    mapped = address.ipv4_mapped
    return (str(mapped), 4) if mapped else (str(address), 6)


def pod_address(label: str) -> tuple[str, int]:
    """The address a pod name's first label spells: exactly three single dashes are IPv4, all else is read as IPv6."""
    dotted = label.count("-") == 3 and "--" not in label
    return canonical(label.replace("-", "." if dotted else ":"))


def address_label(address: str) -> str:
    """The label of an endpoint without a hostname."""
    if "." in address:
        return address.replace(".", "-")
    label = address.replace(":", "-")
    return label + "0" if label.endswith("-") else label


def reversed_address(labels: Labels) -> str | None:
    """The address of a whole reverse name (lower case), None for all other names."""
    family = ADDRESS_ZONES.get(labels[-2:])
    parts = [label.decode("latin-1") for label in reversed(labels[:-2])]
    if family == 4 and len(parts) == 4:
        text, found = canonical(".".join(parts))
    elif family == 6 and len(parts) == 32 and all(len(part) == 1 for part in parts):
        nibbles = "".join(parts)
        text, found = canonical(":".join(nibbles[i : i + 4] for i in range(0, 32, 4)))
    else:
        return None
    return text if found else None


def reverse_name(address: str) -> Labels:
    """The name under which an address is looked up with PTR."""
    number = (IPv6Address if ":" in address else IPv4Address)(address)
    return tuple(number.reverse_pointer.encode().split(b"."))


def zones(text: str) -> list[Labels]:
    """The zones that a configured zone stands for: itself, or the reverse zones that cover a CIDR."""
    if "/" not in text:
        return [lowered(split(text))]
    network = ip_network(text, strict=False)
    bits = 8 if network.version == 4 else 4
    wanted = -(-network.prefixlen // bits) * bits  # the next boundary between labels
    keep = wanted // bits + 2
    return [reverse_name(str(part.network_address))[-keep:] for part in network.subnets(new_prefix=wanted)]


def _printable(label: bytes) -> str:
    if label.isalnum():
        return label.decode()
    return "".join(chr(byte) if 33 <= byte <= 126 and byte not in b'."\\' else f"\\{byte:03d}" for byte in label)
