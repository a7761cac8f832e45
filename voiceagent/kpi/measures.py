"""What a KPI is: a value with the two numbers it was made of, and the names they go by."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from voiceagent.base.money import Money

#: A call of at most this long counts as short (Anatel's edge), as does one that was never answered.
SHORT_CALL_S = 6.0
#: A person who heard nothing for longer than this after their greeting was abandoned.
ABANDONED_S = 2.0


@dataclass(frozen=True, slots=True)
class Kpi:
    """A count (denominator None), a rate, a mean in seconds, or money (text in the currency's decimals)."""

    value: float | int | str | None
    """None where the denominator is 0."""
    numerator: float | int | str
    denominator: int | None

    def as_json(self) -> dict[str, Any]:
        """As `kpi --json` shows it."""
        return {"value": self.value, "numerator": self.numerator, "denominator": self.denominator}


@dataclass(frozen=True, slots=True)
class Label:
    """How a KPI is called and what it is made of."""

    name: str
    """In Portuguese, as the trade says it."""
    formula: str


#: In the order of the funnel. Formulas name the counts: D dialled, A answered, H human, M machine, R right party,
#: P calls with a promise.
LABELS: dict[str, Label] = {
    "attempts": Label("Tentativas", "D"),
    "answered": Label("Atendidas", "A"),
    "human": Label("ALÔ", "H"),
    "machine": Label("Caixa postal", "M"),
    "right_party": Label("CPC", "R"),
    "promises": Label("Chamadas com promessa", "P"),
    "debtors": Label("Devedores tentados", "distinct people in D"),
    "spin": Label("Spin", "D ÷ debtors attempted"),
    "answer_rate": Label("Taxa de atendimento", "A ÷ D"),
    "human_rate": Label("Taxa de ALÔ", "H ÷ D"),
    "machine_rate": Label("Taxa de caixa postal", "M ÷ A"),
    "right_party_rate": Label("CPC/ALÔ", "R ÷ H"),
    "promise_rate": Label("Taxa de promessa", "P ÷ R"),
    "debtor_human_rate": Label("Devedores com ALÔ", "debtors with H ÷ debtors attempted"),
    "debtor_right_party_rate": Label("Devedores com CPC", "debtors with R ÷ debtors with H"),
    "debtor_promise_rate": Label("Devedores com promessa", "debtors with P ÷ debtors with R"),
    "tma_s": Label("TMA", "Σ (talk + hold) over H ÷ H"),
    "tmo_s": Label("TMO", "Σ (talk + hold + wrap) over H ÷ H"),
    "time_to_first_audio_s": Label("TME", "Σ (first audio − answer) ÷ answered with audio"),
    "ring_s": Label("Tempo médio de toque", "Σ ring ÷ D ended"),
    "abandonment_rate": Label("Abandono", f"H without audio within {ABANDONED_S:g} s of their greeting's end ÷ H"),
    "short_call_share": Label("Chamadas curtas", f"D ended, unanswered or ≤ {SHORT_CALL_S:g} s ÷ D ended"),
    "containment": Label("Contenção", "H not transferred to a person ÷ H"),
    "opt_out_rate": Label("Pedidos de não ligar", "calls with an opt-out ÷ H"),
    "dispute_rate": Label("Contestação", "disposition DISP ÷ H"),
    "wrong_number_rate": Label("Número errado", "disposition WN ÷ H"),
    "no_input_rate": Label("Sem resposta", "silent turns ÷ turns that expected speech"),
    "no_match_rate": Label("Não entendidas", "turns not understood ÷ turns with speech"),
    "second_look_share": Label("Promessas reescutadas", "calls whose promise had its second look ÷ P"),
    "doubt_rate": Label("Promessas em revisão", "second looks that went to a person ÷ second looks"),
    "overturn_rate": Label("Revisões canceladas", "reviews cancelled by a person ÷ reviews decided"),
    "interruption_rate": Label("Interrupções", "prompts cut by speech ÷ prompts"),
}


def count(number: int) -> Kpi:
    """A plain count."""
    return Kpi(number, number, None)


def rate(numerator: int, denominator: int) -> Kpi:
    """Two counts, to four decimals."""
    return Kpi(round(numerator / denominator, 4) if denominator else None, numerator, denominator)


def mean(total: float, denominator: int) -> Kpi:
    """A sum of seconds over a count, to the millisecond."""
    total = round(total, 3)
    return Kpi(round(total / denominator, 3) if denominator else None, total, denominator)


def money(minor: int, currency: str) -> Kpi:
    """A sum of money."""
    text = str(Money(minor, currency))
    return Kpi(text, text, None)


def mean_money(minor: int, denominator: int, currency: str) -> Kpi:
    """A sum of money over a count, rounded half to even to the currency's decimals."""
    total = str(Money(minor, currency))
    if not denominator:
        return Kpi(None, total, denominator)
    return Kpi(str(Money(int((Decimal(minor) / denominator).to_integral_value()), currency)), total, denominator)


#: Seconds within which a call that comes in is to be answered.
SERVICE_LEVEL_S = 20.0

#: What only calls that come in have; they follow LABELS, and D is what was offered then.
INBOUND_LABELS: dict[str, Label] = {
    "service_level": Label("Nível de serviço", f"A within {SERVICE_LEVEL_S:g} s ÷ D"),
    "lost_rate": Label("Abandono na fila", "(D − A) ÷ D"),
}
