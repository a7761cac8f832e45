"""Tables of places: which zone each state keeps, which state each Brazilian area code belongs to."""

from __future__ import annotations

from collections.abc import Mapping

#: The capital's zone: what a country's clock means when nothing narrower is known.
CAPITAL_ZONE = {
    "BR": "America/Sao_Paulo", "MX": "America/Mexico_City", "CO": "America/Bogota", "CL": "America/Santiago",
    "PE": "America/Lima", "AR": "America/Argentina/Buenos_Aires", "US": "America/New_York", "ES": "Europe/Madrid",
    "EC": "America/Guayaquil", "UY": "America/Montevideo", "PT": "Europe/Lisbon",
}  # fmt: skip

#: Countries that keep one clock everywhere.
SINGLE_ZONE = frozenset({"CO", "PE", "AR", "UY"})

_BR = {
    "AC": "America/Rio_Branco", "AM": "America/Manaus", "RR": "America/Boa_Vista", "RO": "America/Porto_Velho",
    "MT": "America/Cuiaba", "MS": "America/Campo_Grande", "PA": "America/Belem", "AP": "America/Belem",
    "TO": "America/Araguaina", "MA": "America/Fortaleza", "PI": "America/Fortaleza", "CE": "America/Fortaleza",
    "RN": "America/Fortaleza", "PB": "America/Fortaleza", "PE": "America/Recife", "AL": "America/Maceio",
    "SE": "America/Maceio", "BA": "America/Bahia",
    **dict.fromkeys(("SP", "RJ", "MG", "ES", "PR", "SC", "RS", "GO", "DF"), "America/Sao_Paulo"),
}  # fmt: skip

_MX = {
    "BCN": "America/Tijuana", "BCS": "America/Mazatlan", "NAY": "America/Mazatlan", "SIN": "America/Mazatlan",
    "SON": "America/Hermosillo", "ROO": "America/Cancun", "CHH": "America/Chihuahua",
    **dict.fromkeys(
        ("AGU", "CAM", "CHP", "CMX", "COA", "COL", "DUR", "GUA", "GRO", "HID", "JAL", "MEX", "MIC", "MOR", "NLE",
         "OAX", "PUE", "QUE", "SLP", "TAB", "TAM", "TLA", "VER", "YUC", "ZAC"),
        "America/Mexico_City",
    ),
}  # fmt: skip

_CL = {"MA": "America/Punta_Arenas"} | dict.fromkeys(
    ("AI", "AN", "AP", "AR", "AT", "BI", "CO", "LI", "LL", "LR", "ML", "NB", "RM", "TA", "VS"), "America/Santiago"
)

_ES = {"CN": "Atlantic/Canary"} | dict.fromkeys(
    ("AN", "AR", "AS", "CB", "CE", "CL", "CM", "CT", "EX", "GA", "IB", "MC", "MD", "ML", "NC", "PV", "RI", "VC"),
    "Europe/Madrid",
)

_ET, _CT, _MT, _PT = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
_US: dict[str, str | tuple[str, ...]] = {
    **dict.fromkeys(
        ("CT", "DE", "DC", "GA", "ME", "MD", "MA", "NH", "NJ", "NY", "NC", "OH", "PA", "RI", "SC", "VT", "VA", "WV"),
        _ET,
    ),
    **dict.fromkeys(("AL", "AR", "IL", "IA", "LA", "MN", "MS", "MO", "OK", "WI"), _CT),
    **dict.fromkeys(("CO", "MT", "NM", "UT", "WY"), _MT),
    **dict.fromkeys(("CA", "WA"), _PT),
    "AZ": ("America/Phoenix", _MT), "NV": (_PT, _MT), "HI": "Pacific/Honolulu",
    "AK": ("America/Anchorage", "America/Adak"), "PR": "America/Puerto_Rico",
    "FL": (_ET, _CT), "IN": (_ET, _CT), "KY": (_ET, _CT), "MI": (_ET, _CT), "TN": (_CT, _ET), "TX": (_CT, _MT),
    "KS": (_CT, _MT), "NE": (_CT, _MT), "ND": (_CT, _MT), "SD": (_CT, _MT), "ID": (_MT, _PT), "OR": (_PT, _MT),
}  # fmt: skip

_TABLES: dict[str, Mapping[str, str | tuple[str, ...]]] = {"BR": _BR, "MX": _MX, "CL": _CL, "ES": _ES, "US": _US}

#: country -> state -> the zones kept there (several where the state is split).
ZONES: dict[str, dict[str, tuple[str, ...]]] = {
    country: {state: (zone,) if isinstance(zone, str) else zone for state, zone in table.items()}
    for country, table in _TABLES.items()
}

#: Brazilian area codes (DDD) by state; a DDD never crosses a state border except 61, shared by DF and Goiás.
_DDD = {
    "SP": "11 12 13 14 15 16 17 18 19", "RJ": "21 22 24", "ES": "27 28", "MG": "31 32 33 34 35 37 38",
    "PR": "41 42 43 44 45 46", "SC": "47 48 49", "RS": "51 53 54 55", "DF": "61", "GO": "62 64", "TO": "63",
    "MT": "65 66", "MS": "67", "AC": "68", "RO": "69", "BA": "71 73 74 75 77", "SE": "79", "PE": "81 87", "AL": "82",
    "PB": "83", "RN": "84", "CE": "85 88", "PI": "86 89", "PA": "91 93 94", "AM": "92 97", "RR": "95", "AP": "96",
    "MA": "98 99",
}  # fmt: skip
STATE_OF_DDD = {code: state for state, codes in _DDD.items() for code in codes.split()}
