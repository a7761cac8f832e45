"""The conversation script: what a supervisor writes in `dialplans/negotiation/<language>.yaml`, as a strict schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from voiceagent.base.languages import Language
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.entry import Entry

#: What a state may ask for; the names are those of the `understand` command.
Kind = Literal["intent", "yes_no", "date", "birth_date", "amount", "instalments", "digits", "time", "email", "text"]

#: Intents a debtor's words can have.
INTENTS = frozenset({
    "abuse", "accept", "already_paid", "are_you_robot", "balance_detail", "busy_callback", "cease", "child",
    "confirm_self", "counter_offer", "deceased", "dispute", "goodbye", "human", "legal_insolvency", "more_discount",
    "no", "no_money", "record_request", "reject", "reminder_only", "repeat_slower", "scam_suspicion", "send_payment",
    "switch_language", "third_party_absent", "voicemail", "vulnerable", "wait", "who_why", "willing_to_pay",
    "wrong_person", "yes",
})  # fmt: skip

#: Slots that can decide a transition; `ambiguous` stands for readings that must be asked about.
SLOTS = frozenset({
    "ambiguous", "amount", "date", "digits", "down_payment", "email", "instalment_amount", "instalments", "period",
    "share", "time", "yes_no",
})  # fmt: skip

#: Ways on that are no state: ask again, listen on, say everything of the state again.
STAY, LISTEN, AGAIN = "stay", "listen", "again"

#: What else `hear` may name: anything that was said at all.
ANYTHING = "anything"

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


Names = Annotated[tuple[Name, ...], BeforeValidator(_as_list)]


#: Ways to say a cue: any words.
Wordings = Annotated[tuple[Annotated[str, Field(min_length=2, max_length=60)], ...], BeforeValidator(_as_list)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Action(_Strict):
    """A named act of the machine, with a word that completes it where one is needed."""

    name: Name
    argument: str = ""


def _action(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, dict) and len(value) == 1 and "name" not in value:
        [(name, argument)] = value.items()
        return {"name": name, "argument": argument}
    return value


Actions = Annotated[tuple[Annotated[Action, BeforeValidator(_action)], ...], BeforeValidator(_as_list)]


class Prompt(_Strict):
    """The variants of one sentence; a repeat takes the next one."""

    variants: tuple[Annotated[str, Field(min_length=1, max_length=600)], ...] = Field(min_length=1)
    discloses: bool = False
    """Speaks of the debt: never said to somebody whose identity is not proved."""
    reads_back: bool = False
    """Says the whole agreement, so that the yes to it is a second yes."""
    barge_in: bool = True
    tells_keys: bool = False
    """Says which keys answer: the last step of every ladder."""
    asks_reason: bool = False
    """Asks why the debtor does not pay: never said where the law forbids the question."""


def _prompt(value: Any) -> Any:
    if isinstance(value, str):
        return {"variants": [value]}
    return {"variants": value} if isinstance(value, list) else value


class Transition(_Strict):
    """What happens when the debtor's words match `hear` (or at once, in a state that decides) and `when` holds."""

    hear: Names = ()
    when: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    """Guards, each one true or, after `not `, false."""
    do: Actions = ()
    say: Names = ()
    go: str
    """A state's name; or `stay` (ask again), `again` (say all of the state again), `listen` (just go on listening)."""
    yields: bool = False
    """In `anywhere`: gives way when the words also hold a slot that the state itself listens for."""


class Listening(_Strict):
    """Seconds of patience; defaults suit what is expected."""

    end_silence: float | None = Field(default=None, gt=0, le=5)
    no_input: float = Field(default=5.0, gt=0, le=60)
    max_turn: float = Field(default=12.0, gt=0, le=60)


