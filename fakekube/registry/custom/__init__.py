"""Custom objects: how they come in, what is wrong with them, and how they are seen in other versions and schemas."""

from fakekube.registry.custom.decoding import check_kind, check_stated, decode
from fakekube.registry.custom.strategy import strategy_of

__all__ = ["check_kind", "check_stated", "decode", "strategy_of"]
