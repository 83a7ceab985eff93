"""Calls out of the cluster: what is told of answers that are none, and where calls go."""

import asyncio

import pytest

from fakekube.core.callouts import CalloutError, target
from fakekube.server.callouts import Calls, refusal
from fakekube.server.localhooks import response_of, target_of
from fakekube.server.posting import PostError, Response


def unresolved(service):
    raise PostError("service not found")


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(500, "application/json", b"it broke"), 'an error on the server ("unknown") has prevented'),
        (Response(502, "text/html", b" bad \n"), 'an error on the server ("bad") has prevented the request'),
        (Response(404, "", b""), "the server could not find the requested resource"),
        (Response(403, "text/plain", b"go away"), "go away"),
        (Response(302, "", b""), "the server responded with the status code 302 but did not return more information"),
        (Response(500, "", b'{"kind":"Status","status":"Failure","message":"m"}'), "m"),
    ],
)
def test_an_http_code_is_told_as_gos_client_tells_it(response, message):
    assert refusal(response).startswith(message)


@pytest.mark.parametrize(
    ("client", "url"),
    [
        ({"url": "https://h:1"}, "https://h:1/"),
        ({"url": "https://h/a//b/../c/"}, "https://h/a/c"),
        ({"service": {"name": "s", "namespace": "n"}}, "https://s.n.svc:443/"),
        ({"service": {"name": "s", "namespace": "n", "port": 8443, "path": "/p/"}}, "https://s.n.svc:8443/p"),
    ],
)
def test_where_a_client_config_leads(client, url):
    assert target(client) == url


async def test_a_refused_connection_and_a_service_that_is_not_there():
    calls = Calls(unresolved)
    told = r'Post "https://127.0.0.1:9/x\?timeout=2s": dial tcp 127.0.0.1:9: connect: connection refused'
    with pytest.raises(CalloutError, match=told):
        await calls.post({"url": "https://127.0.0.1:9/x"}, b"{}", 2)
    with pytest.raises(CalloutError, match=r'Post "https://s.n.svc:443/\?timeout=2s": service not found'):
        await calls.post({"service": {"name": "s", "namespace": "n"}}, b"{}", 2)
    with pytest.raises(CalloutError, match="unable to load root certificates"):
        await calls.post({"url": "https://127.0.0.1:9/x", "caBundle": "bm8="}, b"{}", 2)
    calls.close()


async def test_a_function_that_takes_too_long_is_given_up():
    async def never(request):
        await asyncio.Event().wait()

    calls = Calls(unresolved)
    calls.register("https://h", target_of(never))
    with pytest.raises(CalloutError, match="context deadline exceeded"):
        await calls.post({"url": "https://h/"}, b'{"kind":"AdmissionReview","apiVersion":"v","request":{"uid":"u"}}', 0)


async def test_calls_are_made_together():
    async def answer(value):
        return value

    assert await Calls(unresolved).together([answer(1), answer(2)]) == [1, 2]
    assert await Calls(unresolved).together([]) == []


@pytest.mark.parametrize(("given", "found"), [(9443, ("127.0.0.1", 9443, True)), ("http://h:80", ("h", 80, False))])
def test_a_listener_is_told_by_port_or_url(given, found):
    assert target_of(given) == found


@pytest.mark.parametrize("given", ["h:80", "https://h", None])
def test_what_is_no_listener(given):
    with pytest.raises((ValueError, TypeError)):
        target_of(given)


def test_a_conversion_function_gives_the_converted_objects():
    request = {"uid": "u", "objects": [{"a": 1}], "desiredAPIVersion": "v2"}
    assert response_of(request, request, None)["convertedObjects"] == [{"a": 1}]
    assert response_of(request, request, [{"b": 1}])["convertedObjects"] == [{"b": 1}]
    assert response_of(request, request, "no")["result"] == {"status": "Failure", "message": "no"}
    assert response_of(request, request, {"result": {"status": "Failure"}}) == {"result": {"status": "Failure"}}
    with pytest.raises(TypeError, match="a conversion webhook returns None, a list, a text or a dictionary, not 5"):
        response_of(request, request, 5)
