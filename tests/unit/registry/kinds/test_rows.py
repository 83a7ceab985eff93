from importlib import import_module
from pkgutil import iter_modules

from fakekube.registry import kinds
from fakekube.registry.strategy import Strategy
from tests.unit.registry.kinds.conftest import SCHEME


def test_each_file_with_rows_is_listed_with_its_resources() -> None:
    found = {}
    for each in iter_modules(kinds.__path__):
        rows = getattr(import_module(f"{kinds.__name__}.{each.name}"), "ROWS", None)
        if rows is not None:
            found[each.name] = tuple(rows)
    assert found == kinds.MODULES


def test_each_row_is_of_a_resource_that_is_served() -> None:
    ids = [resource_id for ids in kinds.MODULES.values() for resource_id in ids]
    assert len(ids) == len(set(ids))
    assert [each for each in ids if SCHEME.stored(each) is None] == []


def test_a_kind_without_row_follows_the_convention() -> None:
    assert type(kinds.strategy_of("things.example.com")) is Strategy
    assert kinds.strategy_of("pods") is kinds.strategy_of("pods")
    assert type(kinds.strategy_of("pods")) is not Strategy
