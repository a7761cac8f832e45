"""Patterns of American English over canonical text: dates, times, money, instalments, shares."""

from __future__ import annotations

from voiceagent.language.lexicon import Pattern

_ON = r"(?:(?:on|by|for|around|about|until|before|like|maybe|say) )*(?:the )?"
_DAY = r"[#o](?P<d>\d{1,2})"
_YEAR = r"(?:,? (?:of |in )?#(?P<y>\d{4}|\d{2})(?: #(?P<y2>\d\d))?)?"
_MONTH = r"m(?P<m>\d{1,2})"
_NEXT_MONTH = r"(?P<next>next month|the coming month)"

DATES: tuple[Pattern, ...] = (
    (r"d(?P<a>\d{1,4})/(?P<b>\d{1,2})(?:/(?P<c>\d{2,4}))?", "written"),
    (rf"{_ON}[o#](?P<n>\d{{1,2}}) (?:business|working) day(?: of)? {_NEXT_MONTH}", "nth_business"),
    (rf"{_ON}o(?P<n>\d{{1,2}}) (?:business|working) day(?: of (?:the month|{_MONTH}))?", "nth_business"),
    (rf"{_ON}last (?:business|working) day(?: of)? {_NEXT_MONTH}", "nth_business"),
    (rf"{_ON}last (?:business|working) day(?: of (?:the|this) month)?", "nth_business"),
    (rf"{_ON}{_MONTH} (?:the )?{_DAY}(?! (?:payments|dollars|bucks|hundred|thousand|a m|p m)){_YEAR}", "day_month"),
    (rf"{_ON}{_DAY} (?:day )?of {_MONTH}{_YEAR}", "day_month"),
    (rf"{_ON}{_DAY} {_MONTH}{_YEAR}", "day_month"),
    (
        r"#(?P<m>1[0-2]|0?[1-9]) (?:slash |dash )?[o#](?P<d>[12]\d|3[01]|0?[1-9])(?: (?:slash |dash "
        r")?#(?P<y>\d{4}|\d{2}))?", "!day_month"),
    (r"#(?P<m>0[1-9]|1[0-2])(?P<d>\d\d)(?P<y>\d{4}|\d{2})?", "!day_month"),
    (rf"{_NEXT_MONTH},? {_ON}{_DAY}(?! (?:payments?|instal+ments?|times|of))", "next_month"),
    (rf"{_ON}{_DAY} (?:of )?{_NEXT_MONTH}", "next_month"),
    (rf"{_ON}{_DAY} (?:of )?this month", "this_month"),
    (rf"(?:at |by |on |around )*(?:the )?(?:end|last day)(?: of)? {_NEXT_MONTH}", "end_of_month"),
    (rf"(?:at |by |on |around )*(?:the )?(?:end|last day) of {_MONTH}", "end_of_month"),
    (r"(?:at |by |on |around )*(?:the )?(?:end|last day|last) of (?:the|this) month|month end", "end_of_month"),
    (r"(?:the )?last day", "?end_of_month"),
    (r"(?:in |around )?(?:the )?middle of (?:the|this) month|mid month", "middle_of_month"),
    (
        rf"(?:at |in |around )*(?:the )?(?:beginning|start) of (?:the month|next month|{_MONTH})|early next month",
        "start_of_month"),
    (r"(?:on |this |over )?(?:the )?weekend", "weekend"),
    (r"(?:a|#1) week from (?:today|now)", "week_from_today"),
    (r"(?:(?:a|#1) week (?:from|after) (?:this |next )?w(?P<w>\d))", "week_after_weekday"),
    (r"w(?P<w>\d) (?:a |#1 )?week(?: from now)?", "week_after_weekday"),
    (r"(?:in |within )?#(?P<n>\d{1,2}) weeks? from (?:today|now)", "in_weeks"),
    (r"(?:in |within )?#(?P<n>\d{1,3}) days? from (?:today|now)", "in_days"),
    (r"(?:the )?day after tomorrow", "after_tomorrow"),
    (r"tomorrow", "tomorrow"),
    (r"today|tonight", "today"),
    (r"yesterday", "yesterday"),
    (r"#(?P<n>\d{1,2}) months? from (?:today|now)", "in_months"),
    (r"(?:in|within|after)? ?#(?P<n>\d{1,3}) (?:business|working) days?", "in_business_days"),
    (r"(?:in|within|after) (?:about |like )?#(?P<n>\d{1,3}) days?", "in_days"),
    (r"(?:in|within|after) (?:about |like )?#(?P<n>\d{1,2}) weeks?(?: time)?", "in_weeks"),
    (r"(?:in|within|after) (?:about |like )?#(?P<n>\d{1,2}) months?", "in_months"),
    (r"(?<!last )(?<!past )#(?P<n>\d{1,2}) (?:more )?days(?! (?:ago|late|before|behind))", "?in_days"),
    (r"(?<!last )(?<!past )#(?P<n>\d{1,2}) (?:more )?weeks(?! (?:ago|late|before|behind))", "?in_weeks"),
    (r"(?:on )?w(?P<w>\d) (?:of )?(?:next week|the following week)", "next_week_weekday"),
    (r"next week(?: on)? w(?P<w>\d)", "next_week_weekday"),
    (r"(?:on |by )?(?:this|the) (?:coming )?w(?P<w>\d)", "this_weekday"),
    (r"(?:on |by )?next w(?P<w>\d)", "next_weekday"),
    (r"(?:on )?w(?P<w>\d) after next", "week_after_weekday"),
    (r"(?:on )?(?:the )?(?:following|other) w(?P<w>\d)", "other_weekday"),
    (
        r"(?:my |next |on |until |till |come |when it s |after )*(?:payday|pay day|paycheck|pay check)|(?:when|"
        r"until|till|once|after|as soon as) i (?:get|m|am) paid|"
     r"when (?:my|the) (?:check|paycheck|pay) (?:comes|hits|clears)(?: in)?", "payday"),
    (r"(?:the |this |my )?tax (?:refund|return)", "thirteenth"),
    (r"(?:on |by |for |this )?w(?P<w>\d)", "coming"),
    (
        rf"{_ON}o(?P<d>\d{{1,2}})(?: of (?:the|every|each) month)?(?! (?:one|payment|time|option|offer|thing|of "
        rf"all|week|half|part|floor|grade))", "?day"),
    (r"(?:on|by|around|for) the [#o](?P<d>\d{1,2})", "day"),
    (rf"(?:in |until |sometime )?{_NEXT_MONTH}", "month"),
    (rf"(?:in|by|until) {_MONTH}", "month"),
    (r"(?:sometime )?next week", "week"),
)  # fmt: skip

