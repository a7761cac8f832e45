"""Yes and no as Brazilians say them (folded; "," stands where punctuation stood)."""

from __future__ import annotations

from voiceagent.language.lexicon import table

YES: tuple[str, ...] = (
    r"sim(?: senhora| senhor)?", r"isso(?: mesmo| ai| sim| ai mesmo)?", r"positivo",
        r"aha|aham|uhum|ahan|arram|a ham|uh hum|hum hum|anham|unhum",
    r"(?:claro|logico|obvio)(?: que sim| ne)?",
    r"(?:com |tenho |toda |absoluta )*certeza", r"certo|certinho|certissimo|corretissimo",
        r"correto|exato|exatamente|justamente|precisamente",
    r"(?:eu )?confirmo(?: sim)?|confirmado|confirmadissimo|(?:pode )?confirma(?:r)?(?: sim| ai)?",
    r"pode(?: ser| sim| confirmar| fazer| falar| mandar| fechar| deixar| marcar| agendar| gerar| enviar| seguir| "
    r"colocar| registrar| ir)+",
    r"ok|okay|okey|oquei|oke|o k",
        r"(?:ta|esta|tudo) (?:bom|otimo|certo|certinho|ok|bem|joia|perfeito|legal|tranquilo|combinado|fechado|"
        r"confirmado|correto)",
    r"beleza|belezinha|blz", r"fechado|fecha|fechou|fecho", r"combinado|combinadissimo", r"(?:eu )?aceito(?: sim)?",
        r"(?:eu )?concordo|de acordo|estou de acordo|to de acordo",
    r"(?:eu )?quero (?:sim|pagar)", r"e sim|e isso(?: mesmo| ai)?|e(?: exatamente)? isso",
        r"perfeito|otimo|excelente|maravilha|show(?: de bola)?|joia|legal|massa|tranquilo|suave|top",
    r"vamos? (?:la|sim|fechar|fazer|nessa)|bora|bora la|partiu|manda (?:ver|bala)|toca (?:o pau|ficha)|demorou",
    r"sou (?:sim|eu(?: mesm[oa])?)|eu mesm[oa]|(?:e )?(?:ele|ela) mesm[oa]",
    r"sem (?:problemas?|duvidas?|crise)", r"serve(?: sim)?|me serve",
        r"pago sim|da sim|consigo sim|posso sim|tenho sim|vou sim|faco sim|tem sim|foi sim|recebi sim|aceito sim|acho que "
        r"sim|creio que sim|acredito que sim|parece que sim|imagino que sim",
    r"isso e",
        r"faz isso|faz assim|assim mesmo|ta valendo|valeu|por mim tudo bem|por mim ta otimo|por mim sim|por mim "
        r"pode ser",
)  # fmt: skip

YES_BARE: tuple[str, ...] = (r"(?:eu )?quero|pode|vamos?|sou",)

YES_BESIDE: frozenset[str] = table(
    "a o e essa esse nessa nesse dessa desse com proposta opcao condicao acordo parcelamento plano jeito forma negocio "
    "aceitar querer fazer faz faca fechar gerar pagar topo vou posso consigo tenho da ta fica ficou hoje amanha "
    "ela ele mesma oi opa muito dia boa tarde noite"
)

_DENIED = (
    "eu|me|te|lhe|vou|vai|quero|queria|posso|pode|poderia|da|daria|ta|to|esta|estou|e|era|sou|foi|fui|aceito|"
    "concordo|confirmo|confirmado|confirma|consigo|tenho|tem|"
    "faco|fecho|serve|gostei|rola|isso|isto|certo|correto|bom|boa|ser|confirmar|confirmei|fazer|interessa|"
    "interesse|fechar|concordar|condicoes|condicao|"
    "essa|esse|ele|ela|dessa|desse|assim|querer|aceitar|pagar|mandar|nao|senhor|senhora|moca|moco|obrigad[oa]|"
    "mesmo|agora|hoje|por favor|enquanto|precisa|"
    "de jeito|nenhum|nenhuma|nada|disso|autorizo|combinei|falei|disse|o|a|que|aqui|com|mais|ok|combinado|fechado|"
    "positivo|de acordo|sim senhor"
)

