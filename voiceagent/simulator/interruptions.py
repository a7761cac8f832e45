"""What people say over the agent: words to stop it, and sounds that only say "go on"; never in its own voice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from voiceagent.simulator.answerer_clips import kept_clip
from voiceagent.simulator.line_sounds import cough
from voiceagent.speech.training.clips import TEST, Clip, read

Sound = NDArray[np.float32]

#: By language; short ones first.
WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pt-BR": (
        ("Espera.", "Não, não.", "Alô?", "Quem é?", "Peraí.", "Oi?", "Para!", "Não quero.", "O quê?", "Escuta.",
         "Um momento.", "Com licença.", "Já paguei."),
        (
            "Espera aí, quem está falando?", "Olha, eu já paguei essa conta.", "Não posso falar agora.",
            "Eu quero pagar só na semana que vem.", "Moça, não é comigo, foi engano.",
            "Pode repetir? Não entendi nada.", "Quero falar com um atendente, por favor.",
            "Para de me ligar.", "Tá muito caro, não tenho esse dinheiro.", "Dia quinze eu consigo pagar tudo.",
            "Como é que você conseguiu meu número?",
            "Meu marido já resolveu isso.", "Fala mais devagar, por favor.",
        ),
    ),
    "es": (
        ("Espere.", "No, no.", "¿Bueno?", "¿Quién es?", "Oiga.", "¿Cómo?", "¡Pare!", "No quiero.", "¿Qué?", "Escuche.",
         "Un momento.", "Disculpe.", "Ya pagué."),
        (
            "Espere, ¿quién habla?", "Mire, ya pagué esa cuenta.", "Ahora no puedo hablar.",
            "Quiero pagar la próxima semana.", "Señorita, no soy yo, está equivocada.",
            "¿Puede repetir? No entendí nada.", "Quiero hablar con una persona, por favor.",
            "Deje de llamarme.", "Es muy caro, no tengo ese dinero.", "El día quince puedo pagar todo.",
            "¿Cómo consiguió mi número?", "Mi esposo ya arregló eso.", "Hable más despacio, por favor.",
        ),
    ),
    "en": (
        ("Wait.", "No, no.", "Hello?", "Who is it?", "Hold on.", "Sorry?", "Stop!", "Not now.", "What?", "Listen.",
         "One moment.", "Excuse me.", "I paid it."),
        (
            "Wait, who is speaking?", "Look, I already paid that bill.", "I can't talk right now.",
            "I want to pay next week.", "You have the wrong number.", "Can you repeat that? I didn't get it.",
            "I want to talk to a person, please.", "Stop calling me.", "That's too much, I don't have the money.",
            "I can pay all of it on the fifteenth.", "How did you get my number?",
            "My husband has settled that already.", "Speak more slowly, please.",
        ),
    ),
}  # fmt: skip
#: Said by people who want the agent to go on.
GO_ON: dict[str, tuple[str, ...]] = {
    "pt-BR": ("Uhum.", "Aham.", "Hum.", "Tá.", "Sei."),
    "es": ("Ajá.", "Mhm.", "Hum.", "Ya.", "Sí."),
    "en": ("Uh-huh.", "Mhm.", "Hmm.", "Okay.", "Right."),
}
_COUGHS = 8


@dataclass(frozen=True, slots=True)
class Interruption:
    """Something said over the agent; `voice` "" for a cough."""

    kind: str
    """short, long, go_on or cough."""
    language: str
    text: str
    voice: str

    @property
    def clip(self) -> Clip | None:
        """Its rendering; None for a cough, which is made."""
        return kept_clip(self.language, self.kind, self.text, self.voice) if self.voice else None

    def sound(self, seed: int) -> Sound:
        """As it leaves the mouth, 8 kHz, -1..1."""
        clip = self.clip
        return cough(np.random.default_rng(seed)) if clip is None else read(clip)


def interruptions(language: str) -> Iterator[Interruption]:
    """Everything of the language, each word in every voice that was kept from the training."""
    short, long = WORDS[language]
    for kind, texts in (("short", short), ("long", long), ("go_on", GO_ON[language])):
        for text, voice in product(texts, TEST[language]):
            yield Interruption(kind, language, text, voice)
    for number in range(_COUGHS):
        yield Interruption("cough", language, f"cough {number + 1}", "")
