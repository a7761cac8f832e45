"""English words: numbers, calendar, dictation, corrections, spelled addresses."""

from __future__ import annotations

from voiceagent.language.en import assent, grammar
from voiceagent.language.lexicon import Lexicon, table
from voiceagent.language.text import listed

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
CARDINALS: dict[str, int] = {
    **{word: value for value, word in enumerate(_UNITS.split())},
    **{word: 20 + 10 * n for n, word in enumerate(_TENS.split())},
    "fourty": 40, "fivety": 50,
}  # fmt: skip

_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth "
    "eighteenth nineteenth twentieth"
)
_MONTHS = "january february march april may june july august september october november december"
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"
_LETTERS = listed(
    "a a bee b b b cee c see c dee d e e eff f gee g aitch h i i jay j kay k el l ell l em m en n o o pee p cue "
    "q queue q ar r ess s tee t u u vee v double-u w ex x why y wye y zee z zed z"
)
_ONE_WORD = "|".join(_ORDINALS.split()[:9])

LEXICON = Lexicon(
    code="en",
    cardinals=CARDINALS,
    closed=table("ten"),
    multipliers={"hundred": 100, "thousand": 1000, "grand": 1000, "k": 1000, "million": 10**6},
    bare_multipliers=frozenset(),
    joiners=table("and"),
    joiner_scope="hundreds",
    ordinals={word: n for n, word in enumerate(_ORDINALS.split(), 1)} | {"thirtieth": 30},
    months={word: n for n, word in enumerate(_MONTHS.split(), 1)} | {"jan": 1, "feb": 2, "aug": 8,
        "sept": 9, "oct": 10, "nov": 11, "dec": 12},
    weekdays={word: n for n, word in enumerate(_WEEKDAYS.split())} | {"fridays": 4, "saturdays": 5},
    phrases=(
        (rf"twenty ({_ONE_WORD})", r"2o\1"), (r"thirty first", "31st"), (r"thirty 1st", "31st"), (
            r"20 (\d)(?:st|nd|rd|th)", r"2\1th"),
        *((f"2o{word}", f"{20 + n}th") for n, word in enumerate(_ORDINALS.split()[:9], 1)),
        # "Give me a second" asks for time, it names no day.
        (r"(?:a|one|half a|an extra) sec(?:ond)?", "a moment"),
        (r"a month from", "1 month from"), (r"(\w+) ish", r"about \1"),
            (r"christmas eve", "december 24"), (r"christmas day", "december 25"), (r"new year(?:'?s)? eve", "december 31"),
            (r"half a grand", "500"), (r"half a million", "500000"),
        (
            r"an? (hundred|thousand|grand|million)",
            r"1 \1"), (r"(?:a )?couple(?: of)? (hundred|thousand)", r"about 2 \1"), (r"(?:a )?couple(?: of)?", "2"), (r"a few hundred", "some hundred"),
        (
            r"(in|within|after|about|for|every|give me|another) (?:an?|one) (week|month|hour|day|minute)",
            r"\1 1 \2"), (r"(?:a )?fortnight", "2 weeks"),
        (
            r"(?:a )?quarter (past|after|to|till|til|of)",
            r"15 \1"), (r"p m", "pm"), (r"a m(?= |$)", "am"), (r"o clock", "oclock"), (r"o'clock", "oclock"),
        (r"(\w+) (?:oh|o) (one|two|three|four|five|six|seven|eight|nine)(?= (?:dollars|bucks))", r"\1 dollars 0\2"),
        (r"e mail", "email"), (r"pay check", "paycheck"), (r"instalment", "installment"),
    ),
    date_patterns=grammar.DATES,
    time_patterns=grammar.TIMES,
    amount_patterns=grammar.AMOUNTS,
    instalment_patterns=grammar.INSTALMENTS,
    share_patterns=grammar.SHARES,
    approx=r"about|around|roughly|approximately|maybe|like|somewhere around|close to|nearly|almost|some|give or take",
    approx_after=r"or so|ish|give or take|or something|or thereabouts|(?:bucks|dollars) or so|and change",
    retract_before=(
        r"(?:(?:not|don't|dont|can't|cant|cannot|won't|wont|isn't|never|wouldn't|couldn't|doesn't|no way)"
        r"(?: (?!but|only|just|maybe|can|instead|rather|until|till|more|over)[a-z'][\w']*){0,4}|instead of|rather than|"
        r"not)(?: (?:on|the|by|for|in))*"
    ),
    retract_after=
        r"(?:is |would |will )?(?:no|not|nope|doesn't work|does not work|won't work|isn't (?:good|going to work|"
        r"possible)|is (?:too much|too soon|too early|bad|no good|impossible)|won't do|"
    r"doesn't|wouldn't|is not|can't|i can't|i cannot|too much|too soon)(?! (?:sure|a problem)$)",
    correction=(
        r"no|not|sorry|i mean|i meant|actually|wait|scratch that|make it|make that|rather|correction|or rather|"
        r"excuse me|my bad|hold on|instead|better|nope|let's say|let's do|but|oops|strike that"
    ),
    taken_back=r"i mean|i meant|actually|rather|sorry|scratch that|correction",
    bounded=
        r"(?<!no )(?<!not )more than|(?:less|later|earlier|other|over|under) than|after|before|not until|starting|between(?: the)?|over|"
        r"under",
    digit_words={
        "zero": "0", "oh": "0", "o": "0",
            "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
        "eight": "8", "nine": "9", "niner": "9",
    },
    digit_repeats={"double": 2, "triple": 3},
    digit_fillers=table(
        "and the it's its is it that's um uh well okay ok so yes my social ssn number numbers digits digit last "
        "first are starts ends with in start end "
        "ending starting dash hyphen point dot then write down i think that would be sure zip code phone account "
        "card let me see wait i mean of four"
    ),
    bare_fillers=table(
        "and most the it's its is it that's that um uh well okay ok so yes yeah only just maybe i i'd i'll think "
        "pay on in at by for around about roughly approximately nearly almost like of can could do "
        "want would wanna going gonna to be best how what let's let me see more less or give make it say "
        "sometime until till sir ma'am there now today same right "
        "sure day every all payment payments amount each times time dollars bucks me my good do sounds works no "
        "not sorry mean meant actually wait scratch rather "
        "hold instead nope oops oclock confirm done go thanks thank you please put down schedule take set up am "
        "pm a with probably able guess possible work works "
        "if possible you hm hmm o'clock"
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
    negators=table(
        "no not nope nah never don't dont can't cant cannot won't wont isn't isnt doesn't doesnt didn't didnt "
        "wasn't ain't aint wouldn't couldn't shouldn't nothing "
        "none neither nobody haven't hasn't aren't without refuse"
    ),
    letters=dict(zip(_LETTERS[::2], _LETTERS[1::2], strict=True)),
    email_signs={
        "at sign": "@", "at": "@", "dot": ".", "period": ".", "point": ".", "underscore": "_",
            "under score": "_", "dash": "-", "hyphen": "-", "minus": "-",
        "all one word": "", "one word": "",
            "all lowercase": "", "lowercase": "", "lower case": "", "g mail": "gmail", "hot mail": "hotmail",
        "out look": "outlook", "plus": "+",
    },
    email_fillers=table(
        "and the it's its is it my email e-mail address well okay ok so yes sure that's that would be send to "
        "you can um uh thanks all"
    ),
    common=table(
        "what who when where why how much many more less before after always never yet bank account card store "
        "money work home son daughter wife husband mom dad "
        "debt agent person call calls week month year day days hour night morning today tomorrow yesterday end "
        "start next last have has had is was am are were been "
        "do does did can could will would should get got for from with to too tell ate won date late wait name "
        "same some sum sun son tent tan then than them want "
        "mine fine line nice high hi sex fix face form fought fort for's size tree free floor door store heaven "
        "eaten light right"
    ),
    confusions=(
        (r"to (hundred|thousand|dollars|payments|months|weeks)", r"two \1"), (
            r"too (hundred|thousand|dollars|payments|months|weeks)", r"two \1"),
        (
            r"for (hundred|thousand|dollars|payments|months|weeks)",
            r"four \1"), (r"ate (hundred|thousand|dollars|payments|months)", r"eight \1"),
        (r"won (hundred|thousand)", r"one \1"), (
            r"tree (hundred|thousand|dollars|payments|months)", r"three \1"), (r"(\w+) hundred in", r"\1 hundred and"),
    ),
    unsounded={
        r"ph": "f", r"ck|q": "k",
            r"c(?=[eiy])": "s", r"c": "k", r"th": "t", r"gh": "", r"y": "i", r"z": "s", r"ee|ea|ie": "i", r"(.)\1+": r"\1",
    },
)  # fmt: skip
