"""What the documents show is run: Python blocks as they stand, `fakekube` commands with their output."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "docs/cli.md", "docs/conformance.md", "docs/pods.md", "docs/pytest.md", "docs/webhooks.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*(?:\\\n.*)*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
RUN = ("fakekube run", "fakekube version")  # other commands need a terminal, a network or a second shell
MATCHING = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """A fenced block and where it stands."""

    where: str
    language: str
    text: str


def blocks(*languages: str) -> list[Block]:
    found = []
    for document in DOCUMENTS:
        text = (ROOT / document).read_text()
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(f"{document}:{line}", match[1], match[2]))
    return [block for block in found if block.language in languages]


def commands() -> list[tuple[str, str, str]]:
    """The commands that are run: where each stands, its line, the output shown under it."""
    return [
        (block.where, command, output)
        for block in blocks("console")
        for command, output in COMMAND.findall(block.text)
        if command.startswith(RUN)
    ]


def environment() -> dict[str, str]:
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.where)
def test_a_python_block_runs(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "test_block.py"
    file.write_text(block.text)
    is_test = re.search(r"^(async )?def test_", block.text, re.MULTILINE)
    settings = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "no:cacheprovider"]
    how = ["-m", "pytest", "-q", *settings] if is_test else ["-W", "error"]
    done = subprocess.run(
        [sys.executable, *how, str(file)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("where", "command", "output"), commands())
def test_a_command_prints_what_is_shown(where: str, command: str, output: str) -> None:
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{where}: {done.stdout}{done.stderr}"
    if output:
        assert doctest.OutputChecker().check_output(output, done.stdout, MATCHING), f"{where} prints\n{done.stdout}"


def test_the_documents_have_such_blocks() -> None:
    assert len(blocks("python")) >= 3
    assert len(commands()) >= 2
