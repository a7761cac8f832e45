"""Whether a call can be held as briefed: absurd debts and missing legal texts are met before anybody's phone rings."""

from __future__ import annotations

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import CURRENCY_OF_REGION
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.law import expand
from voiceagent.dialogue.prompts import legal_texts, pieces
from voiceagent.dialogue.script import Script
from voiceagent.dialogue.state import Briefing


def fit_for_a_call(script: Script, briefing: Briefing, entry: Entry) -> None:
    """BadInputError, one line that says what to do, when this briefing cannot become a conversation."""
    _debts(briefing, ours=entry is not Entry.INBOUND)
    _place(script, briefing)
    _law(script, briefing)


def _debts(briefing: Briefing, *, ours: bool) -> None:
    case, policy = briefing.case, briefing.policy
    if not case.name.strip():
        raise BadInputError("the debtor has no name: a call cannot ask for anybody; import the name")
    if briefing.started.tzinfo is None:
        raise BadInputError("the start of a call needs its zone")
    if not case.debts:
        raise BadInputError("the case has no debt: there is nothing to talk about")
    for debt in case.debts:
        if {debt.original.currency, debt.charges.currency} != {policy.currency}:
            said = debt.original.currency
            raise BadInputError(f"policy {policy.policy} is in {policy.currency}, the debt in {said}: choose another")
        if debt.original.minor <= 0 or debt.charges.minor < 0:
            raise BadInputError(f"a debt of {debt.original} plus {debt.charges} cannot be right: correct the case")
        overdue = (briefing.today - debt.due).days
        if ours and overdue > policy.max_age_days:
            raise BadInputError(
                f"a debt is {overdue} days overdue and policy {policy.policy} ends at {policy.max_age_days}: "
                "nobody is called about it; take it out of the case"
            )


def _place(script: Script, briefing: Briefing) -> None:
    """The script was written for the law and the money of the debtor's country; of whom nobody knows nothing is."""
    region, currency = briefing.case.region, briefing.policy.currency
    if not script.serves or not briefing.caller_known:
        return
    named = f"script {script.script} in {script.language}"
    if region not in script.serves:
        served = ", ".join(script.serves)
        raise BadInputError(f"{named} serves {served}, and the debtor lives in {region}: choose another language")
    spoken = sorted({CURRENCY_OF_REGION[place] for place in script.serves if place in CURRENCY_OF_REGION})
    if spoken and currency not in spoken:
        raise BadInputError(
            f"{named} speaks of {', '.join(spoken)}, and the debt is in {currency}: choose another language"
        )


def _law(script: Script, briefing: Briefing) -> None:
    """Every text of the law that the script may come to say exists, and what it says of the company is known."""
    company = {"address": briefing.address, "return_number": briefing.return_number}
    for variant in (text for prompt in script.prompts.values() if legal_texts(prompt) for text in prompt.variants):
        try:
            text = expand(variant, briefing.law, script.legal, first_contact=briefing.first_contact)
        except LookupError as error:
            raise BadInputError(f"{error.args[0]}: write it into the script's `legal` or the jurisdiction") from None
        for _, name in pieces(text):
            if name in company and not company[name].strip():
                place = briefing.law.place
                raise BadInputError(f"the law of {place} wants {{{name}}} said: set the company's {name} first")
