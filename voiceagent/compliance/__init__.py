"""Pure law: who may be contacted, when, and why not; rules are dated data, decisions replay from what was stored.

request  `Request`, `CaseFacts`, `Contact`, `Consent`, `Softer`: what is asked.
rules    `RuleBook`, `Jurisdiction`, `Term`: what the law (and house policy) says, and since when.
engine   `decide(request, rules) -> Decision`.
"""

from voiceagent.compliance.engine import Decision, decide
from voiceagent.compliance.request import CaseFacts, Channel, Consent, Contact, ContactKind, Purpose, Request, Softer
from voiceagent.compliance.rules import RuleBook

__all__ = [
    "CaseFacts",
    "Channel",
    "Consent",
    "Contact",
    "ContactKind",
    "Decision",
    "Purpose",
    "Request",
    "RuleBook",
    "Softer",
    "decide",
]
