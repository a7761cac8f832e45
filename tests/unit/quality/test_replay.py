"""Guards replays: what would be otherwise now is told turn by turn; accuracy is by what people heard."""

from __future__ import annotations

import json
import uuid
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.web.shop import PROMISE_TALK, Shop
from voiceagent.audio.format import SAMPLE_BYTES, SAMPLE_RATE
from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.cli.main import main
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import Expect, Heard, Keyed, NoInput, Understanding
from voiceagent.dialogue.machine import Machine
from voiceagent.quality.calls import AFTER_S, KeptCall, KeptTurn, cut
from voiceagent.quality.labels import Label, labelled, read_labels, verdict, write_labels
from voiceagent.quality.replay import Reading, Replayer
from voiceagent.quality.rerun import Rerun
from voiceagent.settings.casefile import CaseFile
from voiceagent.settings.yamltext import Document, build
from voiceagent.simulator.text_driver import TextCall, machine_of
from voiceagent.speech.protocol import HearingContext, Hypothesis, Segmenter, SegmenterSettings
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.vad import EnergyDetector

AT = datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))
WORDS = {line[3]: line[2] for line in PROMISE_TALK if line[0] == "debtor"}


class Hearing:
    """Hears `words` in turn; remembers what was asked and how much it was given."""

    def __init__(self, words: list[str]) -> None:
        self.words, self.contexts, self.fed = list(words), list[HearingContext](), 0

    async def begin(self, context: HearingContext) -> None:
        self.contexts.append(context)

    async def feed(self, pcm: bytes) -> None:
        self.fed += len(pcm)

    async def finish(self) -> Hypothesis:
        return Hypothesis(self.words.pop(0), 0.9, engine="scripted")

    async def glance(self) -> Hypothesis | None:
        return None

    async def close(self) -> None:
        pass


def by_level(settings: SegmenterSettings) -> AbstractContextManager[Segmenter]:
    """The shop's people speak in tones, which the detectors of calls take for none."""
    return nullcontext(VadSegmenter(settings, EnergyDetector()))


def replayer(shop: Shop, words: list[str]) -> tuple[Replayer, Hearing]:
    hearing = Hearing(words)
    return Replayer(shop.journal, shop.directory, shop.directory, lambda language: hearing, by_level), hearing


def test_a_turn_is_heard_again_from_where_the_call_began_to_hear_it() -> None:
    pcm = bytes(10 * SAMPLE_RATE * SAMPLE_BYTES)
    taken_s = len(cut(pcm, 2.0, 3.0)) / (SAMPLE_RATE * SAMPLE_BYTES)
    assert taken_s == pytest.approx(SegmenterSettings().pre_roll_s + 1.0 + AFTER_S, abs=1e-3)


def test_each_spoken_turn_is_heard_again_and_an_identity_answer_is_not(shop: Shop) -> None:
    call = shop.promised_call()
    replay, _ = replayer(shop, ["", "", "", ""])
    found = replay.replay(call)
    assert [turn.n for turn in found.turns] == [1, 3, 4, 5]
    assert "policy" in found.script, "the shop kept none, so only ears and understanding can be compared"
    assert found.differing == 4, "silence where there were words is a difference"
    assert {turn.now.heard for turn in found.turns} == {""}


def test_the_way_words_are_written_is_no_difference(shop: Shop) -> None:
    call = shop.promised_call()
    replay, hearing = replayer(shop, ["Sim, sou eu mesma!", "a vista não dá consigo parcelar em dois", "dia 15", "não"])
    first, plan, day, yes = replay.replay(call).turns
    assert hearing.fed and {context.today for context in hearing.contexts} == {"2026-11-18"}
    assert first.now.heard == "Sim, sou eu mesma!" and "heard" not in first.differences
    assert {"heard", "slots"} <= {*plan.differences} | {"slots"} and plan.now.heard.endswith("dois")
    assert "heard" in day.differences
    assert yes.now.slots.get("yes_no") is False and {"heard", "slots"} <= set(yes.differences)


