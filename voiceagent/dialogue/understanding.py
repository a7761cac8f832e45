"""What a debtor's words mean in a state: an intent, the slots, or that it is not clear."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from voiceagent.dialogue.events import Understanding
from voiceagent.dialogue.intents import NONE, IntentModel, masked, model_of, number_words
from voiceagent.language.heard import SlotReading, understand_slots
from voiceagent.language.languages import lexicon_of
from voiceagent.language.text import words

#: Understood whatever the state asks, most binding first.
GLOBAL = (
    "voicemail", "deceased", "cease", "legal_insolvency", "human", "dispute", "wrong_person", "already_paid", "child",
    "vulnerable", "third_party_absent", "scam_suspicion", "are_you_robot", "record_request", "switch_language", "who_why",
    "no_money", "balance_detail", "busy_callback", "abuse", "repeat_slower", "wait", "goodbye",
)  # fmt: skip
#: Answers whose meaning the state decides: the same words confirm a name, accept an offer or just say yes.
AFFIRMING = ("confirm_self", "accept", "yes")
DENYING = ("reject", "no")
#: Never inferred from words that hold a negation.
WILLING = frozenset({*AFFIRMING, "willing_to_pay"})

_SURE = 0.95
_LIKELY = 0.42
_LEAD = 0.12
_STRONG = 0.3
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
) -> Understanding:
    """Understand one turn; intent None and no slots when it is not clear.

    `expect` lists the kinds of answer asked for, the likeliest first. `among` narrows intents to what the state can
    mean; the GLOBAL ones are always understood. `alternatives` are phrases scored by the recogniser (0-1): the best
    one counts when the free text says nothing and it leads clearly. `now` turns "in half an hour" into a time.
    """
    meant = _understand(hypothesis_text, language, region, tuple(expect), frozenset(among), today, now)
    if meant.intent is not None or meant.slots or meant.alternatives or not alternatives:
        return meant
    ranked = sorted(alternatives, key=lambda option: option[1], reverse=True)
    phrase, score = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    if score < _HEARD_SURE or score - second < _HEARD_LEAD:
        return meant
    heard = _understand(phrase, language, region, tuple(expect), frozenset(among), today, now)
    return replace(heard, confidence=round(min(heard.confidence, score), 3), text=hypothesis_text)


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
    # A whole yes or no decides more than any resemblance; it is read even where only the intent was asked for.
    assent = (
        reading
        if "yes_no" in expect
        else understand_slots(text, language=language, region=region, expect=("yes_no",), today=today)
    )
    intent, confidence = _intent(line, text, language, among, assent, slots, expect)
    if intent in AFFIRMING and slots.get("yes_no") is False:
        intent, confidence = None, 0.0
    if intent is None and slots:
        confidence = 0.9 if not reading.ambiguous else 0.5
    if slots.get("yes_no") is not None and intent not in (None, *AFFIRMING, *DENYING):
        # "Sim, mas ja paguei" is no consent to what was asked.
        slots.pop("yes_no")
    return Understanding(intent, round(confidence, 3), slots, reading.alternatives, reading.ambiguous, text)


def _intent(
    line: str,
    text: str,
    language: str,
    among: frozenset[str],
    assent: SlotReading,
    slots: dict[str, Any],
    expect: tuple[str, ...],
) -> tuple[str | None, float]:
    model, numbers = model_of(language), number_words(language)
    shown = masked(line, numbers)
    said_yes_no = assent.slots.get("yes_no")
    denied = any(word in lexicon_of(language).negators for word in line.split())
    allowed = (among | set(GLOBAL)) if among else frozenset(model.names) - {NONE}
    allowed -= {NONE}
    ruled = [name for name in model.ruled(shown) if name in allowed]
    if ruled:
        name = _first_binding(ruled)
        if not (denied and name in WILLING and said_yes_no is not True):
            return name, _SURE
    if said_yes_no is not None and assent.yes_no_confidence >= 0.9:
        return _assent_intent(said_yes_no, model, shown, among), assent.yes_no_confidence
    name, share, strength = _classified(model, shown, allowed, denied, said_yes_no)
    if name is not None and share >= _LIKELY and strength >= _STRONG:
        if name in AFFIRMING + DENYING and said_yes_no is None and "?" in text:
            return None, 0.0
        return name, min(0.94, share)
    if said_yes_no is not None:
        return _assent_intent(said_yes_no, model, shown, among), assent.yes_no_confidence
    if _OFFERED & slots.keys() and "counter_offer" in allowed and "intent" in expect and not denied:
        return "counter_offer", 0.7
    return None, 0.0


def _first_binding(ruled: Sequence[str]) -> str:
    order = {name: rank for rank, name in enumerate(GLOBAL)}
    return min(ruled, key=lambda name: (order.get(name, len(order)), ruled.index(name)))


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
    model: IntentModel, shown: str, allowed: Collection[str], denied: bool, said_yes_no: bool | None
) -> tuple[str | None, float, float]:
    scores, strengths = model.scores(shown), model.strength(shown)
    # Yes-like intents share words: what the state leaves out of the family counts for the one it names.
    for family in (AFFIRMING, DENYING):
        kept = [name for name in family if name in allowed]
        if kept and len(kept) < len(family):
            best = max(kept, key=lambda name: scores.get(name, 0.0))
            scores[best] = sum(scores.get(name, 0.0) for name in family)
            strengths[best] = max(strengths.get(name, 0.0) for name in family)
    if denied and said_yes_no is not True:
        for name in WILLING:
            scores[name] = 0.0
    if said_yes_no is True:
        scores["no"] = scores["reject"] = 0.0
    # What the state rules out does not compete, except that nothing may win where "none" clearly would.
    open_scores = {name: score for name, score in scores.items() if name in allowed or name == NONE}
    total = sum(open_scores.values())
    if total <= 0:
        return None, 0.0, 0.0
    ranked = sorted(open_scores, key=lambda name: open_scores[name], reverse=True)
    best = ranked[0]
    share = open_scores[best] / total
    lead = share - (open_scores[ranked[1]] / total if len(ranked) > 1 else 0.0)
    if best == NONE or lead < _LEAD:
        return None, share, 0.0
    return best, share, strengths[best]


def _wait_to_time(slots: dict[str, Any], now: datetime | None) -> None:
    """Turn "in half an hour" into a clock time, when the time now is known."""
    minutes = slots.get("in_minutes")
    if now is not None and minutes is not None and "time" not in slots:
        slots["time"] = (now + timedelta(minutes=minutes)).strftime("%H:%M")


__all__ = ["AFFIRMING", "DENYING", "GLOBAL", "WILLING", "understand"]
