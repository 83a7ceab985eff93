"""URLs as Go's net/url parses them, with its complaints."""

from __future__ import annotations

import re
from typing import NamedTuple

from fakekube.core.fielderrors import go_quote

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})", re.ASCII)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.ASCII | re.DOTALL)
_PORT = re.compile(r"(:[0-9]*)?", re.ASCII)
_HOST = re.compile(r"(?:[A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>\"]|[^\x00-\x7f])*")
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*", re.ASCII)
_KEPT_IN_PATH = re.compile(r"[A-Za-z0-9\-_.~$&+,/:;=@!'()*\[\]]", re.ASCII)


class UrlError(ValueError):
    """A text that is no URL; the message is Go's, with the operation and the text."""


class Url(NamedTuple):
    """A parsed URL; `path` is decoded, `raw_path` as it was written if its own escapes differ from Go's choice."""

    scheme: str = ""
    opaque: str = ""
    user: str | None = None
    host: str = ""
    path: str = ""
    raw_path: str = ""
    query: str = ""
    fragment: str = ""

    @property
    def hostname(self) -> str:
        """The host without its port and brackets."""
        return _split_port(self.host)[0]

    @property
    def port(self) -> str:
        """The port as written, or nothing."""
        return _split_port(self.host)[1]

    @property
    def escaped_path(self) -> str:
        """The path as it stands in a URL."""
        return self.raw_path or escape_path(self.path)

    def __str__(self) -> str:
        text = f"{self.scheme}:" if self.scheme else ""
        if self.opaque:
            text += self.opaque
        else:
            if self.scheme or self.host or self.user is not None:
                if self.host or self.path or self.user is not None:
                    text += "//"
                text += f"{self.user}@" if self.user is not None else ""
                text += self.host
            path = self.escaped_path
            if path and not path.startswith("/") and self.host:
                text += "/"
            text += path
        if self.query:
            text += f"?{self.query}"
        return text + (f"#{self.fragment}" if self.fragment else "")


def parse(text: str) -> Url:
    """url.Parse: absolute and relative references, with a fragment."""
    before, _, fragment = text.partition("#")
    try:
        found = _parse(before, via_request=False)
        decoded = _unescape(fragment)
    except ValueError as error:
        raise UrlError(f"parse {go_quote(text)}: {error}") from None
    return found._replace(fragment=decoded) if fragment else found


def parse_request(text: str) -> Url:
    """url.ParseRequestURI: an absolute URI or an absolute path, without a fragment."""
    try:
        return _parse(text, via_request=True)
    except ValueError as error:
        raise UrlError(f"parse {go_quote(text)}: {error}") from None


def _parse(text: str, *, via_request: bool) -> Url:
    if any(letter < " " or letter == "\x7f" for letter in text):
        raise ValueError("net/url: invalid control character in URL")
    if not text and via_request:
        raise ValueError("empty url")
    if text == "*":
        return Url(path="*")
    scheme, rest = _scheme(text)
    if rest.endswith("?") and rest.count("?") == 1:
        rest, query = rest[:-1], ""
    else:
        rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme=scheme, opaque=rest, query=query)
        if via_request:
            raise ValueError("invalid URI for request")
        if ":" in rest.partition("/")[0]:
            raise ValueError("first path segment in URL cannot contain colon")
    user, host = None, ""
    if (scheme or (not via_request and not rest.startswith("///"))) and rest.startswith("//"):
        authority, slash, tail = rest[2:].partition("/")
        rest = slash + tail
        user, host = _authority(authority)
    path = _unescape(rest)
    raw_path = "" if escape_path(path) == rest else rest
    return Url(scheme=scheme, user=user, host=host, path=path, raw_path=raw_path, query=query)


def _scheme(text: str) -> tuple[str, str]:
    for index, letter in enumerate(text):
        if letter.isascii() and letter.isalpha():
            continue
        if letter in "0123456789+-.":
            if index == 0:
                return "", text
            continue
        if letter == ":":
            if index == 0:
                raise ValueError("missing protocol scheme")
            return text[:index].lower(), text[index + 1 :]
        break
    return "", text


def _authority(text: str) -> tuple[str | None, str]:
    user, at, host = text.rpartition("@")
    checked = _host(host)
    if not at:
        return None, checked
    if not _USER.fullmatch(user):
        raise ValueError("net/url: invalid userinfo")
    _unescape(user)
    return user, checked


def _host(text: str) -> str:
    if text.startswith("["):
        end = text.rfind("]")
        if end < 0:
            raise ValueError("missing ']' in host")
        if not _PORT.fullmatch(text[end + 1 :]):
            raise ValueError(f"invalid port {go_quote(text[end + 1 :])} after host")
    elif ":" in text:
        port = text[text.rfind(":") :]
        if not _PORT.fullmatch(port):
            raise ValueError(f"invalid port {go_quote(port)} after host")
    bad = _BAD_ESCAPE.search(text)
    if bad:
        raise ValueError(f"invalid URL escape {go_quote(bad[0])}")
    for escape in _ESCAPE.finditer(text):
        if int(escape[1], 16) < 0x80 and escape[0] != "%25":
            raise ValueError(f"invalid URL escape {go_quote(escape[0])}")
    plain = _ESCAPE.sub("", text)
    if not _HOST.fullmatch(plain):
        wrong = next(letter for letter in plain if not _HOST.fullmatch(letter))
        raise ValueError(f"invalid character {go_quote(wrong)} in host name")
    return _unescape(text)


def _unescape(text: str) -> str:
    if "%" not in text:
        return text
    bad = _BAD_ESCAPE.search(text)
    if bad:
        raise ValueError(f"invalid URL escape {go_quote(bad[0])}")
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode())
    return raw.decode("utf-8", "replace")


def escape_path(path: str) -> str:
    """The path with what may not stand in one escaped."""
    return "".join(
        letter if _KEPT_IN_PATH.fullmatch(letter) else "".join(f"%{byte:02X}" for byte in letter.encode())
        for letter in path
    )


def _split_port(host: str) -> tuple[str, str]:
    if host.startswith("["):
        inside, _, after = host[1:].rpartition("]")
        return inside, after.removeprefix(":")
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() | (port == "") else (host, "")


def query_values(query: str) -> dict[str, list[str]]:
    """url.Values of a query: what cannot be read is left out."""
    found: dict[str, list[str]] = {}
    for pair in query.split("&"):
        if not pair or ";" in pair:
            continue
        name, _, value = pair.partition("=")
        try:
            name, value = _unescape(name.replace("+", " ")), _unescape(value.replace("+", " "))
        except ValueError:
            continue
        found.setdefault(name, []).append(value)
    return found
