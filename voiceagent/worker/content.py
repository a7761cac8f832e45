"""What conversations are held by: scripts and policies in force, kept by content hash; law; offers still open."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from threading import Lock

from voiceagent.base.clock import Clock
from voiceagent.base.errors import BadInputError, VoiceagentError, unreadable
from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.cases.offers import open_offer
from voiceagent.cases.promised import next_payment
from voiceagent.cases.store import keep_content
from voiceagent.debt.agreement import Instalment
from voiceagent.debt.case import Case
from voiceagent.debt.offer import Offer
from voiceagent.debt.policy import Policy
from voiceagent.dialer.campaigns import Campaign, running_campaigns
from voiceagent.dialogue.answerers import phrases_of
from voiceagent.dialogue.intents import configure
from voiceagent.dialogue.law import SpokenLaw
from voiceagent.dialogue.script import Script
from voiceagent.dialogue.understanding import understand
from voiceagent.settings.dialplans import load_policy, load_script, policy_path, script_path
from voiceagent.settings.spokenlaw import law_of
from voiceagent.storage.database import Database


@dataclass(frozen=True, slots=True)
class Content:
    """What a conversation is held by, with the hashes an attempt stores."""

    script: Script
    script_sha256: str
    policy: Policy
    policy_sha256: str


class ContentShelf:
    """Loads `negotiation/<language>.yaml` and `policies/<name>.yaml` when first asked for."""

    def __init__(self, dialplans: Path, db: Database, clock: Clock) -> None:
        self._dialplans, self._db, self._clock = dialplans, db, clock
        self._shelf: dict[tuple[str, str, str], Content] = {}
        self._loading = Lock()

    def stock(self, tenant_id: uuid.UUID) -> None:
        """Have at hand what running campaigns are held by: a script takes a fifth of a second, and calls are up.

        What cannot be had now is told to the call that wants it.
        """
        running: list[Campaign] = []
        with contextlib.suppress(VoiceagentError), self._db.read() as connection:
            running = running_campaigns(connection, tenant_id)
        for campaign in running:
            with contextlib.suppress(VoiceagentError):
                self.take(campaign.script, str(campaign.language), campaign.policy)

    def take(self, script: str, language: str, policy: str) -> Content:
        """The content for a campaign's script and policy in a language; BadInputError when a file is not sound."""
        key = (script, language, policy)
        found = self._shelf.get(key)
        if found is not None:
            return found
        with self._loading:  # seats that ask together wait for one reading
            if key not in self._shelf:
                script_file = script_path(self._dialplans, script, Language(language))
                policy_file = policy_path(self._dialplans, policy)
                self._shelf[key] = Content(
                    load_script(script_file),
                    self._keep("script", f"{script}/{language}", script_file),
                    load_policy(policy_file),
                    self._keep("policy", policy, policy_file),
                )
            return self._shelf[key]

    def hashes(self, script: str, language: str, policy: str) -> tuple[str, str] | None:
        """(script's, policy's) SHA-256 of what a call would be held by; None when a file is missing. Writes nothing."""
        found = self._shelf.get((script, language, policy))
        if found is not None:
            return found.script_sha256, found.policy_sha256
        try:
            files = script_path(self._dialplans, script, Language(language)), policy_path(self._dialplans, policy)
            script_sha256, policy_sha256 = (hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
        except (BadInputError, OSError):
            return None
        return script_sha256, policy_sha256

    def law(self, case: Case, today: date) -> SpokenLaw:
        """What the law of the debtor's place wants said on that day."""
        return law_of(self._dialplans, case.language, case.region, case.state, today)

    def left_open(self, case_id: uuid.UUID, today: date) -> Offer | None:
        """What an earlier conversation about the case left on the table and is still valid on that day."""
        with self._db.read() as connection:
            return open_offer(connection, case_id, today)

    def promised(self, case_id: uuid.UUID) -> Instalment | None:
        """The payment that a reminder of the case is about; None when nothing is promised."""
        with self._db.read() as connection:
            return next_payment(connection, case_id)

    def _keep(self, kind: str, name: str, file: Path) -> str:
        try:
            body = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise unreadable(file, error) from None
        return keep_content(self._db, self._clock, kind=kind, name=name, body=body)


#: Everything a state may ask for: hearing it once has every pattern compiled.
_EVERYTHING = ("intent", "yes_no", "date", "birth_date", "amount", "instalments", "digits", "time", "email")


def warm_understanding(dialplans: Path) -> None:
    """Train the intent models, compile the patterns, load phrases and calendars: what must not fall into a call."""
    folder = dialplans / "language"
    configure(folder)
    for region in CURRENCY_OF_REGION:
        BusinessCalendar(region).is_open(date(2026, 1, 5))
    law_of(dialplans, Language.PT_BR, Language.PT_BR.default_region, None, date(2026, 1, 5))
    for language in Language:
        if (folder / language / "intents.yaml").is_file():
            for words, kind in product(("12 100", "???"), _EVERYTHING):
                understand(
                    words,
                    language=language,
                    region=language.default_region,
                    expect=(kind, *_EVERYTHING),
                    today=date(2026, 1, 5),
                )
        if (folder / language / "answerers.yaml").is_file():
            phrases_of(language)
