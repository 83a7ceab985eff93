"""Names of images as container runtimes read them."""

from __future__ import annotations

import pytest

from fakekube.nodes import images

WHY = "couldn't parse image name"
DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    "image",
    ["i", "app:1", "busybox@" + DIGEST, "reg.example:5000/a/b:v1.2-x", "localhost/a_b/c__d", "Reg/a:T", "[::1]:5000/a"],
)
def test_names(image: str) -> None:
    assert images.fault(image) == ""


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("Nginx", "invalid reference format: repository name (library/Nginx) must be lowercase"),
        ("reg.example/A/b:1", "invalid reference format: repository name (A/b) must be lowercase"),
        ("a b", "invalid reference format"),
        ("app:", "invalid reference format"),
        ("app:-x", "invalid reference format"),
        ("a//b", "invalid reference format"),
        ("a" * 64, "invalid repository name (" + "a" * 64 + "), cannot specify 64-byte hexadecimal strings"),
    ],
)
def test_what_is_no_name(image: str, why: str) -> None:
    assert images.fault(image).endswith(f'"{image}": {why}')
