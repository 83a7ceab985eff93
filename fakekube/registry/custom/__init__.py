"""Custom objects: how they come in, what is wrong with them, and how they are seen in other versions and schemas.

Each part is loaded when first asked for: most clusters have no custom objects.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fakekube.registry.custom import booking, conversion, reading
    from fakekube.registry.custom.decoding import check_kind, check_stated, decode
    from fakekube.registry.custom.strategy import strategy_of

__all__ = ["booking", "check_kind", "check_stated", "conversion", "decode", "reading", "strategy_of"]

_MODULES = {"check_kind": "decoding", "check_stated": "decoding", "decode": "decoding", "strategy_of": "strategy"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES.get(name, name)}")
    found = globals()[name] = getattr(module, name) if name in _MODULES else module
    return found
