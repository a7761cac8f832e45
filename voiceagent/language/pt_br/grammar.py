"""Patterns of Brazilian Portuguese over canonical text: dates, times, money, instalments, shares."""

from __future__ import annotations

from voiceagent.language.lexicon import Pattern

_NEXT_MONTH = r"(?P<next>mes que vem|proximo mes|mes seguinte|mes que entra|proximo)"
_DAY = r"(?:dia )?[#o](?P<d>\d{1,2})"
_YEAR = r"(?:,? (?:de |do ano de |do ano )?#(?P<y>\d{4}|\d{2}))?"
_FEIRA = r"w(?P<w>\d)(?: feira)?(?! (?:parcela|via|vez|opcao|proposta|prestacao|chance|pessoa))"
_NEXT_WEEK = r"(?:semana que vem|proxima semana|semana seguinte|semana que entra)"

#: "Ha tres semanas" is gone by.
_PAST = (
    "".join(f"(?<!{verb} {some})" for verb in ("ha", "faz", "tem") for some in ("", "uns ", "umas ")) + "(?<!ultimos )"
)

DATES: tuple[Pattern, ...] = (
    (r"d(?P<a>\d{1,4})/(?P<b>\d{1,2})(?:/(?P<c>\d{2,4}))?", "written"),
    (rf"(?:no |o |pelo )?o(?P<n>\d{{1,2}}) dia util(?: (?:de|do|da|no|em))? {_NEXT_MONTH}", "nth_business"),
    (rf"(?:no |o |pelo )?#(?P<n>\d{{1,2}}) dia util(?: (?:de|do|da|no|em))? {_NEXT_MONTH}", "nth_business"),
    (rf"{_NEXT_MONTH} (?:no |o )?[#o](?P<n>\d{{1,2}}) dia util", "nth_business"),
    (r"(?:no |o |pelo )?[#o](?P<n>\d{1,2}) dia util(?: (?:de|do) m(?P<m>\d{1,2}))?", "nth_business"),
    (rf"(?:no |o )?ultimo dia util(?: (?:de|do|da)) {_NEXT_MONTH}", "nth_business"),
    (r"(?:no |o )?ultimo dia util(?: (?:de|do) m(?P<m>\d{1,2}))?", "nth_business"),
    (rf"{_DAY} (?:do mes )?(?:de |do |d )?m(?P<m>\d{{1,2}}){_YEAR}", "day_month"),
    (r"m(?P<m>\d{1,2})(?: no| ,)? dia [#o](?P<d>\d{1,2})", "day_month"),
    (rf"{_DAY} (?:do|do mes) [#o](?P<m>1[0-2]|0?[1-9])(?: (?:de|do|do ano de) #(?P<y>\d{{4}}|\d{{2}}))?", "day_month"),
    (r"#(?P<d>\d{1,2}) #(?P<m>0[1-9]|1[0-2])", "!day_month"),
    (r"[#o](?P<d>\d{1,2}) (?:e )?#(?P<m>1[0-2]|0?[1-9])(?: (?:de )?#(?P<y>\d{4}|\d{2}))?", "!day_month"),
    (r"#(?P<d>\d\d)(?P<m>0[1-9]|1[0-2])(?P<y>\d{4}|\d{2})?", "!day_month"),
    (r"(?:no |do )?outro mes(?: no| ,)? dia #(?P<d>\d{1,2})", "other_month"),
    (r"(?:no )?dia #(?P<d>\d{1,2}) (?:do|no) outro mes", "other_month"),
    (
        rf"(?:no |do )?{_NEXT_MONTH}(?: no| pro| la pelo)? (?:dia )?[#o](?P<d>\d{{1,2}})"
        r"(?! (?:vezes|x|parcelas?|prestac\w+|de))", "next_month"),
    (rf"(?:no )?{_DAY} (?:do|de|no|agora do) {_NEXT_MONTH}", "next_month"),
    (
        r"(?:no )?dia [#o](?P<d>\d{1,2}) (?:deste|desse|nesse|neste|agora desse|agora deste|do|do corrente) mes",
        "this_month"),
    (r"(?:o |no |ate o |pro )?(?:fim|final|ultimo dia|finalzinho)(?: do| de| no| d)? "
     rf"{_NEXT_MONTH}", "end_of_month"),
    (
        r"(?:o |no |ate o |pro )?(?:fim|final|ultimo dia|finalzinho) (?:do mes )?(?:de |do )m(?P<m>\d{1,2})",
        "end_of_month"),
    (r"(?:o |no |ate o |pro )?(?:fim|final|finalzinho|ultimo dia|virada) (?:do|desse|deste|de) mes", "end_of_month"),
    (r"(?:no |o )?ultimo dia", "?end_of_month"),
    (r"(?:no )?(?:meio|meados) (?:do|de|desse) mes(?P<next> que vem)?", "middle_of_month"),
    (
        r"(?:no )?(?:comeco|inicio|comecinho) (?:do|de|desse) (?:mes(?: que vem)?|m(?P<m>\d{1,2})|proximo mes|ano)",
        "start_of_month"),
    (r"(?:no |nesse |neste |esse )?(?:fim|final) de semana", "weekend"),
    (r"(?:de )?hoje a #8(?: dias)?", "week_from_today"),
    (r"hoje(?: mesmo| ainda)?", "today"),
    (r"depois de amanha|depois d amanha", "after_tomorrow"),
    (r"amanha", "tomorrow"),
    (r"ontem", "yesterday"),
    (
        r"(?:daqui(?: a| ha)?|em|dentro de|com mais|mais|em ate|daqui uns|uns|a)? ?#(?P<n>\d{1,3}) dias? uteis",
        "in_business_days"),
    (r"(?:daqui(?: a| ha| pra)?(?: uns| umas)?|dentro de|em(?: ate)?) #(?P<n>\d{1,3}) dias?", "in_days"),
    (r"(?:daqui(?: a| ha| pra)?(?: uns| umas)?|dentro de|em(?: ate)?) #(?P<n>\d{1,2}) semanas?", "in_weeks"),
    (r"(?:daqui(?: a| ha| pra)?(?: uns| umas)?|dentro de|em(?: ate)?) #(?P<n>\d{1,2}) mes(?:es)?", "in_months"),
    (rf"(?:mais )?(?:uns )?{_PAST}#(?P<n>\d{{1,2}}) dias(?! atras)", "?in_days"),
    (rf"(?:mais )?(?:umas )?{_PAST}#(?P<n>\d{{1,2}}) semanas?(?! atras)", "?in_weeks"),
    (r"(?:na )?w(?P<w>\d)(?: feira)? (?:da|na) (?:outra semana|semana retrasada)", "other_week_weekday"),
    (rf"(?:na |no )?w(?P<w>\d)(?: feira)? (?:da|na|dessa|de) {_NEXT_WEEK}", "next_week_weekday"),
    (rf"{_NEXT_WEEK}(?: na| no| ,)? w(?P<w>\d)(?: feira)?", "next_week_weekday"),
    (
        r"(?:na |no )?w(?P<w>\d)(?: feira)? sem ser (?:essa|esta|nessa|agora|a proxima)(?: (?:a outra|que vem|"
        r"agora))*", "week_after_weekday"),
    (r"(?:essa|esta|nessa|nesta|nesse|neste|esse|agora) (?:agora )?w(?P<w>\d)(?: feira)?(?: agora)?", "this_weekday"),
    (r"w(?P<w>\d)(?: feira)? (?:agora|dessa semana|desta semana|essa agora)", "this_weekday"),
    (r"(?:na |a |o |no )?proxim[ao] w(?P<w>\d)(?: feira)?", "next_weekday"),
    (r"(?:na |no |a |o )?w(?P<w>\d)(?: feira)? (?:que vem|proxima|proximo|que entra)", "next_weekday"),
    (r"(?:na |no |a |o |pra )?outr[ao] w(?P<w>\d)(?: feira)?", "other_weekday"),
    (r"dia do vale|quando (?:eu )?(?:receber|for receber)|(?:no |dia do )(?:pagamento|meu pagamento|meu salario)|"
     r"quando cair (?:o|meu) (?:salario|pagamento|dinheiro)|quando sair (?:o|meu) (?:salario|pagamento)|"
     r"(?:no|depois do|assim que) (?:eu )?receb(?:o|er|imento)", "payday"),
    (
        r"(?:no |com o |quando sair o |quando receber o )?(?:meu )?(?:decimo o3|o13|decimo terceiro)(?: salario)?",
        "thirteenth"),
    (r"(?:a |ao |no )(?:quinzena|vale)", "?payday"),
    (rf"(?:na |no |pra |a |o )?{_FEIRA}", "coming"),
    (
        r"(?:no |la pelo |pelo |o |ate |ate o |pro |todo |la pro |e )?dia [#o](?P<d>\d{1,2})(?: (?:de cada mes|de "
        r"todo mes|mesmo|agora))?", "day"),
    (r"(?:no|la pelo|pelo|pro|ate o|la pro|para o) [#o](?P<d>\d{1,2})(?! (?:pix|reais|cartao))", "?day"),
    (rf"(?:no |em |do |so )?{_NEXT_MONTH}", "month"),
    (r"(?:em|no mes de|so em|la pra|la para|pra) m(?P<m>\d{1,2})", "month"),
    (rf"(?:na |so )?{_NEXT_WEEK}", "week"),
)  # fmt: skip

