from collections.abc import Callable

from fakekube.schema.resources import Resource
from fakekube.schema.scheme import Scheme
from fakekube.schema.typed import Struct


def custom(version: str, *, group: str = "shop.example.com", stored_as: Resource | None = None) -> Resource:
    made: Callable[[], Struct] = lambda: Struct("Cart", {})  # noqa: E731
    return Resource(
        group=group,
        version=version,
        kind="Cart",
        plural="carts",
        singular="cart",
        namespaced=True,
        verbs=frozenset({"get", "list", "watch"}),
        list_kind="CartList",
        type_source=made,
        custom=True,
        stored_as=stored_as,
    )


def test_custom_resources_come_and_go() -> None:
    scheme = Scheme.for_version()
    before = scheme.groups()
    new = custom("v1")
    old = custom("v1beta1", stored_as=new)
    scheme.add(old, new)
    assert scheme.versions("shop.example.com") == ["v1", "v1beta1"]
    assert scheme.groups() == [*before, "shop.example.com"]
    assert scheme.by_kind("shop.example.com", "v1beta1", "Cart") is old
    assert scheme.stored("carts.shop.example.com") is new
    assert scheme.resources_of("shop.example.com", "v1") == [new]

    scheme.remove("shop.example.com", "carts")
    assert scheme.groups() == before
    assert scheme.versions("shop.example.com") == []
    assert scheme.resource("shop.example.com", "v1", "carts") is None
    assert scheme.by_kind("shop.example.com", "v1", "Cart") is None
    assert scheme.stored("carts.shop.example.com") is None


def test_a_resource_takes_the_place_of_its_former_self() -> None:
    scheme = Scheme.for_version()
    first, second = custom("v1"), custom("v1")
    scheme.add(first)
    generation = scheme.generation
    scheme.add(second)
    assert scheme.by_kind("shop.example.com", "v1", "Cart") is second
    assert scheme.generation > generation


def test_schemes_share_the_table_but_not_what_is_added() -> None:
    one, other = Scheme.for_version(), Scheme.for_version()
    one.add(custom("v1"))
    assert other.versions("shop.example.com") == []
    assert one.resource("", "v1", "pods") is other.resource("", "v1", "pods")


def test_groups_of_custom_resources_come_last_by_name() -> None:
    scheme = Scheme.for_version()
    scheme.add(custom("v1", group="b.example.com"), custom("v1", group="a.example.com"))
    assert scheme.groups()[0] == ""
    assert scheme.groups()[-2:] == ["a.example.com", "b.example.com"]


def test_types_of_kinds_that_are_no_resources() -> None:
    scheme = Scheme.for_version()
    options = scheme.struct("", "v1", "DeleteOptions")
    assert options is not None
    assert "propagationPolicy" in options.fields
    assert scheme.struct("", "v1", "Nothing") is None
