"""Yes and no as Americans say them (folded; "," stands where punctuation stood)."""

from __future__ import annotations

from voiceagent.language.lexicon import table

YES_FIRST: tuple[str, ...] = (
    r"no (?:problem|worries|objections?)|not a problem|why not|don't see why not|i don't mind|don't mind",
)

YES: tuple[str, ...] = (
    r"yes(?: ma'am| sir| please| i do| i am| it is| that's right)?|yeah|yep|yup|ya|yea|uh huh|mm hmm|mhm|mm|aha|"
    r"uhhuh|mmhmm|you bet|you got it|yessir",
    r"sure(?: thing)?|of course|certainly|absolutely|definitely|indeed|totally|for sure|most definitely|"
    r"affirmative|roger",
    r"(?:that's|that is|it's|it is|this is|you're|is) (?:right|correct|fine|good|okay|ok|great|perfect|true|me|it|"
    r"cool|alright|accurate)|right|correct|exactly|precisely|true|accurate|bingo",
    r"ok|okay|okey|alright|all right|fine|perfect|great|good|cool|awesome|excellent|deal|agreed|confirmed|i "
    r"confirm|i agree|i accept|accepted|works",
    r"(?:that'll|it'll) (?:work|do|be (?:fine|good|okay))",
    r"(?:that|it|this) (?:works|sounds good|will work|would work|does|is right|is correct|would be fine|will do|"
    r"looks right|looks good)(?: for me)?|(?:sounds|looks|seems) (?:good|right|great|fine|correct|okay|like a "
    r"plan)|works for me",
    r"go ahead|go for it|do it|do that|let's do (?:it|that|this)|please do|confirm(?: it)?|book it|sign me up|set "
    r"it up|put me down|i'll take it|i'll do (?:it|that)|i can do (?:it|that)|count me in",
    r"i (?:suppose so|guess so|think so|believe so)|we can do that|i guess|"
    r"(?:you|we) (?:got|have) (?:yourself )?a deal|"
    r"speaking|yes indeed|you may|please|by all means|sure does|sure is",
)  # fmt: skip

YES_BARE: tuple[str, ...] = (r"i (?:do|am|can|will|have(?! to)|did(?! pay)|would|want to)",)

YES_BESIDE: frozenset[str] = table(
    "a an this one we we're i'll plan offer arrangement option amount payment payments pay do take accept agree today "
    "tomorrow he she him her hello hi"
)

_DENIED = (
    "i|i'm|i'd|i've|you|it|it's|that|that's|this|the|a|an|not|no|do|don't|can|can't|will|won't|want|need|like|"
    "accept|agree|right|correct|good|okay|ok|sir|ma'am|"
    "thanks|thank|way|deal|really|at|all|to|pay|confirm|have|got|any|me|is|isn't|what|said|today|now|yet|"
    "interested|work|works|for|do|doing|going|gonna|"
    "afford|think|so|sure thing|absolutely|thank you|true|fine|him|her|right now|be|able|happening"
)

_REFUSED = (
    "i|i'm|i'd|it's not|that's not|not|no|don't|can't|won't|sir|ma'am|thanks|thank|you|way|deal|really|at all|"
    "today|now|yet|never|he's not|she's not|isn't|thank you|it isn't|"
    "it is not|i don't|i can't|i'm not|i am not|that isn't"
)

NO: tuple[str, ...] = (
    rf"(?:no|nope|nah|naw)(?: (?:{_REFUSED}))*",
    rf"(?:not|don't|dont|doesn't|doesnt|can't|cant|cannot|won't|wont|isn't|isnt|ain't|wasn't|didn't|didnt|never|"
    rf"nothing|wouldn't|couldn't|shouldn't|that's not|"
    rf"it's not|i'm not|i am not|i do not|i can't|i cannot|i won't|i don't|it isn't|that isn't|haven't|hasn't|"
    rf"aren't|neither|none)(?: (?:{_DENIED}))*",
    r"(?:absolutely|definitely|of course|certainly|probably|i think|i'd rather|i guess|maybe|hell|heck|oh|i'm "
    r"afraid) (?:not|no)|not (?:a chance|at all|really|yet|now|today|right now|gonna happen|happening|interested)|"
    r"no (?:way|deal|thanks|thank you|sir|ma'am|chance|dice)",
    r"negative|wrong|incorrect|forget it|i (?:refuse|decline|disagree|object)|i pass|i'll pass|hard pass|out of "
    r"the question",
)  # fmt: skip

YES_WHOLE: tuple[str, ...] = (
    "y",
    "yes yes",
    "mm",
    "k",
    "okay okay",
    "m hm",
    "si",
    "sure sure",
    "uh huh uh huh",
    "mm hm",
)
NO_WHOLE: tuple[str, ...] = ("no", "n", "no no", "no no no", "uh uh", "nuh uh", "mm mm", "unh unh")

UNSURE: tuple[str, ...] = (
    r"(?:i )?(?:don't|do not|dont) (?:know|remember|recall|understand|think so but)(?: .*)?|"
    r"(?:i )?(?:can't|cant|cannot|couldn't) (?:remember|recall|tell|say)(?: .*)?|not sure|i'm not "
    r"(?:sure|certain)|no idea|beats me|who knows|no clue",
    r"maybe|perhaps|possibly|depends|it depends|might|we'll see|let me (?:see|think|check)|i'll (?:see|think|have "
    r"to think)|i have to (?:think|check|see)|i need to (?:think|check)|sort of|kind of|kinda|hopefully|i'd have "
    r"to",
    r"if i (?:can|could|get|have)|yes and no|yes or no|but|unless|only if|as long as|except|however|depending",
    r"(?:i )?(?:didn't|did not|can't|cannot|couldn't|don't) (?:hear|catch|get that|understand|make (?:that|it) "
    r"out|hear you|get what)(?: .*)?|what|pardon|excuse me|say again|come again|^(?:huh|who|what|sorry)$",
    r"(?:wait|hold on|hang on|one (?:second|moment|minute|sec)|just a (?:second|moment|minute|sec)|give me a "
    r"(?:second|moment|minute|sec))",
    r"^(?:(?:yes|yeah|sure|ok|okay|uh huh) (?:, )?)*(?:i (?:can )?(?:hear|heard|understand|understood)(?: you| that| it)?|"
    r"(?:i'm|i am) listening|whatever(?: you say)?|(?:i )?got it|i see)$",
    r"^(?:(?:and|so|well|oh|okay|ok|,) )*is (?:it|that|this|the|there)(?: .*)?|i'm good$",
    r"right now|not (?:wrong|bad)|fine print|good (?:morning|afternoon|evening|night|question|bye)|what's right|is that right|am i "
    r"right|i want to (?:know|talk|speak|ask)|please (?:stop|don't|repeat|hold|wait|leave|remove)|can i|do i|will "
    r"i|are you sure",
)  # fmt: skip

FILLERS: frozenset[str] = table(
    ", oh um uh well so and then you know please thanks thank it that that's it's i i'm to the there honey "
    "ma'am sir man dude buddy now just like hey hi alright okay ok will yeah me for is all really very very "
    "much with"
)