class State(_Strict):
    """A place in the conversation: it asks and listens (`on`), decides at once (`next`) or ends the call (`end`)."""

    do: Actions = ()
    say: Names = ()
    ask: Name | None = None
    """The short question repeated after an answer in between; default the last of `say`."""
    expect: tuple[Kind, ...] = ("intent",)
    phrases: tuple[str, ...] = Field(default=(), max_length=20)
    """Spoken forms of likely answers, for the recogniser."""
    listen: Listening = Listening()
    keys: dict[Annotated[str, Field(pattern=r"^[0-9*#]$")], str] = {}
    """Key -> the intent or cue it stands for, or day_1, day_2, day_3 (the days the agent has just offered), or morning,
    afternoon, evening."""
    digits: int | None = Field(default=None, ge=1, le=14)
    """Takes this many keys as `digits`; expecting a birth date, as day and month; a date, as the day of a month."""
    digits_from: int | None = Field(default=None, ge=1, le=14)
    """So few keys will do as well, ended by # or a pause."""
    sensitive: bool = False
    on: tuple[Transition, ...] = ()
    next: tuple[Transition, ...] = ()
    end: Disposition | None = None
    hand_over: Name | None = None
    """Gives the debtor to the people of this queue; `next` is where to go when nobody takes him."""
    reprompt: Names = ()
    """Said, one after the other, when nothing was understood or said; then `give_up`."""
    silence: Names = ()
    """The same when nothing was said; default `reprompt`."""
    give_up: str | None = None
    if_hung_up: Disposition | None = None
    """The outcome should the debtor hang up from here on."""
    hung_up_do: Actions = ()
    """Done when the debtor hangs up in this very state (a request that must not get lost)."""

    @model_validator(mode="after")
    def _one_way_on(self) -> Self:
        ways = [bool(self.on), bool(self.next), self.end is not None]
        if sum(ways) != 1:
            raise ValueError("a state needs exactly one of `on` (listens), `next` (decides) or `end` (ends the call)")
        if any(t.hear for t in self.next):
            raise ValueError("a state with `next` hears nothing: move `hear` to a state with `on`")
        if self.next and self.next[-1].when:
            raise ValueError("the last entry of `next` must have no `when`, so that there is always a way on")
        if self.hand_over is not None and not self.next:
            raise ValueError("a state with `hand_over` needs `next`: where to go when nobody takes the call")
        if self.on and not all(t.hear for t in self.on):
            raise ValueError("every entry of `on` needs `hear`")
        return self


class Limits(_Strict):
    """Bounds that make every conversation end."""

    errors_per_state: int = Field(default=2, ge=1, le=5)
    errors_per_call: int = Field(default=3, ge=1, le=10)
    turns: int = Field(default=40, ge=5, le=200)
    identity_tries: int = Field(default=2, ge=1, le=3)
    """Tries at one identity datum."""
    identify_tries: int = Field(default=3, ge=1, le=3)
    """Tries of a caller to be found."""


class Script(_Strict):
    """A whole conversation in one language."""

    script: Name
    language: Language
    version: int = Field(ge=1)
    start: str
    """The state that an outgoing call begins in."""
    starts: dict[Entry, str] = {}
    """The states that other calls begin in; `start` where not named."""
    serves: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ()
    """Countries whose law the script must satisfy, with all their states."""
    legal: dict[Name, Annotated[str, Field(max_length=400)]] = {}
    """The wording of `{legal_...}` where a jurisdiction has none of its own."""
    give_up: str
    """The state that ends a conversation that cannot go on (too many errors or turns)."""
    speech_lost: str
    """The state to go to when hearing or speaking failed and keys cannot carry the conversation on."""
    speech_lost_prompt: Name
    """Said before going on by keys when hearing failed."""
    misheard: Name | None = None
    """Said before a question is asked again because the answer was not understood (not because there was none)."""
    reprompt: Names
    """Said where a state has none of its own."""
    limits: Limits = Limits()
    if_hung_up: Disposition = Disposition.HUP
    cues: dict[Name, Wordings] = {}
    """What `hear` and `keys` may name besides intents and slots: a word of the script's own, and the ways to say it."""
    prompts: dict[Name, Annotated[Prompt, BeforeValidator(_prompt)]]
    anywhere: tuple[Transition, ...] = ()
    """Understood in every state that listens, unless the state itself names the same intent."""
    states: dict[Name, State]

    @property
    def entries(self) -> tuple[str, ...]:
        """Every state a call can begin in."""
        return tuple(dict.fromkeys((self.start, *self.starts.values())))

    @property
    def transitions(self) -> tuple[tuple[str, Transition], ...]:
        """Every transition with the state it leaves ("" for `anywhere`)."""
        inside = [(name, t) for name, state in self.states.items() for t in (*state.on, *state.next)]
        return (*(("", t) for t in self.anywhere), *inside)

    def among(self, state: str) -> tuple[str, ...]:
        """The intents that mean something in `state`, its own first."""
        own = [name for t in self.states[state].on for name in t.hear if name in INTENTS]
        everywhere = [name for t in self.anywhere for name in t.hear if name in INTENTS]
        return tuple(dict.fromkeys([*own, *everywhere]))