def test_a_recording_that_was_cut_off_is_no_call_in_which_nothing_was_said(shop: Shop) -> None:
    call = shop.promised_call()
    kept = shop.directory / f"{call}.wav"
    kept.write_bytes(kept.read_bytes()[:5000])
    replay, hearing = replayer(shop, [""] * 4)
    with pytest.raises(BadInputError, match=r"the recording ends at 0\.\d s"):
        replay.replay(call)
    assert not hearing.fed


def test_a_recording_that_is_elsewhere_or_nowhere(shop: Shop) -> None:
    call = shop.promised_call()
    moved = shop.directory / "archive" / f"{call}.wav"
    moved.parent.mkdir()
    (shop.directory / f"{call}.wav").rename(moved)
    replay, _ = replayer(shop, [""] * 4)
    with pytest.raises(BadInputError, match="cannot read"):
        replay.replay(call)
    assert len(replay.replay(call, moved).turns) == 4
    with pytest.raises(BadInputError, match="no call"):
        replay.replay(uuid.uuid4())
    with pytest.raises(BadInputError, match="never recorded"):
        replay.replay(shop.unanswered_call(1))


def kept(
    n: int, state: str, text: str, said: Understanding, result: str = "ok", verified: bool | None = None
) -> KeptTurn:
    return KeptTurn(
        n,
        state,
        text or None,
        said.intent,
        said.slots,
        said.confidence,
        "x",
        result,
        verified is not None,
        verified,
        1.0,
        2.0,
    )


def negotiation() -> Machine:
    debtor = {
        "name": "Ana Exemplo", "document": "52998224725", "birth_date": "1980-04-05", "phones": ["+5511955550100"],
        "debts": [{"contract": "C1", "creditor": "Banco Exemplo", "product": "cartão", "original": "900.00",
                   "charges": "300.00", "due": "2026-03-10"}],
    }  # fmt: skip
    return machine_of(build(CaseFile, Document("debt", debtor, {})).case("debt"), AT)


def kept_call(machine: Machine, turns: list[KeptTurn]) -> KeptCall:
    return KeptCall(
        uuid.uuid4(),
        None,
        Language.PT_BR,
        "BR",
        AT,
        machine.script,
        None,
        None,
        "PTP",
        Entry.OUTBOUND,
        None,
        tuple(turns),
    )


def test_a_replay_listens_for_what_a_call_listens_for() -> None:
    machine = negotiation()
    call = kept_call(machine, [])
    rerun = Rerun(machine, call.entry)
    start = machine.start(call.entry)
    numbers = 0
    for state in machine.script.states:
        live = machine.expectation(replace(start, node=state))
        asked = rerun.expect(call, kept(1, state, "", Understanding()))
        assert asked == live == call.expect(state)
        numbers += asked.digits is not None
    assert numbers, "a script asks for numbers of known length"
    assert {call.expect(state).end_silence_s for state in machine.script.states} > {Expect("").end_silence_s}
    gone = replace(call, script=None)
    assert gone.expect("greet").kinds == ("yes_no", "intent"), "whatever it was, when the script is gone"


def test_todays_script_goes_the_way_the_call_went_and_other_words_are_asked_from_there() -> None:
    machine = negotiation()
    live = TextCall(machine)
    live.answer()
    turns: list[KeptTurn] = []
    led: list[str] = []
    for words in (
        "sim sou eu",
        "cinco de abril",
        None,
        "quero pagar à vista",
        "sim quero",
        "dia quinze",
        "sim confirmo",
    ):
        state = live.state.node
        if words is None:
            live.silence()
            turns.append(kept(len(turns) + 1, state, "", Understanding(), "no_input"))
        else:
            live.say(words)
            assert live.understood is not None
            proved = True if state == "ask_birth" else None
            hidden = Understanding() if proved else live.understood
            turns.append(kept(len(turns) + 1, state, "" if proved else words, hidden, verified=proved))
        led.append(live.state.ended.value if live.state.ended else live.state.node)
    assert live.state.promised is not None
    call = kept_call(machine, turns)
    rerun = Rerun(machine, call.entry)
    again = []
    for turn in turns:
        assert rerun.arrive(turn), turn
        event = rerun.kept_event(call, turn)
        assert event is not None
        if turn.state.startswith("read_back"):
            assert rerun.lead(Heard(Understanding("no", 0.9, {"yes_no": False}, text="não"))) != led[turn.n - 1]
        again.append(rerun.follow(event))
    assert again == led
    assert isinstance(rerun.kept_event(call, turns[2]), NoInput)
    assert not rerun.arrive(turns[0]) and rerun.arrive(turns[0]), "put back where the turn was said"
    pressed = kept(8, "greet", "1", Understanding(), "dtmf")
    assert rerun.kept_event(call, pressed) == Keyed("1")
    assert rerun.kept_event(call, kept(9, "greet", "oi", Understanding(), "ignored")) is None


