"""What pyproject.toml asks for is locked with hashes, and docs/dependencies.md says why it is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
GROUPS = PROJECT["dependency-groups"]
DEVELOPMENT = [line for group in GROUPS.values() for line in group if isinstance(line, str)]


def name(requirement: str) -> str:
    """The normalized name of a requirement."""
    return re.sub(r"[-_.]+", "-", re.split(r"[ <>=!~;\[]", requirement)[0]).lower()


def locked(file: str) -> dict[str, int]:
    """The packages of a lock file, with how many hashes each has."""
    entries = re.split(r"^(?=\S+==)", (ROOT / file).read_text(), flags=re.MULTILINE)
    return {name(entry): entry.count("--hash=sha256:") for entry in entries if "==" in entry}


@pytest.mark.parametrize(
    ("file", "wanted"), [("requirements.lock", RUNTIME), ("requirements-dev.lock", RUNTIME + DEVELOPMENT)]
)
def test_everything_asked_for_is_locked_with_hashes(file: str, wanted: list[str]) -> None:
    found = locked(file)
    assert {name(requirement) for requirement in wanted} <= set(found)
    assert all(found.values())


def test_the_locks_name_no_index() -> None:
    for file in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / file).read_text()


def test_each_dependency_is_accounted_for() -> None:
    rows = [line for line in (ROOT / "docs/dependencies.md").read_text().splitlines() if line.startswith("| [")]
    told = {name(found) for row in rows for found in re.findall(r"\[([\w-]+)\]", row.split("|")[1])}
    assert told == {name(requirement) for requirement in RUNTIME + DEVELOPMENT}
