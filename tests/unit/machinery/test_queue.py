from fakekube.core.clock import FixedClock
from fakekube.machinery.queue import LONGEST_RETRY_SECONDS, RACES_AT_ONCE, WorkQueue


def drained(queue: WorkQueue, clock: FixedClock) -> list[object]:
    found = []
    while queue.has_ready(clock.now()):
        found.append(queue.pop())
    return found


def test_a_key_waits_once_and_in_the_order_it_came() -> None:
    clock = FixedClock()
    queue = WorkQueue(clock)
    assert [queue.add(key) for key in "aba"] == [True, True, False]
    assert drained(queue, clock) == ["a", "b"]


def test_a_delayed_key_is_ready_when_its_time_has_come() -> None:
    clock = FixedClock()
    queue = WorkQueue(clock)
    queue.add_after("late", 5)
    queue.add_after("early", 1)
    queue.add_after("late", 9)  # the earlier of two wishes holds
    assert drained(queue, clock) == []
    assert queue.next_due() == clock.now() + 1
    clock.advance(5)
    assert drained(queue, clock) == ["early", "late"]
    assert queue.next_due() is None


def test_looking_at_a_key_drops_what_it_was_due_for() -> None:
    clock = FixedClock()
    queue = WorkQueue(clock)
    queue.add_after("a", 5)
    queue.add("a")
    assert drained(queue, clock) == ["a"]
    clock.advance(10)
    assert drained(queue, clock) == []


def test_back_off_doubles_to_a_limit_and_ends_with_success() -> None:
    clock = FixedClock()
    queue = WorkQueue(clock)
    assert [queue.retry("a") for _ in range(4)] == [0.005, 0.01, 0.02, 0.04]
    for _ in range(60):
        queue.retry("a")
    assert queue.retry("a") == LONGEST_RETRY_SECONDS
    queue.forget("a")
    assert queue.retry("a") == 0.005


def test_a_race_is_run_again_without_waiting_until_it_was_lost_too_often() -> None:
    clock = FixedClock()
    queue = WorkQueue(clock)
    for _ in range(RACES_AT_ONCE):
        queue.retry_at_once("a")
        assert drained(queue, clock) == ["a"]
    queue.retry_at_once("a")
    assert drained(queue, clock) == []
    assert queue.next_due() is not None
    queue.forget("a")
    queue.retry_at_once("a")
    assert drained(queue, clock) == ["a"]