@pytest.mark.parametrize(
    ("made", "wanted", "said"),
    [
        ((None, {"date": "2026-12-15"}), (None, {"date": "2026-12-15"}), "right"),
        (("accept", {"date": "2026-12-15"}), (None, {"date": "2026-12-15"}), "right"),
        ((None, {"date": "2026-12-13"}), (None, {"date": "2026-12-15"}), "wrong"),
        ((None, {}), (None, {"date": "2026-12-15"}), "rejected"),
        ((None, {}), (None, {}), "right"),
        (("accept", {}), (None, {}), "wrong"),
        (("dispute", {}), ("dispute", {}), "right"),
        (("dispute", {"cue": "x"}), ("already_paid", {}), "wrong"),
    ],
)
def test_right_rejected_wrong(
    made: tuple[str | None, dict[str, str]], wanted: tuple[str | None, dict[str, str]], said: str
) -> None:
    assert verdict(Reading("", made[0], made[1], 1.0, "", "", ""), *wanted) == said


def test_labels_are_written_filled_in_and_counted(shop: Shop, tmp_path: Path) -> None:
    call = shop.promised_call()
    replay, _ = replayer(shop, ["sim sou eu mesma", "em três vezes", "dia treze de dezembro", "pode confirmar"])
    found = replay.replay(call)
    file = tmp_path / "said.jsonl"
    assert write_labels(file, [found], {}) == 4
    assert file.stat().st_mode & 0o777 == 0o600
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    rows[1]["said"], rows[2]["said"] = "em três vezes", "dia quinze de dezembro"
    file.write_text("\n".join(map(json.dumps, rows)))
    labels = read_labels(file)
    scores = labelled([found], labels).as_json()
    assert scores["all"]["now"] == {"n": 2, "right": 1, "rejected": 0, "wrong": 1}
    assert scores["all"]["then"]["right"] == 2
    # Written anew, nothing that somebody listened for is lost: not what other calls' turns were, either.
    labels[str(call), 5] = Label(str(call), 5, "não", "reject", {"yes_no": False})
    labels["monday", 2] = Label("monday", 2, "dia dez", row={"call": "monday", "turn": 2, "at_s": 3.5})
    file.chmod(0o644)
    assert write_labels(file, [found], labels) == 1
    assert read_labels(file)[str(call), 5].slots == {"yes_no": False}
    assert read_labels(file)["monday", 2].said == "dia dez"
    assert [row["at_s"] for row in map(json.loads, file.read_text().splitlines()) if row["call"] == "monday"] == [3.5]
    assert file.stat().st_mode & 0o777 == 0o600 and not [*tmp_path.glob(".said*")]


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"call": "x"}', '{"call": "x", "turn": "y"}', '{"call":"x","turn":1,"said":3}']
)
def test_a_line_that_is_no_label_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "said.jsonl"
    file.write_text("\n" + line)
    with pytest.raises(BadInputError, match=r"said.jsonl:2"):
        read_labels(file)


def test_the_command_line_names_what_it_cannot_replay(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("VOICEAGENT_HOME", str(tmp_path))
    monkeypatch.setenv("VOICEAGENT_DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    unknown = str(uuid.uuid4())
    assert main(["replay", unknown, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["summary"]["failed"] == 1 and document["calls"][0]["error"]["code"] == "unknown_call"
    assert main(["replay", "seven"]) == 1
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["replay", str(empty)]) == 1
    (empty / "song.wav").touch()
    assert main(["replay", str(empty)]) == 1
    assert "not named by a call" in capsys.readouterr().err
