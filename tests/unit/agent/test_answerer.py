"""Guards who is taken for a machine: people are answered at once, machines waited for, and doubt is a person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from voiceagent.agent.answerer import Answerer, Verdict
from voiceagent.agent.ears import HeardTurn
from voiceagent.agent.turns import OPENING
from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SAMPLE_RATE, SILENCE
from voiceagent.audio.frames import pad, split
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.answerers import AnsweredBy, phrases_of
from voiceagent.dialogue.events import Expect
from voiceagent.speech.protocol import Hypothesis

ANSWER = Expect("greet")


@dataclass
class Line:
    """A call told frame by frame, as the conversation tells it."""

    watched: bool = True
    message: bool = False
    now: float = 0.0
    turns: int = 0
    spoke_at: float | None = None
    gone: Disposition | None = None
    gone_at: float = 0.0
    verdicts: list[Verdict] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answerer = Answerer(phrases_of("pt-BR") if self.watched else None, self.verdicts.append)

    def beat(self, pcm: bytes, *, speaking: bool = False, voice: bool = False) -> None:
        self.now += FRAME_S
        self.answerer.listen(pcm, self.now, speaking=voice, turns=self.turns)
        if self.answerer.may_speak(speaking=speaking):
            self.spoke_at = self.now
        event = self.answerer.gone(speaking=speaking, leaves_message=self.message)
        if event is not None:
            self.gone, self.gone_at = event.disposition, self.now

    def quiet(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.beat(SILENCE)

    def says(
        self,
        text: str,
        seconds: float,
        *,
        glance: bool = True,
        waits: bool = False,
        over: bool = False,
        meant: str | None = None,
    ) -> None:
        """Speech, half a second of silence, and what was understood of it.

        `waits`: it let the agent finish; `over`: it began while the agent was speaking; `meant`: its certain intent.
        """
        started = self.now
        noise = np.random.default_rng(1).normal(0, 900, 160).astype("<i2").tobytes()
        for _ in range(round(seconds / FRAME_S)):
            self.beat(noise, speaking=True, voice=True)
        ended = self.now
        if glance:
            self.answerer.glanced(text)
        for _ in range(24):
            self.beat(SILENCE, speaking=True)
        self.turns += 1
        self.beat(SILENCE)
        expect = ANSWER if waits or over else OPENING
        turn = HeardTurn(Hypothesis(text, 0.9), expect, started, ended, seconds, False, over=over)
        self.answerer.heard(turn, meant)
        self.beat(SILENCE)

    def sounds(self, hertz: float | tuple[float, ...], seconds: float, *, voice: bool = False) -> None:
        """Sines together; `voice`: they are taken for one."""
        moments = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        sines = [np.sin(2 * np.pi * one * moments) for one in (hertz if isinstance(hertz, tuple) else (hertz,))]
        for frame in split(pad((5000 * np.mean(sines, axis=0)).astype("<i2").tobytes())):
            self.beat(frame[:FRAME_BYTES], speaking=voice, voice=voice)

    @property
    def kind(self) -> AnsweredBy | None:
        return self.answerer.verdict.kind if self.answerer.verdict else None


@pytest.mark.parametrize("seconds", [0.4, 1.0, 1.3])
def test_an_alo_is_answered_as_soon_as_it_has_ended(seconds: float) -> None:
    line = Line()
    line.quiet(0.3)
    line.says("Alô?", seconds, glance=False)
    assert line.spoke_at is not None and line.spoke_at - (0.3 + seconds) < 0.6
    assert line.kind is AnsweredBy.HUMAN and line.verdicts[-1].evidence == "short"


def test_a_longer_greeting_is_answered_by_its_words_and_at_last_without_them() -> None:
    line = Line()
    line.says("Oficina do Nelson, bom dia, em que posso ajudar?", 3.2)
    assert line.spoke_at is not None and line.spoke_at < 4.0 and line.verdicts[-1].evidence == "words"
    deaf = Line()
    deaf.says("", 4.0, glance=False)
    deaf.quiet(1.0)
    assert deaf.spoke_at is not None and deaf.kind is AnsweredBy.HUMAN


def test_who_says_nothing_is_spoken_to_after_two_seconds() -> None:
    line = Line()
    line.quiet(2.5)
    assert line.spoke_at == pytest.approx(2.0, abs=0.05) and line.kind is AnsweredBy.SILENCE
    line.says("Alô, desculpa.", 1.0, waits=True)
    assert line.kind is AnsweredBy.HUMAN


def test_a_voicemail_is_left_without_a_word() -> None:
    line = Line()
    line.says("Você ligou para a caixa postal. Deixe seu recado após o sinal.", 4.0)
    assert line.spoke_at is None and line.gone is Disposition.VM
    assert line.verdicts[-1].evidence.startswith("phrase: ") and line.verdicts[-1].latency_s < 0.7


def test_a_garbled_greeting_is_known_by_its_beep() -> None:
    line = Line()
    line.says("", 4.0, glance=False)
    line.quiet(0.1)
    line.sounds(1000.0, 0.4)
    line.quiet(1.0)
    assert line.gone is Disposition.VM and line.verdicts[-1].evidence == "beep"


def test_hints_make_a_machine_before_the_agent_has_spoken_and_not_of_who_talks_with_it() -> None:
    line = Line()
    line.says("Bem-vindo, para consultas aguarde um atendente.", 3.2)
    assert line.spoke_at is None and line.gone is Disposition.VM and " + " in line.verdicts[-1].evidence
    talking = Line()
    talking.says("Alô?", 0.5)
    talking.quiet(2.0)
    talking.says("Aguarde um momento que eu quero um atendente.", 2.5, over=True)
    assert talking.gone is None and talking.kind is AnsweredBy.HUMAN


def test_the_evidence_of_a_long_menu_is_short_enough_to_be_kept() -> None:
    line = Line()
    menu = "Bem-vindo. Aguarde na linha. Em breve um atendente. Informe os dígitos."
    line.says(menu, 13.0)
    assert " + " in line.verdicts[-1].evidence
    assert line.gone is Disposition.VM and 20 < len(line.verdicts[-1].evidence) <= 200


def test_what_goes_on_after_a_pause_is_read_with_what_was_before_it() -> None:
    line = Line()
    line.says("Agradecemos.", 1.0)
    assert line.kind is AnsweredBy.HUMAN
    line.quiet(0.3)
    line.says("Um de nossos atendentes falará com você.", 2.4, over=True)
    assert line.gone is Disposition.VM
    later = Line()
    later.says("Agradecemos.", 1.0)
    later.quiet(1.5)
    later.says("Um de nossos atendentes falará com você.", 2.4, over=True)
    assert later.gone is None


def test_music_before_the_greeting_is_waited_for_and_is_nobody() -> None:
    line = Line()
    for hertz in (262.0, 330.0, 392.0, 440.0) * 4:
        line.sounds((hertz, 1.5 * hertz, 2.0 * hertz), 0.3)
    assert line.spoke_at is None and line.verdicts == []
    line.quiet(0.3)
    line.says("Alô?", 0.5)
    assert line.spoke_at is not None and line.kind is AnsweredBy.HUMAN


def test_a_ring_that_was_taken_for_a_voice_is_nobodys_turn() -> None:
    line = Line()
    line.quiet(0.3)
    line.sounds((425.0,), 1.0, voice=True)
    line.turns += 1
    line.quiet(4.0)
    assert line.spoke_at is None and line.verdicts == []
    line.says("Alô?", 0.5)
    assert line.spoke_at is not None and line.kind is AnsweredBy.HUMAN


def test_a_monologue_without_a_pause_is_no_person() -> None:
    line = Line()
    line.says("blá " * 20, 7.5)
    assert line.gone is Disposition.VM and line.spoke_at is None
    person = Line()
    person.says("blá blá", 7.5)
    assert person.gone is None, "few words in all that sound are somebody with a television"


def test_a_message_waits_until_it_would_be_recorded() -> None:
    line = Line(message=True)
    line.says("Deixe seu recado após o sinal.", 2.5)
    assert line.gone is None
    line.quiet(0.3)
    line.sounds(1000.0, 0.4)
    line.quiet(1.0)
    assert line.gone is Disposition.VM and line.gone_at < 4.9
    silent = Line(message=True)
    silent.says("Deixe seu recado após o sinal.", 2.5)
    silent.quiet(2.5)
    assert silent.gone is Disposition.VM


def test_an_announcement_waits_for_what_may_follow() -> None:
    line = Line()
    line.says("O telefone está desligado ou fora da área de cobertura.", 3.0)
    assert line.gone is None
    line.says("Deixe seu recado após o sinal.", 2.0)
    assert line.gone is Disposition.VM
    alone = Line()
    alone.says("O telefone está desligado ou fora da área de cobertura.", 3.0)
    alone.quiet(2.0)
    assert alone.gone is Disposition.NA


def test_a_screening_service_is_told_who_calls_and_nobody_hangs_up_on_it() -> None:
    line = Line()
    line.says("Grave o seu nome e o motivo da ligação.", 3.0)
    line.quiet(0.5)
    line.sounds(1000.0, 0.4)
    line.quiet(1.5)
    assert line.kind is AnsweredBy.SCREENING and line.spoke_at is not None and line.gone is None


@pytest.mark.parametrize(
    ("bursts", "disposition"),
    [([(425, 0.25, 0.25)] * 6, Disposition.BUSY), ([(1100, 0.5, 3.0)] * 2, Disposition.FAX),
     ([(2100, 2.0, 0.5)], Disposition.FAX), ([(950, 0.33, 0), (1400, 0.33, 0), (1777, 0.33, 4.0)], Disposition.CONG),
     ([(1000, 0.5, 5.0)], Disposition.VM)],
)  # fmt: skip
def test_tones_end_the_call_as_what_they_are(
    bursts: list[tuple[float, float, float]], disposition: Disposition
) -> None:
    line = Line()
    line.quiet(0.4)
    for hertz, seconds, pause in bursts:
        line.sounds(hertz, seconds)
        line.quiet(pause)
    assert line.gone is disposition and line.spoke_at is None


def test_while_it_rings_nobody_is_greeted_and_at_last_nobody_is_there() -> None:
    line = Line()
    for _ in range(7):
        line.sounds(425, 1.0)
        line.quiet(4.0)
    assert line.spoke_at is None and line.gone is Disposition.NA
    person = Line()
    person.sounds(425, 1.0)
    person.quiet(2.0)
    person.says("Alô?", 0.6)
    assert person.spoke_at is not None


def test_a_machine_taken_for_a_person_is_found_out() -> None:
    line = Line()
    line.says("Oi.", 0.5)
    assert line.kind is AnsweredBy.HUMAN and line.spoke_at is not None
    line.quiet(0.4)
    line.says("Não estou em casa, deixe o seu recado.", 2.0)
    assert line.gone is Disposition.VM and line.verdicts[0].kind is AnsweredBy.HUMAN


def test_who_lets_the_agent_finish_is_no_machine_whatever_is_said() -> None:
    line = Line()
    line.says("Alô?", 0.5)
    line.says("O cliente não pode atender, deixe o seu recado comigo.", 3.0, waits=True)
    assert line.gone is None and line.kind is AnsweredBy.HUMAN


def test_a_recording_that_let_the_agent_finish_is_told_by_two_phrases_while_nobody_has_answered() -> None:
    recording = "No momento não posso atender, deixe a sua mensagem após o sinal."
    line = Line()
    line.says("Alô?", 0.5)
    line.quiet(6.0)
    line.says(recording, 4.0, waits=True)
    assert line.gone is Disposition.VM and [verdict.kind for verdict in line.verdicts] == ["human", "voicemail"]
    talking = Line()
    talking.says("Alô?", 0.5)
    talking.answerer.answered(talking.now)
    talking.says(recording, 4.0, waits=True)
    talking.says("Caixa postal.", 1.2, over=True)
    assert talking.gone is None


def test_a_menu_that_nobody_answers_is_known_after_half_a_minute_and_a_beep_is_not() -> None:
    line = Line()
    line.says("Farmácia, boa tarde.", 1.2)
    line.quiet(28.0)
    line.sounds(1000.0, 0.4)
    line.quiet(5.0)
    assert line.gone is None
    line.says("Para pedidos, tecle um. Para receitas, tecle dois.", 4.0, over=True)
    assert line.gone is Disposition.VM and line.kind is AnsweredBy.MENU


def test_words_that_answer_the_agent_are_a_persons_though_one_phrase_is_a_machines() -> None:
    line, machine = Line(), Line()
    for one in (line, machine):
        one.says("Alô?", 0.5)
        one.quiet(2.0)
    line.says("Caixa postal.", 1.2, over=True, meant="wrong_number")
    machine.says("Caixa postal.", 1.2, over=True)
    assert line.gone is None and machine.gone is Disposition.VM


def test_after_an_answer_that_means_something_a_beep_is_only_a_beep() -> None:
    line = Line()
    line.says("Alô?", 0.5)
    line.answerer.answered(line.now)
    line.quiet(1.0)
    line.sounds(1000.0, 0.4)
    line.quiet(5.0)
    assert line.gone is None and line.kind is AnsweredBy.HUMAN


@pytest.mark.parametrize("at_s", [5.0, 23.0])
def test_who_answers_after_a_beep_is_a_person_and_hears_the_agent(at_s: float) -> None:
    """The beep was still waited for when the answer came, and for good once nobody watched any more."""
    line = Line()
    line.says("Alô?", 0.5)
    line.quiet(at_s - line.now)
    line.sounds(1000.0, 0.4)
    line.quiet(0.3)
    assert line.answerer.hushed
    began = line.now
    line.says("Sim.", 0.5, waits=True)
    line.answerer.answered(began)
    assert not line.answerer.hushed
    line.quiet(5.0)
    assert line.gone is None and line.kind is AnsweredBy.HUMAN and not line.answerer.hushed


def test_a_beep_after_words_that_were_taken_for_an_answer_is_still_waited_for() -> None:
    line = Line()
    line.says("Alô?", 0.5)
    line.quiet(5.0 - line.now)
    began = line.now
    line.says("Agora não.", 0.8, waits=True)
    line.sounds(1000.0, 0.4)
    line.quiet(0.3)
    assert line.answerer.hushed
    line.answerer.answered(began)
    line.quiet(4.0)
    assert line.gone is Disposition.VM and line.verdicts[-1].evidence == "beep"


def test_a_beep_that_nobody_waits_for_any_more_silences_nobody() -> None:
    line = Line()
    line.says("Alô?", 0.5)
    line.quiet(24.0 - line.now)
    line.sounds(1000.0, 0.4)
    line.quiet(0.3)
    assert line.answerer.hushed
    line.answerer.answered(23.0)
    line.quiet(2.0)
    assert not line.answerer.watching and not line.answerer.hushed


def test_of_a_caller_nothing_is_asked() -> None:
    line = Line(watched=False)
    line.says("Deixe seu recado após o sinal.", 2.0)
    assert line.spoke_at is not None and line.verdicts == [] and line.gone is None
