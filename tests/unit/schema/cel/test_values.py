"""What expressions come to."""

from typing import Any

import pytest

from fakekube.schema.cel.values import EvaluationError
from tests.unit.schema.cel.conftest import value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i + 1 == 6 && -i == -5 && i * 2 - 1 == 9", True),
        ("-7 / 2 == -3 && -7 % 2 == -1", True),
        ("2.0 / 0.0 > 1e300", True),
        ("9 > 3 ? 'a' : 'b'", "a"),
        ("s + 'd'", "abcd"),
        ("[1] + [2]", [1, 2]),
        ("i in l || 'k' in m", True),
        ("1.0 < 2 && 1u < 2", True),
        ("dyn(1) == dyn(1.0) && dyn(true) != dyn(1)", True),
        ("self.a == 1 && has(self.l) && !has(self.z)", True),
        ("self.?z.orValue(3)", 3),
        ("self.?a.hasValue()", True),
        ("l[?9].orValue(0) + l[0]", 1),
        ("optional.of(3).optMap(x, x + 1).value()", 4),
        ("optional.none().or(optional.of(2)).value()", 2),
        ("[?optional.of(1), ?optional.none()]", [1]),
        ("{?'a': optional.none(), 'b': 2}", {"b": 2}),
        ("type(i) == int && type(s) == string && type(null) == null_type && type(l) == list", True),
        (r"'a\n\x41\u00fc' + r'\n'", "a\nAü\\n"),
        ("b'ab'.size() == 2", True),
        ("'''a\nb'''.size()", 3),
    ],
)
def test_operators(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("l.all(x, x > 0) && l.exists(x, x > 2) && l.exists_one(x, x == 2)", True),
        ("l.map(x, x * 2)", [2, 4, 6]),
        ("l.map(x, x > 1, x + 1)", [3, 4]),
        ("l.filter(x, x % 2 == 1)", [1, 3]),
        ("m.all(k, m[k] == 1)", True),
        ("l.all(i, v, v == i + 1)", True),
        ("l.transformList(i, v, i * v)", [0, 2, 6]),
        ("{'a': 1}.transformMap(k, v, v + 1)", {"a": 2}),
        ("{'a': 'b'}.transformMapEntry(k, v, {v: k})", {"b": "a"}),
        ("l.map(x, l.map(y, x * y).sum()).max()", 18),
        ("l.exists(x, x / 0 == 1) || true", True),
        ("[0, 1].exists(x, 1 / x == 1)", True),
    ],
)
def test_loops(text: str, expected: Any) -> None:
    assert value(text) == expected


