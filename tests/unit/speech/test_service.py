"""Guards server and client together over a real Unix socket: turns, prompts, refusals, deadlines, foreign clients."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncUnixClient
from wyoming.event import async_read_event, async_write_event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize

from voiceagent.audio.format import FRAME_BYTES
from voiceagent.audio.resample import resample
from voiceagent.base.errors import MissingPartError, UnavailableError
from voiceagent.language.spoken import SpokenPart
from voiceagent.speech import client as speech_client
from voiceagent.speech import ears as speech_ears
from voiceagent.speech.admission import DeadlineQueue
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.ears import CROWD, Ears
from voiceagent.speech.engines.scripted import Scripted, ScriptedEar, fingerprint
from voiceagent.speech.metrics import SpeechMetrics
from voiceagent.speech.protocol import HearingContext, SpeechService
from voiceagent.speech.recogniser import WORKERS
from voiceagent.speech.server import SpeechServer
from voiceagent.speech.synthesis.speaker import CallVoice, Speaker
from voiceagent.speech.synthesis.spec import VoiceSpec, agent_voice

YES = bytes(range(1, 161)) * 20
CONTEXT = HearingContext("pt-BR", ("yes_no",), ("sim", "não"))


class FakeChild:
    """Says a text as its own bytes; remembers how often it had to."""

    def __init__(self, engine: str, models: Path) -> None:
        self.said: list[tuple[str, str]] = []
        self.fails = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def start(self) -> None:
        pass

    async def render(self, text: str, voice: VoiceSpec) -> bytes:
        if self.fails:
            raise UnavailableError("the pyttsx3 synthesiser died; it is started again")
        self.said.append((voice.name, text))
        await self.gate.wait()
        return (text + " ").encode("utf-16-le")

    async def close(self) -> None:
        pass


class SlowEar(ScriptedEar):
    """Finishes when told, not before."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__({fingerprint(YES): "sim"})
        self.gate = gate

    def finish(self):
        self.gate.wait(20)
        return super().finish()


class Slow(Scripted):
    def __init__(self, gate: threading.Event) -> None:
        super().__init__({})
        self.gate = gate

    def open(self, language: str) -> SlowEar:
        return SlowEar(self.gate)


class House:
    """A running server and what it is made of."""

    def __init__(self, tmp_path: Path, engine: Scripted | None = None, **limits: float) -> None:
        self.metrics = SpeechMetrics()
        self.child = FakeChild("pyttsx3", tmp_path)
        self.socket = tmp_path / "speech.sock"
        scripted = engine or Scripted({fingerprint(YES): "sim"})
        ears = Ears({"pt-BR": scripted, "es": scripted}, self.metrics, **limits)  # type: ignore[arg-type]
        self.speaker = Speaker(tmp_path / "models", engine="pyttsx3", child=lambda engine, models: self.child)
        self.server = SpeechServer(self.socket, ears, self.speaker, self.metrics)
        self.client = SpeechClient(self.socket)


def in_house(tmp_path: Path, scenario: Callable[[House], Awaitable[None]], **made: object) -> House:
    house = House(tmp_path, **made)  # type: ignore[arg-type]

    async def run() -> None:
        await house.server.start()
        try:
            async with asyncio.timeout(30):
                await scenario(house)
        finally:
            await house.server.stop()

    asyncio.run(run())
    return house


async def room(client: SpeechClient) -> int:
    """For how many calls there is room now, of as many as like."""
    async with client.places(1_000) as places:
        return places.room


