"""Long lists are made while they are sent, and are no different for it."""

import gzip
from typing import Any

import orjson
import pytest

from fakekube.registry.versions import head
from fakekube.schema.scheme import Scheme
from fakekube.server import forms, responses

RESOURCE = Scheme.for_version("1.36").resource("", "v1", "configmaps")
COUNTS = (0, 1, 2, forms.PIECE_ITEMS, forms.PIECE_ITEMS + 1, 3 * forms.PIECE_ITEMS)


def _pieces(count: int) -> forms.Pieces:
    assert RESOURCE is not None
    items = [head(RESOURCE) + b'"metadata":{"name":"c%d"}}' % number for number in range(count)]
    return forms.list_pieces(RESOURCE, b'{"resourceVersion":"7"}', items)


@pytest.mark.parametrize("count", COUNTS)
def test_pieces_make_up_the_list_and_its_length(count: int) -> None:
    length, parts = _pieces(count)
    whole = b"".join(parts)
    assert len(whole) == length
    found = orjson.loads(whole)
    assert (found["kind"], found["apiVersion"]) == ("ConfigMapList", "v1")
    assert found["items"] == [{"metadata": {"name": f"c{number}"}} for number in range(count)]


async def test_pieces_are_compressed_on_the_way() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await responses.send_pieces(send, *_pieces(200), gzipped=True)
    headers = dict(sent[0]["headers"])
    assert headers[b"content-encoding"] == b"gzip"
    assert b"content-length" not in headers
    body = gzip.decompress(b"".join(message["body"] for message in sent[1:]))
    assert body == b"".join(_pieces(200).parts)
