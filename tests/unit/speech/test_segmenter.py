"""Guards the segmenter: no audio lost or said twice, turns start on speech and end on silence, bounded memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voiceagent.audio.format import FRAME_BYTES
from voiceagent.speech.protocol import Segmenter, SegmenterSettings, SegmentEvent, TurnAudio, TurnEnded, TurnStarted
from voiceagent.speech.segmenter import START_WINDOW, VadSegmenter

SPEECH, QUIET = True, False


class Marked:
    """A detector that reads its verdict from the frame itself."""

    loud = True

    def is_speech(self, pcm: bytes) -> bool:
        return pcm[0] == 1


def frame(number: int, speech: bool) -> bytes:
    return (bytes([speech]) + number.to_bytes(4, "big")).ljust(FRAME_BYTES, b"\0")


def number(pcm: bytes) -> int:
    return int.from_bytes(pcm[1:5], "big")


def run(pattern: list[bool], **settings: float) -> list[tuple[int, SegmentEvent]]:
    segmenter: Segmenter = VadSegmenter(SegmenterSettings(**settings), Marked())
    return [(at, event) for at, mark in enumerate(pattern) for event in segmenter.process(frame(at, mark))]


def numbers(pcm: bytes) -> list[int]:
    return [number(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm), FRAME_BYTES)]


def test_a_word_makes_one_turn_with_its_pre_roll():
    events = run([QUIET] * 50 + [SPEECH] * 15 + [QUIET] * 50, end_silence_s=0.5, pre_roll_s=0.2)
    starts = [(at, event) for at, event in events if isinstance(event, TurnStarted)]
    ends = [(at, event) for at, event in events if isinstance(event, TurnEnded)]
    assert len(starts) == len(ends) == 1
    at, started = starts[0]
    assert at == 50 + 6 - 1, "0.12 s of speech confirm a turn"
    assert numbers(started.pcm) == list(range(40, 56)), "ten frames before the first speech frame, then the speech"
    assert ends[0][0] == 50 + 15 + 25 - 1
    assert ends[0][1] == TurnEnded(speech_s=0.3, trailing_s=0.5, cut=False)


def test_clicks_are_not_turns():
    assert run(([SPEECH] * 2 + [QUIET] * 30) * 20) == []


def test_scattered_crackle_is_not_a_turn():
    assert run(([SPEECH] + [QUIET] * 4) * 200) == []


def test_a_pause_shorter_than_the_silence_does_not_end_the_turn():
    pattern = [SPEECH] * 20 + [QUIET] * 20 + [SPEECH] * 20 + [QUIET] * 60
    ends = [event for _, event in run(pattern, end_silence_s=0.7) if isinstance(event, TurnEnded)]
    assert ends == [TurnEnded(speech_s=0.8, trailing_s=0.7)]


def test_a_turn_without_end_is_cut():
    events = run([SPEECH] * 300, max_turn_s=2.0)
    ends = [(at, event) for at, event in events if isinstance(event, TurnEnded)]
    assert [event.cut for _, event in ends] == [True] * 3
    assert ends[0][0] == 99


def test_speaking_seconds_follow_the_run_and_fall_to_nothing():
    segmenter = VadSegmenter(SegmenterSettings(), Marked())
    for at in range(20):
        segmenter.process(frame(at, SPEECH))
    assert segmenter.speaking_s == 0.4
    for at in range(START_WINDOW):
        segmenter.process(frame(at, QUIET))
    assert segmenter.speaking_s == 0.4, "a stop consonant is not silence"
    segmenter.process(frame(0, QUIET))
    assert segmenter.speaking_s == 0.0
    segmenter.process(frame(0, SPEECH))
    assert segmenter.speaking_s == 0.02


def test_settings_of_the_next_state_apply_at_once():
    segmenter = VadSegmenter(SegmenterSettings(end_silence_s=0.9), Marked())
    for at in range(10):
        segmenter.process(frame(at, SPEECH))
    segmenter.settings = SegmenterSettings(end_silence_s=0.3)
    kinds = [type(event) for at in range(15) for event in segmenter.process(frame(at, QUIET))]
    assert kinds[-1] is TurnEnded
    assert kinds.count(TurnAudio) == 15


def test_reset_forgets_the_open_turn():
    segmenter = VadSegmenter(SegmenterSettings(), Marked())
    for at in range(10):
        segmenter.process(frame(at, SPEECH))
    segmenter.reset()
    assert not segmenter.in_turn
    assert segmenter.speaking_s == 0.0
    assert [event for at in range(80) for event in segmenter.process(frame(at, QUIET))] == []


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=30),
    st.sampled_from([0.06, 0.12, 0.2]),
    st.sampled_from([0.25, 0.35, 0.7, 0.9]),
    st.sampled_from([1.0, 3.0, 12.0]),
    st.sampled_from([0.0, 0.1, 0.25]),
)
def test_turns_of_any_audio(runs, min_speech_s, end_silence_s, max_turn_s, pre_roll_s):
    pattern = [mark for mark, length in runs for _ in range(length)]
    events = run(
        pattern, min_speech_s=min_speech_s, end_silence_s=end_silence_s, max_turn_s=max_turn_s, pre_roll_s=pre_roll_s
    )
    is_open = False
    heard: list[int] = []
    turn: list[int] = []
    for at, event in events:
        if isinstance(event, TurnStarted):
            assert not is_open
            is_open, turn = True, numbers(event.pcm)
            assert turn[-1] == at
            assert sum(pattern[seen] for seen in turn) >= round(min_speech_s / 0.02) or len(turn) >= 50
            assert len(turn) <= pre_roll_s / 0.02 + 51
        elif isinstance(event, TurnAudio):
            assert is_open
            turn += numbers(event.pcm)
        else:
            assert is_open
            is_open = False
            assert len(turn) <= max(max_turn_s / 0.02, pre_roll_s / 0.02 + 51)
            assert event.cut or event.trailing_s >= end_silence_s
            assert turn == list(range(turn[0], turn[0] + len(turn))), "a turn's audio has no hole"
            heard += turn
    assert heard == sorted(set(heard)), "no frame belongs to two turns"
    longest = max((length for mark, length in runs if mark), default=0)
    if longest >= max(10, round(min_speech_s / 0.02)):
        assert any(isinstance(event, TurnStarted) for _, event in events), "long speech is never missed"
