"""Patterns of Spanish over canonical text: dates, times, money, instalments, shares."""

from __future__ import annotations

from voiceagent.language.lexicon import Pattern

_NEXT_MONTH = (
    r"(?P<next>(?:el )?mes que viene|(?:el )?proximo mes|(?:el )?mes proximo|(?:el )?mes entrante|(?:el "
    r")?siguiente mes|"
    r"(?:el )?mes siguiente|(?:el )?mes que entra)"
)
_ON = r"(?:(?:para|hasta|por ahi d|como|por|tipo|a mas tardar) )?(?:el |al |del |los )?"
_DAY = r"(?:dia )?[#o](?P<d>\d{1,2})"
_YEAR = r"(?:,? (?:de |del |del ano |de el )?#(?P<y>\d{4}|\d{2}))?"
_NEXT_WEEK = (
    r"(?:la )?(?:semana que viene|proxima semana|semana entrante|siguiente semana|semana proxima|semana que entra)"
)
_WAIT = r"(?:en|dentro de|a|de aqui a|de hoy en|en unos|en unas)"

#: "Hace tres semanas" is gone by.
_PAST = (
    "".join(f"(?<!{verb} {some})" for verb in ("hace", "tiene", "llevo") for some in ("", "unos ", "unas "))
    + "(?<!ultimos )"
)