_UNIT_AHEAD = (
    r"(?! (?:payments?|instal+ments?|months?|days?|weeks?|dollars?|bucks|hundred|thousand|percent|%|times?|a "
    r"month|of m\d)(?!\S))"
)
_AT = r"(?:at|around|about|like|by|after|before|until|till|round)"
_PARTS = (
    (r" (?:in the morning|am)", "am"),
    (r" (?:in the afternoon|pm)", "pm"),
    (r" (?:in the evening|at night|tonight)", "night"),
    (r" o'?clock", ""),
    ("", ""),
)


def _clock_patterns() -> tuple[Pattern, ...]:
    made: list[Pattern] = []
    for words, part in _PARTS:
        rule, marked = f"clock:{part}", bool(words)
        made += [
            (rf"(?:{_AT} )?t(?P<h>\d\d):(?P<m>\d\d){words}", rule),
            (rf"(?:{_AT} )?(?P<half>half) past #(?P<h>\d{{1,2}}){words}", rule),
            (rf"(?:{_AT} )?#(?P<m>\d{{1,2}}) (?:minutes )?(?:past|after) #(?P<h>\d{{1,2}}){words}", rule),
            (
                rf"(?:{_AT} )?#(?P<m>\d{{1,2}}) (?:minutes )?(?:to|till|til|of|before) "
                rf"#(?P<h>\d{{1,2}}){words}{_UNIT_AHEAD}",
                f"to:{part}",
            ),
            (rf"{_AT} #(?P<h>\d{{1,2}}) #(?P<m>[0-5]\d){words}{_UNIT_AHEAD}", rule),
            (rf"#(?P<h>1[0-2]|[1-9]) #(?P<m>[0-5]\d){words}{_UNIT_AHEAD}", rule if marked else f"?{rule}"),
            (rf"{_AT} #(?P<h>\d{{1,2}}){words}{_UNIT_AHEAD}", rule),
        ]
        if marked:
            made.append((rf"#(?P<h>\d{{1,2}}){words}", rule))
    return tuple(made)


