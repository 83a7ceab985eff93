"""sprig's functions on encodings, digests, regular expressions, paths, addresses and durations."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import zlib
from base64 import b32decode, b32encode, b64decode, b64encode
from binascii import Error
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import yaml

from fakekube.core.patterns import PatternError, compiled
from fakekube.nodes.templates import durations, moments
from fakekube.nodes.templates.functions.signatures import Rows
from fakekube.nodes.templates.moments import Moment
from fakekube.nodes.templates.values import Long, Number, plain, printed


def raw_json(value: Any) -> str:
    """Compact JSON with sorted keys."""
    return json.dumps(plain(value), separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def as_json(value: Any) -> str:
    """Compact JSON, with Go's escapes of < > &."""
    return _escaped(raw_json(value))


def _escaped(text: str) -> str:
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _pretty(value: Any) -> str:
    return _escaped(json.dumps(plain(value), indent=2, sort_keys=True, ensure_ascii=False))


def as_yaml(value: Any) -> str:
    """YAML in block style."""
    return str(yaml.safe_dump(plain(value), default_flow_style=False, allow_unicode=True, width=10**6))


def _from_json(text: str) -> Any:
    try:
        return json.loads(text, parse_int=float)
    except json.JSONDecodeError:
        return None


def _must_from_json(text: str) -> Any:
    return json.loads(text, parse_int=float)


def _decoded(decode: Callable[[str], bytes]) -> Callable[[str], str]:
    def call(value: str) -> str:
        try:
            return decode(value).decode("utf-8", "replace")
        except (Error, ValueError) as error:
            return f"illegal base data: {error}"

    return call


def _digest(name: str) -> Callable[[str], str]:
    return lambda value: hashlib.new(name, value.encode(), usedforsecurity=False).hexdigest()


# --- regular expressions

_GROUP = re.compile(r"\$(?:\{(\w+)\}|(\w+)|(\$))")


def _replaced(pattern: str, value: str, new: str) -> str:
    def one(match: Any) -> str:
        def group(found: re.Match[str]) -> str:
            if found[3]:
                return "$"
            name = found[1] or found[2]
            try:
                return match[int(name) if name.isdigit() else name] or ""
            except (IndexError, KeyError):
                return ""

        return _GROUP.sub(group, new)

    return str(compiled(pattern).sub(one, value))


def _perhaps_matches(pattern: str, value: str) -> bool:
    try:
        return compiled(pattern).search(value) is not None
    except PatternError:
        return False


def _found(pattern: str, value: str, count: int) -> list[str]:
    found = [match[0] for match in compiled(pattern).finditer(value)]
    return found if count < 0 else found[:count]


def _first(pattern: str, value: str) -> str:
    match = compiled(pattern).search(value)
    return "" if match is None else str(match[0])


def _split(pattern: str, value: str, count: int) -> list[str]:
    if count == 0:
        return []
    if pattern and not value:
        return [""]
    made: list[str] = []
    at = end = 0
    for match in compiled(pattern).finditer(value):
        if count > 0 and len(made) == count - 1:
            break
        end = match.start()
        if match.end():
            made.append(value[at:end])
        at = match.end()
    return made if end == len(value) else [*made, value[at:]]


def _meta_quoted(value: str) -> str:
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", value)


# --- addresses and paths


def _address(value: str) -> dict[str, str]:
    parts = urlsplit(value)
    opaque = ""
    if parts.scheme and not parts.netloc and parts.path and not parts.path.startswith("/"):
        opaque = parts.path
    user, at, _ = parts.netloc.rpartition("@")
    return {
        "scheme": parts.scheme,
        "host": parts.netloc.rpartition("@")[2],
        "hostname": parts.hostname or "",
        "path": "" if opaque else unquote(parts.path),
        "query": parts.query,
        "opaque": opaque,
        "fragment": unquote(parts.fragment),
        "userinfo": user if at else "",
    }


_PARTS = ("scheme", "host", "path", "query", "opaque", "fragment", "userinfo")


def _address_from(parts: dict[str, Any]) -> str:
    told = {name: _text_of(parts, name) for name in _PARTS}
    made = f"{told['scheme']}:" if told["scheme"] else ""
    if told["opaque"]:
        made += told["opaque"]
    else:
        if told["scheme"] or told["host"] or told["userinfo"]:
            user = f"{told['userinfo']}@" if told["userinfo"] else ""
            made += f"//{user}{told['host']}" if told["host"] or told["path"] or user else ""
        path = quote(told["path"], safe="/$&+,:;=@!'()*~")
        made += f"/{path}" if path and not path.startswith("/") and told["host"] else path
    made += f"?{told['query']}" if told["query"] else ""
    return made + (f"#{quote(told['fragment'], safe='/$&+,:;=@!()*?')}" if told["fragment"] else "")


