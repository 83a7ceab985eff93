"""fakekube: a Kubernetes control plane that you can import.

`FakeCluster` is the public entry; it is loaded when first asked for, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fakekube.cluster import FakeCluster as FakeCluster

__version__ = "0.1.0"
__all__ = ["FakeCluster", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "FakeCluster":
        from fakekube.cluster import FakeCluster

        return FakeCluster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
