"""Brazilian Portuguese words: numbers, calendar, dictation, corrections, spelled addresses."""

from __future__ import annotations

from voiceagent.language.lexicon import Lexicon, table
from voiceagent.language.pt_br import assent, grammar
from voiceagent.language.text import listed

_UNITS = (
    "zero um dois tres quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete "
    "dezoito dezenove"
)
_TENS = "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa"
_HUNDREDS = "cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos"
_LETTERS = listed(
    "a a be b ce c de d e e efe f ge g aga h agah h i i jota j ka k ca k ele l eme m ene n o o pe p que q erre r "
    "esse s te t u u ve v dablio w dabliu w dabliou w xis x ipsilon y ze z"
)

CARDINALS: dict[str, int] = {
    **{word: value for value, word in enumerate(_UNITS.split())},
    **{word: 20 + 10 * n for n, word in enumerate(_TENS.split())},
    **{word: 100 + 100 * n for n, word in enumerate(_HUNDREDS.split())},
    **{word.replace("tos", "tas"): 200 + 100 * n for n, word in enumerate(_HUNDREDS.split()[1:])},
    "uma": 1, "duas": 2, "catorze": 14, "cem": 100, "cinquentao": 50, "cinquentinha": 50, "vintao": 20, "cenzinho": 100,
    "trintao": 30, "quarentao": 40, "duzentao": 200, "trezentao": 300, "quinhentao": 500, "cincoenta": 50,
    "dezesete": 17, "deseseis": 16, "treis": 3,
}  # fmt: skip

_MONTHS = "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro"
_ORDINALS = "primeiro segundo terceiro quarto quinto sexto setimo oitavo nono decimo"
_NUMBER = "|".join(CARDINALS)