async def settle(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the server has no event for a count
            await asyncio.sleep(0.005)


def test_a_call_hears_turn_after_turn(tmp_path):
    async def scenario(house: House) -> None:
        service: SpeechService = house.client
        hearing = await service.hearing("call", "pt-BR")
        for _ in range(3):
            await hearing.begin(CONTEXT)
            for at in range(0, len(YES), FRAME_BYTES):
                await hearing.feed(YES[at : at + FRAME_BYTES])
            heard = await hearing.finish()
            assert (heard.text, heard.engine, heard.reason) == ("sim", "scripted", "")
            assert heard.alternatives[0] == ("sim", 1.0)
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        await hearing.begin(CONTEXT)
        await hearing.feed(bytes(640))
        assert (await hearing.finish()).reason == "no_speech", "what was not finished is forgotten"
        await hearing.close()
        await settle(lambda: house.server.ears.calls == 0)

    house = in_house(tmp_path, scenario)
    assert not house.socket.exists()
    assert (
        house.metrics.registry.get_sample_value(
            "voiceagent_speech_turns_total", {"engine": "scripted", "reason": "heard"}
        )
        == 3
    )


def test_no_recogniser_for_the_language_refuses_the_call(tmp_path):
    async def scenario(house: House) -> None:
        with pytest.raises(MissingPartError, match="models install"):
            await house.client.hearing("call", "en")

    in_house(tmp_path, scenario)


def test_more_calls_than_the_machine_takes_are_refused_and_room_comes_back(tmp_path):
    async def scenario(house: House) -> None:
        first = await house.client.hearing("one", "pt-BR")
        with pytest.raises(UnavailableError) as refused:
            await house.client.hearing("two", "pt-BR")
        assert refused.value.code == "busy"
        await first.close()
        await settle(lambda: house.server.ears.calls == 0)
        await (await house.client.hearing("two", "pt-BR")).close()

    in_house(tmp_path, scenario, max_calls=1)


def test_a_slow_engine_is_a_timeout_and_the_next_turn_is_heard(tmp_path):
    gate = threading.Event()

    async def scenario(house: House) -> None:
        hearing = await house.client.hearing("call", "pt-BR")
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        late = await hearing.finish()
        assert (late.text, late.reason) == ("", "timeout")
        gate.set()
        house.server.ears.deadline_s = 20.0  # however slow the machine is
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        assert (await hearing.finish()).text == "sim"

    in_house(tmp_path, scenario, engine=Slow(gate), deadline_s=0.1)


def test_an_answer_that_comes_after_the_client_gave_up_is_not_the_next_turns(tmp_path):
    gate = threading.Event()

    async def scenario(house: House) -> None:
        hearing = await SpeechClient(house.socket, finish_s=0.1).hearing("call", "pt-BR")
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        assert (await hearing.finish()).reason == "timeout"
        gate.set()
        hearing._finish_s = 10
        await hearing.begin(CONTEXT)
        await hearing.feed(bytes(640))
        assert (await hearing.finish()).reason == "no_speech", "the first turn's yes must not count here"

    in_house(tmp_path, scenario, engine=Slow(gate), deadline_s=10.0)


def test_a_glance_tells_what_was_said_so_far_and_the_turn_goes_on(tmp_path):
    async def scenario(house: House) -> None:
        hearing = await house.client.hearing("call", "pt-BR")
        assert await hearing.glance() is None, "no turn is open"
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        seen = await hearing.glance()
        assert seen is not None and (seen.text, seen.engine) == ("sim", "scripted")
        await hearing.feed(YES)
        other = await hearing.glance()
        assert other is not None and other.text == "" and other.reason == "low_confidence"
        assert (await hearing.finish()).reason == "low_confidence"
        assert await hearing.glance() is None, "the turn is over"
        await hearing.close()
        assert await hearing.glance() is None

    house = in_house(tmp_path, scenario)
    assert house.metrics.glances.labels("seen")._value.get() == 2


def test_a_glance_waits_for_its_turn_and_is_refused_only_in_a_crowd(tmp_path):
    gate = threading.Event()

    async def scenario(house: House) -> None:
        queue, crowd = house.server.ears._queue, CROWD * WORKERS
        hearings = [await house.client.hearing(f"call{number}", "pt-BR") for number in range(WORKERS + crowd + 1)]
        for hearing in hearings:
            await hearing.begin(CONTEXT)
            await hearing.feed(YES)
        *busy, late = hearings
        asked = [asyncio.create_task(hearing.finish()) for hearing in busy[:-1]]
        await settle(lambda: queue.waiting == crowd - 1)
        asked.append(asyncio.create_task(busy[-1].glance()))
        await settle(lambda: queue.waiting == crowd)
        assert await late.glance() is None
        gate.set()
        assert [(await heard).text for heard in asked] == ["sim"] * len(asked)
        seen = await late.glance()
        assert seen is not None and seen.text == "sim"

    house = in_house(tmp_path, scenario, engine=Slow(gate), deadline_s=10.0)
    assert house.metrics.glances.labels("refused")._value.get() == 1


def test_a_turn_that_was_glanced_at_in_vain_keeps_its_place_in_line(monkeypatch):
    gate, done = threading.Event(), []
    monkeypatch.setattr(speech_ears, "CROWD", 0)
    monkeypatch.setattr(speech_ears, "AHEAD_S", 0.0)

    class Named(SlowEar):
        def __init__(self, number: int) -> None:
            super().__init__(gate)
            self.number = number

        def finish(self):
            heard = super().finish()
            done.append(self.number)
            return heard

    class Numbered(Slow):
        opened = 0

        def open(self, language: str) -> Named:
            self.opened += 1
            return Named(self.opened)

    async def scenario() -> None:
        ears = Ears({"pt-BR": Numbered(gate)}, SpeechMetrics(), deadline_s=10.0)
        ears._queue = DeadlineQueue(1, 8)
        called = [await ears.open("pt-BR") for _ in range(4)]
        for ear in called:
            await ear.begin(CONTEXT)
            await ear.feed(YES)
        first, other, glanced_at, another = called
        turns = [asyncio.create_task(first.finish())]
        await settle(lambda: not first._idle.is_set())
        assert await glanced_at.glance() is None
        for waiting, ear in enumerate((other, glanced_at, another), 1):
            turns.append(asyncio.create_task(ear.finish()))
            await settle(lambda waiting=waiting: ears._queue.waiting == waiting)
        gate.set()
        await asyncio.gather(*turns)
        ears.close()

    asyncio.run(scenario())
    assert done == [1, 3, 2, 4]


def test_a_glance_that_never_comes_back_costs_its_turn_and_no_other(tmp_path):
    gate = threading.Event()

    class Stuck(SlowEar):
        def glance(self):
            self.gate.wait(20)
            return super().glance()

    class StuckEngine(Slow):
        def open(self, language: str) -> Stuck:
            return Stuck(self.gate)

    async def scenario(house: House) -> None:
        hearing = await house.client.hearing("call", "pt-BR")
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        assert await hearing.glance() is None
        assert (await hearing.finish()).reason == "timeout"
        assert house.metrics.turns.labels("scripted", "timeout")._value.get() == 1
        gate.set()
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        assert (await hearing.finish()).text == "sim"

    house = in_house(tmp_path, scenario, engine=StuckEngine(gate), deadline_s=0.1)
    assert house.server.ears.strain.refusal(), "no new call while turns are lost"


def test_a_slow_glance_delays_its_turn_and_does_not_cost_it():
    gate = threading.Event()

    class Late(ScriptedEar):
        def glance(self):
            gate.wait(20)
            return super().glance()

    class LateEngine(Scripted):
        def open(self, language: str) -> Late:
            return Late({fingerprint(YES): "sim"})

    async def scenario() -> None:
        ears = Ears({"pt-BR": LateEngine({})}, SpeechMetrics(), deadline_s=0.01)
        ear = await ears.open("pt-BR")
        await ear.begin(CONTEXT)
        await ear.feed(YES)
        assert await ear.glance() is None
        ears.deadline_s = 20.0
        finishing = asyncio.create_task(ear.finish())
        await asyncio.sleep(0)
        gate.set()
        assert (await finishing).text == "sim"
        ears.close()

    asyncio.run(scenario())


def test_calls_that_begin_delay_no_turn_that_has_ended():
    gate = threading.Event()

    class Warming(Scripted):
        opened = 0

        def open(self, language: str) -> ScriptedEar:
            self.opened += 1
            if self.opened > 1:
                gate.wait(20)
            return ScriptedEar({fingerprint(YES): "sim"})

    async def scenario() -> None:
        ears = Ears({"pt-BR": Warming({})}, SpeechMetrics(), deadline_s=20.0)
        talking = await ears.open("pt-BR")
        beginning = [asyncio.create_task(ears.open("pt-BR")) for _ in range(4)]
        await asyncio.sleep(0)
        await talking.begin(CONTEXT)
        await talking.feed(YES)
        heard = await asyncio.wait_for(talking.finish(), 10)
        assert heard.text == "sim" and not any(task.done() for task in beginning)
        gate.set()
        await asyncio.gather(*beginning)
        ears.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("workers", [1, 3])
def test_as_many_turns_are_recognised_at_a_time_as_there_are_workers(workers):
    gate = threading.Event()

    async def scenario() -> None:
        ears = Ears({"pt-BR": Slow(gate)}, SpeechMetrics(), deadline_s=20.0, workers=workers)
        called = [await ears.open("pt-BR") for _ in range(workers + 1)]
        for ear in called:
            await ear.begin(CONTEXT)
            await ear.feed(YES)
        turns = [asyncio.create_task(ear.finish()) for ear in called]
        await settle(lambda: sum(not ear._idle.is_set() for ear in called) == workers)
        assert ears._queue.waiting == 1
        gate.set()
        assert [heard.text for heard in await asyncio.gather(*turns)] == ["sim"] * len(called)
        ears.close()

    asyncio.run(scenario())


def test_an_ear_is_replaced_while_every_recogniser_is_stuck():
    gate = threading.Event()

    async def scenario() -> None:
        ears = Ears({"pt-BR": Slow(gate)}, SpeechMetrics(), deadline_s=0.01)
        stuck = [await ears.open("pt-BR") for _ in range(WORKERS)]
        for ear in stuck:
            await ear.begin(CONTEXT)
            assert (await ear.finish()).reason == "timeout"
        await asyncio.wait_for(stuck[0].begin(CONTEXT), 10)
        gate.set()
        ears.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("step", ["begin", "feed", "finish"])
def test_an_engine_that_fails_at_one_turn_costs_that_turn_and_not_the_calls_ears(tmp_path, step):
    class Broken(ScriptedEar):
        failures = 1

        def _fail_once(self) -> None:
            if self.failures:
                self.failures = 0
                raise RuntimeError("native library says no")

        def begin(self, context):
            super().begin(context)
            if step == "begin":
                self._fail_once()

        def feed(self, pcm):
            super().feed(pcm)
            if step == "feed":
                self._fail_once()

        def finish(self):
            if step == "finish":
                self._fail_once()
            return super().finish()

    class BrokenEngine(Scripted):
        def open(self, language: str) -> Broken:
            return Broken({fingerprint(YES): "sim"})

    async def scenario(house: House) -> None:
        hearing = await house.client.hearing("call", "pt-BR")
        for expected in (("", "timeout"), ("sim", "")):
            await hearing.begin(CONTEXT)
            await hearing.feed(YES)
            heard = await hearing.finish()
            assert (heard.text, heard.reason) == expected

    house = in_house(tmp_path, scenario, engine=BrokenEngine({}))
    assert house.metrics.turns.labels("scripted", "timeout")._value.get() == 1
    assert house.server.ears.strain.refusal(), "no new call while turns are lost"


def test_a_turn_too_many_is_a_timeout_and_waiting_is_counted_as_it_is(tmp_path, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(speech_ears, "BACKLOG", 1)

    async def scenario(house: House) -> None:
        def waiting() -> float | None:
            return house.metrics.registry.get_sample_value("voiceagent_speech_waiting")

        hearings = [await house.client.hearing(f"call{number}", "pt-BR") for number in range(3)]
        for hearing in hearings:
            await hearing.begin(CONTEXT)
            await hearing.feed(YES)
        *busy, late = hearings
        asked = [asyncio.create_task(hearing.finish()) for hearing in busy]
        await settle(lambda: waiting() == 1)
        assert (await late.finish()).reason == "timeout"
        gate.set()
        assert [(await heard).text for heard in asked] == ["sim"] * len(asked)
        assert waiting() == 0
        await late.begin(CONTEXT)
        await late.feed(YES)
        assert (await late.finish()).text == "sim"

    house = in_house(tmp_path, scenario, engine=Slow(gate), deadline_s=10.0, workers=1)
    assert house.metrics.turns.labels("scripted", "timeout")._value.get() == 1
    assert house.metrics.refused._value.get() == 1
    assert house.server.ears.strain.refusal()


@pytest.mark.parametrize("step", ["begin", "feed"])
def test_a_process_that_hangs_holds_nobody_up(tmp_path, monkeypatch, step):
    much = 8 * 2**20

    async def answer_once_and_hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        program = AsrProgram(
            "none",
            Attribution("", ""),
            True,
            None,
            None,
            [AsrModel("m", Attribution("", ""), True, None, None, ["pt"])],
        )
        await async_write_event(Info(asr=[program]).event(), writer)

    async def scenario() -> None:
        async with await asyncio.start_unix_server(answer_once_and_hang, tmp_path / "s.sock"):
            hearing = await SpeechClient(tmp_path / "s.sock").hearing("call", "pt-BR")
            monkeypatch.setattr(speech_client, "CONNECT_S", 0.01)
            async with asyncio.timeout(20):
                await hearing.begin(HearingContext("pt-BR", phrases=("x" * (much if step == "begin" else 1),)))
                await hearing.feed(bytes(much if step == "feed" else FRAME_BYTES))
                await hearing.feed(bytes(FRAME_BYTES))
                assert (await hearing.finish()).reason == "unavailable"

    asyncio.run(scenario())


def test_an_ear_that_is_opened_again_in_mid_call_has_the_time_to_warm_that_the_first_had(tmp_path, monkeypatch):
    warm = threading.Event()

    class Warming(Scripted):
        opened = 0

        def open(self, language: str) -> ScriptedEar:
            self.opened += 1
            if self.opened > 1:
                warm.wait(20)
            return ScriptedEar({fingerprint(YES): "sim"})

    async def scenario(house: House) -> None:
        hearing = await house.client.hearing("call", "pt-BR")
        hearing._break(EOFError("gone"))
        asyncio.get_running_loop().call_later(2 * 0.3, warm.set)
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        assert (await hearing.finish()).text == "sim"

    monkeypatch.setattr(speech_client, "CONNECT_S", 0.3)
    in_house(tmp_path, scenario, engine=Warming({}))


def test_a_measurement_may_give_the_agent_another_voice_in_one_language(tmp_path):
    korean = VoiceSpec("pyttsx3", "ko", "pt-BR", 1.2)
    speaker = Speaker(tmp_path, engine="kokoro", own=korean)
    assert (speaker.engine, speaker.voice("pt-BR")) == ("pyttsx3", korean)
    assert speaker.voice("es") == agent_voice("pyttsx3", "es") and korean in speaker.voices()
    assert speaker.voice("pt-BR", "roa/pt-br").name == "roa/pt-br"


def test_prompts_join_shared_and_own_parts_and_render_each_once(tmp_path):
    parts = [SpokenPart("Bom dia,"), SpokenPart("Maria.", cacheable=False)]

    async def scenario(house: House) -> None:
        voice = await house.client.voice("call", "pt-BR")
        pcm = await voice.render(parts)
        assert "Bom dia,".encode("utf-16-le") in pcm
        assert "Maria.".encode("utf-16-le") in pcm
        assert await voice.render(parts) == pcm
        assert house.child.said == [("roa/pt-br", "Bom dia,"), ("roa/pt-br", "Maria.")]
        assert voice.name == "pyttsx3:roa/pt-br@pt-BR"
        other = await house.client.voice("other", "pt-BR")
        assert await other.render(parts) == pcm
        assert len(house.child.said) == 2, "who says the same at the same time need not wait"
        assert await voice.render([]) == b""
        await voice.close()
        assert await other.render(parts) == pcm and len(house.child.said) == 2
        await other.close()
        await settle(lambda: not house.speaker._own)
        last = await house.client.voice("last", "pt-BR")
        assert await last.render(parts) == pcm
        assert house.child.said[2:] == [("roa/pt-br", "Maria.")], "a name goes with the last call that says it"

    in_house(tmp_path, scenario)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "models/phrases").rglob("*.pcm"))
    assert "Bom dia,".encode("utf-16-le") in kept
    assert "Maria".encode("utf-16-le") not in kept, "personal parts never reach the disk"


