"""Spanish words: numbers, calendar, dictation, corrections, spelled addresses."""

from __future__ import annotations

from voiceagent.language.es import assent, grammar
from voiceagent.language.lexicon import Lexicon, table
from voiceagent.language.text import listed

_UNITS = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis "
    "diecisiete dieciocho diecinueve "
    "veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve"
)
_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa"
_HUNDREDS = "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"

CARDINALS: dict[str, int] = {
    **{word: value for value, word in enumerate(_UNITS.split())},
    **{word: 30 + 10 * n for n, word in enumerate(_TENS.split())},
    **{word: 100 + 100 * n for n, word in enumerate(_HUNDREDS.split())},
    **{word.replace("tos", "tas"): 200 + 100 * n for n, word in enumerate(_HUNDREDS.split()[1:])},
    "un": 1, "una": 1, "veintiun": 21, "veintiuna": 21, "cien": 100, "quinientas": 500, "sincuenta": 50,
        "seis cientos": 600,
}  # fmt: skip

_MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
_ORDINALS = "primero segundo tercero cuarto quinto sexto septimo octavo noveno decimo"
_WEEKDAYS = "lunes martes miercoles jueves viernes sabado domingo"
_NUMBER = "|".join(CARDINALS)
_LETTERS = listed(
    "a a be b ce c de d e e efe f ge g hache h i i jota j ka k ele l eme m ene n o o pe p cu q erre r ere r ese "
    "s te t u u uve v ve v doble-u w equis x ye y zeta z ceta z"
)

