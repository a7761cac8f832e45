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
    # Fernando de Noronha belongs to Pernambuco; old addresses name it as if it were a state.
    "FN": "America/Noronha",
}  # fmt: skip

# Municipalities at the border keep the clocks of the United States, so their states have several.
_MX: dict[str, str | tuple[str, ...]] = {
    "BCN": "America/Tijuana", "BCS": "America/Mazatlan", "SIN": "America/Mazatlan", "SON": "America/Hermosillo",
    "ROO": "America/Cancun", "NAY": ("America/Mazatlan", "America/Mexico_City"),
    "CHH": ("America/Chihuahua", "America/Ciudad_Juarez", "America/Ojinaga"),
    **dict.fromkeys(("COA", "NLE", "TAM"), ("America/Mexico_City", "America/Matamoros")),
    **dict.fromkeys(
        ("AGU", "CAM", "CHP", "CMX", "COL", "DUR", "GUA", "GRO", "HID", "JAL", "MEX", "MIC", "MOR", "OAX", "PUE", "QUE",
         "SLP", "TAB", "TLA", "VER", "YUC", "ZAC"),
        "America/Mexico_City",
    ),
}  # fmt: skip

# The far south (Magallanes, and since 2025 Aysen) does not change its clocks.
_CL = dict.fromkeys(("AI", "MA"), "America/Punta_Arenas") | dict.fromkeys(
    ("AN", "AP", "AR", "AT", "BI", "CO", "LI", "LL", "LR", "ML", "NB", "RM", "TA", "VS"), "America/Santiago"
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
    "AK": ("America/Anchorage", "America/Adak"), "PR": "America/Puerto_Rico", "VI": "America/St_Thomas",
    "GU": "Pacific/Guam", "MP": "Pacific/Saipan", "AS": "Pacific/Pago_Pago",
    "FL": (_ET, _CT), "IN": (_ET, _CT), "KY": (_ET, _CT), "MI": (_ET, _CT), "TN": (_CT, _ET), "TX": (_CT, _MT),
    "KS": (_CT, _MT), "NE": (_CT, _MT), "ND": (_CT, _MT), "SD": (_CT, _MT), "ID": (_MT, _PT), "OR": (_PT, _MT),
}  # fmt: skip

_TABLES: dict[str, Mapping[str, str | tuple[str, ...]]] = {"BR": _BR, "MX": _MX, "CL": _CL, "ES": _ES, "US": _US}

#: country -> state -> the zones kept there (several where the state is split).
ZONES: dict[str, dict[str, tuple[str, ...]]] = {
    country: {state: (zone,) if isinstance(zone, str) else zone for state, zone in table.items()}
    for country, table in _TABLES.items()
}

#: Territories that telephony counts as countries, and the country whose law holds there; they are its states.
COUNTRY_OF_TERRITORY = dict.fromkeys(("PR", "VI", "GU", "MP", "AS"), "US")

_MATAMOROS, _CHIHUAHUA = ("America/Matamoros",), ("America/Chihuahua",)
#: Where the number-to-zone tables of the `phonenumbers` package name one zone too few, or an outdated one: area codes
#: on both sides of a border of zones, Chihuahua (Central since 2022), the border of Tamaulipas, Magallanes.
ZONES_OF_PREFIX: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("+1574", "+1812", "+1930", "+1423", "+1270", "+1364", "+1850", "+1448", "+1906"), (_ET, _CT)),
    **dict.fromkeys(("+1620", "+1785", "+1308", "+1701", "+1605"), (_CT, _MT)),
    **dict.fromkeys(("+1208", "+1986", "+1541", "+1458", "+1775"), (_MT, _PT)),
    "+1219": (_CT,), "+1928": ("America/Phoenix", _MT), "+1684": ("Pacific/Pago_Pago",),
    **dict.fromkeys(
        ("+52614", "+52621", "+52625", "+52627", "+52628", "+52629", "+52635", "+52636", "+52639", "+52648", "+52652",
         "+52659"),
        _CHIHUAHUA,
    ),
    "+52649": ("America/Chihuahua", "America/Mexico_City"), "+52653": ("America/Hermosillo", "America/Tijuana"),
    **dict.fromkeys(("+52862", "+52868", "+52873", "+52891", "+52894", "+52897"), _MATAMOROS),
    **dict.fromkeys(("+5661", "+5667"), ("America/Punta_Arenas",)),
    # The west of Amazonas is an hour behind Manaus.
    "+5597": ("America/Manaus", "America/Eirunepe"),
}  # fmt: skip

#: Zones that have kept the same clock as another one for as long as anybody owes: named alike, they can be compared.
SAME_CLOCK = {
    "America/Boise": _MT, "America/Detroit": _ET, "America/North_Dakota/Center": _CT,
    "America/Juneau": "America/Anchorage", "America/Monterrey": "America/Mexico_City",
    "America/Merida": "America/Mexico_City", "America/Bahia_Banderas": "America/Mexico_City",
    "America/Coyhaique": "America/Punta_Arenas",
}  # fmt: skip

#: Brazilian area codes (DDD) by state; a DDD never crosses a state border except 61, shared by DF and Goiás.
_DDD = {
    "SP": "11 12 13 14 15 16 17 18 19", "RJ": "21 22 24", "ES": "27 28", "MG": "31 32 33 34 35 37 38",
    "PR": "41 42 43 44 45 46", "SC": "47 48 49", "RS": "51 53 54 55", "DF": "61", "GO": "62 64", "TO": "63",
    "MT": "65 66", "MS": "67", "AC": "68", "RO": "69", "BA": "71 73 74 75 77", "SE": "79", "PE": "81 87", "AL": "82",
    "PB": "83", "RN": "84", "CE": "85 88", "PI": "86 89", "PA": "91 93 94", "AM": "92 97", "RR": "95", "AP": "96",
    "MA": "98 99",
}  # fmt: skip
STATE_OF_DDD = {code: state for state, codes in _DDD.items() for code in codes.split()}
