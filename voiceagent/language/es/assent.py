"""Yes and no as Latin Americans say them (folded; "," stands where punctuation stood)."""

from __future__ import annotations

from voiceagent.language.lexicon import table

YES_FIRST: tuple[str, ...] = (
    r"como no",
    r"no hay (?:ningun )?problema|no hay inconveniente|no tengo (?:problema|inconveniente)|por supuesto que no "
    r"hay problema",
)

YES: tuple[str, ...] = (
    r"si(?: senor| senora| senorita| por favor| claro| como no| correcto| exacto| esta bien| acepto| confirmo| "
    r"quiero| puedo| soy| es| joven)?",
    r"claro(?: que si)?|por supuesto|desde luego|obvio|logico",
        r"asi es|eso es|eso mismo|es correcto|correcto|exacto|exactamente|efectivamente|afirmativo|cierto|es "
        r"cierto|asi mero",
    r"(?:de acuerdo|estoy de acuerdo|conforme|vale|dale|listo|hecho|sale|sale pues|orale|va|andale|okay|ok|okey|"
    r"oquei|bueno esta bien|perfecto|excelente|buenisimo|chevere|bacano|de una|ya pues|ta bien|ta bueno)",
    r"(?:esta|todo|me parece|suena|quedo|queda) (?:bien|perfecto|excelente|correcto|confirmado|bueno|de acuerdo|"
    r"muy bien|buenisimo)",
    r"(?:lo |yo )?confirmo(?: si)?|confirmado|confirme(?:lo)?|confirma(?:lo)?",
    r"(?:yo |lo |la )?acepto(?: si)?|aceptado|trato hecho", r"aja|ajam|uju|mhm|mju|anja|simon|sip|sipi|claro pues",
    r"con gusto|con mucho gusto|sin problema|sin ningun problema|adelante|hagale|hagalo|hagamosl[oe]|"
    r"qued[ae]mos (?:asi|en eso)|pongale|proceda|"
    r"me sirve|me conviene|me late|si me late|quiero (?:si|pagar)|soy yo|el mismo|la misma",
    r"creo que si|yo creo que si|pienso que si|supongo que si|parece que si|de hecho si|que si|seguro|"
    r"seguramente si",
)  # fmt: skip

YES_BARE: tuple[str, ...] = (r"(?:yo )?(?:quiero|puedo|soy)",)

YES_BESIDE: frozenset[str] = table(
    "a la el lo y esa ese este con me le propuesta plan oferta opcion trato acuerdo convenio aceptar aceptarla tomar "
    "tomarla hacer hacerlo pagar pagarlo parece bien quedamos mi hoy manana ella habla buenos buenas "
    "dias tardes noches"
)

_DENIED = (
    "yo|me|te|le|les|lo|la|los|las|se|voy|va|quiero|queria|puedo|pude|podria|da|esta|estoy|es|era|soy|fui|fue|"
    "acepto|confirmo|confirmado|tengo|tiene|"
    "hago|sirve|gusta|interesa|eso|esto|asi|cierto|correcto|bien|bueno|ser|confirmar|hacer|aceptar|pagar|mandar|"
    "no|senor|senora|senorita|gracias|mismo|"
    "ahora|ahorita|hoy|por|favor|por ahora|necesito|necesita|de|ninguna|manera|nada|autorizo|dije|hable|el|a|que|"
    "aqui|con|mas|ok|de acuerdo|para|creo|joven"
)

NO: tuple[str, ...] = (
    rf"no(?: (?:{_DENIED}))*",
    r"(?:claro|creo|pienso|supongo|obvio|parece|yo creo|por supuesto|digo) que no|ahorita no|por ahora no|hoy no|"
    r"todavia no|aun no|asi no|eso no|mejor no|ya no",
    r"negativo|de ninguna manera|de ningun modo|para nada|ni (?:hablar|loco|loca|pensarlo|modo que si|de chiste|"
    r"madres)|nunca|jamais|jamas|nel|nones|nop|nada de eso|tampoco|que va",
    r"incorrecto|esta mal|esta equivocado|rechazo|me niego|olvidelo|dejelo",
)  # fmt: skip

YES_WHOLE: tuple[str, ...] = (
    "si",
    "s",
    "aja",
    "mhm",
    "ya",
    "si si",
    "si si si",
    "sip",
    "simon",
    "bueno si",
    "va",
    "sale",
    "dale",
    "yes",
    "diga que si",
)
NO_WHOLE: tuple[str, ...] = ("no", "no no", "no no no", "nop", "nel", "n", "nanay", "nah")

UNSURE: tuple[str, ...] = (
    r"(?:yo )?no se(?: si .*)?|quien sabe|no estoy segur[oa]|no me acuerdo|no recuerdo|no tengo idea|ni idea",
    r"tal vez|quiza|quizas|depende|a lo mejor|mas o menos|puede que (?:si|no)|puede ser|voy a (?:ver|"
    r"pensar)(?:lo)?|tengo que (?:ver|pensar)(?:lo)?|dejeme (?:ver|pensar)(?:lo)?|lo voy a pensar",
    r"si (?:puedo conseguir|me alcanza|dios quiere|consigo|pudiera|tuviera|me paga|me pagan|me dan|me descuenta|"
    r"es que|usted|ustedes|me hace|me hacen|hay)|a ver si|vamos a ver|ya veremos",
    r"por que no|si o no|ni si ni no|pero|sin embargo|solo si|siempre y cuando|con tal de",
    r"no (?:entendi|entiendo|escuche|oi|escucho|oigo|le entendi|le escuche|lo escucho|la escucho|le oigo|"
    r"comprendo)(?: .*)?|^(?:como|mande|que|perdon|quien|cual)$|repita",
    r"(?:espere|esperese|espera|un momento|un momentito|un minuto|un minutito|un segundo|permitame|aguante|aguanteme)",
    r"^(?:(?:si|aja|ok|claro) (?:, )?)*(?:yo )?(?:(?:ya )?(?:le )?(?:entiendo|entendi|comprendo|comprendi)|(?:la|lo|le|te) "
    r"(?:escucho|oigo)|estoy (?:escuchando|oyendo)|como sea|da igual)$",
    r"quiero (?:saber|hablar|que)|puedo (?:saber|hablar|preguntar)|que quiere",
)  # fmt: skip

FILLERS: frozenset[str] = table(
    ", ah ay eh este pues bueno mire oiga mira senor senora senorita joven mi por favor gracias entonces ahi "
    "ya yo eso asi usted esta todo muy mismo claro hija hijo amigo amiga vea verdad pos ps tambien ahora "
    "ahorita muchas mija aqui"
)
