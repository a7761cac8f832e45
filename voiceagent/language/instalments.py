"""How a debtor would pay: in how many parts, of how much, with what down payment."""

from __future__ import annotations

from voiceagent.language.amounts import amount_of
from voiceagent.language.lexicon import Lexicon
from voiceagent.language.readings import Reading, Scan, compiled

MOST = 120
_SUMS = (
    ("instalment_amount", "i", "c"),
    ("instalment_amount", "h", "hc"),
    ("down_payment", "di", "dc"),
    ("down_payment", "dh", "dhc"),
)


def read_instalments(
    scan: Scan, lexicon: Lexicon, currency: str, *, expected: bool, day_first: bool = False, single: bool = False
) -> list[Reading]:
    """Readings of `instalments`, `instalment_amount` and `down_payment`.

    A pattern's groups say what it found: n count; i, c instalment amount; di, dc down payment; h, hc and dh, dhc
    the same said as "one twenty". A rule `skip` keeps its words from every other pattern. A rule `=1` fixes the
    count and is read only with `single`, after the amounts ("duzentos a vista" needs its last words to be an amount).
    Patterns whose rule begins with `?` count only when instalments are expected, and `?either` ("pra vinte" answers
    whichever was asked) not when a day was asked for first.
    """
    found: list[Reading] = []
    for pattern, rule in lexicon.instalment_patterns:
        if (rule[0] == "?" and not expected) or ("=" in rule) is not single or (rule == "?either" and day_first):
            continue
        fixed = rule.lstrip("?").removeprefix("=") if "=" in rule else None
        for match in scan.take(compiled(pattern)):
            if rule == "skip":
                scan.consume(match.start(), match.end())
                continue
            groups = match.groupdict()
            made: list[Reading] = []
            count = fixed or groups.get("n")
            if count is not None:
                counts = tuple(dict.fromkeys(int(value) for value in (count, groups.get("n2")) if value is not None))
                if not all(0 < value <= MOST for value in counts):
                    continue
                made.append(Reading("instalments", counts, match.start(), match.end()))
            for slot, whole, cents in _SUMS:
                if groups.get(whole) is None:
                    continue
                if whole.endswith("h"):
                    # "one twenty"
                    amount = amount_of(str(100 * int(groups[whole]) + int(groups[cents])), None, currency)
                else:
                    amount = amount_of(groups[whole], groups.get(cents), currency)
                if amount is None:
                    break
                end = max(match.end(whole), match.end(cents))
                made.append(Reading(slot, (amount,), match.start(whole) - 1, end))
            else:
                found += made
                if made:
                    scan.consume(match.start(), match.end())
    return found
