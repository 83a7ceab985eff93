from fakekube.core.clock import FixedClock
from fakekube.machinery.plan import Emit
from fakekube.machinery.recorder import BURST, Recorder

POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p", "namespace": "n", "uid": "u"}}


def test_an_event_names_its_object_its_source_and_itself() -> None:
    recorded = Recorder(FixedClock()).record(Emit(POD, "Why", "because"), "me")
    assert recorded is not None
    event = recorded.obj
    assert event["involvedObject"] == {"kind": "Pod", "apiVersion": "v1", "name": "p", "namespace": "n", "uid": "u"}
    assert (event["source"], event["count"], event["type"]) == ({"component": "me"}, 1, "Normal")
    assert event["metadata"]["name"].startswith("p.")
    assert recorded.patch is None


def test_the_same_event_again_is_a_patch_that_counts() -> None:
    clock = FixedClock()
    recorder = Recorder(clock)
    first = recorder.record(Emit(POD, "Why", "because"), "me")
    clock.advance(60)
    again = recorder.record(Emit(POD, "Why", "because"), "me")
    assert first is not None
    assert again is not None
    assert again.obj["metadata"]["name"] == first.obj["metadata"]["name"]
    assert again.patch == {"count": 2, "lastTimestamp": "2026-01-01T00:01:00Z", "message": "because"}


def test_ten_different_messages_are_combined() -> None:
    recorder = Recorder(FixedClock())
    told = [recorder.record(Emit(POD, "Why", f"number {n}"), "me") for n in range(12)]
    messages = [each.obj["message"] for each in told if each is not None]
    assert messages[8] == "number 8"
    assert messages[9] == "(combined from similar events): number 9"
    assert [each.patch is None for each in told if each is not None][9:] == [True, False, False]


def test_a_flood_is_cut_and_comes_back_slowly() -> None:
    clock = FixedClock()
    recorder = Recorder(clock)
    told = [recorder.record(Emit(POD, "Why", "because"), "me") for _ in range(40)]
    assert sum(each is not None for each in told) == int(BURST)
    clock.advance(301)
    assert recorder.record(Emit(POD, "Why", "because"), "me") is not None


def test_an_event_with_an_action_is_of_the_newer_form() -> None:
    clock = FixedClock()
    recorder = Recorder(clock)
    first = recorder.record(Emit(POD, "Scheduled", "there", action="Binding"), "default-scheduler")
    again = recorder.record(Emit(POD, "Scheduled", "there", action="Binding"), "default-scheduler")
    assert first is not None
    assert again is not None
    assert (first.obj["action"], first.obj["reportingComponent"]) == ("Binding", "default-scheduler")
    assert (first.obj["source"], first.obj["firstTimestamp"]) == ({}, None)
    assert again.patch is not None
    assert again.patch["series"]["count"] == 2
    clock.advance(361)
    later = recorder.record(Emit(POD, "Scheduled", "there", action="Binding"), "default-scheduler")
    assert later is not None
    assert (later.patch, later.obj["metadata"]["name"] != first.obj["metadata"]["name"]) == (None, True)


def test_what_is_too_much_to_be_written_is_counted_all_the_same() -> None:
    clock = FixedClock()
    recorder = Recorder(clock)
    for _ in range(40):
        recorder.record(Emit(POD, "Why", "because"), "me")
    clock.advance(301)
    told = recorder.record(Emit(POD, "Why", "because"), "me")
    assert told is not None
    assert told.patch is not None
    assert (told.patch["count"], told.obj["count"], told.obj["firstTimestamp"]) == (41, 41, "2026-01-01T00:00:00Z")


def test_events_that_are_combined_name_no_reporter_and_a_message_that_was_told_before_stays_itself() -> None:
    recorder = Recorder(FixedClock())
    told = [recorder.record(Emit(POD, "Why", f"number {n}"), "me") for n in (*range(10), 9)]
    combined, known = told[9], told[10]
    assert combined is not None
    assert known is not None
    assert (combined.obj["reportingComponent"], combined.obj["source"]) == ("", {"component": "me"})
    assert (known.obj["message"], known.obj["count"], known.patch) == ("number 9", 1, None)


def test_after_ten_quiet_minutes_messages_are_told_one_by_one_again() -> None:
    clock = FixedClock()
    recorder = Recorder(clock)
    for number in range(12):
        recorder.record(Emit(POD, "Why", f"number {number}"), "me")
    clock.advance(601)
    told = recorder.record(Emit(POD, "Why", "number 12"), "me")
    assert told is not None
    assert told.obj["message"] == "number 12"