YES_FIRST: tuple[str, ...] = (r"nao (?:tem|ha|vejo) (?:nenhum )?problema(?: nenhum| nao)?",)

NO: tuple[str, ...] = (
    rf"(?:nao|num|n)(?: (?:{_DENIED}))*",
    r"(?:claro|obvio|logico|evidente|certeza|acho|creio|acredito|parece|imagino|lamento mas) (?:que )?nao|com "
    r"certeza nao",
    r"(?:pode|da|quero|ta|ta bom|ta certo|gostei|isso|assim|precisa|posso|consigo|tem|sou|foi|vou|aceito|confirmo|"
    r"quero isso|concordo|e|vai dar|ainda|agora|hoje|por enquanto|assim eu|assim) nao",
    r"negativo",
        r"de (?:jeito|modo|forma|maneira) (?:nenhum|nenhuma|algum|alguma)|nem (?:pensar|a pau|morto|ferrando|que "
        r"a vaca tussa|sonhando|vem|isso|quero)",
    r"nunca|jamais|nada disso|nada feito|nem|negativo mesmo|sem chance|sem condicoes|fora de cogitacao|esquece|"
    r"deixa (?:quieto|pra la)|ta errado|esta errado|ta errada|errado|incorreto|recuso|discordo|dispenso",
)  # fmt: skip

YES_WHOLE: tuple[str, ...] = (
    "e",
    "eh",
    "ta",
    "tah",
    "aham",
    "hum hum",
    "s",
    "pois sim",
    "sim sim",
    "e e",
    "ue sim",
    "opa",
    "uai sim",
    "demoro",
    "yes",
    "ok ok",
    "nao tem problema",
    "nao tem problema nenhum",
    "nao vejo problema",
    "nao tem problema nao",
    "nada contra",
)
NO_WHOLE: tuple[str, ...] = (
    "n",
    "nao nao",
    "nops",
    "nan nan",
    "hum um",
    "nao nao nao",
    "hm hm nao",
    "nanao",
    "no",
    "nananinanao",
    "pois nao ne nao",
)

UNSURE: tuple[str, ...] = (
    r"(?:eu )?nao sei(?: nao)?|sei la|sei nao|nao tenho (?:certeza|ideia)|nao lembro|nao me lembro|nao faco ideia",
    r"talvez|depende|quem sabe|mais ou menos|pode ser que (?:sim|nao)|ta dificil|vou (?:ver|pensar)|preciso "
    r"(?:ver|pensar)|deixa eu (?:ver|pensar)",
    r"se (?:eu )?(?:der|conseguir|puder|receber|tiver|arrumar)|se (?:cair|sair|entrar|sobrar)|depois (?:eu )?vejo|"
    r"vejo depois|vamos ver|veremos|por que nao|sim ou nao|sim e nao|nem sim nem nao|mas|porem|so que|so se|desde que",
    r"nao (?:entendi|ouvi|escutei|compreendi|deu pra (?:ouvir|entender)|to (?:ouvindo|entendendo)|estou "
    r"(?:ouvindo|entendendo))|pois nao|como assim|^(?:o que|oi|hein|quem|qual)$",
    r"(?:pera|perai|espera|calma|um momento|um minuto|so um (?:minuto|minutinho|momento|instante)|pera ai|espera ai)",
    r"isso ai nao sei|ja (?:disse|falei)|confirma o que|pode repetir|pode (?:falar )?(?:de novo|mais devagar)|"
    r"pode me (?:explicar|dizer)",
    r"^(?:(?:sim|ta|ok|uhum|aham) (?:, )?)*(?:eu )?(?:entendi|ouvi|sei|tanto faz|(?:to|estou|tou) (?:te )?"
    r"(?:ouvindo|escutando|entendendo))$",
    r"e agora|isso e (?:golpe|robo|gravacao|trote)|ta bom demais pra ser verdade|sim quero (?:saber|falar)|quero "
    r"(?:saber|falar)",
)  # fmt: skip

FILLERS: frozenset[str] = table(
    ", ah ai entao ne uai ue bom olha moca moco senhora senhor filha minha meu querida eh hum hm mesmo viu "
    "gente o po pô tah por favor obrigado obrigada eu isso ai assim dona seu cara mano bem tudo la pra mim "
    "alo agora ja"
)
