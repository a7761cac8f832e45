"""What a debtor's words mean in a state: an intent, the slots, or that it is not clear."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from voiceagent.dialogue.events import Understanding
from voiceagent.dialogue.intents import NONE, IntentModel, masked, model_of, number_words
from voiceagent.language.assent import denies, hesitates
from voiceagent.language.heard import SlotReading, understand_slots
from voiceagent.language.languages import lexicon_of
from voiceagent.language.text import tokenise, words

#: Understood whatever the state asks, most binding first.
GLOBAL = (
    "voicemail", "deceased", "cease", "legal_insolvency", "human", "dispute", "wrong_person", "already_paid", "child",
    "vulnerable",
        "third_party_absent", "scam_suspicion", "are_you_robot", "record_request", "switch_language", "who_why",
    "no_money", "balance_detail", "busy_callback", "abuse", "repeat_slower", "wait", "goodbye",
)  # fmt: skip
#: Acted on whenever they are said at all, whatever else is said beside them.
BINDING = ("voicemail", "deceased", "cease", "legal_insolvency")
#: Answers whose meaning the state decides: the same words confirm a name, accept an offer or just say yes.
AFFIRMING = ("confirm_self", "accept", "yes")
DENYING = ("reject", "no")
#: Never inferred from words that hold a negation.
WILLING = frozenset({*AFFIRMING, "willing_to_pay"})

_SURE = 0.95
#: What doubtful words must at least mean it with, where no intent was asked for.
_LIKELY = 0.8
#: Letters in common from which a garbled wish to be left alone counts; no other line of the scored sets comes near.
_ALIKE = 0.84
#: A yes or no this plain needs no further look.
_PLAIN = 0.9
#: What the classifier must reach, and lead by, to be believed.
_STRONG = 0.26
_LEAD = 0.06
_STATE_BONUS = 0.04
#: Fewer words than this resemble too much.
_FEW = 4
#: By how much another intent must resemble the whole utterance more than the one that a rule found in it.
_OUTWEIGHS = 0.4
#: Up to so many words a yes or no outweighs any resemblance.
_SHORT = 3
#: Words of a turn beyond which nobody answers a question any more: neither a value nor a consent is taken from it.
_LONGEST = 250
_HEARD_SURE = 0.75
_HEARD_LEAD = 0.15
_OFFERED = frozenset({"amount", "instalments", "down_payment", "instalment_amount"})


def understand(
    hypothesis_text: str,
    *,
    alternatives: Sequence[tuple[str, float]] = (),
    language: str,
    region: str,
    expect: Sequence[str],
    among: Collection[str] = (),
    today: date,
    now: datetime | None = None,
    doubtful: bool = False,
) -> Understanding:
    """Understand one turn; intent None and no slots when it is not clear.

    `expect` lists the kinds of answer asked for, the likeliest first. `among` narrows intents to what the state can
    mean; the GLOBAL ones are always understood. `alternatives` are phrases scored by the recogniser (0-1): the best
    one counts when the free text says nothing and it leads clearly. `now` turns "in half an hour" into a time.
    `doubtful`: the recogniser does not vouch for the words; neither value nor consent is taken from them.
    """
    language = str(language)  # a StrEnum member and its text are two keys to the caches of models
    spoken = hypothesis_text.split()
    if len(spoken) > _LONGEST:
        begun = " ".join(spoken[:_LONGEST])
        meant = _understand(begun, language, region, tuple(expect), frozenset(among), today, now)
        return replace(_doubted(meant, expect), text=hypothesis_text)
    meant = _understand(hypothesis_text, language, region, tuple(expect), frozenset(among), today, now)
    if doubtful:
        return _doubted(meant, expect)
    if meant.intent is not None or meant.slots or meant.alternatives or not alternatives:
        return meant
    ranked = sorted(alternatives, key=lambda option: option[1], reverse=True)
    phrase, score = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    if score < _HEARD_SURE or score - second < _HEARD_LEAD:
        return meant
    heard = _understand(phrase, language, region, tuple(expect), frozenset(among), today, now)
    return replace(heard, confidence=round(min(heard.confidence, score), 3), text=hypothesis_text)


def _doubted(meant: Understanding, expect: Sequence[str]) -> Understanding:
    """What may be heard wrongly without harm: no value, no consent; who said nothing else is asked again.

    Where nothing but a value was asked for, doubtful words are most often that value, badly heard ("quinhentos" as "e
    não entrei"): what they only resemble was not said.
    """
    consent = meant.intent in WILLING or meant.intent == "counter_offer"
    guessed = "intent" not in expect and meant.confidence < _LIKELY
    intent = None if consent or guessed else meant.intent
    confidence = min(meant.confidence, 0.5) if intent else 0.0
    return replace(meant, intent=intent, confidence=confidence, slots={}, alternatives=(), ambiguous=False)


def _understand(
    text: str,
    language: str,
    region: str,
    expect: tuple[str, ...],
    among: frozenset[str],
    today: date,
    now: datetime | None,
) -> Understanding:
    reading = understand_slots(text, language=language, region=region, expect=expect, today=today)
    slots = dict(reading.slots)
    _wait_to_time(slots, now)
    line = words(text)
    if not line:
        return Understanding(text=text)
    _no_amount_from_a_yes(slots, line.split(), expect, language)
    # A whole yes or no decides more than any resemblance; it is read even where only the intent was asked for.
    assent = (
        reading
        if "yes_no" in expect
        else understand_slots(text, language=language, region=region, expect=("yes_no",), today=today)
    )
    intent, confidence = _intent(line, text, language, among, assent, slots, expect)
    if intent in AFFIRMING and slots.get("yes_no") is False:
        intent, confidence = None, 0.0
    if confidence < _SURE and _guessed_too_boldly(intent, slots, line, expect):
        intent, confidence = None, 0.0
    if intent == "counter_offer" and not slots and _holds_a_number(line, language):
        # A proposal whose number could not be read is not understood: "G-5" or "paji seja oito" for a day.
        intent, confidence = None, 0.0
    if intent is None and slots:
        confidence = 0.9 if not reading.ambiguous else 0.5
    plain_no = slots.get("yes_no") is False and assent.yes_no_confidence >= _PLAIN
    if slots.get("yes_no") is not None and intent not in (None, *AFFIRMING, *DENYING) and not plain_no:
        # "Sim, mas ja paguei" is no consent to what was asked.
        slots.pop("yes_no")
    return Understanding(intent, round(confidence, 3), slots, reading.alternatives, reading.ambiguous, text)


def _holds_a_number(line: str, language: str) -> bool:
    return any(letter.isdigit() for letter in line) or "#" in masked(line, number_words(language)).split()


def _guessed_too_boldly(intent: str | None, slots: dict[str, Any], line: str, expect: tuple[str, ...]) -> bool:
    """Whether an intent that words only resemble is not to be believed.

    "Nasci em cinco de abril" resembles "faleceu em abril", "in full" resembles "paid in full", "¿hola?" a voicemail;
    but the month of a death is no answer to a question that was not about dates.
    """
    few = len(line.split()) < _FEW
    asked = {"date" if kind == "birth_date" else kind for kind in expect} - {"yes_no"}
    if slots.keys() & asked or (few and slots.keys() - {"yes_no"}):
        return intent in BINDING or (few and intent in GLOBAL)
    return few and intent == "voicemail"


def _intent(
    line: str,
    text: str,
    language: str,
    among: frozenset[str],
    assent: SlotReading,
    slots: dict[str, Any],
    expect: tuple[str, ...],
) -> tuple[str | None, float]:
    model = model_of(language)
    shown = masked(line, number_words(language))
    said = assent.slots.get("yes_no")
    denied = denies(line, lexicon_of(language))
    answers = bool({"intent", "yes_no"} & set(expect))
    allowed = (among | set(GLOBAL)) if among or not answers else frozenset(model.names)
    allowed -= {NONE}
    if denied and said is not True:
        allowed -= WILLING
    if text.rstrip().endswith("?") and len(_clauses(text, language)) == 1:
        # "Pode ser?" asks for a yes, it does not give one.
        allowed -= {"yes", "accept"}
    known = [name for name in model.exact(shown) if name in allowed]
    if known:
        return known[0], _SURE
    if said is None and hesitates(line, lexicon_of(language)):
        # "Sim, talvez" and "aceito, mas preciso pensar" begin like a yes and are none.
        allowed -= set(AFFIRMING)
    certain = _certain(text, shown, line, model, language, allowed)
    if certain:
        return _outweighed(_first_binding(certain, model, shown), model, shown, allowed)
    name, strength, lead = _classified(model, shown, allowed, among, said)
    # "I want to make a payment" begins like a yes and is none.
    other = name not in (*AFFIRMING, *DENYING) and len(line.split()) > _SHORT and lead >= _OUTWEIGHS
    if (
        said is not None
        and assent.yes_no_confidence >= _PLAIN
        and not other
        and (answers or among & set(AFFIRMING + DENYING))
    ):
        return _assent_intent(said, model, shown, among), assent.yes_no_confidence
    asked = name in AFFIRMING and not said and "?" in text
    strange = name in ("accept", "yes") and not said and not _only_agreeing(shown, model, language)
    if name is not None and strength >= _STRONG and lead >= _LEAD and not asked and not strange:
        return name, max(0.5, min(0.94, 0.45 + strength * 0.6 + lead * 0.3))
    if said is not None and not other and (answers or among & set(AFFIRMING + DENYING)):
        return _assent_intent(said, model, shown, among), assent.yes_no_confidence
    if _OFFERED & slots.keys() and "counter_offer" in among and "intent" in expect and not denied:
        return "counter_offer", 0.7
    if "cease" in allowed and (alike := model.alike("cease", shown)) >= _ALIKE:
        # "Na omi liga em mais": whoever must not be called again is understood also when the words are garbled.
        return "cease", round(alike, 3)
    return None, 0.0


def _only_agreeing(shown: str, model: IntentModel, language: str) -> bool:
    """Whether people agree with each of these words: "sim quero cancelar" resembles a consent but for one word."""
    lexicon = lexicon_of(language)
    known = lexicon.assent_fillers | lexicon.yes_beside
    known = known.union({"#"}, *(model.vocabulary.get(name, ()) for name in AFFIRMING))
    return known.issuperset(shown.split())


def _certain(
    text: str, shown: str, line: str, model: IntentModel, language: str, allowed: Collection[str]
) -> list[str]:
    """Intents that a rule gives for the whole utterance, or that one of its clauses is known for."""
    found = [*model.ruled(shown), *model.ruled(line)]
    clauses = _clauses(text, language)
    if len(clauses) > 1:
        # A yes or no of one clause is not the answer of the whole, unless the others agree as well.
        partial = {*DENYING} if _only_agreeing(shown, model, language) else {*DENYING, "accept", "yes"}
        for clause in clauses:
            found += [name for name in model.exact(clause) if name not in (NONE, *AFFIRMING, *DENYING)]
            found += [name for name in model.ruled(clause) if name not in partial]
    return [name for name in dict.fromkeys(found) if name in allowed]


def _clauses(text: str, language: str) -> list[str]:
    """The masked clauses of an utterance, parted where punctuation was written."""
    clauses: list[list[str]] = [[]]
    for token in tokenise(text):
        if token.pause and clauses[-1]:
            clauses.append([])
        clauses[-1].append(token.text)
    return [masked(" ".join(clause), number_words(language)) for clause in clauses if clause]


def _first_binding(certain: Sequence[str], model: IntentModel, shown: str) -> str:
    """Of several certain intents the one that binds us, else who says it is them, else the likeliest."""
    for name in (*BINDING, "confirm_self"):
        if name in certain and (name != "confirm_self" or set(certain) <= {"confirm_self", "who_why", *AFFIRMING}):
            return name
    strength = model.strength(shown)
    order = {name: rank for rank, name in enumerate(GLOBAL)}
    return max(certain, key=lambda name: (round(strength.get(name, 0.0), 2), -order.get(name, len(order))))


def _outweighed(name: str, model: IntentModel, shown: str, allowed: Collection[str]) -> tuple[str, float]:
    """A rule's intent, unless the whole utterance looks far more like another; what binds us is never outweighed."""
    strength = model.strength(shown)
    others = sorted(set(allowed) - {NONE, *WILLING})
    other = max(others, key=lambda intent: strength.get(intent, 0.0), default=name)
    if name in BINDING or strength.get(other, 0.0) - strength.get(name, 0.0) < _OUTWEIGHS:
        return name, _SURE
    return other, 0.8


def _assent_intent(said: bool, model: IntentModel, shown: str, among: frozenset[str]) -> str:
    """Which of the yes-like (no-like) intents: the state's own if it has one, else the one the words resemble."""
    family = AFFIRMING if said else DENYING
    plain = family[-1]
    choices = [name for name in family if name in among] if among else list(family)
    if not choices:
        return plain
    if len(choices) == 1:
        return choices[0]
    strength = model.strength(shown)
    best = max(choices, key=lambda name: strength.get(name, 0.0))
    if plain in choices and strength.get(best, 0.0) < strength.get(plain, 0.0) + 0.15:
        return plain
    return best


def _classified(
    model: IntentModel, shown: str, allowed: Collection[str], among: Collection[str], said: bool | None
) -> tuple[str | None, float, float]:
    """(best intent, its strength, its lead over the next); None when it looks most like no intent at all."""
    strength = model.strength(shown)
    # Yes-like intents share words: what the state leaves out of the family counts for the one it names.
    for family in (AFFIRMING, DENYING):
        kept = [name for name in family if name in allowed]
        if kept and len(kept) < len(family):
            best = max(kept, key=lambda name: strength.get(name, 0.0))
            strength[best] = max(strength.get(name, 0.0) for name in family)
    for name in among:
        strength[name] = strength.get(name, 0.0) + _STATE_BONUS
    if said is True:
        strength["no"] = strength["reject"] = 0.0
    ranked = sorted((name for name in strength if name in allowed or name == NONE), key=lambda n: -strength[n])
    best, lead = ranked[0], strength[ranked[0]] - (strength[ranked[1]] if len(ranked) > 1 else 0.0)
    return (None if best == NONE else best), strength[best], lead


#: What a recogniser writes for a "sim", and what it writes for it that is an amount as well.
_SOUNDS_LIKE_YES = {"pt-BR": ("sem", "cem")}


def _no_amount_from_a_yes(slots: dict[str, Any], heard: list[str], expect: tuple[str, ...], language: str) -> None:
    """Where a yes may come, "sem confirmo" is a misheard yes and a lone "cem" to a yes-or-no question is doubtful."""
    never, alone = _SOUNDS_LIKE_YES.get(language, ("", ""))
    if "yes_no" in expect and (never in heard or (expect[0] == "yes_no" and heard == [alone])):
        slots.pop("amount", None)


def _wait_to_time(slots: dict[str, Any], now: datetime | None) -> None:
    """Turn "in half an hour" into a clock time, when the time now is known."""
    minutes = slots.get("in_minutes")
    if now is not None and minutes is not None and "time" not in slots:
        slots["time"] = (now + timedelta(minutes=minutes)).strftime("%H:%M")


__all__ = ["AFFIRMING", "DENYING", "GLOBAL", "WILLING", "understand"]
