"""What names and short texts may look like: each check returns its complaints in the real server's words ([]: fine).

The rules and words are those of k8s.io/apimachinery/pkg/util/validation and pkg/api/validate/content. The two say
"characters" and "bytes" of the same limit; label keys and values, and what hangs on them, say "bytes".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from fakekube.core.fielderrors import FieldError, invalid, required

Check = Callable[[str], list[str]]

LABEL_LENGTH = 63
SUBDOMAIN_LENGTH = 253
PORT_NAME_LENGTH = 15
CHARACTERS, BYTES = "characters", "bytes"

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_UNDERSCORE = rf"{_LABEL_UNDERSCORE}(\.{_LABEL_UNDERSCORE})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_QUALIFIED})?"
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"

_is_label = re.compile(_LABEL).fullmatch
_is_subdomain = re.compile(_SUBDOMAIN).fullmatch
_is_qualified = re.compile(_QUALIFIED).fullmatch
_is_label_value = re.compile(_LABEL_VALUE).fullmatch
_is_port_characters = re.compile("[-a-z0-9]+").fullmatch
_is_http_path = re.compile(_HTTP_PATH).fullmatch
_a_letter = re.compile("[a-z]").search
_is_decimal = re.compile("0|-?[1-9][0-9]*").fullmatch


def regex_message(text: str, pattern: str, *examples: str) -> str:
    """How a failed pattern is told: the rule in words, examples, and the pattern itself."""
    if not examples:
        return f"{text} (regex used for validation is '{pattern}')"
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{text} (e.g. {shown}regex used for validation is '{pattern}')"


def too_long(limit: int, unit: str = CHARACTERS) -> str:
    """How a text over its limit is told."""
    return f"must be no more than {limit} {unit}"


def byte_length(value: str) -> int:
    """The length that limits count: bytes of UTF-8."""
    return len(value) if value.isascii() else len(value.encode())


def _pattern_check(pattern: str, text: str, *examples: str, limit: int | None = None, flags: int = 0) -> Check:
    """A check for a pattern and, if given, a length."""
    is_fine = re.compile(pattern, flags).fullmatch
    message = regex_message(text, pattern, *examples)

    def check(value: str) -> list[str]:
        found = [] if limit is None or byte_length(value) <= limit else [too_long(limit)]
        return found if is_fine(value) else [*found, message]

    return check


_LABEL_MESSAGE = regex_message(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with"
    " an alphanumeric character",
    _LABEL,
    "my-name",
    "123-abc",
)
_SUBDOMAIN_MESSAGE = regex_message(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    " end with an alphanumeric character",
    _SUBDOMAIN,
    "example.com",
)
_QUALIFIED_MESSAGE = regex_message(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    _QUALIFIED,
    "MyName",
    "my.name",
    "123-abc",
)
_OPTIONAL_PREFIX = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
_LABEL_VALUE_MESSAGE = regex_message(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character",
    _LABEL_VALUE,
    "MyValue",
    "my_value",
    "12345",
)


@lru_cache(maxsize=4096)
def is_dns1123_label(value: str) -> bool:
    """Whether nothing is wrong with it; most names are asked about more than once."""
    return len(value) <= LABEL_LENGTH and _is_label(value) is not None


def dns1123_label(value: str, unit: str = CHARACTERS) -> list[str]:
    """One lower-case part of a DNS name, as namespaces and containers are called."""
    if is_dns1123_label(value):
        return []
    found = [] if byte_length(value) <= LABEL_LENGTH else [too_long(LABEL_LENGTH, unit)]
    if not _is_label(value):
        found.append("must not contain dots" if _is_subdomain(value) else _LABEL_MESSAGE)
    return found


def dns1123_subdomain(value: str, unit: str = CHARACTERS) -> list[str]:
    """A lower-case DNS name, as most objects are called."""
    if is_dns1123_label(value):
        return []
    found = [] if byte_length(value) <= SUBDOMAIN_LENGTH else [too_long(SUBDOMAIN_LENGTH, unit)]
    return found if _is_subdomain(value) else [*found, _SUBDOMAIN_MESSAGE]


dns1035_label = _pattern_check(
    _LABEL_1035,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character,"
    " and end with an alphanumeric character",
    "my-name",
    "abc-123",
    limit=LABEL_LENGTH,
)
dns1123_subdomain_with_underscore = _pattern_check(
    _SUBDOMAIN_UNDERSCORE,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start"
    " and end with an alphanumeric character",
    "example.com",
    limit=SUBDOMAIN_LENGTH,
)
wildcard_dns1123_subdomain = _pattern_check(
    rf"\*\.{_SUBDOMAIN}",
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower"
    " case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    "*.example.com",
    limit=SUBDOMAIN_LENGTH,
)
percent = _pattern_check(
    "[0-9]+%", "a valid percent string must be a numeric string followed by an ending '%'", "1%", "93%"
)
http_header_name = _pattern_check(
    "[-A-Za-z0-9]+", "a valid HTTP header must consist of alphanumeric characters or '-'", "X-Header-Name"
)
c_identifier = _pattern_check(
    "[A-Za-z_][A-Za-z0-9_]*",
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters"
    " or '_'",
    "my_name",
    "MY_NAME",
    "MyName",
)
_strict_env_var_name = _pattern_check(
    "[-._a-zA-Z][-._a-zA-Z0-9]*",
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not"
    " start with a digit",
    "my.env-name",
    "MY_ENV.NAME",
    "MyEnvName1",
)
_config_map_key = _pattern_check(
    "[-._a-zA-Z0-9]+",
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    "key.name",
    "KEY_NAME",
    "key-name",
    limit=SUBDOMAIN_LENGTH,
)


def qualified_name(value: str) -> list[str]:
    """A label key: a name, perhaps behind a DNS prefix and '/'. Finalizers, resources and conditions use it too."""
    return [*_qualified_name_faults(value)]


@lru_cache(maxsize=4096)
def _qualified_name_faults(value: str) -> list[str]:
    if value.count("/") > 1:
        return [f"a valid label key {_QUALIFIED_MESSAGE}{_OPTIONAL_PREFIX}"]
    found: list[str] = []
    prefix, slash, name = value.rpartition("/")
    if slash:
        complaints = dns1123_subdomain(prefix, BYTES) if prefix else ["must be non-empty"]
        found += [f"prefix part {complaint}" for complaint in complaints]
    if not name:
        found.append("name part must be non-empty")
    elif byte_length(name) > LABEL_LENGTH:
        found.append(f"name part {too_long(LABEL_LENGTH, BYTES)}")
    if not _is_qualified(name):
        found.append(f"name part {_QUALIFIED_MESSAGE}")
    return found


finalizer_name = qualified_name


def annotation_key(value: str) -> list[str]:
    """A label key in which case does not matter."""
    return qualified_name(value.lower())


@lru_cache(maxsize=4096)
def is_label_value(value: str) -> bool:
    """Whether nothing is wrong with it; many objects have the same ones."""
    return len(value) <= LABEL_LENGTH and _is_label_value(value) is not None


def label_value(value: str) -> list[str]:
    """The value of a label; it may be empty."""
    if is_label_value(value):
        return []
    found = [] if byte_length(value) <= LABEL_LENGTH else [too_long(LABEL_LENGTH, BYTES)]
    return found if _is_label_value(value) else [*found, _LABEL_VALUE_MESSAGE]


def path_segment(name: str) -> list[str]:
    """A name that can stand in a URL as it is; RBAC's objects are called so."""
    return [f"may not be '{name}'"] if name in (".", "..") else path_segment_prefix(name)


