"""Names are refused in the real server's words."""

import pytest

from fakekube.core import names


@pytest.mark.parametrize(
    ("check", "good", "bad", "words"),
    [
        (names.dns1123_label, "my-name", "My_Name", "(e.g. 'my-name',  or '123-abc', regex used for validation is"),
        (names.dns1123_label, "a", "a.b", "must not contain dots"),
        (names.dns1123_label, "a" * 63, "a" * 64, "must be no more than 63 characters"),
        (names.dns1123_subdomain, "a.b-c", "a..b", "a lowercase RFC 1123 subdomain"),
        (names.dns1123_subdomain, "a", "a\n", "a lowercase RFC 1123 subdomain"),
        (names.dns1035_label, "a1", "1a", "start with an alphabetic character"),
        (names.qualified_name, "example.com/My.Name", "a/b/c", "with an optional DNS subdomain prefix and '/'"),
        (names.qualified_name, "a", "/a", "prefix part must be non-empty"),
        (names.qualified_name, "a", "x/", "name part must be non-empty"),
        (names.qualified_name, "a", "é" * 40, "name part must be no more than 63 bytes"),
        (names.annotation_key, "Example.COM/A", "x y", "name part must consist of"),
        (names.label_value, "", "-a", "a valid label must be an empty string"),
        (names.label_value, "a" * 63, "a" * 64, "must be no more than 63 bytes"),
        (names.path_segment, "system:a", "a/b", "may not contain '/'"),
        (names.path_segment, "a", "..", "may not be '..'"),
        (names.port_name, "http-1", "80", "must contain at least one letter (a-z)"),
        (names.env_var_name, "a b#", "a=b", "other than '='"),
        (names.config_map_key, "a.txt", "..a", "must not start with '..'"),
        (names.percent, "10%", "10", "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"),
        (names.decimal_integer, "-12", "012", "canonical form"),
        (names.wildcard_dns1123_subdomain, "*.a.b", "*.*.b", "must start with '*.'"),
    ],
)
def test_checks(check, good, bad, words):
    assert check(good) == []
    assert any(words in complaint for complaint in check(bad))


def test_a_name_to_be_completed_may_end_in_a_dash():
    assert names.dns1123_subdomain(names.masked("my-")) == []
    assert names.dns1123_subdomain(names.masked("-")) != []


def test_domains_tell_the_field():
    assert [str(each) for each in names.fully_qualified_name("spec.group", "a.b")] == [
        'spec.group: Invalid value: "a.b": should be a domain with at least three segments separated by dots'
    ]
    assert [str(each) for each in names.domain_prefixed_path("f", "")] == ["f: Required value"]
    assert names.domain_prefixed_key("f", "a.io/b") == []
