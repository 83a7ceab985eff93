"""Checks of single values that answer a list of faults, for rules that are written as one sum of such lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fakekube.core import addresses, names
from fakekube.core.fielderrors import FieldError, invalid, not_supported
from fakekube.core.meta import Obj
from fakekube.registry.kinds.label_selectors import validate_selector
from fakekube.registry.kinds.rules import IMMUTABLE, NOT_NEGATIVE
from fakekube.registry.objectmeta import label_errors

__all__ = ["IMMUTABLE", "NOT_NEGATIVE", "immutable", "invalids", "labels", "one_of"]

PROTOCOLS = ("SCTP", "TCP", "UDP")


def invalids(field: str, value: Any, messages: Iterable[str]) -> list[FieldError]:
    """One fault for each message about the same value."""
    return [invalid(field, value, message) for message in messages]


def immutable(field: str, new: Any, old: Any, shown: Any = None) -> list[FieldError]:
    """A fault if the value was changed; `shown` is what to show of it where that is not its JSON form."""
    if new == old or (_is_nothing(new) and _is_nothing(old)):
        return []
    return [invalid(field, new if shown is None else shown, IMMUTABLE)]


def _is_nothing(value: Any) -> bool:
    """Absent and empty are the same; a number or a truth value that is there is not nothing."""
    return not value and not isinstance(value, int | float)


def one_of(field: str, value: Any, allowed: Sequence[str]) -> list[FieldError]:
    """A fault if the value is none of these; they are told in this order."""
    return [] if value in allowed else [not_supported(field, value, allowed)]


def not_negative(field: str, value: int) -> list[FieldError]:
    """A fault if the number is below zero."""
    return [invalid(field, value, NOT_NEGATIVE)] if value < 0 else []


def port_number(field: str, value: int) -> list[FieldError]:
    """A fault if this is no port number."""
    return invalids(field, value, names.port_number(value))


def label_name(field: str, value: str) -> list[FieldError]:
    """What is wrong with the key of a label."""
    return invalids(field, value, names.qualified_name(value))


def dns_label(field: str, value: str) -> list[FieldError]:
    """What is wrong with a DNS-1123 label."""
    return invalids(field, value, names.dns1123_label(value))


def dns_subdomain(field: str, value: str) -> list[FieldError]:
    """What is wrong with a DNS-1123 subdomain: the name of most objects."""
    return invalids(field, value, names.dns1123_subdomain(value))


def labels(field: str, found: Mapping[str, str] | None) -> list[FieldError]:
    """What is wrong with a set of labels; all faults name the set, not the entry."""
    return label_errors(dict(found), field) if found else []


def label_selector(field: str, selector: Obj | None, *, any_value: bool = False) -> list[FieldError]:
    """What is wrong with a metav1.LabelSelector; any_value: values that are no label values pass."""
    faults: list[FieldError] = []
    validate_selector(faults, selector, field, any_value=any_value)
    return faults


def has_odd_selector_value(selector: Obj | None) -> bool:
    """Whether matchExpressions hold values that are no label values: an update of such an object is tolerant."""
    terms = (selector or {}).get("matchExpressions") or ()
    return any(names.label_value(value) for term in terms for value in term.get("values") or ())


def legacy_ip(field: str, value: str, old: Sequence[str] = ()) -> list[FieldError]:
    """What is wrong with an address in an old field; odd spellings that were there before may stay."""
    return [] if value in old else invalids(field, value, addresses.legacy_ip(value))


def legacy_cidr(field: str, value: str, old: Sequence[str] = ()) -> list[FieldError]:
    """What is wrong with a network in an old field; odd spellings that were there before may stay."""
    return [] if value in old else invalids(field, value, addresses.legacy_cidr(value))


def endpoint_ip(field: str, value: str) -> list[FieldError]:
    """What is wrong with an address as the target of traffic."""
    found = addresses.parse_ip(value)
    if found is None:
        return [invalid(field, value, "must be a valid IP address")]
    rules = (
        (found.is_unspecified, f"may not be unspecified ({value})"),
        (found.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (found.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (
            found.packed[:3] == b"\xe0\x00\x00" or found.packed[:2] == b"\xff\x02",
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ),
    )
    return [invalid(field, value, message) for broken, message in rules if broken]
