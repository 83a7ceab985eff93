"""YAML as Kubernetes reads it. PyYAML and the rules for scalars come in with the first document."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any


class YamlError(ValueError):
    """Text that is not YAML; the message says where."""


def documents(text: str | bytes) -> Iterator[Any]:
    """The documents of a stream, one after another; an empty one is None. Raises YamlError on reaching a fault."""
    from yaml import YAMLError

    from fakekube.core.yamlscalars import Loader

    try:
        with closing(Loader(text)) as loader:
            while loader.check_data():
                yield loader.get_data()
    except (YAMLError, ValueError) as error:
        raise YamlError(" ".join(str(error).split())) from error