_UNIT_AHEAD = (
    r"(?! (?:vezes|vez|x|dias?|semanas?|mes(?:es)?|reais|real|conto|contos|parcelas?|prestac\w+|de|do|por|e #\d+ "
    r"vezes)(?!\S))"
)
_AT = (
    r"(?:as|la pelas|pelas|umas|por volta das|la por|depois das|a partir das|antes das|das|ate as|la pras|pras|"
    r"para as|tipo)"
)
_PARTS = (
    (r" (?:da|de|na) (?:manha|madrugada|manhazinha)", "am"),
    (r" (?:da|de|na) (?:tarde|tardinha|tardezinha)", "pm"),
    (r" (?:da|de|na) noite", "night"),
    ("", ""),
)


def _clock_patterns() -> tuple[Pattern, ...]:
    made: list[Pattern] = []
    for words, part in _PARTS:
        rule, marked = f"clock:{part}", bool(part)
        made += [
            (rf"(?:{_AT} |a )?t(?P<h>\d\d):(?P<m>\d\d)(?: horas| hora)?{words}", rule),
            (
                rf"(?:{_AT} |faltando )?#(?P<m>\d{{1,2}}) (?:minutos )?(?:pra|para|pras|pro) (?:as |a |o "
                rf")?#(?P<h>\d{{1,2}})"
                rf"{words}{_UNIT_AHEAD}",
                f"to:{part}" if marked else "?to:",
            ),
            (
                rf"(?:{_AT} |a )?#(?P<h>\d{{1,2}}) horas?(?: e (?P<half>meia)| e #(?P<m>\d{{1,2}})(?: "
                rf"minutos)?)?{words}",
                rule,
            ),
            (rf"(?:{_AT}|a) #(?P<h>\d{{1,2}}) e (?:(?P<half>meia)|#(?P<m>\d{{1,2}})){words}{_UNIT_AHEAD}", rule),
            (
                rf"#(?P<h>\d{{1,2}}) e (?:(?P<half>meia)|#(?P<m>\d{{1,2}})){words}{_UNIT_AHEAD}",
                rule if marked else f"?{rule}",
            ),
            (rf"{_AT} #(?P<h>\d{{1,2}}){words}{_UNIT_AHEAD}", rule),
            (rf"a #(?P<h>1){words}{_UNIT_AHEAD}", rule if marked else f"?{rule}"),
        ]
        if marked:
            made.append((rf"#(?P<h>\d{{1,2}}){words}", rule))
    return tuple(made)