DATES: tuple[Pattern, ...] = (
    (r"d(?P<a>\d{1,4})/(?P<b>\d{1,2})(?:/(?P<c>\d{2,4}))?", "written"),
    (rf"{_ON}[o#](?P<n>\d{{1,2}}) dia (?:habil|laboral|laborable)(?: (?:de|del))? {_NEXT_MONTH}", "nth_business"),
    (rf"{_ON}[o#](?P<n>\d{{1,2}}) dia (?:habil|laboral|laborable)(?: de m(?P<m>\d{{1,2}}))?", "nth_business"),
    (rf"{_ON}dia #(?P<n>\d{{1,2}}) habil", "nth_business"),
    (rf"{_ON}ultimo dia (?:habil|laboral|laborable)(?: (?:de|del))? {_NEXT_MONTH}", "nth_business"),
    (rf"{_ON}ultimo dia (?:habil|laboral|laborable)", "nth_business"),
    (rf"{_ON}{_DAY} (?:de |del mes de |del |d )?m(?P<m>\d{{1,2}}){_YEAR}", "day_month"),
    (r"m(?P<m>\d{1,2})(?: el| ,)?(?: dia)? [#o](?P<d>\d{1,2})(?! (?:de|pagos|cuotas|pesos))", "day_month"),
    (
        rf"{_ON}{_DAY} (?:del|del mes|de el) [#o](?P<m>1[0-2]|0?[1-9])(?: (?:de|del) #(?P<y>\d{{4}}|\d{{2}}))?",
        "day_month"),
    (r"#(?P<d>\d{1,2}) #(?P<m>0[1-9]|1[0-2])", "!day_month"),
    (r"[#o](?P<d>\d{1,2}) (?:y )?#(?P<m>1[0-2]|0?[1-9])(?: (?:de |del )?#(?P<y>\d{4}|\d{2}))?", "!day_month"),
    (r"#(?P<d>\d\d)(?P<m>0[1-9]|1[0-2])(?P<y>\d{4}|\d{2})?", "!day_month"),
    (
        rf"{_NEXT_MONTH}(?: el| para el| ,)?(?: dia)? [#o](?P<d>\d{{1,2}})(?! (?:pagos?|cuotas?|veces|abonos?|de))",
        "next_month"),
    (rf"{_ON}{_DAY} (?:de |d|del )?{_NEXT_MONTH}", "next_month"),
    (rf"{_ON}{_DAY} (?:de este mes|del corriente|del presente mes|del mes)", "this_month"),
    (
        rf"(?:a |para |hasta )?(?:el )?(?:fin|fines|final|finales|ultimo dia|ultimo)(?: de| del)? {_NEXT_MONTH}",
        "end_of_month"),
    (
        r"(?:a |para |hasta )?(?:el )?(?:fin|fines|final|finales|ultimo dia|ultimo) (?:de|del mes de) "
        r"m(?P<m>\d{1,2})", "end_of_month"),
    (
        r"(?:a |para |hasta )?(?:el )?(?:fin|fines|final|finales|ultimo dia|cierre) (?:de|del|de este) mes",
        "end_of_month"),
    (r"(?:el )?ultimo dia|(?:el )?ultimo del mes", "?end_of_month"),
    (r"(?:a )?(?:mediados|la mitad) (?:de|del) mes", "middle_of_month"),
    (
        r"(?:a )?(?:principios?|comienzos?|inicios?|los primeros dias) (?:de|del) (?:mes|m(?P<m>\d{1,2})|mes que "
        r"viene|proximo mes)", "start_of_month"),
    (r"(?:el |este |para el )?fin de semana", "weekend"),
    (r"(?:de )?hoy en #8(?: dias)?", "week_from_today"),
    (r"(?:de )?hoy en #(?P<n>15)(?: dias)?", "in_days"),
    (r"hoy(?: mismo)?|ahorita mismo hoy", "today"),
    (r"pasado manana", "after_tomorrow"),
    (r"(?<!la )manana", "tomorrow"),
    (r"ayer", "yesterday"),
    (rf"{_WAIT} #(?P<n>\d{{1,3}}) dias? habil(?:es)?", "in_business_days"),
    (rf"{_WAIT} (?:unos )?#8 dias?", "eight_days"),
    (rf"{_WAIT} (?:unos )?#(?P<n>\d{{1,3}}) dias?", "in_days"),
    (rf"{_WAIT} (?:unas )?#(?P<n>\d{{1,2}}) semanas?", "in_weeks"),
    (r"(?:en|dentro de|de aqui a) (?:unos )?#(?P<n>\d{1,2}) mes(?:es)?(?! sin interes)", "in_months"),

    (rf"(?:unos )?{_PAST}#(?P<n>\d{{1,2}}) dias(?: mas)?(?! (?:atras|antes))", "?in_days"),
    (rf"(?:unas )?{_PAST}#(?P<n>\d{{1,2}}) semanas?(?: mas)?(?! (?:atras|antes))", "?in_weeks"),
    (rf"(?:el )?w(?P<w>\d) (?:de )?{_NEXT_WEEK}", "next_week_weekday"),
    (rf"{_NEXT_WEEK},?(?: el)? w(?P<w>\d)", "next_week_weekday"),
    (r"(?:el )?w(?P<w>\d) (?:de )?la otra semana", "other_week_weekday"),
    (r"(?:el |de )?w(?P<w>\d) en #8(?: dias)?", "week_after_weekday"),
    (r"(?:este|esta|para este) (?:mismo )?w(?P<w>\d)", "this_weekday"),
    (r"(?:el )?w(?P<w>\d) (?:de esta semana|de esta)", "this_weekday"),
    (r"(?:el |para el |este )?proximo w(?P<w>\d)", "next_weekday"),
    (r"(?:el |para el )?w(?P<w>\d) (?:que viene|proximo|que entra|entrante|siguiente)", "next_weekday"),
    (r"(?:el |para el )?otro w(?P<w>\d)", "other_weekday"),
    (
        r"(?:cuando|hasta que|en cuanto|apenas) (?:me paguen|cobre|me depositen|me llegue el sueldo|reciba|me "
        r"pague|me paga|me cae la nomina)|"
     r"(?:el )?dia de (?:pago|paga|cobro|raya)|(?:con )?(?:la|mi) nomina|(?:con )?(?:mi|el) (?:sueldo|salario)",
     "payday"),
    (r"(?:con |en |para |cuando llegue )?(?:el |mi )?(?:aguinaldo|prima|gratificacion)", "thirteenth"),
    (
        r"(?:en |para |a |por |hasta |con )?(?:la |esta |mi |proxima |la proxima )*quincena(?: que viene| "
        r"proxima)?(?! es)", "quincena"),
    (r"(?:el |para el |los |este )?w(?P<w>\d)", "coming"),
    (r"(?:para |hasta |por ahi |como )*(?:el |al |los )?dia [#o](?P<d>\d{1,2})(?: de cada mes)?", "day"),
    (
        r"(?:para |hasta |por ahi d|como )*(?:el|al) [#o](?P<d>\d{1,2})(?: de cada mes)?(?! (?:por ciento|%|"
        r"pesos))", "?day"),
    (rf"(?:en |para |hasta )?{_NEXT_MONTH}", "month"),
    (r"(?:en|para|hasta) m(?P<m>\d{1,2})", "month"),
    (rf"(?:en |para )?{_NEXT_WEEK}", "week"),
)  # fmt: skip

