"""The renderer: a prompt with typed variables becomes parts to speak, and never speaks of a debt to a stranger."""

from __future__ import annotations

import string
from collections.abc import Iterable
from functools import lru_cache

from voiceagent.base.errors import VoiceagentError
from voiceagent.dialogue.events import Say
from voiceagent.dialogue.law import STRICTEST, SpokenLaw, expand, references
from voiceagent.dialogue.script import Prompt, Script
from voiceagent.dialogue.speaking import speak
from voiceagent.dialogue.state import Briefing, ConversationState
from voiceagent.dialogue.variables import CASE_VARIABLES, VARIABLES
from voiceagent.language.say import joined
from voiceagent.language.spoken import SpokenPart

_PUNCTUATION = ".,;:?!…"


class DisclosureError(VoiceagentError):
    """A prompt about the debt was about to be said to somebody whose identity is not proved."""

    code = "disclosure"


class ForbiddenQuestionError(VoiceagentError):
    """A question that the law of the debtor's place forbids was about to be asked."""

    code = "forbidden_question"


class PromptError(VoiceagentError):
    """A prompt uses a variable that does not exist or has no value here."""

    code = "prompt"


@lru_cache(maxsize=4096)
def pieces(text: str) -> tuple[tuple[str, str | None], ...]:
    """A variant as (fixed text, variable after it or None) pairs; PromptError for anything but plain {name} fields."""
    found: list[tuple[str, str | None]] = []
    try:
        for literal, field, spec, conversion in string.Formatter().parse(text):
            if field is not None and (spec or conversion or not field.isidentifier()):
                raise PromptError(f"write variables as {{name}} and nothing more inside the braces: {text!r}")
            found.append((literal, field))
    except ValueError as error:
        raise PromptError(f"unbalanced braces in {text!r}: write variables as {{name}}") from error
    return tuple(found)


def variables_of(prompt: Prompt) -> frozenset[str]:
    """The variables any variant uses."""
    return frozenset(field for text in prompt.variants for _, field in pieces(text) if field is not None)


def legal_texts(prompt: Prompt) -> frozenset[str]:
    """The legal texts any variant refers to."""
    return frozenset(name for text in prompt.variants for name in references(text))


def discloses(prompt: Prompt) -> bool:
    """Whether the prompt is tagged as speaking of the debt or uses a case variable."""
    return prompt.discloses or bool(variables_of(prompt) & CASE_VARIABLES)


def render(script: Script, name: str, variant: int, briefing: Briefing, state: ConversationState) -> Say:
    """The prompt as something to say; it has no parts when it is made of legal texts that this place does not want.

    DisclosureError while unverified, ForbiddenQuestionError for a reason that may not be asked, PromptError for
    variables without a value. What holds a legal text cannot be interrupted.
    """
    prompt = script.prompts[name]
    secret = discloses(prompt)
    if secret and not state.verified:
        raise DisclosureError(f"prompt {name!r} speaks of the debt and the debtor is not verified")
    if prompt.asks_reason and not briefing.law.may_ask_reason:
        raise ForbiddenQuestionError(f"prompt {name!r} asks for the reason, which {briefing.law.place} forbids")
    index = variant % len(prompt.variants)
    parts: list[SpokenPart] = []
    written = ""
    variant_text = prompt.variants[index]
    legal = references(variant_text)
    if legal:
        try:
            variant_text = expand(variant_text, briefing.law, script.legal, first_contact=briefing.first_contact)
        except LookupError as error:
            raise PromptError(f"prompt {name!r}: {error.args[0]}") from error
    for literal, field in pieces(variant_text):
        parts.extend(carrier(literal))
        written += literal
        if field is not None:
            spoken = _value(name, field, briefing, state, script)
            parts.extend(spoken)
            written += joined(spoken)
    # "At ten a.m." may end a sentence.
    written = written.replace("..", ".")
    barge_in = prompt.barge_in and not legal & briefing.law.required
    return Say(name, index, tuple(parts), barge_in, secret, " ".join(written.split()))


def carriers(script: Script, laws: Iterable[SpokenLaw] = (STRICTEST,)) -> list[str]:
    """Every fixed text the script can say under the laws it serves, sorted: what a phrase bank renders ahead."""
    variants: set[str] = set()
    for text in (text for prompt in script.prompts.values() for text in prompt.variants):
        if not references(text):
            variants.add(text)
            continue
        for law in laws:
            variants |= {expand(text, law, script.legal, first_contact=first) for first in (True, False)}
    return sorted({part.text for text in variants for literal, _ in pieces(text) for part in carrier(literal)})


def _value(
    name: str, field: str, briefing: Briefing, state: ConversationState, script: Script
) -> tuple[SpokenPart, ...]:
    variable = VARIABLES.get(field)
    if variable is None:
        raise PromptError(f"prompt {name!r} uses {{{field}}}, which does not exist")
    if variable.case and not state.verified:
        raise DisclosureError(f"{{{field}}} speaks of the debt and the debtor is not verified")
    try:
        value = variable.value(briefing, state)
    except (LookupError, ValueError) as error:
        raise PromptError(f"prompt {name!r} uses {{{field}}}, but {error}") from error
    return speak(variable.type, value, script.language, briefing.case.region)


def carrier(literal: str) -> tuple[SpokenPart, ...]:
    """Fixed text as a part; punctuation at its start closes what was said before and is not spoken by itself."""
    text = literal.strip().lstrip(_PUNCTUATION).lstrip()
    return (SpokenPart(text),) if text else ()
