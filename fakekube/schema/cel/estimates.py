"""What calls of functions may cost at most, as Kubernetes and cel-go's extensions estimate it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from fakekube.schema.cel.declarations import Overload
from fakekube.schema.cel.prices import AUTHORIZATION, LIST, MESSAGE, REGEX, TRAVERSAL
from fakekube.schema.cel.sizes import MOST, Sizes, add, scaled, times
from fakekube.schema.cel.syntax import Call, Literal, Node

LONGEST_NAME_PATTERN = 128

Sized = Sequence[Sizes]
Estimate = tuple[int, Sizes | None]


class Known(Protocol):
    """What is known of the values of an expression."""

    def item_size(self, node: Node) -> Sizes:
        """The size of the items of a list."""


def matching(text: Sizes, pattern: Sizes) -> int:
    return times(scaled(add(text.most, 1), TRAVERSAL), scaled(pattern.most, REGEX))


def _fixed(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    return 1, None


def _traversal(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    if overload.id == "cidr_ip":
        return 1, None
    return scaled(sizes[0].most, TRAVERSAL), None


def _as_long(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    return scaled(sizes[0].most, TRAVERSAL), sizes[0]


def _over_list(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate | None:
    target = node.target
    if target is None:
        return None
    if target.type.kind != "list":
        return scaled(sizes[0].most, TRAVERSAL), None
    each = 1
    if target.type.parameters[0].kind in ("string", "bytes"):
        each = add(1, scaled(estimate.item_size(target).most, TRAVERSAL))
    return times(sizes[0].most, each), None


def _replace(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    text, old, new = sizes[:3]
    most = kept = 0
    if old.least == 0:
        most, kept = add(text.most, 1), text.most
    elif new.most <= old.least:
        kept = text.most
    else:
        most = math.ceil(text.most / old.least)
    least = kept_least = 0
    if old.most == 0:
        least, kept_least = add(text.least, 1), text.least
    elif old.most <= new.least:
        kept_least = text.least
    else:
        least = math.ceil(text.least / old.most)
    size = Sizes(least, most).times(new).plus(Sizes(kept_least, kept))
    return scaled(text.most, 2 * TRAVERSAL), size


def _split(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    most = sizes[0].most
    if len(node.args) > 1 and isinstance(node.args[1], Literal) and isinstance(node.args[1].value, int):
        most = node.args[1].value % (1 << 64)
    return scaled(sizes[0].most, 2 * TRAVERSAL), Sizes(0, most)


def _join(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    assert node.target is not None, "join is a method"
    size = sizes[0].times(estimate.item_size(node.target)) if node.target.type.parameters else Sizes(0, 0)
    if len(sizes) > 1:
        between = Sizes(max(sizes[0].least - 1, 0), max(sizes[0].most - 1, 0))
        size = size.plus(sizes[1].times(between))
    return scaled(size.most, TRAVERSAL), size


def _find(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    return matching(sizes[0], sizes[1]), Sizes(0, sizes[0].most)


def _canonical(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    return scaled(sizes[0].most, 2 * TRAVERSAL), None


def _containing(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    cost = scaled(32, TRAVERSAL)
    if node.function == "containsCIDR":
        cost += scaled(16, TRAVERSAL) + 1
    if overload.id.endswith("_string"):
        cost = add(cost, scaled(sizes[1].most, TRAVERSAL))
    return cost, None


def _validate(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    return scaled(scaled(sizes[1].most, TRAVERSAL), LONGEST_NAME_PATTERN * REGEX), None


def _listed(size: Sizes, factor: float = 1) -> Estimate:
    """A call that makes a list."""
    return add(scaled(size.most, factor), LIST + 1), size


def _stated(node: Node, otherwise: int) -> int:
    """The whole number that a constant is."""
    if isinstance(node, Literal) and type(node.value) is int:
        return max(node.value, 0)
    return otherwise


def _slice(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    length = (_stated(node.args[1], sizes[0].most) - _stated(node.args[0], 0)) % (MOST + 1)
    return _listed(Sizes(length, length))


def _range(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    length = _stated(node.args[0], MOST)
    return _listed(Sizes(length, length))


def _reverse(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    return _listed(sizes[0])


def _flatten(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    return _listed(sizes[0], _stated(node.args[0], MOST) if node.args else 1)


def _sorting(place: int) -> Callable[[Known, Call, Overload, Sized], Estimate]:
    """Each item is compared with each."""

    def sort(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
        held = overload.parameters[place].parameters[0].kind if overload.function != "distinct" else ""
        factor = 2 + TRAVERSAL if held in ("string", "bytes") else 2
        return _listed(sizes[place].times(sizes[place]), factor)

    return sort


def _sets(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    most = sizes[0].times(sizes[1]).most
    return add(scaled(most, 2 if overload.function == "sets.equivalent" else 1), 1), None


def _selector(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    requirements = scaled(scaled(sizes[1].most, 0.5), LIST + MESSAGE)
    return add(add(LIST, scaled(sizes[1].most, TRAVERSAL)), requirements), None


def _authorization(estimate: Known, node: Call, overload: Overload, sizes: Sized) -> Estimate:
    return AUTHORIZATION, None


ESTIMATES: dict[str, Callable[[Known, Call, Overload, Sized], Estimate | None]] = {
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _over_list),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim"), _as_long),
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "ip", "quantity", "isQuantity", "semver", "isSemver"), _traversal),
    **dict.fromkeys(("containsIP", "containsCIDR"), _containing),
    **dict.fromkeys(
        [
            "masked",
            "prefixLength",
            "family",
            "isUnspecified",
            "isLoopback",
            "isLinkLocalMulticast",
            "isLinkLocalUnicast",
            "isGlobalUnicast",
            "format.named",
            "sign",
            "asInteger",
            "isInteger",
            "asApproximateFloat",
            "isGreaterThan",
            "isLessThan",
            "compareTo",
            "add",
            "sub",
            "major",
            "minor",
            "patch",
            "getScheme",
            "getHostname",
            "getHost",
            "getPort",
            "getEscapedPath",
            "getQuery",
        ],
        _fixed,
    ),
    "slice": _slice,
    "lists.range": _range,
    "reverse": _reverse,
    "flatten": _flatten,
    **dict.fromkeys(("sort", "distinct"), _sorting(0)),
    "@sortByAssociatedKeys": _sorting(1),
    **dict.fromkeys(("sets.contains", "sets.intersects", "sets.equivalent"), _sets),
    **dict.fromkeys(("fieldSelector", "labelSelector"), _selector),
    "check": _authorization,
    "replace": _replace,
    "split": _split,
    "join": _join,
    "find": _find,
    "findAll": _find,
    "ip.isCanonical": _canonical,
    "validate": _validate,
}
