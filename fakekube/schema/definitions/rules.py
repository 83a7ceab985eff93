"""The rules of a schema (x-kubernetes-validations) as a definition states them: that they compile, what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fakekube.core.fielderrors import FieldError, forbidden, internal, invalid
from fakekube.schema.definitions.internal import rule_text

if TYPE_CHECKING:
    from fakekube.schema.custom.programs import Program

Schema = Mapping[str, Any]

RULE_LIMIT, TOTAL_LIMIT = 10_000_000, 100_000_000
MOST_TOLD = 4
LARGEST_REQUEST = 3 * 1024 * 1024
RULES = "x-kubernetes-validations"
_ADVICE = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are "
    "declared)"
)


class _Total:
    __slots__ = ("cost", "expensive")

    def __init__(self) -> None:
        self.cost = 0
        self.expensive: list[tuple[int, str]] = []

    def add(self, path: str, cost: int) -> None:
        self.cost += cost
        if cost >= TOTAL_LIMIT // 100:
            self.expensive.append((cost, path))
            self.expensive.sort(key=lambda each: -each[0])
            del self.expensive[MOST_TOLD:]


class Surroundings:
    """What the rules of a schema may count on: how often they may be judged, and what all rules cost together."""

    def __init__(self, schema: Schema, total: _Total, *, count: int | None, unchanged: bool) -> None:
        """`count`: how many such values an object may have; None: nobody knows."""
        self._schema, self._total, self._count, self._unchanged = schema, total, count, unchanged
        self._parent: Surroundings | None = None

    @classmethod
    def of_root(cls, schema: Schema, known: frozenset[str], unchanged: bool) -> Surroundings:
        """Those of a whole schema; `known`: rules that were there before, `unchanged`: and all of the schema was."""
        return cls(schema, _Total(), count=1, unchanged=unchanged)

    def of_property(self, schema: Schema) -> Surroundings:
        """Those of a property's schema."""
        return self._below(schema)

    def of_values(self, schema: Schema) -> Surroundings:
        """Those of the schema of additional properties."""
        return self._below(schema)

    def of_items(self, schema: Schema) -> Surroundings:
        """Those of the schema of items."""
        return self._below(schema)

    def _below(self, schema: Schema) -> Surroundings:
        most = _most(self._schema)
        count = None if self._count is None or most is None else self._count * most
        found = Surroundings(schema, self._total, count=count, unchanged=self._unchanged)
        found._parent = self
        return found

    @property
    def is_root(self) -> bool:
        """Whether it is the schema of whole objects."""
        return self._parent is None or bool(self._schema.get("x-kubernetes-embedded-resource"))

    def judge(self, path: str, cost: int, times: int | None, what: str) -> list[FieldError]:
        """The cost of an expression there, `times` as often as there are values if that is not None."""
        if times is not None:
            cost *= self._count if self._count is not None else times
        self._total.add(path, cost)
        return [] if self._unchanged or cost <= RULE_LIMIT else [forbidden(path, _too_costly(what, cost, RULE_LIMIT))]

    @property
    def total(self) -> _Total:
        """What all rules cost together."""
        return self._total


def _most(schema: Schema) -> int | None:
    """How many values of the schema below a value can have; None if nothing limits them."""
    match schema.get("type"):
        case "object" if schema.get("additionalProperties") is not None:
            most = schema.get("maxProperties")
        case "array":
            most = schema.get("maxItems")
        case _:
            return 1
    return None if most is None else max(most, 0)


def _too_costly(what: str, cost: int, limit: int) -> str:
    factor = cost / limit
    shown = f"{factor:f}x" if factor < 1.5 else f"{factor:.1f}x"
    if factor > 100:
        shown = "more than 100x"
    return f"{what} exceeds budget by factor of {shown} {_ADVICE}"


def total_cost_errors(surroundings: Surroundings | None, path: str) -> list[FieldError]:
    """What all rules cost together may not be too much."""
    if surroundings is None or surroundings.total.cost <= TOTAL_LIMIT:
        return []
    contributed = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
    what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
    return [
        *(forbidden(expensive, contributed) for _, expensive in surroundings.total.expensive),
        forbidden(path, _too_costly(what, surroundings.total.cost, TOTAL_LIMIT)),
    ]


def rule_errors(schema: Schema, path: str, uncorrelated: str, surroundings: Surroundings) -> list[FieldError]:
    """What is wrong with the rules of this very schema."""
    from fakekube.schema.custom.programs import ruled

    if (node := ruled(schema, schema[RULES], root=surroundings.is_root)) is None:
        text = "failed to construct type information for x-kubernetes-validations rules"
        why = f"internal error: {text}: unable to convert structural schema to CEL declarations"
        return [internal(f"{path}.{RULES}", why)]
    found: list[FieldError] = []
    times = LARGEST_REQUEST // (node.type.least_bytes + 1)
    for index, program in enumerate(node.programs):
        found += _program_errors(program, f"{path}.{RULES}[{index}]", times, uncorrelated, surroundings)
    return found


def _program_errors(
    program: Program, path: str, times: int, uncorrelated: str, surroundings: Surroundings
) -> list[FieldError]:
    rule = program.rule
    found = surroundings.judge(f"{path}.rule", program.cost, times, "estimated rule cost")
    if program.error:
        found.append(_wrong(f"{path}.rule", rule, program.error))
    if program.message_error:
        found.append(_wrong(f"{path}.messageExpression", rule, program.message_error))
    elif program.message is not None:
        cost = program.message_cost
        found += surroundings.judge(f"{path}.messageExpression", cost, None, "estimated messageExpression cost")
    if program.uses_old:
        if uncorrelated:
            why = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelated}"
            found.append(invalid(f"{path}.rule", rule["rule"], why))
    elif rule.get("optionalOldSelf") is not None:
        why = "may not be set if oldSelf is not used in rule"
        found.append(invalid(f"{path}.optionalOldSelf", rule["optionalOldSelf"], why))
    return found


def _wrong(path: str, rule: Mapping[str, Any], why: str) -> FieldError:
    return FieldError("FieldValueInvalid", path, f"Invalid value: {rule_text(dict(rule))}: {why}")