def test_a_prepared_prompt_can_be_said_when_the_process_is_gone(tmp_path):
    sorry = [SpokenPart("Desculpe, tive um problema.")]

    async def scenario(house: House) -> None:
        voice = await house.client.voice("call", "pt-BR")
        await voice.prepare([sorry])
        hearing = await house.client.hearing("call", "pt-BR")
        await house.server.stop()
        assert await voice.render(sorry)
        with pytest.raises(UnavailableError):
            await voice.render([SpokenPart("Outra coisa.")])
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        assert (await hearing.finish()).reason == "unavailable"
        with pytest.raises(UnavailableError, match="voiceagent speech"):
            await house.client.hearing("next", "pt-BR")
        with pytest.raises(UnavailableError, match="voiceagent speech"):
            await house.client.voice("next", "pt-BR")

    in_house(tmp_path, scenario)


def test_a_synthesiser_that_fails_is_unavailable_and_no_other_voice_speaks(tmp_path):
    async def scenario(house: House) -> None:
        voice = await house.client.voice("call", "pt-BR")
        house.child.fails = True
        with pytest.raises(UnavailableError):
            await voice.render([SpokenPart("Bom dia.")])
        await voice.prepare([[SpokenPart("Bom dia.")]])
        house.child.fails = False
        assert await voice.render([SpokenPart("Bom dia.")])
        assert {name for name, _ in house.child.said} == {"roa/pt-br"}

    in_house(tmp_path, scenario)


