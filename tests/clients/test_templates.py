"""Templates of stages beside Go's own: text/template and sprig render the cases of the unit tests themselves."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.clients.golang import download, go

PROGRAM = Path(__file__).parent / "templates"
CASES = Path(__file__).parents[1] / "unit" / "nodes" / "templates.json"
BUILD_SECONDS, RUN_SECONDS = 300, 60


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled program; skipped where Go is missing or cannot reach its modules."""
    download(PROGRAM, seconds=BUILD_SECONDS)
    binary = tmp_path_factory.mktemp("go") / "templates"
    built = go(PROGRAM, "build", "-o", str(binary), ".", seconds=BUILD_SECONDS)
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
