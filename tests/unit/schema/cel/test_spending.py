"""What evaluating costs: figures that cel-go gives with the estimator of Kubernetes."""

import pytest

from fakekube.schema.cel.compiling import compile
from fakekube.schema.cel.evaluating import CALL_LIMIT
from fakekube.schema.cel.values import EvaluationError
from tests.unit.schema.cel.conftest import ENVIRONMENT, VARIABLES

GIVEN = [given for _, given in VARIABLES.values()]


def spent(text: str) -> int:
    return compile(text, ENVIRONMENT).program.evaluate(GIVEN)[1]


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("true", 0),
        ("i == 5", 2),
        ("self.a == 1", 3),
        ("has(self.a)", 1),
        ("[i][0] == 5", 1 + 10 + 2 + 1),
        ("[1, 2][0] == 1", 3),
        ("i in [1, 2]", 1),
        ("i in l", 1 + 1 + 3),
        ("l[i - 4] == 2", 2 + 2 + 1),
        ("i > 1 ? l[0] : l[1]", 2 + 1),
        ("i > 9 && l[0] == 1", 2),
        ("l.all(x, x > 0)", 1 + 3 * (3 + 2) + 1),
        ("l.all(x, x == 1)", 1 + 2 * (3 + 2) + 2 + 1),
        ("l.exists(x, x == 2)", 1 + 2 * (4 + 2) + 3 + 1),
        ("l.exists_one(x, x == 2)", 1 + 3 * 2 + 2 + 2),
        ("l.map(x, x + 1)", 1 + 3 * (12 + 2) + 1),
        ("l.map(x, 1)", 1 + 3 * 2 + 1),
        ("l.filter(x, x > 1)", 1 + 3 * 2 + 2 * 13 + 1),
        ("m.transformMap(k, v, v)", 1 + 1 * (3 + 1) + 1),
        ("self.?z.orValue(1) == 1", 1 + 1),
        ("self.?a.orValue(1) == 1", 2 + 1),
        ("s.startsWith('a')", 1 + 1),
        ("s.matches('^[a-z]+$')", 1 + 1 * 2),
        ("[3, 1].sort() == l", 0 + 19 + 1 + 1),
        ("sets.contains(l, [1, 2])", 1 + 7),
        ("duration('1h') > duration('1m')", 1),
        ("string(i) == '5'", 1 + 1 + 1),
    ],
)
def test_costs(text: str, cost: int) -> None:
    assert spent(text) == cost


def test_an_expression_that_costs_too_much_is_given_up() -> None:
    with pytest.raises(EvaluationError, match="actual cost limit exceeded") as caught:
        spent("lists.range(2000).all(x, lists.range(2000).all(y, x >= 0 || true))")
    assert caught.value.cost > CALL_LIMIT