TIMES: tuple[Pattern, ...] = (
    (
        r"(?:daqui(?: a| ha| uns| umas| a uns| a umas)?|em|dentro de|por|me da|mais|uns) #(?P<n>\d{1,3}) "
        r"minut(?:os?|inhos?)", "wait:minute"),
    (r"(?:daqui(?: a| ha)?|em|dentro de) (?:uma )?meia hora(?:zinha)?", "wait:half"),
    (
        r"(?:daqui(?: a| ha| umas| a umas)?|em|dentro de|mais) #(?P<n>\d{1,2}) hor(?:as?|inhas?)(?P<half> e meia)?",
        "wait:hour"),
    (r"(?:ao |a |no |depois do |la pelo |o )?meio dia e (?:meia|#30)", "fixed:12:30"),
    (r"entre (?:as )?#\d{1,2} e (?:as )?#\d{1,2}(?: horas)?(?: d[ae] (?:manha|tarde|noite))?", "?skip"),
    (r"(?:ao |a |no |o )?#(?P<h>12) horas? e #(?P<m>\d{1,2})", "clock:"),
    (r"(?:ao |a |no |o )?meio dia e #(?P<m>\d{1,2})(?: minutos)?", "noon"),
    (r"(?:ao |a |no |depois do |la pelo |o )?meio dia", "fixed:12:00"),
    (r"(?:a )?meia noite", "fixed:00:00"),
    *_clock_patterns(),
    (r"depois (?:do|d) almoco|apos o almoco|(?:logo )?depois de almocar", "fixed:13:00:afternoon"),
    (r"antes (?:do|d) almoco", "fixed:11:00:morning"),
    (r"(?:na |no |em )?(?:hora do|horario de|horario do|meu) almoco", "fixed:12:00"),
    (
        r"(?:de |a |no |na |la pro |la pelo )?(?:tardezinha|tardinha|fim da tarde|final da tarde|fim de tarde|"
        r"final de tarde|finzinho da tarde)", "fixed:17:00:afternoon"),
    (
        r"(?:de |pela |na parte da |na |logo )(?:manha|manhazinha)|cedinho|(?:bem |mais )?cedo|parte da manha",
        "period:morning"),
    (r"(?:a |de |pela |na parte da |na )tarde|parte da tarde", "period:afternoon"),
    (
        r"(?:a |de |pela |so a |na parte da )(?:noite|noitinha)|depois (?:do|de|que sair do) (?:trabalho|servico|"
        r"expediente)", "period:evening"),
    (r"(?:manha|manhazinha)", "?period:morning"),
    (r"tarde", "?period:afternoon"),
    (r"noite", "?period:evening"),
)  # fmt: skip