def test_a_neural_voice_that_is_not_installed_is_named(tmp_path):
    async def scenario(house: House) -> None:
        voice = await house.client.voice("call", "pt-BR", "pm_alex")
        with pytest.raises(UnavailableError, match="models install kokoro"):
            await voice.render([SpokenPart("Oi.")])

    in_house(tmp_path, scenario)


def test_two_calls_asking_for_the_same_phrase_render_it_once(tmp_path):
    async def scenario(house: House) -> None:
        voices = [await house.client.voice(f"call {number}", "pt-BR") for number in range(4)]
        answers = await asyncio.gather(*(voice.render([SpokenPart("O valor é de")]) for voice in voices))
        assert len(set(answers)) == 1
        assert len(house.child.said) == 1

    in_house(tmp_path, scenario)


def test_what_somebody_waits_for_goes_before_what_is_prepared_for_ringing_telephones(tmp_path):
    async def scenario(house: House) -> None:
        def own(text: str) -> list[SpokenPart]:
            return [SpokenPart(text, cacheable=False)]

        def waiting() -> int:
            return house.speaker._queues["pyttsx3"].waiting

        live, ringing = [await house.client.voice(name, "pt-BR") for name in ("live", "ringing")]
        house.child.gate.clear()
        asked = [asyncio.create_task(ringing.prepare([own("Maria")]))]
        await settle(lambda: len(house.child.said) == 1)
        for number, work in enumerate(
            (
                live.prepare([own("depois"), own("Maria")]),
                (await house.client.voice("other", "pt-BR")).prepare([own("João")]),
                (await house.client.voice("third", "pt-BR")).prepare([own("agora")]),
                live.render(own("agora")),
            ),
            1,
        ):
            asked.append(asyncio.create_task(work))
            await settle(lambda number=number: waiting() == number)
        house.child.gate.set()
        await asyncio.gather(*asked)
        assert [text for _, text in house.child.said] == ["Maria", "agora", "depois", "João"], "and each once"

    in_house(tmp_path, scenario)


