"""Many clients at once: nothing is lost, nothing is given twice, and every watch tells the same story."""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(tls=False)
MAPS = "/api/v1/namespaces/default/configmaps"
SERVICES = "/api/v1/namespaces/default/services"
WORKERS = 8
Obj = dict[str, Any]


class Client:
    """One connection, kept open."""

    def __init__(self, kube: FakeCluster) -> None:
        self.connection = http.client.HTTPConnection(kube.url.rpartition("/")[2], timeout=30)
        self.headers = {"Authorization": f"Bearer {kube.token}"}

    def __call__(self, method: str, path: str, obj: Any = None, media: str = "application/json") -> tuple[int, Obj]:
        body = None if obj is None else json.dumps(obj)
        self.connection.request(method, path, body, self.headers | {"Content-Type": media})
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())


def at_once(kube: FakeCluster, work: Callable[[Client, int], Any], workers: int = WORKERS) -> list[Any]:
    """What each of the workers made of it; they begin together."""
    barrier = threading.Barrier(workers)

    def run(number: int) -> Any:
        client = Client(kube)
        try:
            barrier.wait()
            return work(client, number)
        finally:
            client.connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(workers)))


def config_map(name: str, **data: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_no_update_is_lost(kube: FakeCluster) -> None:
    kube.create(config_map("counter", count="0"))
    turns = 20

    def count(client: Client, _: int) -> None:
        done = 0
        while done < turns:
            _, obj = client("GET", f"{MAPS}/counter")
            obj["data"]["count"] = str(int(obj["data"]["count"]) + 1)
            code, _ = client("PUT", f"{MAPS}/counter", obj)
            assert code in (200, 409)
            done += code == 200

    at_once(kube, count)
    assert kube.get("cm", "counter")["data"]["count"] == str(WORKERS * turns)


def test_patches_of_different_parts_all_stay(kube: FakeCluster) -> None:
    kube.create(config_map("shared"))
    media = "application/merge-patch+json"

    def write(client: Client, number: int) -> None:
        for turn in range(10):
            code, _ = client("PATCH", f"{MAPS}/shared", {"data": {f"{number}-{turn}": "x"}}, media)
            assert code == 200

    at_once(kube, write)
    assert len(kube.get("cm", "shared")["data"]) == WORKERS * 10


def test_one_of_many_creates_wins(kube: FakeCluster) -> None:
    codes = at_once(kube, lambda client, number: client("POST", MAPS, config_map("one", of=str(number)))[0])
    assert sorted(codes) == [201] + [409] * (WORKERS - 1)
    assert kube.get("cm", "one")["data"]["of"] == str(codes.index(201))


def test_generated_names_are_all_different(kube: FakeCluster) -> None:
    def create(client: Client, _: int) -> list[str]:
        obj = {"metadata": {"generateName": "map-"}}
        return [client("POST", MAPS, obj)[1]["metadata"]["name"] for _ in range(20)]

    names = [name for found in at_once(kube, create) for name in found]
    assert len(set(names)) == WORKERS * 20


def test_addresses_and_ports_are_given_once(kube: FakeCluster) -> None:
    def create(client: Client, number: int) -> list[tuple[str, int]]:
        found = []
        for turn in range(15):
            spec = {"type": "NodePort", "ports": [{"port": 80}]}
            code, obj = client("POST", SERVICES, {"metadata": {"name": f"s{number}-{turn}"}, "spec": spec})
            assert code == 201, obj
            if turn % 3 == 2:
                client("DELETE", f"{SERVICES}/s{number}-{turn}")
            else:
                found.append((obj["spec"]["clusterIP"], obj["spec"]["ports"][0]["nodePort"]))
        return found

    given = [each for found in at_once(kube, create) for each in found]
    addresses, ports = zip(*given, strict=True)
    assert len(set(addresses)) == len(set(ports)) == WORKERS * 10
    live = [obj["spec"] for obj in kube.list("svc") if obj["metadata"]["name"] != "kubernetes"]
    assert {(spec["clusterIP"], spec["ports"][0]["nodePort"]) for spec in live} == set(given)


def test_every_watch_tells_the_same_story(kube: FakeCluster) -> None:
    """Each watcher lists while others write, watches from there on, and comes to what there is in the end."""
    writers = WORKERS // 2

    def write(client: Client, number: int) -> None:
        mine = random.Random(number)
        for _ in range(40):
            path = f"{MAPS}/m{mine.randrange(6)}"
            match mine.randrange(3):
                case 0:
                    client("POST", MAPS, config_map(path.rpartition("/")[2], by=str(number)))
                case 1:
                    client("PATCH", path, {"data": {"at": str(mine.random())}}, "application/merge-patch+json")
                case _:
                    client("DELETE", path)

    def follow(client: Client, _: int) -> dict[str, Obj]:
        _, listed = client("GET", MAPS)
        state = {obj["metadata"]["name"]: obj for obj in listed["items"]}
        since = last = int(listed["metadata"]["resourceVersion"])
        client.connection.request("GET", f"{MAPS}?watch=1&resourceVersion={since}", headers=client.headers)
        for line in client.connection.getresponse():
            event = json.loads(line)
            obj = event["object"]
            revision = int(obj["metadata"]["resourceVersion"])
            assert revision > last
            last = revision
            name = obj["metadata"]["name"]
            assert (name in state) is (event["type"] != "ADDED")
            if event["type"] == "DELETED":
                del state[name]
            else:
                state[name] = obj
            if name == "end":
                return state
        raise AssertionError("the watch ended before the story")

    finished = threading.Barrier(writers + 1)

    def work(client: Client, number: int) -> dict[str, Obj] | None:
        if number < writers:
            write(client, number)
            finished.wait(30)
            return None
        for _ in range(number * 2):  # some begin later
            client("GET", MAPS)
        return follow(client, number)

    def end() -> None:
        finished.wait(30)
        kube.create(config_map("end"))

    ending = threading.Thread(target=end)
    ending.start()
    stories = [story for story in at_once(kube, work) if story is not None]
    ending.join()
    present = {obj["metadata"]["name"]: obj for obj in kube.list("cm", "default")}
    assert len(stories) == WORKERS - writers
    for story in stories:
        assert {name: plain(obj) for name, obj in story.items()} == {name: plain(obj) for name, obj in present.items()}


def plain(obj: Obj) -> Obj:
    """Items of a list are told without their kind."""
    return {name: part for name, part in obj.items() if name not in ("kind", "apiVersion")}


async def test_many_coroutines(kube: FakeCluster) -> None:
    await asyncio.gather(*(kube.aio.create(config_map(f"c{number}")) for number in range(100)))
    waits = [kube.aio.wait_for(f"cm/c{number}", "jsonpath={.data.k}=v") for number in range(100)]
    patches = [kube.aio.patch("cm", f"c{number}", {"data": {"k": "v"}}) for number in range(100)]
    await asyncio.gather(*waits, *patches)
