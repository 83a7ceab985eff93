"""URLs as Go's net/url reads them."""

import pytest

from fakekube.core.gourl import UrlError, parse, parse_request, query_values


def test_the_parts_of_a_url() -> None:
    url = parse("https://u@h.example.com:8443/a%20b?x=1&x=2#f")
    assert (url.scheme, url.host, url.hostname, url.port) == ("https", "h.example.com:8443", "h.example.com", "8443")
    assert (url.escaped_path, url.query, url.fragment, url.user) == ("/a%20b", "x=1&x=2", "f", "u")
    assert query_values(url.query) == {"x": ["1", "2"]}
    assert parse("http://[::1]:80/").hostname == "::1"


@pytest.mark.parametrize("text", ["/x", "https://a", "mailto:x"])
def test_what_a_request_may_ask_for(text: str) -> None:
    parse_request(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", 'parse "": empty url'),
        ("x", 'parse "x": invalid URI for request'),
        (":x", 'parse ":x": missing protocol scheme'),
        ("/%zz", 'parse "/%zz": invalid URL escape "%zz"'),
    ],
)
def test_what_it_may_not(text: str, why: str) -> None:
    with pytest.raises(UrlError) as caught:
        parse_request(text)
    assert str(caught.value) == why