def test_who_has_more_patience_than_the_first_who_asked_gets_the_prompt_all_the_same(tmp_path):
    async def scenario() -> None:
        child = FakeChild("pyttsx3", tmp_path)
        child.gate.clear()
        speaker = Speaker(tmp_path, engine="pyttsx3", child=lambda engine, models: child)
        voice, name = speaker.voice("pt-BR"), [SpokenPart("Maria", cacheable=False)]
        busy = asyncio.create_task(speaker.render(CallVoice(voice), [SpokenPart("antes")], 20))
        await settle(lambda: bool(child.said))
        hasty = asyncio.create_task(speaker.render(CallVoice(voice), name, 0.01))
        patient = asyncio.create_task(speaker.render(CallVoice(voice), name, 20))
        with pytest.raises(TimeoutError):
            await hasty
        child.gate.set()
        assert (await patient)[0] == "Maria ".encode("utf-16-le")
        await busy
        await speaker.close()

    asyncio.run(scenario())


def test_any_wyoming_client_can_use_it(tmp_path):
    async def scenario(house: House) -> None:
        async with AsyncUnixClient(str(house.socket)) as client:
            await client.write_event(Describe().event())
            info = Info.from_event(await client.read_event())
            assert [program.name for program in info.asr] == ["scripted"]
            assert info.tts[0].voices[0].languages == ["pt-BR"]
            await client.write_event(Ping("there?").event())
            assert Pong.from_event(await client.read_event()).text == "there?"
            await client.write_event(Transcribe(language="pt").event())
            await client.write_event(AudioStart(rate=8000, width=2, channels=1).event())
            await client.write_event(AudioChunk(rate=8000, width=2, channels=1, audio=YES).event())
            await client.write_event(AudioStop().event())
            assert Transcript.from_event(await client.read_event()).text == "sim"
            await client.write_event(Synthesize("Olá").event())
            assert AudioStart.from_event(await client.read_event()).rate == 8000
            assert AudioChunk.from_event(await client.read_event()).audio == "Olá ".encode("utf-16-le")
            assert AudioStop.is_type((await client.read_event()).type)

    in_house(tmp_path, scenario)


