"""The Go tool chain, where it is installed: what tests of Go programs need of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

GO = shutil.which("go")


def go(
    folder: Path | None, *arguments: str, seconds: float, flags: str = "-mod=readonly"
) -> subprocess.CompletedProcess[str]:
    """Run `go` in a module's folder (None: in none); of the tool chains the one that is installed."""
    return subprocess.run(
        [GO or "go", *arguments],
        cwd=folder,
        env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": flags},
        timeout=seconds,
        capture_output=True,
        text=True,
        check=False,
    )


def download(folder: Path | None, *arguments: str, seconds: float, flags: str = "-mod=readonly") -> str:
    """Fetch modules and give what `go mod download` says; the test is skipped where Go or they cannot be had."""
    if GO is None:
        pytest.skip("Go is not installed")
    fetched = go(folder, "mod", "download", *arguments, seconds=seconds, flags=flags)
    if fetched.returncode:
        said = fetched.stderr.strip().splitlines()[-1:] or [fetched.stdout]
        pytest.skip(f"Go cannot get the modules: {said[0]}")
    return fetched.stdout
