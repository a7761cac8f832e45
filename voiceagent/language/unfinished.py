"""Whether words break off where nobody stops who has finished: "no dia", "trezentos e", "three hundred and"."""

from __future__ import annotations

from voiceagent.language.languages import lexicon_of
from voiceagent.language.lexicon import table
from voiceagent.language.text import fold, tokenise

#: Words that something must follow, and the sounds of somebody who thinks; folded.
_OPEN = {
    "pt-BR": table(
        "e ou mas porque pois que se quando com sem de do da dos das no na nos nas em por pelo pela para pra pro dia "
        "o os as um uma uns umas meu minha seu sua tipo entao hum hm ham eh ah"
    ),
    "es": table(
        "y e o u pero porque pues que si cuando hasta con sin de del el la los las en por para dia un una unos unas mi "
        "su como entonces este eh ah mm hum"
    ),
    "en": table(
        "and or but because so that if when until with without of the a an on at by to my your like then um uh er"
    ),
}
#: Endings that are whole although their last word could go on.
_WHOLE = {
    "pt-BR": ("bom dia", "meio dia", "outro dia", "qualquer dia", "algum dia", "um dia", "claro que sim", "por que"),
    "es": ("buen dia", "medio dia", "otro dia", "algun dia", "cualquier dia", "por que"),
    "en": (),
}
_DOTS = ("...", "…", ",", "-")


def unfinished(text: str, language: str) -> bool:
    """Whether `text`, as a recogniser wrote it, ends where more must come."""
    tokens = tokenise(text)
    if not tokens:
        return False
    said = " ".join(token.text for token in tokens)
    if said in lexicon_of(language).yes_whole or said in lexicon_of(language).no_whole:
        return False  # "é" alone is a yes
    if said.endswith(_WHOLE[language]):
        return False
    return text.rstrip().endswith(_DOTS) or fold(tokens[-1].text) in _OPEN[language]