def test_another_rate_and_stereo_are_converted(tmp_path):
    wide = resample(YES, 8000, 16000)
    stereo = b"".join(wide[at : at + 2] * 2 for at in range(0, len(wide), 2))
    known = Scripted({fingerprint(resample(wide, 16000)): "sim"})

    async def scenario(house: House) -> None:
        async with AsyncUnixClient(str(house.socket)) as client:
            await client.write_event(Transcribe(language="pt-BR").event())
            await client.write_event(AudioChunk(rate=16000, width=2, channels=2, audio=stereo).event())
            await client.write_event(AudioStop().event())
            assert Transcript.from_event(await client.read_event()).text == "sim"

    in_house(tmp_path, scenario, engine=known)


@pytest.mark.parametrize("code", ["pt", "pt_br", "pt-PT"])
def test_an_engine_is_told_the_agents_code_of_a_language_whatever_the_client_calls_it(tmp_path, code):
    class Noting(ScriptedEar):
        def begin(self, context):
            assert context.language == "pt-BR"
            super().begin(context)

    class Engine(Scripted):
        def open(self, language: str) -> Noting:
            return Noting({fingerprint(YES): "sim"})

    async def scenario(house: House) -> None:
        async with AsyncUnixClient(str(house.socket)) as client:
            await client.write_event(Transcribe(language=code).event())
            await client.write_event(AudioChunk(rate=8000, width=2, channels=1, audio=YES).event())
            await client.write_event(AudioStop().event())
            assert Transcript.from_event(await client.read_event()).text == "sim"

    in_house(tmp_path, scenario, engine=Engine({}))


