"""Guards what a recogniser is measured with: that engine and no other, sound material, and Korean for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from voiceagent.agent.brain import ScriptBrain
from voiceagent.base.errors import BadInputError, MissingPartError, UsageError
from voiceagent.base.languages import Language
from voiceagent.dialogue import intents
from voiceagent.dialogue.answerers import load as load_answerers
from voiceagent.dialogue.events import CallAnswered, Expect, Heard
from voiceagent.settings.dialplans import load_script, script_path
from voiceagent.settings.paths import ROOT, Paths
from voiceagent.settings.yamltext import build, read_yaml
from voiceagent.simulator.measured_with import ENGINES, KOREAN, LANGUAGE, MATERIAL, Words, measured_with
from voiceagent.simulator.persona import Persona
from voiceagent.simulator.sample import draw
from voiceagent.simulator.text_driver import machine_of
from voiceagent.speech.protocol import Hypothesis
from voiceagent.speech.recogniser import served_languages
from voiceagent.speech.synthesis.spec import PYTTSX3, VoiceSpec

AT = datetime(2026, 11, 18, 13, tzinfo=UTC)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    for name in ("vosk-ko-test", "vosk-es"):
        (tmp_path / "models" / name / "am").mkdir(parents=True)
        (tmp_path / "models" / name / "am" / "final.mdl").write_text(name)
    (tmp_path / "models" / "whisper-base").mkdir()
    (tmp_path / "models" / "whisper-base" / "model.bin").touch()
    return Paths(tmp_path, tmp_path, tmp_path / "models", ROOT / "dialplans", tmp_path)


def with_portuguese_vosk(paths: Paths) -> Paths:
    (paths.models / "vosk-pt" / "am").mkdir(parents=True)
    (paths.models / "vosk-pt" / "am" / "final.mdl").write_text("vosk-pt")
    return paths


def test_whisper_is_measured_where_vosk_would_be_used(paths: Paths) -> None:
    with measured_with("whisper", with_portuguese_vosk(paths)) as candidate:
        assert served_languages(candidate.paths.models)[LANGUAGE] == "whisper"
        assert candidate.paths.dialplans == paths.dialplans and candidate.speech == ()
        assert candidate.told == {"engine": "whisper", "model": "whisper-base"}
    assert not candidate.paths.models.exists()
    assert (paths.models / "vosk-pt" / "am" / "final.mdl").is_file(), "only the links are gone"


def test_vosk_is_measured_with_the_korean_model_and_says_so(paths: Paths) -> None:
    with measured_with("vosk", paths) as candidate:
        assert served_languages(candidate.paths.models) == {LANGUAGE: "vosk"}
        assert (candidate.paths.models / "vosk-pt" / "am" / "final.mdl").read_text() == "vosk-ko-test"
        assert candidate.told["model"] == "vosk-ko-test"
        assert candidate.told["only"].startswith("engine latency and capacity only")


def test_vosk_is_measured_in_the_agents_language_where_its_model_is_installed(paths: Paths) -> None:
    with measured_with("vosk", with_portuguese_vosk(paths)) as candidate:
        assert (candidate.paths.models / "vosk-pt" / "am" / "final.mdl").read_text() == "vosk-pt"
        assert candidate.told == {"engine": "vosk", "model": "vosk-pt"} and candidate.words.script == "negotiation"


def test_the_korean_conversation_has_three_states_and_all_that_a_call_needs(paths: Paths) -> None:
    with measured_with("vosk", paths) as candidate:
        folder = candidate.paths.dialplans
        script = load_script(script_path(folder, candidate.words.script, LANGUAGE))
        assert [name for name, state in script.states.items() if state.on] == ["greet", "day", "confirm"]
        data = folder / "language" / LANGUAGE
        assert load_answerers(data / "answerers.yaml", LANGUAGE) is not None
        assert (folder / "jurisdictions" / "BR.yaml").is_file() and (folder / "policies" / "demo-br.yaml").is_file()
        voice = VoiceSpec.parse(candidate.speech[1], LANGUAGE)
        assert (voice.engine, voice.name, voice.language) == (PYTTSX3, "ko", LANGUAGE)
        assert candidate.words.agent_voice not in candidate.words.voices


@pytest.fixture
def korean(paths: Paths) -> Iterator[ScriptBrain]:
    """A call's brain as a worker of that bench has it."""
    with measured_with("vosk", paths) as candidate:
        intents.configure(candidate.paths.dialplans / "language")
        case = draw([Persona.load("instalments", LANGUAGE)], today=AT.date(), seed=1)[0].case
        yield ScriptBrain(machine_of(case, AT, script=candidate.words.script, paths=candidate.paths))
    intents.configure(intents.DEFAULT_FOLDER)


@pytest.mark.parametrize(
    "heard",
    [
        Hypothesis("[2] 억 [5] 요", 0.7),
        Hypothesis("네유", 0.26, reason="low_confidence"),
        Hypothesis("10 나노 게요", 0.9),
    ],
)
def test_the_korean_conversation_goes_on_at_once_whatever_was_heard(korean: ScriptBrain, heard: Hypothesis) -> None:
    effects, visited = korean.step(CallAnswered()), [korean.state]
    for _ in range(4):
        expect = next(effect for effect in effects if isinstance(effect, Expect))
        meant = korean.understand(heard, expect, only_global=False)
        assert meant.intent is not None, "words that make no sense would be waited for"
        assert korean.complete(meant, expect) is None, "no answer is whole: the state's silence ends it"
        effects = korean.step(Heard(meant))
        visited.append(korean.state)
    assert visited == ["greet", "day", "confirm", "day", "confirm"]


def test_nobody_can_run_a_campaign_in_korean() -> None:
    assert KOREAN not in set(Language)
    words = build(Words, read_yaml(MATERIAL / KOREAN / "words.yaml"))
    with pytest.raises(BadInputError):
        script_path(ROOT / "dialplans", words.script, LANGUAGE)


@pytest.mark.parametrize(("engine", "model"), [("whisper", "whisper-base"), ("vosk", "vosk-ko-test")])
def test_a_model_that_is_missing_is_named(tmp_path: Path, engine: str, model: str) -> None:
    nothing = Paths(tmp_path, tmp_path, tmp_path, ROOT / "dialplans", tmp_path)
    with pytest.raises(MissingPartError, match=f"models install {model}"), measured_with(engine, nothing):
        raise AssertionError("nothing to measure with")


def test_an_engine_there_is_not_is_refused(paths: Paths) -> None:
    refused = pytest.raises(UsageError, match=f"no recogniser 'ear trumpet': one of {', '.join(ENGINES)}")
    with refused, measured_with("ear trumpet", paths):
        raise AssertionError("nothing to measure with")
