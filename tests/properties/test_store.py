"""A Hypothesis machine that commits at random beside a plain dictionary: store, history and watchers agree with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from fakekube.storage.store import Moved, Snapshot, Store, TooOld
from fakekube.storage.values import Event, Key, Stored
from fakekube.storage.watch import Watcher

RESOURCES = ("pods", "configmaps")
KEYS = st.builds(Key, st.sampled_from(RESOURCES), st.sampled_from(["a", "b"]), st.sampled_from(["x", "y", "z"]))
COLOURS = st.sampled_from(["red", "blue"])
Obj = dict[str, Any]
State = dict[Key, Obj]
KEPT = 20


def run(work: Coroutine[Any, Any, Event]) -> Event:
    """The result of a coroutine that never waits, as none does with the memory engine."""
    try:
        work.send(None)
    except StopIteration as done:
        event: Event = done.value
        return event
    raise AssertionError("the store waited")


def made(key: Key, colour: str) -> Obj:
    metadata = {"name": key.name, "namespace": key.namespace, "labels": {"colour": colour}}
    return {"kind": key.resource, "apiVersion": "v1", "metadata": metadata}


def is_red(stored: Stored) -> bool:
    return stored.labels["colour"] == "red"


class Follower:
    """A watch and what its client makes of it: the replayed state of what it selects."""

    def __init__(self, store: Store, resource: str, namespace: str | None, red: bool, since: int, state: State) -> None:
        self.resource, self.namespace, self.red = resource, namespace, red
        self.state = {key: obj for key, obj in state.items() if self.selects(key, obj)}
        self.woken = False
        self.told = since
        self.watcher: Watcher = store.watch(
            resource, namespace, since=since, accept=is_red if red else None, wake=self.wake
        )

    def wake(self) -> None:
        self.woken = True

    def selects(self, key: Key, obj: Obj) -> bool:
        place = key.resource == self.resource and self.namespace in (None, key.namespace)
        return place and (not self.red or obj["metadata"]["labels"]["colour"] == "red")

    def replay(self) -> None:
        assert self.woken or not self.watcher.queue, "who has events waiting was woken"
        self.woken = False
        for kind, event in self.watcher.take():
            assert event.revision > self.told, "events come in the order of the writes, each once"
            self.told = event.revision
            known = event.key in self.state
            if kind == "DELETED":
                assert known
                assert b'"resourceVersion":"%d"' % event.revision in event.farewell
                del self.state[event.key]
                continue
            assert known is (kind == "MODIFIED")
            assert event.after is not None
            self.state[event.key] = event.after.decode()


class Machine(RuleBasedStateMachine):
    """Every rule is a thing that a server does with its store."""

    followers = Bundle("followers")
    snapshots = Bundle("snapshots")

    @initialize()
    def start(self) -> None:
        self.store = Store(history=KEPT)
        self.now: State = {}
        self.past: dict[int, State] = {0: {}}
        self.heard: list[int] = []
        self.watching: list[Follower] = []
        self.store.listen(lambda event: self.heard.append(event.revision))

    def commit(self, key: Key, obj: Obj | None) -> None:
        current = self.store.get(key)
        event = run(self.store.commit(key, obj, expected=current.revision if current else None))
        assert event.before is current
        assert event.revision == self.store.revision == self.heard[-1]
        if event.after is None:
            del self.now[key]
        else:
            self.now[key] = event.after.decode()
            assert self.now[key]["metadata"]["resourceVersion"] == str(event.revision)
        self.past[event.revision] = dict(self.now)

    @rule(key=KEYS, colour=COLOURS)
    def write(self, key: Key, colour: str) -> None:
        self.commit(key, made(key, colour))

    @rule(key=KEYS)
    def remove(self, key: Key) -> None:
        if key in self.now:
            self.commit(key, None)

    @rule(key=KEYS, expected=st.none() | st.integers(0, 50))
    def write_in_vain(self, key: Key, expected: int | None) -> None:
        current = self.store.get(key)
        if expected == (current.revision if current else None):
            return
        revision, heard = self.store.revision, len(self.heard)
        with pytest.raises(Moved) as moved:
            run(self.store.commit(key, made(key, "red"), expected=expected))
        assert moved.value.current is current
        assert (self.store.revision, len(self.heard)) == (revision, heard)

    @rule(
        target=followers,
        resource=st.sampled_from(RESOURCES),
        namespace=st.sampled_from([None, "a"]),
        red=st.booleans(),
        back=st.integers(0, KEPT),
    )
    def follow(self, resource: str, namespace: str | None, red: bool, back: int) -> Follower:
        known = [revision for revision in self.past if revision >= self.store.oldest]
        since = sorted(known)[max(-len(known), -1 - back)]
        follower = Follower(self.store, resource, namespace, red, since, self.past[since])
        self.watching.append(follower)
        return follower

    @rule(follower=followers)
    def take(self, follower: Follower) -> None:
        follower.replay()

    @rule(follower=consumes(followers))
    def leave(self, follower: Follower) -> None:
        follower.watcher.close()
        follower.watcher.close()
        if follower in self.watching:
            self.watching.remove(follower)

    @rule(asked=st.integers(0, 60))
    def follow_from_too_long_ago(self, asked: int) -> None:
        if asked >= self.store.oldest:
            return
        for ask in (
            lambda: self.store.watch("pods", None, since=asked, accept=None, wake=lambda: None),
            lambda: self.store.list_at("pods", None, asked),
        ):
            with pytest.raises(TooOld) as refusal:
                ask()
            assert (refusal.value.asked, refusal.value.oldest) == (asked, self.store.oldest)

    @rule(back=st.integers(0, 10))
    def compact(self, back: int) -> None:
        self.store.compact(self.store.revision - back)

    @rule(target=snapshots)
    def remember(self) -> tuple[Snapshot, State]:
        return self.store.snapshot(), dict(self.now)

    @precondition(lambda self: self.watching or self.now)
    @rule(snapshot=snapshots)
    def come_back(self, snapshot: tuple[Snapshot, State]) -> None:
        revision = self.store.revision
        self.store.restore(snapshot[0])
        assert self.store.revision > revision
        self.now = dict(snapshot[1])
        self.past = {self.store.revision: dict(self.now)}
        assert all(follower.watcher.closed for follower in self.watching)
        self.watching.clear()

    @invariant()
    def what_is_there_is_what_was_written(self) -> None:
        assert len(self.store) == len(self.now)
        for resource in RESOURCES:
            for namespace in (None, "a", "b", "c"):
                wanted = sorted(k for k in self.now if k.resource == resource and namespace in (None, k.namespace))
                found = self.store.list(resource, namespace)
                assert [stored.key for stored in found] == wanted
                assert self.store.count(resource, namespace) == len(wanted)
                assert [stored.decode() for stored in found] == [stored.view for stored in found]
                assert [stored.view for stored in found] == [self.now[key] for key in wanted]

    @invariant()
    def the_past_is_as_it_was(self) -> None:
        for revision in sorted(self.past)[-6:]:
            if revision < self.store.oldest:
                continue
            for resource in RESOURCES:
                found = {stored.key: stored.decode() for stored in self.store.list_at(resource, None, revision)}
                assert found == {key: obj for key, obj in self.past[revision].items() if key.resource == resource}

    @invariant()
    def the_history_is_long_enough_and_not_too_long(self) -> None:
        kept = [revision for revision in self.heard if revision > self.store.oldest]
        assert len(kept) <= 2 * KEPT

    @invariant()
    def watchers_are_counted(self) -> None:
        assert self.store.watcher_count == len(self.watching)

    def teardown(self) -> None:
        """What every follower replays is what it selects of what there is."""
        for follower in self.watching:
            follower.replay()
            assert follower.state == {key: obj for key, obj in self.now.items() if follower.selects(key, obj)}


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
TestStore = Machine.TestCase


def test_a_watcher_that_falls_behind_is_cut_off() -> None:
    store = Store(queue=3)
    woken = []
    watcher = store.watch("pods", None, since=None, accept=None, wake=lambda: woken.append(True))

    async def write() -> None:
        for number in range(5):
            await store.commit(Key("pods", "a", str(number)), made(Key("pods", "a", str(number)), "red"), expected=None)

    asyncio.run(write())
    assert watcher.closed
    assert store.watcher_count == 0
    assert [event.key.name for _, event in watcher.take()] == ["0", "1", "2"]
    assert len(woken) == 2  # for the first event, and for the end
