"""Calls that ended together: what bears on where their contacts go, read for all of them at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import kinds, tables
from voiceagent.cases.offers import OFFERS, open_offers
from voiceagent.cases.store import PHONES, phones_of
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.retries import RetryPlan
from voiceagent.dialer.campaigns import Campaign, load_campaign
from voiceagent.dialer.ladder import Next, Step, next_step
from voiceagent.dialer.payday import day_after, pay_days
from voiceagent.dialer.tables import CallbackStatus, CampaignState, EnrollmentState, Priority, callback, enrollment
from voiceagent.storage.question import Bundle, Question, one_of

#: Of these the line broke.
DROPPED = frozenset({Disposition.ERR, Disposition.HUP})
#: After these the offer that was left open is nobody's wish any more.
_COLD = frozenset(
    {Disposition.REF, Disposition.ABU, Disposition.DISP, Disposition.PAID, Disposition.LEG, Disposition.WN}
)
_UNUSABLE = (kinds.PhoneStatus.DEAD, kinds.PhoneStatus.WRONG)
#: No day on anybody's clock began longer ago.
_A_DAY = timedelta(hours=26)

_a, _e, _c = tables.attempt.c, enrollment.c, callback.c
#: They are asked after every call.
_CALLS = Question(sa.select(tables.attempt).where(one_of(_a.id, "calls")))
_ENROLLED = Question(sa.select(enrollment).where(one_of(_e.id, "enrolments")))
#: By case alone, of which there are few: SQLite would look for the open ones among all that are open.
_PROMISED = Question(
    sa.select(_c.id, _c.case_id, _c.status, _c.attempts, _c.leased_until, _c.campaign_id).where(
        one_of(_c.case_id, "cases")
    )
)
#: By person, of whom there are few calls: those of an enrolment would be looked for among all calls that ever were.
_LATELY = Question(
    sa.select(_a.enrollment_id, _a.case_id, _a.disposition, _a.t_start).where(
        one_of(_a.person_id, "people"),
        _a.t_start >= sa.bindparam("since"),
        _a.direction == kinds.Direction.OUT,
    )
)
_ALL = Bundle(_ENROLLED, _PROMISED, _LATELY, OFFERS, PHONES)


class Ended:
    """Of these calls (ids) those that have their verdict, in `calls`, and what follows from it."""

    def __init__(self, connection: sa.Connection, attempt_ids: Sequence[uuid.UUID], now: datetime) -> None:
        self._connection, self._now = connection, now
        found = {row.id: row for row in _CALLS(connection, calls=attempt_ids)}
        self.calls: list[Any] = [found[key] for key in attempt_ids if found[key].disposition is not None]
        cases, people, held, today = [], [], [], {}
        for call in self.calls:
            people += [call.person_id] if call.person_id else []
            held += [call.enrollment_id] if call.enrollment_id else []
            if call.case_id:
                cases.append(call.case_id)
                today[call.case_id] = now.astimezone(_zone(call)).date()
        with _ALL.foreseen(connection, cases=cases, people=people, enrolments=held, since=now - _A_DAY):
            enrolled = _ENROLLED(connection, enrolments=held)
            self.promised = [row for row in _PROMISED(connection, cases=cases) if row.status is CallbackStatus.OPEN]
            """Open promised calls: those held were kept by these calls, or tried to; others were asked for in them."""
            self._lately = _LATELY(connection, people=people, since=now - _A_DAY)
            self._offers = open_offers(connection, today)
            self._phones = phones_of(connection, people)
        self.leased = {
            row.id: row for row in enrolled if row.state is EnrollmentState.LEASED and row.leased_until is not None
        }
        """By id, those enrolments that wait for the end of their call."""
        self._campaigns: dict[uuid.UUID, Campaign | None] = {}

    def begun_since(self, call: Any) -> list[Any]:
        """Calls to the same person that began after this one: what these hold is not this one's any more."""
        return [one for one in self._lately if one.case_id == call.case_id and one.t_start > call.t_start]

    def priority(self, call: Any) -> Priority:
        """Whom the next call goes before: a promise is reminded of, and what was left on the table is still warm."""
        if call.disposition is Disposition.PTP:
            return Priority.REMINDER
        if call.disposition in _COLD or call.case_id is None:
            return Priority.LIST
        broke_off = call.disposition in DROPPED and call.right_party
        return Priority.HOT if broke_off or call.case_id in self._offers else Priority.LIST

    def step(self, call: Any, row: Any, plan: RetryPlan) -> Step:
        """Where the contact of the enrolment `row` goes."""
        found = self._campaign(row.campaign_id)
        limits = found.limits if found else None
        if limits is not None:
            plan = plan.of(limits.retries)
        zone = _zone(call)
        midnight = datetime.combine(self._now.astimezone(zone).date(), datetime.min.time(), tzinfo=zone)
        same = sum(
            one.enrollment_id == row.id and one.disposition is call.disposition and one.t_start >= midnight
            for one in self._lately
        )
        others = any(
            phone.id != call.phone_id and phone.status not in _UNUSABLE
            for phone in self._phones.get(call.person_id, ())
        )
        step = next_step(
            plan, call.disposition, now=self._now, zone=zone, same_today=same, seed=call.id, other_numbers=others
        )
        if call.disposition is Disposition.NOMON and (named := pay_days(self._connection, [call.id]).get(call.id)):
            step = Step(Next.RETRY, max(self._now, day_after(named, zone)), call.disposition.value)
        if step.what in (Next.RETRY, Next.NEXT_NUMBER) and row.attempts >= (limits.max_attempts if limits else 0):
            return Step(Next.DONE, None, "max_attempts")
        return step

    def is_over(self, campaign_id: uuid.UUID | None) -> bool:
        """Whether nobody may call in the campaign's name any more."""
        found = self._campaign(campaign_id) if campaign_id is not None else None
        return found is not None and found.state is CampaignState.FINISHED

    def _campaign(self, campaign_id: uuid.UUID) -> Campaign | None:
        """None where it is gone."""
        if campaign_id not in self._campaigns:
            try:
                self._campaigns[campaign_id] = load_campaign(self._connection, campaign_id)
            except BadInputError:
                self._campaigns[campaign_id] = None
        return self._campaigns[campaign_id]


def _zone(call: Any) -> ZoneInfo:
    return ZoneInfo(call.zone or "UTC")
