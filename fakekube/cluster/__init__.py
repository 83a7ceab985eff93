"""The composition root: a whole cluster on one event loop (`Cluster`), and in a thread of its own (`FakeCluster`)."""

from __future__ import annotations

from fakekube.cluster.composition import Cluster as Cluster
from fakekube.cluster.fake import FakeCluster as FakeCluster
from fakekube.cluster.stats import Stats as Stats

__all__ = ["Cluster", "FakeCluster", "Stats"]