def test_another_servers_audio_is_said_at_its_own_pace_or_not_at_all(tmp_path):
    wide = resample(YES, 8000, 16000)
    stereo = b"".join(wide[at : at + 2] * 2 for at in range(0, len(wide), 2))
    forms = [({"rate": 16000, "width": 2, "channels": 2}, stereo), ({"rate": 8000, "width": 1, "channels": 1}, YES)]

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while forms and await async_read_event(reader):
            form, pcm = forms.pop(0)
            for event in (AudioStart(**form), AudioChunk(audio=pcm, **form), AudioStop()):
                await async_write_event(event.event(), writer)

    async def scenario() -> None:
        async with await asyncio.start_unix_server(say, tmp_path / "s.sock"):
            voice = await SpeechClient(tmp_path / "s.sock").voice("call", "pt-BR")
            assert await voice.render([SpokenPart("Oi.")]) == resample(wide, 16000)
            with pytest.raises(UnavailableError, match="16-bit"):
                await voice.render([SpokenPart("Olá.")])
            await voice.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("event", [Transcribe(language="tlh"), Synthesize("x", context={"parts": [{}]})])
def test_a_bad_event_is_answered_and_the_connection_stays(tmp_path, event):
    async def scenario(house: House) -> None:
        async with AsyncUnixClient(str(house.socket)) as client:
            await client.write_event(event.event())
            answer = await client.read_event()
            assert (answer.type, answer.data["code"]) == ("error", "bad_input")
            await client.write_event(Ping("still?").event())
            assert Pong.is_type((await client.read_event()).type)

    in_house(tmp_path, scenario)


def test_the_socket_is_private_and_taken_only_once(tmp_path):
    async def scenario(house: House) -> None:
        assert house.socket.stat().st_mode & 0o777 == 0o600
        with pytest.raises(UnavailableError, match="already listens"):
            await House(tmp_path).server.start()

    in_house(tmp_path, scenario)