_CUR = r"(?:reais|real|conto|contos|pila|pilas|mango|mangos|pau|paus|dinheiros|reaus|reias)"
_CENT = r"(?:centavos?|centavo)"
_NOT_COUNT = (
    r"(?! (?:vezes|vez|x|parcelas?|prestac\w+|dias?|semanas?|mes(?:es)?|horas?|minutos?|%|anos?|por cento)(?!\S))"
)
_WHOLE = r"#(?P<i>\d+(?:\.\d{1,2})?)"
_NOT_OF = r"(?! (?:de|vezes|x|parcelas?|prestac\w+)(?!\S))"
_MONEY = rf"(?:r\$ )?{_WHOLE}(?: {_CUR})?(?: (?:e|com) #(?P<c>\d\d)(?: {_CENT})?{_NOT_OF})?(?! #| (?:e|com) #)"
_GIVE = (
    r"(?:pago|dou|faco|consigo|pagar|dar|so tenho|eu tenho|tenho so|tenho|ofereco|fecha em|fecha por|faz por|"
    r"fecho em|fecho por|"
    r"deixa por|deixa em|mando|arrumo|levanto|arranjo|proponho|minha proposta e|separar|tirar|libero|depositar|"
    r"deposito|faz)"
    r"(?: (?:de|so|ate|uns|umas|no maximo|apenas|somente|os|por|em|tipo|hoje|agora))*"
)