LEXICON = Lexicon(
    code="pt-BR",
    cardinals=CARDINALS,
    closed=frozenset({"cem", "cenzinho", "dez", "cinquentao", "duzentao", "trezentao", "quinhentao"}),
    multipliers={"mil": 1000, "milhao": 10**6, "milhoes": 10**6},
    bare_multipliers=frozenset({"mil"}),
    joiners=frozenset({"e"}),
    joiner_scope="any",
    ordinals={word: n for n, word in enumerate(_ORDINALS.split(), 1)} | {"primeira": 1},
    months={word: n for n, word in enumerate(_MONTHS.split(), 1)},
    weekdays={
        "segunda": 0, "terca": 1, "quarta": 2, "quinta": 3, "sexta": 4, "sabado": 5, "domingo": 6,
    },
    phrases=(
        (r"(duzent|trezent|quatrocent|quinhent|seiscent|oitocent)inhos?", r"\1os"), (r"cinquentinhas?", "cinquenta"),
        (r"cenzinhos?", "cem"), (r"vintinhos?", "vinte"), (r"trintinhas?", "trinta"), (r"milzinhos?", "mil"),
        (r"(?:segunda|terceira|quarta|quinta|ultima) semana (d[eo] )", r"alguma semana \1"),
        (r"por cento", "%"), (r"vespera d[eo] natal", "24 de dezembro"), (r"dia de natal|(?<=no )natal", "25 de dezembro"),
        (r"vespera d[eo] ano novo|(?<=no )reveillon", "31 de dezembro"),
        (r"(?:uma|um|1) milha", "mil"),
        (r"(\w+) milhas", r"\1 mil"),
        (r"milao|um barao", "mil"),
        (r"decimo primeiro", "11º"), (r"decimo segundo", "12º"), (r"decimo terceiro", "13º"), (r"decimo quinto", "15º"),
        (r"(segunda|terca|quarta|quinta|sexta) feira", r"\1"),
        (r"seis centos", "seiscentos"), (r"nove centos", "novecentos"), (r"oito centos", "oitocentos"),
        (r"sete centos", "setecentos"), (r"quatro centos", "quatrocentos"), (r"du zentos", "duzentos"),
        (r"depois da manha(?= |$)(?! tarde)", "depois de amanha"),
        (r"mes q vem", "mes que vem"), (r"semana q vem", "semana que vem"),
    ),
    date_patterns=grammar.DATES,
    time_patterns=grammar.TIMES,
    amount_patterns=grammar.AMOUNTS,
    instalment_patterns=grammar.INSTALMENTS,
    share_patterns=grammar.SHARES,
    approx=
        r"uns|umas|mais ou menos|aproximadamente|cerca de|por volta de|na faixa de|na base de|coisa de|perto de|"
        r"quase|em torno de",
    retract_before=(
        r"(?:(?:nao|nem|nunca) (?:e|era|posso|consigo|quero|da|daria|vai|vou|tenho|pago|aceito|concordo|rola|tem|"
        r"teria|faco|sei|foi|mais(?! (?:d[eo]|que))|pode|precisa|to|estou)"
        r"(?: (?!so|mas|apenas|somente|porem|sim|ate|talvez|posso|consigo)[a-z]\w*){0,4}"
        r"|em vez d[eo]|ao inves d[eo]|sem ser|tirando|menos|nem|exceto|fora)(?: (?:dia|no|na|o|a))?"
    ),
    retract_after=
        r"(?:eu |ai |la |ja |ai eu |pra mim |e muito |tambem )*nao(?! (?:e|ne|tem problema|e isso|e verdade)$)|e "
        r"(?:muito|demais|ruim)|fica (?:ruim|dificil|pesado|complicado)|(?:ta|esta) (?:longe|caro|pesado)|nem",
    correction=(
        r"nao|quer dizer|digo|alias|alias|minto|ou melhor|melhor|melhor dizendo|desculpa|desculpe|perdao|opa|"
        r"errei|corrigindo|na verdade|"
        r"pera|perai|espera|em vez|retificando|me enganei|ou seja|pensando bem|e sim|mas sim|prefiro"
    ),
    taken_back=r"quer dizer|digo|alias|ou melhor|minto|na verdade|desculpa",
    bounded=
        r"(?:depois|antes|a partir|passando|acima|abaixo|(?<!nao )(?<!nada )mais|menos|alem) d[eoa](?:s)?(?: dia| o| os)?|so depois "
        r"de|entre(?: o)?(?: dia)?",
    digit_words={
        "zero": "0", "um": "1", "uma": "1", "hum": "1", "dois": "2", "duas": "2", "tres": "3",
            "quatro": "4", "cinco": "5",
        "seis": "6", "meia": "6", "sete": "7", "oito": "8", "nove": "9", "ze": "0",
    },
    digit_repeats={"duplo": 2, "dois vezes": 2},
    digit_fillers=table(
        "e o a os as que é eh ah hum ahn entao ta tah bom ok sim meu cpf rg cnh documento numero numeros digito "
        "digitos comeca comecando com final finais terminando termina em sao primeiro primeiros primeira ultimo "
        "ultimos ultima pode anotar anota ai ponto traco barra virgula depois so isso mesmo acho que do da dos "
        "de olha moca deixa eu ver pera calma la vai certo celular telefone ddd"
    ),
    bare_fillers=table(
        "e o a os as é eh ah ahn hum entao ta tah bom boa ok sim isso so pode ser acho que eu pago em no na nos "
        "la pelo pela pra pro para por volta uns umas de do da consigo quero vou pagar faco fica melhor talvez "
        "ne olha deixa ver mais ou menos da dar posso queria prefiro tipo ate moca senhora senhor ai agora mesmo "
        "certo beleza seria dia todo o pagamento valor parcela parcelas vezes vez horas hora reais mim tudo bem "
        "fazer como coloca coloque bota marca marque poe agenda agende entre nao quer dizer digo alias minto "
        "desculpa na verdade opa perdao espera pera perai errei corrigindo pensando um com meu minha primeira "
        "porque unico mas pix boleto confirmo fechado vamos nesse esse maximo minimo me te valeu obrigado "
        "obrigada por favor "
        "fechar acertar isso ia iria conseguiria poderia daria bem hein vai"
    ),
    approx_after=r"e pouco|e poucos|e alguma coisa|mais ou menos|por ai|aproximadamente",
    common=table(
        "que quem nome mais menos depois antes quando onde porque muito pouco nada tudo todo toda cada outro "
        "outra esse essa isso aquele desse dessa sempre nunca ainda banco conta cartao loja dinheiro trabalho "
        "casa filho filha mulher marido pai mae divida atendente pessoa ligar ligacao sei sai seu sua meu minha "
        "dele dela dez deus sente sexo sete seita tem tenho tinha teria teve ter sou era foi ser estou esta mes "
        "semana ano dia dias hora tarde noite manha hoje amanha ontem fim final comeco meio proximo proxima"
    ),
    yes=assent.YES,
    yes_bare=assent.YES_BARE,
    yes_beside=assent.YES_BESIDE,
    no=assent.NO,
    yes_whole=assent.YES_WHOLE,
    no_whole=assent.NO_WHOLE,
    yes_first=assent.YES_FIRST,
    no_denial=("pois nao", "nao e mesmo", "senao"),
    unsure=assent.UNSURE,
    assent_fillers=assent.FILLERS,
    negators=frozenset({"nao", "nem", "nunca", "jamais", "nada", "num", "n"}),
    letters=dict(zip(_LETTERS[::2], _LETTERS[1::2], strict=True)),
    email_signs={
        "arroba": "@", "ponto": ".", "underline": "_",
            "underscore": "_", "under line": "_", "andar line": "_", "anderlaine": "_",
        "sublinhado": "_", "traco": "-", "hifen": "-", "tracinho": "-", "tudo junto": "", "tudo minusculo": "",
            "tudo em minusculo": "",
        "letra minuscula": "", "minusculo": "", "minuscula": "", "g mail": "gmail", "gemail": "gmail", "jimeil": "gmail", "rotmail": "hotmail",
        "hot mail": "hotmail", "out look": "outlook", "mais": "+",
    },
    email_fillers=table(
        "e o a os eh meu aqui ele mail e-mail entao ta bom anota ai pode mandar no pra para sim isso obrigado "
        "obrigada ok seria fica com enviar manda anotar ve certo so tudo"
    ),
    confusions=(
        (rf"({_NUMBER}|\d+) (?:meu|miu|mio|meio mil)(?= e | reais| real|$| (?:{_NUMBER}))", r"\1 mil"),
        (r"^(?:meu|miu) e (?=\w+)", "mil e "),
        (rf"(cento|{_NUMBER}|mil|\d+) i (?={_NUMBER}|\d)", r"\1 e "),
        (r"sem (?=reais|real|conto|pila)", "cem "),
        (r"^sem$", "cem"),
        (r"(?:dos|dois|duas) ventos", "duzentos"),
        (r"do (?:sentos|zentos|ventos)", "duzentos"),
        (r"tres (?:sentos|zentos|ventos)", "trezentos"),
        (r"quin? ?(?:entos|ventos|zentos)", "quinhentos"),
        (r"quando (?=do m\d|de dezembro|de janeiro)", "quando "),
        (r"centro e", "cento e"),
        (r"sento", "cento"),
    ),
    unsounded={
        r"ph": "f", r"[çß]": "s", r"ch|sh": "x", r"lh": "l", r"nh": "n", r"rr": "r", r"ss|sc(?=[ei])|z|c(?=[ei])": "s",
        r"qu(?=[ei])|q": "k", r"gu(?=[ei])": "g", r"c|k": "k", r"y": "i", r"w": "v", r"h": "", r"m(?=[^aeiou]|$)": "n",
        r"o": "u", r"e": "i", r"l(?=[^aeiou]|$)": "u", r"(.)\1+": r"\1",
    },
)  # fmt: skip