def path_segment_prefix(name: str) -> list[str]:
    """The beginning of such a name."""
    return [f"may not contain '{letter}'" for letter in "/%" if letter in name]


def masked(prefix: str) -> str:
    """A generateName as it is checked: a closing dash is allowed, because a suffix follows."""
    return prefix[:-2] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def port_name(value: str) -> list[str]:
    """The name of a port (RFC 6335, lower case)."""
    rules = (
        (byte_length(value) > PORT_NAME_LENGTH, too_long(PORT_NAME_LENGTH)),
        (not _is_port_characters(value), "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"),
        (not _a_letter(value), "must contain at least one letter (a-z)"),
        ("--" in value, "must not contain consecutive hyphens"),
        (value[:1] == "-" or value[-1:] == "-", "must not begin or end with a hyphen"),
    )
    return [message for broken, message in rules if broken]


def env_var_name(value: str) -> list[str]:
    """The name of an environment variable: any printable ASCII but '='."""
    found = [] if value else ["environment variable name must be non-empty"]
    if not all(" " <= letter <= "~" and letter != "=" for letter in value):
        found.append("a valid environment variable name must consist only of printable ASCII characters other than '='")
    return found


def strict_env_var_name(value: str) -> list[str]:
    """The name of an environment variable as it was to be before the rule was relaxed."""
    return _strict_env_var_name(value) + _directory_prefix(value)