AMOUNTS: tuple[Pattern, ...] = (
    (rf"entre (?:r\$ )?#(?P<i>\d+)(?: {_CUR})? e (?:r\$ )?#(?P<c>\d+)(?: {_CUR})?", "range"),
    (rf"(?:r\$ )?#(?P<i>\d+) {_CUR} (?:e|com) (?:#(?P<c>\d{{1,2}})(?: {_CENT})?|meio){_NOT_OF}", "money"),
    (rf"(?:r\$ )?#(?P<i>\d+) {_CUR} #(?P<c>\d\d)(?: {_CENT})?{_NOT_OF}", "money"),
    (r"r\$ #(?P<i>\d+) (?:e|com|virgula|ponto) #(?P<c>\d\d)", "money"),
    (rf"#(?P<i>\d+) e #(?P<c>\d{{1,2}}) {_CENT}", "money"),
    (rf"r\$ {_WHOLE}", "money"),
    (rf"{_WHOLE} {_CUR}", "money"),
    (rf"#(?P<c>\d{{1,2}}) {_CENT}", "money"),
    (r"#(?P<i>\d+) (?:ponto|virgula) #(?P<c>0) #(?P<c2>\d)", "?point"),
    (r"#(?P<i>\d+) (?:ponto|virgula) #(?P<c>\d{1,2})", "?point"),
    (r"#(?P<i>[1-9]) e #(?P<c>[1-9]00)(?! vezes)", "?thousands"),
    (r"#(?P<i>[1-9]) e mei[oa]", "?half_or_half_thousand"),
    (rf"#(?P<i>100) e #(?P<c>[1-9]\d?){_NOT_COUNT}", "?hundred_or_cents"),
    (rf"#(?P<i>\d+) (?:e|com) #(?P<c>[1-9]\d){_NOT_COUNT}", "?money"),
    (r"#(?P<i>[1-9]) #(?P<c>[1-9]\d)", "?hundreds_or_cents"),
    (r"#(?P<i>\d{2,}) #(?P<c>[1-9]\d)", "?money"),
    (rf"{_GIVE} #(?P<i>\d{{2,}}(?:\.\d{{1,2}})?){_NOT_COUNT}(?! de #)", "money"),
    (r"#(?P<i>\d{2,}(?:\.\d{1,2})?)(?= (?:a vista|no pix|no dinheiro|por mes|e pouco|e poucos)(?!\S))", "money"),
    (r"#(?P<i>\d+\.\d{1,2})", "money"),
)  # fmt: skip

_COUNT = r"(?:vezes|vezinhas|x|parcelas?|parcelinhas|prestacoes|prestacao|mensalidades?|pagamentos?|boletos?)"
_EQUAL = r"(?: (?:iguais|fixas|sem juros|mensais|so|apenas))*"
_DOWN = rf"(?:r\$ )?#(?P<di>\d+(?:\.\d{{1,2}})?)(?: {_CUR})?(?: (?:e|com) #(?P<dc>\d\d)(?: {_CENT})?{_NOT_OF})?"
_REST = (
    rf"(?:(?: e)?(?: o| a)?(?: mais| resto| restante| saldo| outras?| dai)*(?: em| de| parcel\w+ em| divid\w+ em)? "
    rf"#(?P<n>\d{{1,2}})(?: {_COUNT}){{0,1}}{_EQUAL}(?: (?:de|por) {_MONEY})?)"
)

_NO_SPAN = r"(?! (?:dias?|semanas?|horas?|minutos?|anos?|%|por cento)(?!\S))"