def _text_of(parts: dict[str, Any], name: str) -> str:
    value = parts.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"unable to parse {name} key, must be of type string, but {printed(value)} found")
    return value


def _base(value: str) -> str:
    if not value:
        return "."
    stripped = value.rstrip("/")
    return stripped.rpartition("/")[2] if stripped else "/"


def _clean(value: str) -> str:
    made = posixpath.normpath(value) if value else "."
    return made[1:] if made.startswith("//") else made


def _folder(value: str) -> str:
    head, slash, _ = value.rpartition("/")
    return _clean(head + slash)


def _extension(value: str) -> str:
    name = value.rpartition("/")[2]
    return "." + name.rpartition(".")[2] if "." in name else ""


# --- durations


def _seconds(value: Any) -> str:
    count = 0
    if isinstance(value, str) and not isinstance(value, Number):
        count = int(value) if re.fullmatch(r"[-+]?\d+", value) else 0
    elif isinstance(value, Long):
        count = value
    return durations.shown(count * moments.NANOS)


def _later(text: str, moment: Moment) -> Moment:
    return Moment(moment.nanos + durations.nanos(text), moment.zone)


def _perhaps_later(text: str, moment: Moment) -> Moment:
    try:
        return _later(text, moment)
    except ValueError:
        return moment


def _perhaps_date(layout: str, text: str) -> Moment:
    try:
        return moments.parsed(text, layout)
    except ValueError:
        return moments.ZERO


_PATHS: Rows = {
    "base": ("s", _base),
    "dir": ("s", _folder),
    "clean": ("s", _clean),
    "ext": ("s", _extension),
    "isAbs": ("s", lambda value: value.startswith("/")),
}
_REGEX: Rows = {
    "regexMatch": ("ss", lambda pattern, value: compiled(pattern).search(value) is not None),
    "regexFindAll": ("ssi", _found),
    "regexFind": ("ss", _first),
    "regexReplaceAll": ("sss", _replaced),
    "regexReplaceAllLiteral": ("sss", lambda pattern, value, new: str(compiled(pattern).sub(lambda _: new, value))),
    "regexSplit": ("ssi", _split),
}


def _renamed(prefix: str, rows: Rows) -> Rows:
    return {f"{prefix}{name[0].upper()}{name[1:]}": row for name, row in rows.items()}


ROWS: Rows = {
    "b64enc": ("s", lambda value: b64encode(value.encode()).decode()),
    "b64dec": ("s", _decoded(lambda value: b64decode(value, validate=True))),
    "b32enc": ("s", lambda value: b32encode(value.encode()).decode()),
    "b32dec": ("s", _decoded(b32decode)),
    "sha1sum": ("s", _digest("sha1")),
    "sha256sum": ("s", _digest("sha256")),
    "sha512sum": ("s", _digest("sha512")),
    "adler32sum": ("s", lambda value: str(zlib.adler32(value.encode()))),
    "toJson": (".", as_json),
    "mustToJson": (".", as_json),
    "toPrettyJson": (".", _pretty),
    "mustToPrettyJson": (".", _pretty),
    "toRawJson": (".", raw_json),
    "mustToRawJson": (".", raw_json),
    "fromJson": ("s", _from_json),
    "mustFromJson": ("s", _must_from_json),
    **_PATHS,
    **_renamed("os", _PATHS),
    **_REGEX,
    **_renamed("must", _REGEX),
    "regexMatch": ("ss", _perhaps_matches),
    "regexQuoteMeta": ("s", _meta_quoted),
    "urlParse": ("s", _address),
    "urlJoin": ("m", _address_from),
    "duration": (".", _seconds),
    "dateModify": ("st", _perhaps_later),
    "date_modify": ("st", _perhaps_later),
    "mustDateModify": ("st", _later),
    "must_date_modify": ("st", _later),
    "toDate": ("ss", _perhaps_date),
    "mustToDate": ("ss", lambda layout, text: moments.parsed(text, layout)),
    "unixEpoch": ("t", lambda moment: str(moment.nanos // moments.NANOS)),
}