_UNIT_AHEAD = r"(?! (?:veces|pagos?|cuotas?|dias?|semanas?|mes(?:es)?|pesos|mil|de m\d|abonos|mensualidades)(?!\S))"
_AT = (
    r"(?:a las|a la|como a las|tipo|sobre las|por ahi de las|despues de las|despues de la|antes de las|desde las|"
    r"de las|hasta las|tipo las|las|pasadas las)"
)
_PARTS = (
    (r" (?:de|por|en) la (?:manana|madrugada)", "am"),
    (r" am", "am"),
    (r" (?:de|por|en) la (?:tarde|tardecita)", "pm"),
    (r" del dia", "pm"),
    (r" pm", "pm"),
    (r" (?:de|por|en) la noche", "night"),
    ("", ""),
)


def _clock_patterns() -> tuple[Pattern, ...]:
    made: list[Pattern] = []
    for words, part in _PARTS:
        rule, marked = f"clock:{part}", bool(part)
        made += [
            (rf"(?:{_AT} )?t(?P<h>\d\d):(?P<m>\d\d)(?: horas?| hrs)?{words}", rule),
            (
                rf"(?:(?:al|a) )?#(?P<m>\d{{1,2}}) (?:minutos )?(?:para|pa) (?:las|la) "
                rf"#(?P<h>\d{{1,2}}){words}{_UNIT_AHEAD}",
                f"to:{part}",
            ),
            (rf"{_AT} #(?P<h>\d{{1,2}}) menos #(?P<m>\d{{1,2}}){words}", f"to:{part}"),
            (
                rf"(?:{_AT} )?#(?P<h>\d{{1,2}}) (?:horas?|hrs|en punto)(?: y (?P<half>media)| y "
                rf"#(?P<m>\d{{1,2}})(?: minutos)?)?{words}",
                rule,
            ),
            (rf"{_AT} #(?P<h>\d{{1,2}}) (?:y )?(?:(?P<half>media)|#(?P<m>\d{{1,2}})){words}{_UNIT_AHEAD}", rule),
            (
                rf"#(?P<h>\d{{1,2}}) y (?:(?P<half>media)|#(?P<m>\d{{1,2}})){words}{_UNIT_AHEAD}",
                rule if marked else f"?{rule}",
            ),
            (rf"#(?P<h>\d{{1,2}}) (?P<m>[0-5]\d){words}{_UNIT_AHEAD}", rule if marked else f"?{rule}"),
            (rf"{_AT} #(?P<h>\d{{1,2}}){words}{_UNIT_AHEAD}", rule),
        ]
        if marked:
            made.append((rf"#(?P<h>\d{{1,2}}){words}", rule))
    return tuple(made)