INSTALMENTS: tuple[Pattern, ...] = (
    # How often something happened is no way to pay.
    (
        r"(?:lig\w+|fal(?:ei|ou|aram)|diss\w+|tent\w+|avis\w+|repet\w+|expliq\w+|cobr\w+|atras\w+)(?: (?:ja|isso|"
        r"mais de|umas|pra \w+|aqui))* #\d+ vezes|#\d+ vezes (?:por|ao|na|no|que|eu|ja|hoje|essa|esta)(?= )", "skip"),
    (
        rf"(?:com |da |dou |de |uma |a |dar )*entrada (?:de |com |no valor de |seria de |seria "
        rf")?{_DOWN}{_REST}?", "parts"),
    (rf"{_DOWN} (?:de |como |na |pra |de uma )entrada{_REST}?", "parts"),
    (rf"(?:dou|pago|dar|pagar) {_DOWN} (?:agora|hoje|ja|na hora|no ato|amanha){_REST}", "parts"),
    (rf"#(?P<n>\d{{1,2}}) {_COUNT}{_EQUAL} (?:de|por|no valor de|a) {_MONEY}(?: {_CUR})?", "parts"),
    (rf"#(?P<n>\d{{1,2}}) (?:ou|a|ate) #(?P<n2>\d{{1,2}}) {_COUNT}", "parts"),
    (
        rf"(?:em|de|por|pra|para|faz em|faco em|parcel\w+ em|divid\w+ em|ate|so) (?:umas |ate )?#(?P<n>[2-9]|\d\d) "
        rf"{_COUNT}{_EQUAL}", "parts"),
    (
        r"(?:parcel\w+|divid\w+|divide|reparte) (?:isso |tudo |o valor |ai |pra mim )?(?:em|de|por) (?:umas |ate "
        r")?#(?P<n>\d{1,2})", "parts"),
    (rf"#(?P<n>[2-9]|\d\d) {_COUNT}{_EQUAL}", "parts"),
    (rf"#(?P<n>[2-9]|[1-9]\d) de (?:r\$ )?(?=#\d{{3,}}|#[2-9]\d|#\d+ {_CUR}){_MONEY}(?! de m\d)", "parts"),
    (
        r"a vista|(?:so )?(?:em |de |numa |por )?#1 (?:so )?(?:vez|parcela|pagamento)(?: so| somente| apenas| "
        r"unica)?|(?:em |de |numa )?(?:parcela unica|vez unica)|de uma vez(?: so)?|numa (?:vez|parcela|tacada) so|"
        r"em cota unica", "=1"),
    (
        rf"(?:parcelas?|prestacao|prestacoes|mensalidade|boleto) (?:de |em |que seja |seja |fique |ate |de ate |no "
        rf"maximo |por |com valor de )*{_MONEY}", "parts"),
    (rf"{_MONEY} (?:por mes|ao mes|mensais|mensal|todo mes|cada parcela|a parcela|cada uma|cada)", "parts"),
    (rf"(?:em|de|so em) #(?P<n>[1-9]|\d\d){_NO_SPAN}", "?parts"),
    (rf"(?:pra|para|ate) #(?P<n>[1-9]|\d\d){_NO_SPAN}", "?either"),
)  # fmt: skip

SHARES: tuple[tuple[str, float], ...] = (
    (r"(?:a |pela |pago a |dou a )?metade|meio a meio|cinquenta por cento", 0.5),
    (r"#1 terco|um terco", round(1 / 3, 4)),
    (
        r"(?:pagar|quitar|pago|quito|acertar|resolver|liquidar|tudo|o) (?:tudo|o total|o valor total|o valor todo|"
        r"integral|a divida toda|total|valor total|valor inteiro)"
     r"(?! (?:isso|bem|certo|bom|ok))", 1.0),
    (r"(?:valor )?integral|quitacao total|o total|valor total|o valor todo|valor cheio", 1.0),
)  # fmt: skip