TIMES: tuple[Pattern, ...] = (
    (r"(?:in|give me|about|like|another) (?:about |like )?#(?P<n>\d{1,3}) (?:minutes?|mins?)", "wait:minute"),
    (r"(?:in|about|give me)(?: about)? (?:a )?half (?:an |a |#1 )?hour", "wait:half"),
    (r"(?:in|give me)(?: about)? #(?P<n>\d{1,2}) hours?(?P<half> and a half)?", "wait:hour"),
    (r"(?:at |around |by )?(?:noon|midday|mid day)", "fixed:12:00"),
    (r"(?:at )?midnight", "fixed:00:00"),
    *_clock_patterns(),
    (r"after lunch", "fixed:13:00:afternoon"),
    (r"(?:at |during |on my )?lunch ?(?:time|break|hour)?", "?fixed:12:00"),
    (r"before lunch", "fixed:11:00:morning"),
    (r"late afternoon|end of the day", "fixed:17:00:afternoon"),
    (r"(?:in the |tomorrow |early |first thing )?mornings?(?: time)?|first thing", "period:morning"),
    (r"(?:in the |this )?afternoons?", "period:afternoon"),
    (r"(?:in the |this )?evenings?|tonight|at night|nights|after work|after i get off(?: work)?", "period:evening"),
)  # fmt: skip

_CUR = r"(?:dollars?|bucks?|usd|dollar)"
_CENT = r"(?:cents?)"
_NOT_COUNT = (
    r"(?! (?:payments?|instal+ments?|times?|x|days?|weeks?|months?|hours?|minutes?|mins?|%|years?|percent|pm|am|"
    r"o'?clock|hundred|thousand)(?!\S))"
)
_WHOLE = r"#(?P<i>\d+(?:\.\d{1,2})?)"
_NOT_OF = r"(?! (?:of|payments?|instal+ments?|months?|times?)(?!\S))"
_HUNDREDS = r"#(?P<h>[1-9]) #(?P<hc>[1-9]\d)"
_MONEY = rf"(?:{_HUNDREDS}|(?:r\$ )?{_WHOLE}(?: {_CUR})?(?: (?:and )?#(?P<c>\d\d) {_CENT}{_NOT_OF})?)(?! #| (?:oh|o|point) #)"
_GIVE = (
    r"(?:pay|do|give you|afford|offer|send|have|got|manage|swing|spare|put down|put|only have|come up with|scrape "
    r"together|for|settle for|take|accept)"
    r"(?: (?:you|about|only|like|just|maybe|up to|around|maximum|at most|them|a flat))*"
)

AMOUNTS: tuple[Pattern, ...] = (
    (rf"between (?:r\$ )?#(?P<i>\d+)(?: {_CUR})? and (?:r\$ )?#(?P<c>\d+)(?: {_CUR})?", "range"),
    (rf"(?:r\$ )?#(?P<i>\d+) {_CUR} (?:and )?#(?P<c>\d{{1,2}}) {_CENT}", "money"),
    (rf"(?:r\$ )?#(?P<i>\d+) {_CUR} (?:and )?#(?P<c>\d\d){_NOT_OF}", "money"),
    (r"r\$ #(?P<i>\d+) (?:and|point) #(?P<c>\d\d)", "money"),
    (rf"#(?P<i>\d+) and #(?P<c>\d{{1,2}}) {_CENT}", "money"),
    (rf"r\$ {_WHOLE}", "money"),
    (rf"{_WHOLE} {_CUR}", "money"),
    (rf"#(?P<c>\d{{1,2}}) {_CENT}", "money"),
    (r"#(?P<i>\d+) point (?:#(?P<c>0)|oh) #(?P<c2>\d)", "?point"),
    (r"#(?P<i>\d+) point #(?P<c>\d{1,2})", "?point"),
    (r"#(?P<i>[1-9]) #(?P<c>[1-9]\d)", "?hundreds"),
    (r"#(?P<i>1\d) #(?P<c>[1-9]\d)", "?hundreds_or_cents"),
    (r"#(?P<i>\d{2,}) (?:and )?#(?P<c>[1-9]\d)", "?money"),
    (rf"{_GIVE} #(?P<i>[1-9]) #(?P<c>[1-9]\d){_NOT_COUNT}", "hundreds"),
    (rf"{_GIVE} #(?P<i>\d{{2,}}(?:\.\d{{1,2}})?){_NOT_COUNT}(?! of #)(?! #)", "money"),
    (r"#(?P<i>\d{2,}(?:\.\d{1,2})?)(?= (?:flat|cash|even|a month|right now|total)(?!\S))", "money"),
    (r"#(?P<i>\d+\.\d{1,2})", "money"),
)  # fmt: skip

