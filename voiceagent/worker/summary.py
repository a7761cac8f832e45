"""What a person should know who takes a call over: some lines for the screen, and a note that fits a SIP header."""

from __future__ import annotations

from voiceagent.debt.agreement import Agreement
from voiceagent.debt.offer import Offer
from voiceagent.dialogue.events import HandOver
from voiceagent.language import written

_WORDS = {
    "pt-BR": {
        "asked": "Pediu para falar com uma pessoa.", "other": "Motivo: {reason}.", "verified": "Identidade confirmada.",
        "unverified": "Identidade NÃO confirmada: não fale da dívida antes de confirmar.", "offer": "Na mesa: {terms}.",
        "promised": "Acordo já fechado nesta ligação: {terms}.", "words": "Palavras: “{note}”.",
        "terms": "{count} × {amount}, primeiro pagamento em {due}", "protocol": "Protocolo {protocol}.",
    },
    "es": {
        "asked": "Pidió hablar con una persona.", "other": "Motivo: {reason}.", "verified": "Identidad confirmada.",
        "unverified": "Identidad NO confirmada: no hable de la deuda antes de confirmarla.",
        "offer": "Sobre la mesa: {terms}.", "promised": "Acuerdo ya cerrado en esta llamada: {terms}.",
        "words": "Palabras: «{note}».", "terms": "{count} × {amount}, primer pago el {due}",
        "protocol": "Protocolo {protocol}.",
    },
    "en": {
        "asked": "Asked to speak to a person.", "other": "Reason: {reason}.", "verified": "Identity confirmed.",
        "unverified": "Identity NOT confirmed: do not mention the debt before it is.",
        "offer": "On the table: {terms}.",
        "promised": "Agreement already made in this call: {terms}.", "words": "Words: “{note}”.",
        "terms": "{count} × {amount}, first payment on {due}", "protocol": "Reference {protocol}.",
    },
}  # fmt: skip

#: How much of the debtor's own words people are shown.
_NOTE_LENGTH = 200


def summary_of(wish: HandOver, language: str, protocol: str) -> str:
    """Lines for a person's screen, in the call's language (another's in English). Personal data: keep it erasable."""
    words = _WORDS.get(language, _WORDS["en"])
    lines = [words["asked"] if wish.reason == "human" else words["other"].format(reason=wish.reason)]
    lines.append(words["verified" if wish.verified else "unverified"])
    if wish.promised is not None:
        lines.append(words["promised"].format(terms=_terms(wish.promised, words, language)))
    elif wish.offer is not None:
        lines.append(words["offer"].format(terms=_terms(wish.offer, words, language)))
    if wish.note:
        lines.append(words["words"].format(note=wish.note[:_NOTE_LENGTH]))
    lines.append(words["protocol"].format(protocol=protocol))
    return "\n".join(lines)


def note_of(wish: HandOver, protocol: str) -> str:
    """The same without a person in it, for a header that telephones show and networks log."""
    facts = {"reason": wish.reason, "verified": "yes" if wish.verified else "no", "protocol": protocol}
    terms = wish.promised or wish.offer
    if terms is not None:
        first = terms.instalments[-1]
        key = "promised" if wish.promised is not None else "offer"
        facts[key] = f"{len(terms.instalments)}x{first.amount.minor}{first.amount.currency}"
    return "+".join(f"{key}:{value}" for key, value in facts.items())


def _terms(terms: Offer | Agreement, words: dict[str, str], language: str) -> str:
    last, first = terms.instalments[-1], terms.instalments[0]
    return words["terms"].format(
        count=len(terms.instalments), amount=written.money(last.amount), due=written.day(first.due, language)
    )
