"""Programs on client-go and controller-runtime, with their default settings: protobuf, WatchList, leases and all."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.clients.golang import download, go

PROGRAMS = Path(__file__).parent / "go"
BUILD_SECONDS = 900
RUN_SECONDS = 180


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled tests; skipped where Go is missing, too old, or cannot reach its modules."""
    download(PROGRAMS, seconds=BUILD_SECONDS)
    binary = tmp_path_factory.mktemp("go") / "clients.test"
    built = go(PROGRAMS, "test", "-c", "-o", str(binary), ".", seconds=BUILD_SECONDS)
    assert built.returncode == 0, built.stderr
    return binary


def test_client_go_and_controller_runtime_work_with_default_settings(program: Path, kubeconfig: Path) -> None:
    found = subprocess.run(
        [str(program), "-test.v"],
        cwd=PROGRAMS,
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        timeout=RUN_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    passed = re.findall(r"^--- PASS: (\w+)", found.stdout, re.MULTILINE)
    written = re.findall(
        r"^func (Test\w+)\(", "".join(file.read_text() for file in PROGRAMS.glob("*_test.go")), re.MULTILINE
    )
    assert sorted(passed) == sorted(written)
