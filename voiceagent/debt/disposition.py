"""How a call ended, in the trade's own codes, with what each code means for the next contact and for the measures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Disposition(StrEnum):
    """Outcome of one attempt; the same codes in the database, the metrics, the pages and the scripts."""

    NEW = "NEW"
    NA = "NA"
    BUSY = "BUSY"
    DC = "DC"
    CONG = "CONG"
    VM = "VM"
    FAX = "FAX"
    SIL = "SIL"
    HUP = "HUP"
    THIRD_PARTY = "3P"
    THIRD_PARTY_MESSAGE = "3PM"
    WN = "WN"
    DEC = "DEC"
    CPC_NEG = "CPC_NEG"
    CB = "CB"
    PTP = "PTP"
    PAID = "PAID"
    DISP = "DISP"
    NOMON = "NOMON"
    REF = "REF"
    LEG = "LEG"
    CEASE = "CEASE"
    ABU = "ABU"
    XFER = "XFER"
    ERR = "ERR"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a disposition says beyond its name."""

    label: str
    """Portuguese label for people."""
    human: bool = False
    """A person answered (ALÔ)."""
    machine: bool = False
    """A machine answered."""
    right_party: bool = False
    """Only reachable after identity was verified."""
    final: bool = False
    """No further call to this case by itself."""


MEANING: dict[Disposition, Meaning] = {
    Disposition.NEW: Meaning("nova"),
    Disposition.NA: Meaning("não atende"),
    Disposition.BUSY: Meaning("ocupado"),
    Disposition.DC: Meaning("número inexistente"),
    Disposition.CONG: Meaning("falha de rota"),
    Disposition.VM: Meaning("caixa postal", machine=True),
    Disposition.FAX: Meaning("fax", machine=True),
    Disposition.SIL: Meaning("mudo"),
    Disposition.HUP: Meaning("desligou antes da identificação", human=True),
    Disposition.THIRD_PARTY: Meaning("terceiro", human=True),
    Disposition.THIRD_PARTY_MESSAGE: Meaning("recado com terceiro", human=True),
    Disposition.WN: Meaning("número errado", human=True),
    Disposition.DEC: Meaning("falecido", human=True, final=True),
    Disposition.CPC_NEG: Meaning("CPC sem acordo", human=True, right_party=True),
    Disposition.CB: Meaning("retornar", human=True),
    Disposition.PTP: Meaning("promessa de pagamento", human=True, right_party=True),
    Disposition.PAID: Meaning("alega pagamento", human=True),
    Disposition.DISP: Meaning("contesta", human=True),
    Disposition.NOMON: Meaning("sem dinheiro", human=True, right_party=True),
    Disposition.REF: Meaning("recusa", human=True),
    Disposition.LEG: Meaning("jurídico", human=True),
    Disposition.CEASE: Meaning("não ligar mais", human=True, final=True),
    Disposition.ABU: Meaning("ofensa", human=True),
    Disposition.XFER: Meaning("transferido", human=True),
    Disposition.ERR: Meaning("erro técnico"),
}
