"""Addresses are read loosely in old fields and strictly in new ones."""

import pytest

from fakekube.core import addresses


@pytest.mark.parametrize(
    ("value", "strictly", "loosely"),
    [
        ("10.0.0.1", [], []),
        ("010.0.0.1", ["must not have leading 0s"], []),
        ("::ffff:1.2.3.4", ["must not be an IPv4-mapped IPv6 address"], []),
        ("FE80::1", ['must be in canonical form ("fe80::1")'], []),
        ("1.2.3", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"], None),
        ("fe80::1%eth0", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"], None),
    ],
)
def test_ips(value, strictly, loosely):
    assert addresses.ip(value) == strictly
    assert addresses.legacy_ip(value, strict=False) == (strictly if loosely is None else loosely)


@pytest.mark.parametrize(
    ("value", "complaints"),
    [
        ("10.0.0.0/8", []),
        ("10.0.0.1/8", ["must not have bits set beyond the prefix length"]),
        ("10.0.0.0/08", ["must not have leading 0s in IP or prefix length"]),
        ("10.0.0.0/33", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
        ("2001:DB8::/32", ['must be in canonical form ("2001:db8::/32")']),
    ],
)
def test_cidrs(value, complaints):
    assert addresses.cidr(value) == complaints


def test_warnings_say_what_to_write_instead():
    assert addresses.ip_warnings("f", "010.0.0.1") == [
        'f: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"'
    ]
    assert addresses.cidr_warnings("f", "10.0.0.1/8") == [
        'f: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)'
    ]
    assert addresses.ip_warnings("f", "10.0.0.1") == []
