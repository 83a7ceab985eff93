"""When an automatic clock may leap: each sort of client gets the time it needs, and none holds it up for ever."""

import pytest

from fakekube.cluster.pace import (
    ABSENT_SECONDS,
    CALLING_SECONDS,
    NEVER,
    REACTING_SECONDS,
    THINKING_SECONDS,
    WAITING_SECONDS,
    Pace,
)


class Lab:
    """A pace on a clock that is moved by hand; `left` is how long it takes until the next leap."""

    def __init__(self) -> None:
        self.time = 100.0
        self.pace = Pace(lambda: self.time)

    def left(self, sent_at: float = NEVER) -> float:
        return max(0.0, round(self.pace.earliest(sent_at) - self.time, 6))

    def poll(self, answer: int, after: float = 0.1, target: bytes = b"/api/v1/pods?") -> None:
        self.time += after
        self.pace.looked(target, answer)


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_who_has_done_something_is_given_time_to_go_on(lab: Lab) -> None:
    assert lab.left() == 0
    lab.pace.asked()
    assert lab.left() == THINKING_SECONDS


def test_who_asks_again_and_is_told_the_same_waits(lab: Lab) -> None:
    lab.poll(1)
    assert lab.left() == THINKING_SECONDS
    lab.poll(1)
    assert lab.left() == WAITING_SECONDS
    lab.poll(2)
    assert lab.left() == THINKING_SECONDS


def test_who_waits_does_not_speak_for_another_who_does_not(lab: Lab) -> None:
    lab.poll(1)
    lab.time += 0.05
    lab.pace.asked()
    lab.poll(1, 0.05)
    assert lab.left() == round(THINKING_SECONDS - 0.05, 6)


def test_two_who_wait_are_both_heard(lab: Lab) -> None:
    for _ in range(3):
        lab.poll(1, 0.05, b"a")
        lab.poll(2, 0.05, b"b")
    assert lab.left() == WAITING_SECONDS


def test_who_looks_regularly_sees_each_state(lab: Lab) -> None:
    for _ in range(3):
        lab.poll(1, 1.0)
    lab.time += 0.5
    assert lab.left() == 0
    lab.pace.leapt(shown=False)
    assert lab.left() == WAITING_SECONDS
    lab.pace.leapt(shown=True)
    assert lab.left() == 1.0
    lab.poll(2, 0.5)
    assert lab.left() == THINKING_SECONDS


def test_who_has_just_begun_to_look_again_and_again_sees_each_state_too(lab: Lab) -> None:
    lab.poll(1)
    lab.poll(1, 0.002)
    lab.time += WAITING_SECONDS
    assert lab.left() == 0
    lab.pace.leapt(shown=True)
    assert lab.left() == THINKING_SECONDS - WAITING_SECONDS


def test_who_has_stopped_looking_is_not_waited_for(lab: Lab) -> None:
    for _ in range(3):
        lab.poll(1, 1.0)
    lab.time += 0.5
    lab.pace.leapt(shown=True)
    lab.time += 1.01
    assert lab.left() == 0


def test_who_watches_may_do_something_about_what_is_sent(lab: Lab) -> None:
    assert lab.left(sent_at=lab.time) == REACTING_SECONDS


def test_who_waits_in_this_process_wants_no_pause(lab: Lab) -> None:
    lab.pace.called()
    assert lab.left() == THINKING_SECONDS
    lab.pace.waits()
    assert lab.left() == CALLING_SECONDS
    lab.time += 1
    lab.pace.leapt(shown=True)
    assert lab.left() == CALLING_SECONDS
    lab.pace.waited()
    assert lab.left() == THINKING_SECONDS


def test_without_anybody_time_is_of_no_use(lab: Lab) -> None:
    assert not lab.pace.absent()
    lab.time += ABSENT_SECONDS + 1
    assert lab.pace.absent()
    lab.poll(1)
    assert not lab.pace.absent()
    lab.pace.waits()
    lab.time += ABSENT_SECONDS + 1
    assert not lab.pace.absent()
