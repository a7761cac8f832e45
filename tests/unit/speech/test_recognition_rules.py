"""Guards what is made of an engine's raw output: loops, ranking of phrases, grammars, voices' names, wire shapes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event

from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.language.spoken import SpokenPart
from voiceagent.speech import wire
from voiceagent.speech.engines.scripted import Scripted, fingerprint
from voiceagent.speech.engines.vosk import VoskEar, plain
from voiceagent.speech.engines.whisper import Whisper, collapse_repeats, rank_phrases
from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.speech.recogniser import recognise_pcm
from voiceagent.speech.synthesis.kokoro import breaths
from voiceagent.speech.synthesis.spec import VoiceSpec, agent_voice


@pytest.mark.parametrize(
    ("said", "kept", "looped"),
    [
        ("Posso pagar dia 15. " * 12, "Posso pagar dia 15.", True),
        ("Sim, " + "eu quero " * 9, "Sim, eu quero", True),
        ("não, não, não", "não, não, não", False),
        ("Não, não, não, não, não, não.", "Não,", True),
        ("Posso pagar, posso pagar sim", "Posso pagar, posso pagar sim", False),
        ("um dois três quatro cinco seis", "um dois três quatro cinco seis", False),
        ("", "", False),
    ],
)
def test_loops_are_said_once(said, kept, looped):
    assert collapse_repeats(said.strip()) == (kept, looped)


@given(st.lists(st.sampled_from(["a", "b", "c,", "D."]), max_size=24))
def test_collapsing_only_ever_removes(words):
    kept, looped = collapse_repeats(" ".join(words))
    assert len(kept.split()) <= len(words)
    assert looped == (len(kept.split()) < len(words))


def test_phrases_are_ranked_and_the_unlikely_stay_under_half():
    ranked = rank_phrases({"sim": -0.1, "não": -4.0, "talvez": -5.0}, -0.1)
    assert [phrase for phrase, _ in ranked] == ["sim", "não", "talvez"]
    assert ranked[0][1] > 0.85
    unsaid = rank_phrases({"sim": -3.4, "não": -4.0}, -0.1)
    assert all(score < 0.2 for _, score in unsaid)
    close = rank_phrases({"sim": -0.4, "sem": -0.4}, -0.1)
    assert all(score < 0.5 for _, score in close), "a tie is no answer"
    assert rank_phrases({}, -0.1) == ()


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.floats(-12, 0), max_size=20), st.floats(-3, 0))
def test_scores_of_phrases_are_shares(scores, free):
    ranked = rank_phrases(scores, free)
    assert sum(score for _, score in ranked) <= 1.01
    assert all(0 <= score <= 1 for _, score in ranked)
    assert {phrase for phrase, _ in ranked} == set(scores)


@given(st.text(alphabet="abc ,.;", max_size=80), st.integers(3, 20))
def test_long_texts_are_cut_into_runs_that_fit_and_lose_no_sound(phonemes, limit):
    runs = breaths(phonemes, limit)
    assert all(0 < len(run) <= limit for run in runs)
    assert "".join(runs).replace(" ", "") == phonemes.replace(" ", "")


def test_a_run_ends_with_a_clause_where_one_fits():
    assert breaths("ab, cd efgh", 6) == ["ab,", "cd", "efgh"]


class FakeVosk:
    """The model side of a VoskEar and the native recogniser in one: remembers what was asked of it."""

    has_grammar = True

    def __init__(self, answers: list[dict]) -> None:
        self.answers = answers
        self.grammars: list[str] = []
        self.fed = 0

    def knows(self, word: str) -> bool:
        return word != "boleto"

    def SetWords(self, on: bool) -> None:
        assert on

    def AcceptWaveform(self, pcm: bytes) -> bool:
        self.fed += len(pcm)
        return pcm == b"pause"

    def Result(self) -> str:
        return json.dumps(self.answers.pop(0))

    FinalResult = Result

    def Reset(self) -> None:
        pass

    def SetGrammar(self, grammar: str) -> None:
        self.grammars.append(grammar)


def words(*pairs: tuple[str, float]) -> dict:
    return {"result": [{"word": word, "conf": conf} for word, conf in pairs]}


def vosk(*answers: dict) -> tuple[VoskEar, FakeVosk]:
    fake = FakeVosk(list(answers))
    return VoskEar(fake, fake), fake  # type: ignore[arg-type]


def test_vosk_is_warmed_before_the_first_turn():
    _, fake = vosk()
    assert fake.fed == 2 * 5600


def test_vosk_gets_a_grammar_of_the_choices_or_of_the_words_of_the_values_asked_for():
    ear, fake = vosk()
    ear.begin(HearingContext("pt-BR", ("yes_no",), ("Sim.", "Não, senhora!", "Manda o boleto")))
    ear.begin(HearingContext("pt-BR", ("intent", "date"), ("Sim.",)))
    ear.begin(HearingContext("pt-BR", ("date",)))
    choices, free, dates = (json.loads(grammar) for grammar in fake.grammars)
    assert choices == ["sim", "não senhora", "[unk]"] and free == []
    assert {"quinze", "dezembro", "dia", "sim", "não", "[unk]"} <= set(dates)
    assert "reais" not in dates


def test_vosk_hears_freely_again_what_its_grammar_does_not_hold():
    ear, fake = vosk(
        words(("[unk]", 0.9), ("dia", 0.5)),
        words(("parem", 0.9), ("de", 0.9), ("me", 0.9), ("ligar", 0.9)),
        words(("dia", 1.0), ("dez", 1.0)),
    )
    asked = HearingContext("pt-BR", ("date",))
    assert recognise_pcm(ear, b"....", asked).text == "parem de me ligar"
    assert fake.grammars[1:] == ["[]"], "the audio went through once more without a grammar"
    assert recognise_pcm(ear, b"....", asked).text == "dia dez"
    assert len(fake.grammars) == 3, "and the next turn has its grammar again"


def test_vosk_without_grammar_support_hears_freely():
    ear, fake = vosk(words(("sim", 0.9)))
    fake.has_grammar = False
    assert recognise_pcm(ear, b"..", HearingContext("pt-BR", ("yes_no",), ("Sim.", "Não."))).alternatives == (
        ("Sim.", 0.9),
    )
    assert fake.grammars == []


def test_vosk_segments_of_a_turn_are_put_together():
    ear, _ = vosk(words(("posso", 1.0)), words(("pagar", 0.8)))
    ear.begin(HearingContext("pt-BR"))
    ear.feed(b"pause")
    heard = ear.finish()
    assert (heard.text, heard.confidence, heard.reason) == ("posso pagar", 0.9, "")


def test_vosk_noise_outside_the_grammar_is_not_an_answer():
    nothing = {"text": ""}
    ear, _ = vosk(words(("[unk]", 1.0)), words(("[unk]", 1.0)), nothing, words(("sim", 0.2)))
    context = HearingContext("pt-BR", ("yes_no",), ("Sim.",))
    first = recognise_pcm(ear, b"..", context)
    assert (first.text, first.reason, first.alternatives) == ("", "low_confidence", ())
    assert recognise_pcm(ear, b"..", context).reason == "no_speech"
    assert recognise_pcm(ear, b"..", context).reason == "low_confidence"


@given(st.text(max_size=30))
def test_plain_phrases_have_no_marks_and_stay_plain(text):
    assert plain(plain(text)) == plain(text)
    assert "  " not in plain(text)
    assert not set(plain(text)) & set(".,;:!?")


def test_the_scripted_ear_knows_a_recording_by_its_sound():
    ear = Scripted({fingerprint(b"\1\2"): "sim"}).open("pt-BR")
    context = HearingContext("pt-BR", phrases=("não", "sim"))
    heard = recognise_pcm(ear, bytes(320) + b"\1\2" + bytes(640), context)
    assert (heard.text, heard.alternatives[0]) == ("sim", ("sim", 1.0))
    assert recognise_pcm(ear, bytes(640), context).reason == "no_speech"
    assert recognise_pcm(ear, b"\7\7", context).reason == "low_confidence"


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("pm_alex", VoiceSpec("kokoro", "pm_alex", "es")),
        ("am_adam@pt-BR", VoiceSpec("kokoro", "am_adam", "pt-BR")),
        ("pm_alex*1.1", VoiceSpec("kokoro", "pm_alex", "es", 1.1)),
        ("roa/pt-br", VoiceSpec("pyttsx3", "roa/pt-br", "es")),
        ("kokoro:pm_santa@pt-BR*0.9", VoiceSpec("kokoro", "pm_santa", "pt-BR", 0.9)),
    ],
)
def test_voices_have_names_that_people_can_write(text, spec):
    assert VoiceSpec.parse(text, "es") == spec
    assert VoiceSpec.parse(str(spec), "en") == spec


@pytest.mark.parametrize("text", ["pm_alex*fast", "pm_alex*9", "opera:x", "pm_alex@fr"])
def test_a_voice_that_cannot_be_is_one_line(text):
    with pytest.raises(BadInputError):
        VoiceSpec.parse(text, "es")


def test_every_language_has_a_voice_of_its_own_on_every_engine():
    for engine in ("kokoro", "pyttsx3"):
        assert len({agent_voice(engine, language).name for language in ("pt-BR", "es", "en")}) == 3


@given(
    st.builds(
        Hypothesis,
        text=st.text(max_size=20),
        confidence=st.floats(0, 1),
        alternatives=st.lists(st.tuples(st.text(max_size=5), st.floats(0, 1)), max_size=4).map(tuple),
        engine=st.sampled_from(["vosk", "whisper"]),
        reason=st.sampled_from(["", "timeout"]),
        ms=st.floats(0, 1e4),
    ),
    st.integers(0, 1000),
)
def test_a_hypothesis_crosses_the_wire_unchanged(heard, turn):
    event = wire.transcript_event(heard, turn, "pt-BR")
    crossed = Event(event.type, json.loads(json.dumps(event.data)))
    assert wire.hypothesis(crossed) == (heard, turn)


@pytest.mark.parametrize("digits", [None, (3, 3), (3, 11)])
def test_a_context_crosses_the_wire_unchanged(digits):
    context = HearingContext("pt-BR", ("date", "yes_no"), ("sim", "não"), "2026-11-18", digits)
    event = wire.transcribe_event("call", 7, context)
    assert wire.hearing_context(Event(event.type, json.loads(json.dumps(event.data))), "en") == (context, 7)


def test_parts_cross_the_wire_and_a_foreign_text_counts_as_personal():
    parts = [SpokenPart("Bom dia,"), SpokenPart("Maria.", cacheable=False)]
    event = wire.synthesize_event("call", parts, "pt-BR", None, 5.0)
    assert wire.prompt_parts(event) == parts
    assert wire.prompt_parts(Event("synthesize", {"text": "hello"})) == [SpokenPart("hello", cacheable=False)]


def test_a_foreign_transcript_is_understood():
    assert wire.hypothesis(Event("transcript", {"text": "yes"})) == (Hypothesis("yes", 1.0, engine="wyoming"), None)
    assert wire.hypothesis(Event("transcript", {"text": ""}))[0].reason == "no_speech"


def test_without_its_model_the_engine_says_what_to_do(tmp_path):
    with pytest.raises(MissingPartError, match=f"no whisper-base in {tmp_path}: run `voiceagent models install`"):
        Whisper(tmp_path / "whisper-base")
