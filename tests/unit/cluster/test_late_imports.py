"""What most clusters never need is loaded when it is first needed: a start does not wait for it."""

import subprocess
import sys

ROUNDS = [
    "cronjob.round",
    "daemonset.round",
    "deployment.rollout",
    "horizontalpodautoscaler.round",
    "job.round",
    "scheduler.round",
    "statefulset.round",
]
LATE = [
    *(f"fakekube.controllers.{name}" for name in ROUNDS),
    "cryptography",  # without TLS
    "dnslib",
    "fakekube.cluster.fake",
    "fakekube.core.cron",
    "fakekube.nodes.environment",
    "fakekube.nodes.kubelet",
    "fakekube.registry.custom.strategy",
    "fakekube.schema.cel",
    "fakekube.schema.custom",
    "fakekube.schema.protobuf",
    "fakekube_dns.resolve",
    "starlette",
    "yaml",
]
SCRIPT = f"""
import asyncio, sys
from fakekube.cluster import Cluster
from fakekube.settings import Settings

async def main():
    cluster = Cluster(Settings(tls=False))
    await cluster.start()
    print(sorted({set(LATE)!r} & set(sys.modules)))
    pod = {{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "p"}},
           "spec": {{"containers": [{{"name": "c", "image": "i"}}]}}}}
    await cluster.client.create("pods", "default", pod)
    await cluster.settle()
    print(sorted({set(LATE)!r} & set(sys.modules)))
    await cluster.stop()

asyncio.run(main())
"""


def test_a_start_loads_only_what_it_needs_and_a_pod_brings_in_the_scheduler_and_the_kubelet() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60)
    at_first, with_a_pod = done.stdout.splitlines()
    assert at_first == "[]"
    assert with_a_pod == "['fakekube.controllers.scheduler.round', 'fakekube.nodes.kubelet']"
