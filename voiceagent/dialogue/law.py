"""What the law of the debtor's place wants said, as one call needs it: texts by name, and what may not be asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: Texts that a law can require, written `{legal_<name>}` in prompts; each is said when its duty is in force.
AT_ONCE = frozenset({"recording_announcement", "ai_disclosure", "opt_out_notice"})
"""Before the debtor is listened to for the first time."""
BEFORE_THE_DEBT = frozenset({"collector_notice", "first_contact"})
"""Before anything is said of the debt."""
ON_A_MACHINE = frozenset({"voicemail_message"})
"""Left on a voicemail after its beep, where anything may be: it must not tell that there is a debt."""
TEXTS = AT_ONCE | BEFORE_THE_DEBT | ON_A_MACHINE

#: A text of this ending replaces the plain one when this is not the first conversation about the case.
LATER = "_later"
#: For each day of the week (Monday 0) the minutes of it between which the place allows calls, the last one excluded;
#: None: no call on that day. No place allows any on its holidays.
Hours = tuple[tuple[int, int] | None, ...]
STRICTEST_HOURS: Hours = (*[(9 * 60, 18 * 60)] * 5, None, None)

_REFERENCE = re.compile(r"\{legal_([a-z0-9_]+)\}")


@dataclass(frozen=True, slots=True)
class SpokenLaw:
    """One place on one day, in one language. The default is the strictest that any place is."""

    place: str = "an unknown place"
    """Jurisdiction it was read from, for error messages: BR-RJ."""
    required: frozenset[str] = AT_ONCE - {"opt_out_notice"}
    """Names of TEXTS whose duty is in force."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The place's own wording by name; where it has none the script's `legal` is said."""
    itemise_always: bool = True
    """The parts of the amount are said before any offer, not only on request."""
    may_ask_reason: bool = False
    """Whether the debtor may be asked why he does not pay."""
    hours: Hours = STRICTEST_HOURS
    """When the place allows a call, so that none is promised at another time."""

    def text(self, name: str, wording: Mapping[str, str], *, first_contact: bool = True) -> str | None:
        """What is said for `{legal_<name>}`: "" when nothing has to be, None when it has to be and no text exists."""
        if name not in self.required:
            return ""
        for source in (self.texts, wording):
            if not first_contact and name + LATER in source:
                return source[name + LATER]
            if name in source:
                return source[name]
        return None


#: For calls about which nothing is known but that some law binds them.
STRICTEST = SpokenLaw()


def references(text: str) -> frozenset[str]:
    """The legal texts that a prompt's variant refers to."""
    return frozenset(_REFERENCE.findall(text))


def without_legal(text: str) -> str:
    """What of a variant is the script's own."""
    return " ".join(_REFERENCE.sub(" ", text).split())


def expand(text: str, law: SpokenLaw, wording: Mapping[str, str], *, first_contact: bool = True) -> str:
    """A variant with the law's words in their places; LookupError naming the text that is required and missing."""

    def words(match: re.Match[str]) -> str:
        said = law.text(match[1], wording, first_contact=first_contact)
        if said is None:
            raise LookupError(f"the law of {law.place} wants {match[1]} said and no text of it exists")
        return said

    return " ".join(_REFERENCE.sub(words, text).split())