TIMES: tuple[Pattern, ...] = (
    (r"(?:en|dentro de|deme|dame|unos|como en) (?:unos )?#(?P<n>\d{1,3}) minut(?:os?|itos?)", "wait:minute"),
    (r"(?:en|dentro de|como en) (?:una )?media hor(?:a|ita)", "wait:half"),
    (r"(?:en|dentro de|como en) (?:unas )?#(?P<n>\d{1,2}) hor(?:as?|itas?)(?P<half> y media)?", "wait:hour"),
    (r"(?:a|al|el) (?:medio ?dia) y media|a las #12 y media", "fixed:12:30"),
    (r"(?:a|al|el)? ?medio ?dia", "fixed:12:00"),
    (r"(?:a )?(?:la )?media ?noche", "fixed:00:00"),
    (r"entre (?:las )?#\d{1,2} y (?:las )?#\d{1,2}(?: (?:de|por|en) la (?:manana|tarde|noche))?", "?skip"),
    *_clock_patterns(),
    (r"despues (?:del almuerzo|de almorzar)|pasado el almuerzo", "fixed:13:00:afternoon"),
    (r"despues de (?:comer|la comida)", "fixed:15:00:afternoon"),
    (r"antes (?:del almuerzo|de almorzar)", "fixed:11:00:morning"),
    (
        r"(?:en la |a la )?(?:tardecita|tardecito)|(?:al )?final de la tarde|(?:al )?caer la tarde",
        "fixed:17:00:afternoon"),
    (r"(?:por|en|a|de) la manana|tempranito|(?:mas |bien )?temprano|en las mananas|por las mananas", "period:morning"),
    (r"(?:por|en|a|de) la tarde|en las tardes|por las tardes", "period:afternoon"),
    (
        r"(?:por|en|a|de) la noche|en las noches|por las noches|despues del? (?:trabajo|trabajar)|saliendo del "
        r"trabajo", "period:evening"),
    (r"la manana", "?period:morning"),
    (r"la tarde|tarde", "?period:afternoon"),
    (r"la noche|noche", "?period:evening"),
)  # fmt: skip

_CUR = r"(?:pesos?|pesitos|varos|baros|soles|sol|dolares|dolar|euros?|bolivianos|mangos|pavos)"
_CENT = r"(?:centavos?|centimos?|cts)"
_NOT_COUNT = (
    r"(?! (?:veces|vez|x|cuotas?|pagos?|abonos?|mensualidades|mensualidad|parcialidades|dias?|semanas?|mes(?:es)?|"
    r"horas?|minutos?|%|anos?|"
    r"por ciento|quincenas?|mil)(?!\S))"
)
_WHOLE = r"#(?P<i>\d+(?:\.\d{1,2})?)"
_NOT_OF = r"(?! (?:de|cuotas?|pagos?|abonos?|mensualidades|meses)(?!\S))"
_MONEY = rf"(?:r\$ )?{_WHOLE}(?: {_CUR})?(?: (?:y|con) #(?P<c>\d\d)(?: {_CENT})?{_NOT_OF})?(?! #| (?:y|con) #)"
_GIVE = (
    r"(?:pago|doy|puedo|puedo pagar|pagar|pagarle|dar|darle|solo tengo|tengo|ofrezco|abono|abonar|consigo|junto|"
    r"alcanza|me alcanza para|"
    r"le doy|les doy|mando|deposito|depositar|propongo|mi propuesta es|por)"
    r"(?: (?:de|solo|hasta|unos|unas|maximo|como|nomas|los|por|en|hoy|ahora|nada mas|ahorita))*"
)