DECIMAL = "error during formatting: decimal clause can only be used on integers, was given string"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 / 0", "division by zero"),
        ("1 % 0", "modulus by zero"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("1u - 2u", "unsigned integer overflow"),
        ("l[7]", "index out of bounds: 7"),
        ("m['z']", "no such key: z"),
        ("self.z", "no such key: z"),
        ("int(s)", "type conversion error from 'string' to 'int'"),
        ("int(1e30 * double(i))", "integer overflow"),
        ("int(dyn(l))", "no such overload: int(list)"),
        ("dyn(l) < dyn(l)", "no such overload: _<_"),
        ("dyn(i).all(x, true)", "got 'types.Int', expected iterable type"),
        ("dyn(l)[dyn(s)]", "unsupported index type 'string' in list"),
        (
            "'%d'.format([dyn(s)])",
            "error during formatting: decimal clause can only be used on integers, was given string",
        ),
        ("self.s > 1", "no such overload"),
        ("optional.none().value()", "optional.none() dereference"),
        ("{'a': 1}.transformMapEntry(k, v, {'x': 1}).size() == 1 && s.charAt(9) == ''", "index out of range: 9"),
    ],
)
def test_what_has_no_value(text: str, why: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        value(text)
    assert str(caught.value) == why


def test_endless_work_is_cut_off() -> None:
    loops = "lists.range(200)"
    with pytest.raises(EvaluationError, match="actual cost limit exceeded"):
        value(f"{loops}.all(a, {loops}.all(b, {loops}.all(c, a + b + c >= 0)))")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("string(1.5) + string(2) + string(true) + string(b'x')", "1.52truex"),
        ("string(1e30) + string(1234567.0) + string(0.0001)", "1e+301.234567e+060.0001"),
        ("string(duration('90m')) + ' ' + string(timestamp('2024-05-06T07:08:09.5Z'))", "5400s 2024-05-06T07:08:09.5Z"),
        ("double('1.5') + double(1) + double(1u)", 3.5),
        ("uint('7') == 7u && int(7u) == 7 && int('-3') == -3 && bool('true')", True),
        ("timestamp('2024-05-06T07:08:09Z').getDayOfWeek()", 1),
        ("timestamp('2024-05-06T07:08:09Z').getHours('+02:00')", 9),
        ("timestamp('2024-01-01T00:30:00Z').getFullYear('America/New_York')", 2023),
        ("timestamp('2024-05-06T00:00:00Z') + duration('36h') == timestamp('2024-05-07T12:00:00Z')", True),
        ("duration('1h') - duration('90m') < duration('0s')", True),
        ("duration('-90m').getHours()", -1),
        ("int(timestamp(0)) == 0", True),
    ],
)
def test_conversions_and_times(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'hello'.charAt(4) + 'hello'.substring(1, 3)", "oel"),
        ("'hello'.indexOf('l') == 2 && 'hello'.lastIndexOf('l') == 3 && 'hello'.indexOf('l', 3) == 3", True),
        ("' a '.trim() + 'aB'.lowerAscii() + 'aB'.upperAscii()", "aabAB"),
        ("'aaa'.replace('a', 'b', 2) + 'a'.replace('', '-')", "bba-a-"),
        ("'a,b,c'.split(',') + 'ab'.split('') + 'a,b,c'.split(',', 2)", ["a", "b", "c", "a", "b", "a", "b,c"]),
        ("['a', 'b'].join('-') + ['a'].join()", "a-ba"),
        ("'%s is %d%% of %.2f (%x)'.format([dyn('a'), 5, 1.0, 255])", "a is 5% of 1.00 (ff)"),
        ("'%s'.format([[1, 2]])", "[1, 2]"),
        ("strings.quote('a\"b')", '"a\\"b"'),
        ("'ab12cd34'.find('[0-9]+') + 'ab12cd34'.findAll('[a-z]+', 1)[0]", "12ab"),
        ("'abc'.matches('^a') && matches('abc', 'c$')", True),
        ("l.isSorted() && l.sum() == 6 && l.indexOf(2) == 1 && [1, 1].lastIndexOf(1) == 1", True),
        ("[3, 1, 2].sort() + [1, 1].distinct() + [[1], [2]].flatten() + [1, 2].reverse()", [1, 2, 3, 1, 1, 2, 2, 1]),
        ("lists.range(3).slice(1, 3)", [1, 2]),
        ("sets.contains(l, [1]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])", True),
        ("l.first().value() + l.last().value()", 4),
        ("[optional.of(1), optional.none()].unwrapOpt()", [1]),
    ],
)
def test_texts_and_lists(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "quantity('2Gi').asInteger() == 2147483648 && quantity('100m') == quantity('0.1')",
        "quantity('1').add(1).sub(quantity('500m')).asApproximateFloat() == 1.5 && sign(quantity('-1')) == -1",
        "quantity('1Ki').compareTo(quantity('1k')) == 1 && !isQuantity('x') && quantity('1').isInteger()",
        "ip('::1').isLoopback() && ip('1.2.3.4').family() == 4 && !isIP('1.2.3.256') && !isIP('::ffff:1.2.3.4')",
        "ip('255.255.255.255').isGlobalUnicast() == false && ip('10.0.0.1').isGlobalUnicast()",
        "ip('fe80::1').isLinkLocalUnicast() && ip('ff02::1').isLinkLocalMulticast() && ip('::').isUnspecified()",
        "ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1') && type(ip('::1')) == net.IP",
        "cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsCIDR(cidr('10.1.0.0/16'))",
        "string(cidr('10.1.2.3/8').masked()) == '10.0.0.0/8' && string(cidr('10.1.2.3/8').ip()) == '10.1.2.3'",
        "url('https://h:1/a%20b?x=1').getEscapedPath() == '/a%20b' && url('https://h/?x=1').getQuery() == {'x': ['1']}",
        "isURL('/x') && !isURL('x') && url('https://[::1]:80/').getHostname() == '::1'",
        "semver('1.2.3').isGreaterThan(semver('1.2.3-rc.1')) && semver('1.10.0').compareTo(semver('1.9.0')) == 1",
        "isSemver('v1.2', true) && !isSemver('1.2') && semver('v01.2', true).minor() == 2",
        "!format.dns1123Label().validate('abc').hasValue() && format.dns1123Label().validate('A').hasValue()",
        "format.named('uuid').hasValue() && !format.named('x').hasValue()",
    ],
)
def test_what_kubernetes_adds(text: str) -> None:
    assert value(text) is True
