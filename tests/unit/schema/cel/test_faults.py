"""Expressions that are none, in the words of cel-go; those of syntax were compared with the C++ implementation."""

import pytest

from tests.unit.schema.cel.conftest import complaint, value

OPERAND = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)
WITH_END = OPERAND.replace("'(', '.'", "'(', ')', '.'")


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("i >", 4, f"mismatched input '<EOF>' expecting {OPERAND}"),
        ("i == == 3", 6, f"extraneous input '==' expecting {OPERAND}"),
        ("i b", 3, "extraneous input 'b' expecting <EOF>"),
        ("i b c", 3, "mismatched input 'b' expecting <EOF>"),
        ("(i", 3, "missing ')' at '<EOF>'"),
        ("i)", 2, "extraneous input ')' expecting <EOF>"),
        ("[1,2", 5, "mismatched input '<EOF>' expecting {']', ','}"),
        ("[1 2]", 4, "extraneous input '2' expecting {']', ','}"),
        ("{1:2", 5, "mismatched input '<EOF>' expecting {'}', ','}"),
        ("{'a'}", 5, "mismatched input '}' expecting ':'"),
        ("i ? s", 6, "mismatched input '<EOF>' expecting ':'"),
        ("size(", 6, f"mismatched input '<EOF>' expecting {WITH_END}"),
        ("size(i s)", 8, "extraneous input 's' expecting ')'"),
        ("i in (1, 2)", 8, "mismatched input ',' expecting ')'"),
        ("i.", 3, "no viable alternative at input '.'"),
        ("self.true", 6, "mismatched input 'true' expecting IDENTIFIER"),
        ("i &", 3, "token recognition error at: '&'"),
        ("i === 1", 5, "token recognition error at: '= '"),
        ("$i", 1, "token recognition error at: '$'"),
        ("!", 2, f"extraneous input '<EOF>' expecting {OPERAND}"),
    ],
)
def test_syntax(text: str, place: int, why: str) -> None:
    assert complaint(text) == f"ERROR: <input>:1:{place}: Syntax error: {why}\n | {text}\n | {'.' * (place - 1)}^"


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("for", 1, "reserved identifier: for"),
        ("99999999999999999999", 1, "invalid int literal"),
        ("l.map(1, 2)", 7, "argument is not an identifier"),
        ("has(i)", 5, "invalid argument to has() macro"),
        ("frob(i)", 5, "undeclared reference to 'frob' (in container '')"),
        ("nobody", 1, "undeclared reference to 'nobody' (in container '')"),
        ("i == 'a'", 3, "found no matching overload for '_==_' applied to '(int, string)'"),
        ("s.startsWith(1)", 13, "found no matching overload for 'startsWith' applied to 'string.(int)'"),
        ("[1, 'a']", 5, "expected type 'int' but found 'string'"),
        ("true && i", 9, "expected type 'bool' but found 'int'"),
        ("l.all(x, x)", 10, "expected type 'bool' but found 'int'"),
        ("i.foo", 2, "type 'int' does not support field selection"),
        ("l.foo", 2, "type 'list(int)' does not support field selection"),
        ("i.all(x, true)", 1, None),
        ("s.matches('a(')", 11, "invalid matches argument"),
        ("duration('x') > duration('1s')", 10, "invalid duration argument"),
        ("quantity('1').foo", 14, "unexpected failed resolution of 'kubernetes.Quantity'"),
    ],
)
def test_types_and_constants(text: str, place: int, why: str | None) -> None:
    if why is None:
        why = "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"
    assert complaint(text) == f"ERROR: <input>:1:{place}: {why}\n | {text}\n | {'.' * (place - 1)}^"


def test_several_faults_in_their_order_and_below_their_lines() -> None:
    told = complaint("i == 'a'\n\t&& 'ü' == 1")
    assert told.splitlines() == [
        "ERROR: <input>:1:3: found no matching overload for '_==_' applied to '(int, string)'",
        " | i == 'a'",
        " | ..^",
        "ERROR: <input>:2:9: found no matching overload for '_==_' applied to '(string, int)'",
        " |  && 'ü' == 1",
        " | .....．..^",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1, , 2]", [(5, "mismatched input ',' expecting ']'")]),
        ("i 'abc", [(3, "token recognition error at: ''abc'")]),
        ("self..i", [(6, "no viable alternative at input '..'")]),
        ("i = 1", [(3, "token recognition error at: '= '"), (5, "extraneous input '1' expecting <EOF>")]),
        ("f(a b)", [(5, "extraneous input 'b' expecting ')'")]),
        ("i ? : 1", [(5, f"extraneous input ':' expecting {OPERAND}"), (8, "mismatched input '<EOF>' expecting ':'")]),
    ],
)
def test_reading_goes_on_after_a_fault(text: str, told: list[tuple[int, str]]) -> None:
    found = [line for line in complaint(text).splitlines() if line.startswith("ERROR")]
    assert found == [f"ERROR: <input>:1:{place}: Syntax error: {why}" for place, why in told]


def test_reserved_words_are_told_beside_faults_of_syntax() -> None:
    assert "ERROR: <input>:1:1: reserved identifier: let\n" in complaint("let x")


@pytest.mark.parametrize("count", [30, 240])
def test_much_may_stand_within_each_other(count: int) -> None:
    assert value("(" * count + "i" + ")" * count) == 5
    assert "error recovery attempt limit exceeded: 30" in complaint("[" * count + "1")


def test_too_much_may_not() -> None:
    limit = "ERROR: <input>:-1:0: expression recursion limit exceeded: 250"
    assert complaint("(" * 260 + "i" + ")" * 260) == limit
    assert complaint("i" + " + i" * 260) == "ERROR: <input>:-1:0: max recursion depth exceeded"