LEXICON = Lexicon(
    code="es",
    cardinals=CARDINALS,
    closed=table("cien diez veinte"),
    multipliers={"mil": 1000, "millon": 10**6, "millones": 10**6},
    bare_multipliers=table("mil"),
    joiners=table("y"),
    joiner_scope="tens",
    ordinals={word: n for n, word in enumerate(_ORDINALS.split(), 1)} | {"primer": 1, "tercer": 3, "primera": 1},
    months={word: n for n, word in enumerate(_MONTHS.split(), 1)} | {"setiembre": 9},
    weekdays={word: n for n, word in enumerate(_WEEKDAYS.split())},
    phrases=(
        (r"por ciento", "%"), (r"(?:la )?(?:noche ?buena|vispera de navidad)", "24 de diciembre"),
        (r"(?:el )?dia de navidad|(?<=en )navidad", "25 de diciembre"),
        (r"(?:la )?(?:noche ?vieja|vispera de ano nuevo)", "31 de diciembre"),
        (r"y cuarto", "y 15"), (r"menos cuarto", "menos 15"), (r"(?:un )?cuarto (para|pa)", r"15 \1"),
        (r"p m", "pm"), (r"a m(?= |$)", "am"),
        (r"el otro w", "otro w"), (r"medio dia", "mediodia"), (
            r"seis cientos", "seiscientos"), (r"dos cientos", "doscientos"),
        (r"tres cientos", "trescientos"), (
            r"cuatro cientos", "cuatrocientos"), (r"ocho cientos", "ochocientos"), (r"quini entos", "quinientos"),
        (r"(?<!las )diez y (seis|siete|ocho|nueve)", r"dieci\1"), (
            r"(?<!las )veinte y (uno?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)", r"veinti\1"),
    ),
    date_patterns=grammar.DATES,
    time_patterns=grammar.TIMES,
    amount_patterns=grammar.AMOUNTS,
    instalment_patterns=grammar.INSTALMENTS,
    share_patterns=grammar.SHARES,
    approx=r"unos|unas|mas o menos|aproximadamente|cerca de|alrededor de|como|como unos|por ahi de|casi|tipo|a eso de",
    approx_after=r"y pico|y algo|mas o menos|por ahi|aproximadamente",
    retract_before=(
        r"(?:(?:no|ni|nunca|tampoco) (?:es|era|puedo|quiero|me|le|voy|tengo|pago|acepto|alcanza|va|seria|creo|se|"
        r"fue|hay|estoy|mas(?! de)|para)"
        r"(?: (?!solo|pero|sino|nomas|hasta|tal|si|puedo)[a-z]\w*){0,4}|en vez de|en lugar de|menos|ni|no(?= (?:el|la|dia|los))|excepto|"
        r"salvo)(?: (?:el|la|dia|los|para el))?"
    ),
    retract_after=
        r"(?:yo |ahi |ya |pues |ese dia |tampoco )*no(?! (?:es cierto|es asi|cree|es verdad|hay problema)$)(?! "
        r"(?:se)?$)|"
    r"es (?:mucho|demasiado|muy dificil)|(?:esta|queda) (?:lejos|caro|pesado|dificil)|tampoco|ni",
    correction=(
        r"no|quiero decir|digo|mejor|mejor dicho|o sea|perdon|disculpe|me equivoque|mas bien|en realidad|espere|"
        r"corrijo|no perdon|sino|no no|prefiero|ay no"
    ),
    taken_back=r"digo|perdon|quiero decir|mas bien|mejor dicho|en realidad",
    bounded=
        r"(?:despues|antes|a partir|arriba|abajo|(?<!no )(?<!nada )mas|menos|pasando) de(?:l)?(?: dia| el)?|solo despues del?|"
        r"entre(?: el)?(?: dia)?",
    digit_words={
        "cero": "0", "uno": "1", "un": "1", "una": "1", "dos": "2", "tres": "3",
            "cuatro": "4", "cinco": "5", "seis": "6", "siete": "7",
        "ocho": "8", "nueve": "9",
    },
    digit_repeats={"doble": 2, "triple": 3},
    digit_fillers=table(
        "y o el la los las es son eh ah este pues bueno ok si mi curp rfc cedula dni rut documento numero "
        "numeros digito digitos empieza empiezan "
        "comienza con final finales termina terminan en primeros primeras ultimos ultimas primer ultimo anote "
        "ahi punto guion diagonal coma "
        "despues luego nada mas asi creo que de del mire dejeme ver espere a va correcto celular telefono "
        "identificacion tarjeta"
    ),
    bare_fillers=table(
        "y o maximo minimo mucho sumo cuando lo el la los las es eh ah este pues bueno bien ok si eso asi solo puede ser creo que "
        "yo pago en al "
        "para por como unos unas de del lo me le "
        "puedo quiero quisiera voy a pagar hago queda mejor tal vez mire deje ver mas menos dar podria prefiero "
        "tipo hasta senor senora senorita joven "
        "ahi ahora ahorita mismo claro cierto seria dia todo pago pagos cuotas cuota veces vez horas hora pesos "
        "mi mis todo hacer ponga ponle anote "
        "apunte entre no digo perdon disculpe decir quiero me equivoque bien espere un con esta esa ese este "
        "porque confirmo listo vamos gracias por "
        "favor cerrar te le les seria estaria sale va dale monto valor cada seguro nomas nada"
    ),
    yes=assent.YES,
    yes_bare=assent.YES_BARE,
    yes_beside=assent.YES_BESIDE,
    no=assent.NO,
    yes_whole=assent.YES_WHOLE,
    no_whole=assent.NO_WHOLE,
    yes_first=assent.YES_FIRST,
    unsure=assent.UNSURE,
    assent_fillers=assent.FILLERS,
    negators=table("no ni nunca jamas tampoco nada nel nadie ningun ninguna"),
    letters=dict(zip(_LETTERS[::2], _LETTERS[1::2], strict=True)),
    email_signs={
        "arroba": "@", "punto": ".", "guion bajo": "_",
            "guion abajo": "_", "underscore": "_", "subguion": "_", "guion medio": "-", "guion": "-",
        "todo junto": "", "todo minusculas": "",
            "todo en minusculas": "", "en minusculas": "", "minusculas": "", "g mail": "gmail",
        "jotmail": "hotmail", "hot mail": "hotmail", "out look": "outlook", "mas": "+",
    },
    email_fillers=table(
        "y el la es eh mi correo mail e-mail email pues bueno anote ahi puede mandar a al para si eso gracias ok "
        "seria con enviar mandelo ve todo solo un"
    ),
    common=table(
        "que quien nombre mas menos despues antes cuando donde porque mucho poco nada todo toda cada otro otra "
        "ese esa eso aquel siempre nunca aun banco "
        "cuenta tarjeta tienda dinero trabajo casa hijo hija mujer esposo papa mama deuda agente persona llamar "
        "llamada se su mi suyo dos hace haces sin "
        "semana mes ano dia dias hora tarde noche manana hoy ayer fin final principio medio proximo proxima "
        "tengo tiene ser soy era fue estoy esta seria "
        "puedo puede quiero quiere cobro cobre sueldo quincena once sexto"
    ),
    confusions=(
        (rf"({_NUMBER}|\d+) (?:mi|mill|meal)(?= |$)", r"\1 mil"),
        (r"sien(?:to)?", "cien"),
        (r"^sin (?=pesos|soles|dolares)", "cien "),
        (r"dos ?(?:sientos|cientos|vientos)", "doscientos"),
        (r"quin(?:ientas|entos|yentos)", "quinientos"),
    ),
    unsounded={
        r"ph": "f",
            r"sc(?=[ei])|ss|z|c(?=[ei])": "s", r"qu(?=[ei])|q|k": "k", r"gu(?=[ei])": "g", r"ch": "x", r"ll|y": "i", r"c": "k",
        r"v|w": "b", r"h": "", r"j|g(?=[ei])": "h", r"m(?=[^aeiou]|$)": "n", r"(.)\1+": r"\1",
    },
)  # fmt: skip
