"""Whether what was heard so far already answers what was asked, so that nobody has to be waited for."""

from __future__ import annotations

from voiceagent.dialogue.events import Expect, Understanding
from voiceagent.language.unfinished import unfinished

#: An intent less sure than this may still turn into another one.
_SURE = 0.8
#: Kinds whose slot is a whole answer wherever it stands.
_VALUES = ("date", "instalments", "time", "yes_no")


def is_complete(meant: Understanding, expect: Expect, language: str) -> bool | None:
    """True: it answers `expect`; False: it breaks off, more must come; None: nobody can tell yet.

    An amount is never called complete: "trezentos" may become "trezentos e cinquenta" after any pause. Where anything
    may be said at length, nothing is.
    """
    if not meant.text:
        return None
    if unfinished(meant.text, language):
        return False
    if meant.ambiguous or meant.alternatives:
        return None
    kinds, slots = expect.kinds, meant.slots
    if "digits" in kinds and "digits" in slots:
        return None if expect.keys <= 1 else len(str(slots["digits"])) >= expect.keys
    if expect.at_length or "amount" in slots:
        return None
    if "date" in slots and ("date" in kinds or "birth_date" in kinds):
        return True
    if any(kind in kinds and kind in slots for kind in _VALUES):
        return True
    return True if meant.intent is not None and meant.confidence >= _SURE else None