AMOUNTS: tuple[Pattern, ...] = (
    (rf"entre (?:r\$ )?#(?P<i>\d+)(?: {_CUR})? y (?:r\$ )?#(?P<c>\d+)(?: {_CUR})?", "range"),
    (r"(?:unas )?#(?P<i>\d+(?:\.\d)?) (?:lucas?|luquitas|lukas)", "lucas"),
    (rf"(?:r\$ )?#(?P<i>\d+) {_CUR} (?:y|con) #(?P<c>\d{{1,2}})(?: {_CENT})?{_NOT_OF}", "money"),
    (rf"(?:r\$ )?#(?P<i>\d+) {_CUR} #(?P<c>\d\d)(?: {_CENT})?{_NOT_OF}", "money"),
    (r"r\$ #(?P<i>\d+) (?:y|con|punto|coma) #(?P<c>\d\d)", "money"),
    (rf"#(?P<i>\d+) (?:y|con) #(?P<c>\d{{1,2}}) {_CENT}", "money"),
    (rf"r\$ {_WHOLE}", "money"),
    (rf"{_WHOLE} (?:de )?{_CUR}", "money"),
    (rf"#(?P<c>\d{{1,2}}) {_CENT}", "money"),
    (r"#(?P<i>\d+) (?:punto|coma) #(?P<c>0) #(?P<c2>\d)", "?point"),
    (r"#(?P<i>\d+) (?:punto|coma) #(?P<c>\d{1,2})", "?point"),
    (r"#(?P<i>[1-9]) y media?", "?half_or_half_thousand"),
    (rf"#(?P<i>\d+00) y #(?P<c>[1-9]\d){_NOT_COUNT}", "?hundred_or_cents"),
    (rf"#(?P<i>\d+) (?:con|y) #(?P<c>[1-9]\d){_NOT_COUNT}", "?money"),
    (r"#(?P<i>[1-9]) #(?P<c>[1-9]\d)", "?hundreds_or_cents"),
    (r"#(?P<i>\d{2,}) #(?P<c>[1-9]\d)", "?money"),
    (rf"{_GIVE} #(?P<i>\d{{2,}}(?:\.\d{{1,2}})?){_NOT_COUNT}(?! de #)", "money"),
    (
        r"#(?P<i>\d{2,}(?:\.\d{1,2})?)(?= (?:de contado|al contado|en efectivo|al mes|y pico|por "
        r"transferencia)(?!\S))", "money"),
    (r"#(?P<i>\d+\.\d{1,2})", "money"),
)  # fmt: skip

_COUNT = (
    r"(?:cuotas?|pagos?|abonos?|mensualidades|mensualidad|parcialidades|quincenas|veces|partes|plazos|x|cuotitas|"
    r"pagitos|letras)"
)
_EQUAL = r"(?: (?:iguales|fijas|fijos|mensuales|quincenales|sin intereses|sin interes|nada mas|nomas))*"
_DOWN = rf"(?:r\$ )?#(?P<di>\d+(?:\.\d{{1,2}})?)(?: {_CUR})?(?: (?:y|con) #(?P<dc>\d\d)(?: {_CENT})?{_NOT_OF})?"
_REST = (
    rf"(?:(?: y)?(?: el| lo)?(?: mas| resto| restante| demas| saldo| otras?| otros| luego| despues)*(?: en| a)? "
    rf"#(?P<n>\d{{1,2}})"
    rf"(?: (?:{_COUNT}|meses)){{0,1}}{_EQUAL}(?: de {_MONEY})?)"
)
_FIRST = r"(?:enganche|entrada|anticipo|inicial|cuota inicial|pie|abono inicial|pago inicial)"

_NO_SPAN = r"(?! (?:dias?|semanas?|horas?|minutos?|anos?|%|por ciento)(?!\S))"

