"""A virtual clock calls whoever is due, in order, and nobody who took it back."""

from fakekube.core.timers import VirtualClock


def test_calls_are_made_in_the_order_of_their_moments() -> None:
    clock, made = VirtualClock(100.0), []
    clock.call_at(103, lambda: made.append("late"))
    clock.call_at(101, lambda: made.append("early"))
    clock.call_at(200, lambda: made.append("never"))
    clock.set(103)
    assert made == ["early", "late"]
    assert clock.now() == 103
    assert clock.next_due() == 200


def test_a_call_that_is_taken_back_is_not_made() -> None:
    clock, made = VirtualClock(0.0), []
    clock.call_at(1, lambda: made.append("kept"))
    clock.call_at(1, lambda: made.append("dropped"))()
    clock.set(5)
    assert made == ["kept"]
    assert clock.next_due() is None


def test_a_call_may_ask_for_another_that_is_due_as_well() -> None:
    clock, made = VirtualClock(0.0), []
    clock.call_at(1, lambda: clock.call_at(2, lambda: made.append(clock.now())) and None)
    clock.set(3)
    assert made == [3.0]


def test_who_need_not_be_met_on_the_dot_does_not_hold_time_and_is_called_in_order() -> None:
    clock, made = VirtualClock(0.0), []
    clock.call_at(1, lambda: made.append("one"), holds=False)
    clock.call_at(2, lambda: made.append("two"))
    clock.call_at(3, lambda: made.append("three"), holds=False)
    assert clock.next_due() == 2
    clock.set(4)
    assert made == ["one", "two", "three"]
    assert clock.next_due() is None