def config_map_key(value: str) -> list[str]:
    """A key of a ConfigMap or Secret: also the name of a file."""
    return _config_map_key(value) + _directory_prefix(value)


def _directory_prefix(value: str) -> list[str]:
    if value in (".", ".."):
        return [f"must not be '{value}'"]
    return ["must not start with '..'"] if value.startswith("..") else []


def decimal_integer(value: str) -> list[str]:
    """A whole number as one would write it: no sign '+', no leading zeros."""
    if not value:
        return ["must be non-empty"]
    return [] if _is_decimal(value) else ["must be a valid decimal integer in canonical form"]


def in_range(value: int, low: int, high: int) -> list[str]:
    """A number between two others, these included."""
    return [] if low <= value <= high else [f"must be between {low} and {high}, inclusive"]


def port_number(value: int) -> list[str]:
    """A port; 0 is none."""
    return in_range(value, 1, 65535)


def unix_id(value: int) -> list[str]:
    """A user or group id."""
    return in_range(value, 0, 2**31 - 1)


def fully_qualified_name(field: str, name: str) -> list[FieldError]:
    """A DNS name of at least three parts."""
    if not name:
        return [required(field)]
    if found := dns1123_subdomain(name):
        return [invalid(field, name, ",".join(found))]
    if name.count(".") < 2:
        return [invalid(field, name, "should be a domain with at least three segments separated by dots")]
    return []


def fully_qualified_domain_name(field: str, name: str) -> list[FieldError]:
    """A DNS name of at least two parts; a dot may stand at its end."""
    if not name:
        return [required(field)]
    name = name.removesuffix(".")
    if found := dns1123_subdomain(name):
        return [invalid(field, name, ",".join(found))]
    if "." not in name:
        return [invalid(field, name, "should be a domain with at least two segments separated by dots")]
    broken = ((label, dns1123_label(label)) for label in name.split("."))
    return next(([invalid(field, label, ",".join(found))] for label, found in broken if found), [])


def domain_prefixed_path(field: str, path: str) -> list[FieldError]:
    """'acme.io/foo': a DNS name, '/', and what an HTTP path may hold."""
    if not path:
        return [required(field)]
    host, _, rest = path.partition("/")
    if not host or not rest:
        return [invalid(field, path, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    found = [invalid(field, host, message) for message in dns1123_subdomain(host)]
    if not _is_http_path(rest):
        found.append(invalid(field, rest, regex_message("Invalid path", _HTTP_PATH)))
    return found


def domain_prefixed_key(field: str, key: str) -> list[FieldError]:
    """'acme.io/foo': a label key with a prefix."""
    if not key:
        return [required(field)]
    if found := qualified_name(key):
        return [invalid(field, key, message) for message in found]
    if "/" not in key:
        return [invalid(field, key, 'must be a domain-prefixed key (such as "acme.io/foo")')]
    return []