_COUNT = r"(?:payments?|instal+ments?|parts|chunks|x|pieces|times|checks)"
_EQUAL = r"(?:(?:equal|monthly|weekly|easy|biweekly|separate|more|different) )*"
_DOWN = (
    rf"(?:#(?P<dh>[1-9]) #(?P<dhc>[1-9]\d)|(?<!\d )(?:r\$ )?#(?P<di>\d+(?:\.\d{{1,2}})?)(?: {_CUR})?"
    rf"(?: (?:and )?#(?P<dc>\d\d) {_CENT})?)"
)
_REST = (
    rf"(?:(?: and)?(?: the| then)?(?: rest| remainder| balance| another| plus)*(?: in| over)? #(?P<n>\d{{1,2}})(?: "
    rf"{_EQUAL}(?:{_COUNT}|months)){{0,1}}"
    rf"(?: (?:of|at) {_MONEY})?)"
)

INSTALMENTS: tuple[Pattern, ...] = (
    # How often something happened is no way to pay.
    (
        r"(?:call\w*|told|tell|said|ask\w*|phon\w+|tri\w+|miss\w+)(?: (?:you|me|this|that|already|like|about|it|here|"
        r"over))* #\d+ times|#\d+ times (?:a|i|this|already|per|you|every|in a|today|so far)(?= )", "skip"),
    (rf"(?:with |a )*(?:down payment|deposit) (?:of |would be |is )?{_DOWN}{_REST}?", "parts"),
    (rf"{_DOWN} (?:down|up front|upfront|as a down payment|for the down payment|down payment)(?! to){_REST}?", "parts"),
    (rf"(?:pay|give you|do|put) {_DOWN} (?:now|today|right now|first){_REST}", "parts"),
    (rf"#(?P<n>\d{{1,2}}) {_EQUAL}{_COUNT} (?:of|at|for) {_MONEY}(?: {_CUR})?(?: each)?", "parts"),
    (rf"#(?P<n>\d{{1,2}}) (?:or|to) #(?P<n2>\d{{1,2}}) {_EQUAL}{_COUNT}", "parts"),
    (rf"(?:in|into|over|up to) #(?P<n>[2-9]|\d\d) {_EQUAL}(?:{_COUNT}|months)", "parts"),
    (
        r"(?:split|break|divide|spread)(?: it| that| this)?(?: up)?(?: out)? (?:in|into|over|by) "
        r"#(?P<n>\d{1,2})(?: months)?", "parts"),
    (rf"#(?P<n>[2-9]|\d\d) {_EQUAL}{_COUNT}", "parts"),
    (r"#(?P<n>[2-9]|\d\d) months(?! (?:ago|from|late|behind|old))", "?parts"),
    (rf"#(?P<n>[2-9]|[1-9]\d) of (?:r\$ )?(?=#\d{{3,}}|#[2-9]\d|#\d+ {_CUR}){_MONEY}", "parts"),
    (
        r"(?:in )?(?:full|#1 (?:payment|shot|go|lump sum)|a lump sum|lump sum|one lump sum|a single payment|"
        r"single payment)|all at once|all in one|one time payment|#1 time payment", "=1"),
    (rf"(?:payments|installments|instalments) (?:of |under |up to |at most |no more than |around )*{_MONEY}", "parts"),
    (
        rf"{_MONEY} (?:a month|per month|monthly|each month|every month|a piece|apiece|each|a week|per payment|"
        rf"every two weeks|a paycheck)", "parts"),
    (r"(?:in|into|over) #(?P<n>[1-9]|\d\d)(?! (?:days?|weeks?|hours?|minutes?|years?|%|percent)(?!\S))", "?parts"),
)  # fmt: skip

SHARES: tuple[tuple[str, float], ...] = (
    (r"half(?: of it| now| the balance| of that)?(?! (?:past|an|a|hour|hundred|thousand|grand|million))|fifty percent", 0.5),
    (r"a third|one third|#1 third", round(1 / 3, 4)),
    (
        r"(?:pay|settle|clear|pay off|take care of|paying) (?:it all|all of it|everything|the whole thing|the "
        r"full amount|the total|it off|the whole amount|in full|the full balance)", 1.0),
    (r"the whole thing|the full amount|the entire balance|the total amount|the full balance|all of it", 1.0),
)  # fmt: skip