def test_a_socket_left_by_a_dead_process_is_taken_over(tmp_path):
    async def scenario(house: House) -> None:
        assert (await house.client.info()).asr

    import socket

    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "speech.sock"))
    left.close()
    in_house(tmp_path, scenario)


def test_a_strained_machine_says_so_to_every_seat_and_goes_on_with_its_calls(tmp_path):
    async def scenario(house: House) -> None:
        await room(house.client)
        hearing = await house.client.hearing("call", "pt-BR")
        for _ in range(6):
            house.server.ears.strain.turn(1.0)
        with pytest.raises(UnavailableError, match=r"wait 1\.00 s") as refused:
            await room(SpeechClient(house.socket))
        assert refused.value.code == "strained"
        assert house.metrics.registry.get_sample_value("voiceagent_speech_admits") == 0
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        assert (await hearing.finish()).text == "sim"
        assert (await house.client.info()).asr, "what is served can be asked all the time"

    in_house(tmp_path, scenario)


def test_a_machine_full_of_calls_refuses_before_anybody_is_leased(tmp_path):
    async def scenario(house: House) -> None:
        assert await room(house.client) == 2
        one, other = [await house.client.hearing(name, "pt-BR") for name in ("one", "other")]
        with pytest.raises(UnavailableError, match="serves 2 calls"):
            await room(house.client)
        await one.close()
        await settle(lambda: house.server.ears.calls == 1)
        assert await room(house.client) == 1
        await other.close()

    in_house(tmp_path, scenario, max_calls=2)


def test_workers_that_ask_at_once_are_not_promised_the_same_place(tmp_path):
    async def scenario(house: House) -> None:
        one, other = SpeechClient(house.socket), SpeechClient(house.socket)
        ears = house.server.ears
        async with one.places(2) as mine:
            assert mine.room == 2
            async with other.places(5) as theirs:
                assert theirs.room == 1
                await mine.keep(["a"])
                await theirs.keep([])
        async with other.places(5) as theirs:
            assert theirs.room == 2, "what neither took is free"
            # Somebody who asks in this moment is answered when it is over.
            asks = asyncio.create_task(room(one))
            await settle(lambda: ears.waiting == 1)
            await theirs.keep(["b"])
            assert await asks == 1
        await settle(lambda: ears.room() == 1)
        calls = [await one.hearing(call, "pt-BR") for call in ("a", "b", "c")]
        with pytest.raises(UnavailableError) as refused:
            await one.hearing("d", "pt-BR")
        assert refused.value.code == "busy" and ears.calls == 3
        for call in calls:
            await call.close()
        await settle(lambda: ears.calls == 0)

    in_house(tmp_path, scenario, max_calls=3)


def test_a_place_that_was_kept_is_its_calls_and_nobody_elses_until_it_is_given_up(tmp_path, monkeypatch):
    async def scenario(house: House) -> None:
        async with house.client.places(1) as places:
            await places.keep(["a"])
        with pytest.raises(UnavailableError):
            await house.client.hearing("b", "pt-BR")
        with pytest.raises(UnavailableError, match="serves 1 calls"):
            await room(house.client)
        await (await house.client.hearing("a", "pt-BR")).close()
        await settle(lambda: house.server.ears.calls == 0)
        monkeypatch.setattr(speech_ears, "KEPT_S", 0.0)
        async with house.client.places(1) as places:
            await places.keep(["never opens"])
        assert await room(house.client) == 1
        monkeypatch.undo()
        async with house.client.places(1) as places:
            await places.keep(["in a language nobody hears"])
        with pytest.raises(MissingPartError):
            await house.client.hearing("in a language nobody hears", "en")
        assert await room(house.client) == 1, "that call never begins"

    in_house(tmp_path, scenario, max_calls=1)


def test_turns_that_come_too_late_close_the_door(tmp_path):
    gate = threading.Event()

    async def scenario(house: House) -> None:
        hearing = await house.client.hearing("call", "pt-BR")
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        late = await hearing.finish()
        assert late.reason == "timeout" and late.hard
        with pytest.raises(UnavailableError, match="no answer in time"):
            await room(house.client)
        gate.set()

    in_house(tmp_path, scenario, engine=Slow(gate), deadline_s=0.2)
