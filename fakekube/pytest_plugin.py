"""The pytest plugin: a clean cluster for each test from one server per process.

pytest imports this module in every run of every project that has fakekube installed, so nothing heavy is imported
until a test asks for a fixture.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube.cluster import FakeCluster
    from fakekube.settings import Settings

MARKER = "fakekube"
CLIENTS = ("kubernetes.config", "kubernetes.aio.config", "kubernetes_asyncio.config")
"""The official clients read KUBECONFIG when they are imported, once and for all: they are told besides."""
HELP = "fakekube(**settings): the cluster behind `kube`, e.g. nodes=1, load=['crd.yaml'], controllers='none'"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", HELP)


class Pool:
    """The clusters of this process, one for each distinct Settings; started when first asked for, stopped together."""

    def __init__(self) -> None:
        self._clusters: dict[Settings, FakeCluster] = {}
        self._stack = ExitStack()

    def clean(self, settings: dict[str, Any]) -> FakeCluster:
        """A cluster with these settings that holds what it held at its start."""
        from fakekube.settings import Settings

        key = Settings(**settings)
        if key in self._clusters:
            self._clusters[key].reset()
        else:
            self._clusters[key] = self._start(settings)
        return self._clusters[key]

    def close(self) -> None:
        """Stop every cluster."""
        self._clusters.clear()
        self._stack.close()

    def _start(self, settings: dict[str, Any]) -> FakeCluster:
        from fakekube import FakeCluster

        return self._stack.enter_context(FakeCluster(**settings))


@pytest.fixture(scope="session")
def _fakekube_pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


@pytest.fixture
def kube(request: pytest.FixtureRequest, _fakekube_pool: Pool) -> FakeCluster:
    """A cluster that holds nothing but what it starts with. `@pytest.mark.fakekube(...)` changes its settings."""
    return _fakekube_pool.clean(_marked(request))


@pytest.fixture
def kubeconfig(kube: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kubeconfig file of `kube`; KUBECONFIG names it while the test runs."""
    path = kube.kubeconfig
    monkeypatch.setenv("KUBECONFIG", str(path))
    for module in {f"{client}{part}" for client in CLIENTS for part in ("", ".kube_config")} & set(sys.modules):
        monkeypatch.setattr(sys.modules[module], "KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    return path


@pytest.fixture(scope="session")
def kube_session() -> Iterator[FakeCluster]:
    """A cluster of its own for the whole session of this process; never reset."""
    from fakekube import FakeCluster

    with FakeCluster() as cluster:
        yield cluster


def _marked(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of all markers, the nearest to the test winning; paths to load count from the test's folder."""
    settings: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers(MARKER))):
        if mark.args:
            raise pytest.UsageError(f"@pytest.mark.{MARKER} takes keywords only: {HELP}")
        settings |= mark.kwargs
    for name in ("load", "stages"):
        if name in settings:
            settings[name] = tuple(_beside(request.path.parent, source) for source in _as_list(settings[name]))
    return settings


def _as_list(sources: Any) -> list[Any]:
    return [sources] if isinstance(sources, str | Path) else list(sources)


def _beside(folder: Path, source: str | Path) -> str | Path:
    """A path as seen from the folder; text that is a manifest itself stays as it is."""
    return source if isinstance(source, str) and "\n" in source else folder / source
