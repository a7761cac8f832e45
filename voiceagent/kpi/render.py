"""A report as JSON, as CSV, and as a table for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from voiceagent.kpi.measures import INBOUND_LABELS, LABELS, Kpi, Label
from voiceagent.kpi.report import Row


def row_json(row: Row) -> dict[str, Any]:
    """`{"kpis": {name: {"value", "numerator", "denominator"}}, "money": {currency: {name: …}}}`."""
    return {
        "kpis": {name: kpi.as_json() for name, kpi in row.kpis.items()},
        "money": {
            currency: {name: kpi.as_json() for name, kpi in sums.items()} for currency, sums in row.money.items()
        },
    }


def csv_text(rows: Sequence[Row], by: str | None) -> str:
    """One line a part: its key, then value, numerator and denominator of each KPI; money columns name the currency."""
    currencies = sorted({currency for row in rows for currency in row.money})
    sums = sorted({name for row in rows for of in row.money.values() for name in of})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = [by or "period"]
    for name in _labels(rows):
        head += [name, f"{name}_numerator", f"{name}_denominator"]
    head += [f"{name}_{currency}" for currency in currencies for name in sums]
    writer.writerow(head)
    for row in rows:
        line: list[Any] = [_harmless(row.key or ("all" if by is None else "none"))]
        for name in _labels(rows):
            kpi = row.kpis[name]
            line += [kpi.value, kpi.numerator, kpi.denominator]
        for currency in currencies:
            line += [getattr(row.money.get(currency, {}).get(name), "value", None) for name in sums]
        writer.writerow(["" if cell is None else cell for cell in line])
    return out.getvalue()


def table_text(rows: Sequence[Row], by: str | None) -> str:
    """KPIs downwards, parts across."""
    heads = ["", *(row.key or ("total" if by is None else "—") for row in rows)]
    lines = [heads]
    for name, label in _labels(rows).items():
        lines.append([f"{label.name} ({label.formula})", *(_cell(name, row.kpis[name]) for row in rows)])
    for currency in sorted({currency for row in rows for currency in row.money}):
        for name, title in (("promised", "Valor prometido"), ("discount", "Desconto"), ("ticket", "Ticket médio")):
            cells = [row.money.get(currency, {}).get(name) for row in rows]
            lines.append([f"{title} {currency}", *("" if cell is None else str(cell.value) for cell in cells)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        ).rstrip()
        for line in lines
    )


def _labels(rows: Sequence[Row]) -> dict[str, Label]:
    """What these rows have, in order."""
    return LABELS | INBOUND_LABELS if rows and all(name in rows[0].kpis for name in INBOUND_LABELS) else LABELS


def _cell(name: str, kpi: Kpi) -> str:
    if kpi.value is None:
        return "–"
    if name.endswith(("_rate", "_share")) or name in ("containment", "service_level"):
        return f"{float(kpi.value) * 100:.1f} %"
    if kpi.denominator is None:
        return str(kpi.value)
    return f"{float(kpi.value):.2f}" + (" s" if name.endswith("_s") else "")


def _harmless(text: str) -> str:
    """A spreadsheet must not take a seat's name for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
