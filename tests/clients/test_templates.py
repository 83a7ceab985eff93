"""Templates of stages beside Go's own: text/template and sprig render the cases of the unit tests themselves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "templates"
CASES = Path(__file__).parents[1] / "unit" / "nodes" / "templates.json"
GO = shutil.which("go")
BUILD_SECONDS, RUN_SECONDS = 300, 60


def go(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GO or "go", *arguments],
        cwd=PROGRAM,
        env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"},
        timeout=BUILD_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled program; skipped where Go is missing or cannot reach its modules."""
    if GO is None:
        pytest.skip("Go is not installed")
    fetched = go("mod", "download")
    if fetched.returncode:
        pytest.skip(f"Go cannot get the modules: {fetched.stderr.strip().splitlines()[-1]}")
    binary = tmp_path_factory.mktemp("go") / "templates"
    built = go("build", "-o", str(binary), ".")
    assert built.returncode == 0, built.stderr
    return binary


def test_go_renders_the_cases_as_the_unit_tests_say(program: Path) -> None:
    held = json.loads(CASES.read_text())
    asked = "\n".join(json.dumps({"template": text, "data": held["data"]}) for text, _ in held["cases"])
    found = subprocess.run(
        [str(program)], input=asked, timeout=RUN_SECONDS, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert [None if "error" in each else each["text"] for each in answers] == [made for _, made in held["cases"]]