INSTALMENTS: tuple[Pattern, ...] = (
    # How often something happened is no way to pay.
    (
        r"(?:llam\w+|marc\w+|habl\w+|dij\w+|dicho|pedid\w+|repet\w+|explic\w+|avis\w+|cobr\w+|atras\w+|intent\w+)"
        r"(?: (?:ya|eso|como|mas de|unas))* #\d+ veces|#\d+ veces (?:por|al|a la|en|que|ya|hoy|esta)(?= )", "skip"),
    (rf"(?:con |doy |de |un |una |el |la |dar )*{_FIRST} (?:de |con |por |seria de |seria )?{_DOWN}{_REST}?", "parts"),
    (rf"{_DOWN} (?:de |como |para el |para la |para )(?:el |la )?{_FIRST}{_REST}?", "parts"),
    (rf"(?:doy|pago|dar|pagar|le doy) {_DOWN} (?:ahora|ahorita|hoy|ya|manana|de una){_REST}", "parts"),
    (rf"#(?P<n>\d{{1,2}}) {_COUNT}{_EQUAL} (?:de|por|a) {_MONEY}(?: {_CUR})?", "parts"),
    (rf"#(?P<n>\d{{1,2}}) (?:o|a|u) #(?P<n2>\d{{1,2}}) {_COUNT}", "parts"),
    (rf"(?:en|de|por|a|hasta|solo) (?:unas |unos |hasta )?#(?P<n>[2-9]|\d\d) {_COUNT}{_EQUAL}", "parts"),
    (r"a (?:unos )?#(?P<n>[2-9]|\d\d) mes(?:es|ecitos)(?: sin intereses| sin interes)?", "parts"),
    (r"(?:en )?#(?P<n>[2-9]|\d\d) mes(?:es|ecitos)(?: sin intereses| sin interes)", "parts"),
    (r"en (?:unos )?#(?P<n>[2-9]|\d\d) meses", "?parts"),
    (
        r"(?<!hace )(?<!hace unos )(?<!hace como )(?<!desde hace )#(?P<n>[2-9]|\d\d) meses"
        r"(?! (?:atras|antes|de atraso|de retraso|de vencid\w+|vencid\w+|atrasad\w+|sin|que|sin pagar|de renta)(?!\S))",
        "?parts"),
    (
        r"(?:divid\w+|difer\w+|part\w+|fraccion\w+) (?:eso |todo |lo |el pago |la deuda )?(?:en|a|por) (?:unas |"
        r"unos )?#(?P<n>\d{1,2})", "parts"),
    (rf"#(?P<n>[2-9]|\d\d) {_COUNT}{_EQUAL}", "parts"),
    (rf"#(?P<n>[2-9]|[1-9]\d) de (?:r\$ )?(?=#\d{{3,}}|#[2-9]\d|#\d+ {_CUR}){_MONEY}(?! de m\d)", "parts"),
    (
        r"(?:de|al) contado|(?:en |de )?(?:un solo|#1 solo|#1) (?:pago|abono|exhibicion)(?: nada mas| nomas| "
        r"unico)?|(?:en )?#1 sola (?:exhibicion|cuota|vez)|"
     r"(?:en )?una sola (?:exhibicion|cuota|vez)|pago unico|(?:todo )?de una(?: vez| sola vez)|(?:en )?#1 cuota", "=1"),
    (
        rf"(?:cuotas?|pagos|mensualidad|mensualidades|abonos|parcialidades) (?:de |que sean |hasta |de hasta |"
        rf"maximo |maximo de |por )*{_MONEY}", "parts"),
    (
        rf"{_MONEY} (?:al mes|por mes|mensuales|mensual|cada mes|cada quincena|a la quincena|quincenales|cada "
        rf"cuota|por cuota|cada uno|cada una|semanales|por quincena)", "parts"),
    (rf"(?:en|de) #(?P<n>[1-9]|\d\d){_NO_SPAN}", "?parts"),
    (rf"(?:a|hasta) #(?P<n>[1-9]|\d\d){_NO_SPAN}", "?either"),
)  # fmt: skip

SHARES: tuple[tuple[str, float], ...] = (
    (r"(?:la |pago la |doy la )?mitad|mitad y mitad|cincuenta por ciento", 0.5),
    (r"(?:un|#1) tercio|la tercera parte|(?:una|#1) tercera parte", round(1 / 3, 4)),
    (
        r"(?:pagar|liquidar|pago|liquido|cancelar|cancelo|saldar|pagarlo|liquidarlo) (?:todo|el total|la "
        r"totalidad|completo|el saldo|toda la deuda|de todo)", 1.0),
    (r"el total|la totalidad|todo el saldo|el saldo completo|toda la deuda|todo completo", 1.0),
)  # fmt: skip
