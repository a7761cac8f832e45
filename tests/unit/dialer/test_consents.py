"""Guards permission and city from list to decision: by channel and by number, with day and proof, in doubt none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.base.languages import Language
from voiceagent.cases import tables
from voiceagent.cases.store import load_case
from voiceagent.compliance import Channel, Decision, Purpose, RuleBook, decide
from voiceagent.dialer import consents
from voiceagent.dialer.campaigns import set_state
from voiceagent.dialer.facts import Facts, read_facts
from voiceagent.dialer.importing import Options, import_list
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState
from voiceagent.journal.journal import Journal

#: Invented; numbers of Miami kept for fiction.
ONE, TWO = "+13055550101", "+13055550102"
BASE = "id;name;birth_date;phone1;phone2;state;account;creditor;amount;due_date"
ROW = "A-1;Mary Invented;05/07/1980;3055550101;3055550102;FL;C-1;Example Bank;900.00;03/10/2026"
#: A Wednesday, noon in Miami.
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)

Import = Callable[..., None]


@pytest.fixture
def take(journal: Journal, clock: ManualClock, tmp_path: Path) -> Import:
    """`take({column: cell, ...})` imports a list of one person with these columns beside the debt."""
    clock.advance((NOON - clock.now()).total_seconds())

    def do(beside: dict[str, str], *, base: str = BASE, row: str = ROW, region: str = "US") -> None:
        path = tmp_path / "list.csv"
        path.write_text(f"{';'.join([base, *beside])}\n{';'.join([row, *beside.values()])}\n", encoding="utf-8")
        language = Language.EN if region == "US" else Language.PT_BR
        report = import_list(journal, path, Options(region=region, language=language, campaign="us"))
        assert report.imported + report.updated == 1

    return do


def facts(journal: Journal) -> Facts:
    with journal.db.read() as connection:
        (case_id,) = connection.execute(sa.select(tables.debt_case.c.id)).scalars()
        return read_facts(connection, load_case(connection, case_id), journal.clock.now(), journal.tenant_id)


def answers(journal: Journal, rules: RuleBook) -> dict[str, Decision]:
    """By number."""
    known = facts(journal)
    return {
        phone.number: decide(known.request(phone, Purpose.COLLECTION, guard_s=0.0), rules)
        for phone in known.file.phones
    }


PROOF = {"consent_date": "01/15/2025", "consent_source": "agreement 12, page 3"}


@pytest.mark.parametrize(
    ("beside", "allowed"),
    [
        ({}, set()),
        ({"consent": "yes"} | PROOF, {ONE, TWO}),
        ({"consent": "voice, sms"} | PROOF, {ONE, TWO}),
        ({"consent": "sms"} | PROOF, set()),
        ({"consent": "no"} | PROOF, set()),
        ({"consent": "yes", "consent_date": "01/15/2025"}, set()),
        ({"consent": "yes"} | PROOF | {"consent_date": "11/19/2026"}, set()),
        ({"consent": "yes", "consent_source": "agreement 12"}, {ONE, TWO}),
        ({"consent_voice": "yes"} | PROOF, {ONE, TWO}),
        ({"consent": "yes", "consent_voice": "no"} | PROOF, set()),
        ({"consent1": "no", "consent2": "yes"} | PROOF, {TWO}),
        ({"consent": "sms", "consent1": "yes", "consent2": ""} | PROOF, set()),
        ({"consent1": "no", "consent2": "no"} | PROOF, set()),
        # In doubt there is none.
        ({"consent": "maybe", "consent_voice": "yes"} | PROOF, set()),
        ({"consent": "yes", "opt_in": "no"} | PROOF, set()),
        ({"consent": "yes"} | PROOF | {"consent_date": "31/31/2025"}, set()),
        ({"consent3": "yes"} | PROOF, set()),
    ],
)
def test_an_artificial_voice_calls_only_numbers_with_proof_of_consent(
    journal: Journal, rules: RuleBook, take: Import, beside: dict[str, str], allowed: set[str]
) -> None:
    take(beside)
    told = answers(journal, rules)
    assert {number for number, decision in told.items() if decision.allow} == allowed
    assert {decision.rules for number, decision in told.items() if number not in allowed} <= {("US-08",)}


def test_a_lease_goes_to_the_number_that_was_agreed_to(journal: Journal, queue: Queue, take: Import) -> None:
    take({"consent1": "no", "consent2": "yes"} | PROOF)
    set_state(journal, "us", CampaignState.RUNNING)
    lease = queue.lease("seat-1")
    assert lease is not None and lease.number == TWO
    assert facts(journal).told.numbers == {TWO}


def test_a_later_list_takes_consent_back(journal: Journal, rules: RuleBook, clock: ManualClock, take: Import) -> None:
    take({"consent": "yes"} | PROOF)
    assert all(decision.allow for decision in answers(journal, rules).values())
    clock.advance(3600.0)
    take({"consent": "no"} | PROOF)
    assert not any(decision.allow for decision in answers(journal, rules).values())


def test_the_channels_of_a_person_are_those_listed(journal: Journal, rules: RuleBook, take: Import) -> None:
    take({"consent": "correo electrónico y sms", "consent1": "yes", "consent2": "no"} | PROOF)
    told = facts(journal).told
    listed = {number: {one.channel for one in told.consent(number) or ()} for number in (ONE, TWO, None)}
    assert listed == {ONE: {Channel.SMS, Channel.EMAIL}, TWO: {Channel.EMAIL}, None: {Channel.EMAIL}}


def test_a_holiday_of_the_city_in_the_list_closes_it(journal: Journal, rules: RuleBook, take: Import) -> None:
    entry = {"country": "BR", "state": "PE", "city": "Recife", "day": "2026-11-18", "name": "Feriado Inventado"}
    local = RuleBook([*json.loads(rules.body), {"local_holidays": [entry]}])
    row = "52998224725;Maria Inventada;07/05/1980;87955550101;;PE;C-1;Banco Exemplo;900,00;10/03/2026"
    take({"cidade": "RECIFÉ"}, base=BASE.replace("id;", "cpf;"), row=row, region="BR")
    (without,), (with_it,) = answers(journal, rules).values(), answers(journal, local).values()
    assert without.allow and not with_it.allow
    assert with_it.retry_at == datetime(2026, 11, 19, 11, tzinfo=UTC)


BRAZIL = BASE.replace("id;", "cpf;")
IN_SP = "52998224725;Maria Inventada;07/05/1980;11955550101;;SP;C-1;Banco Exemplo;900,00;"


def test_a_jurisdiction_the_contract_names_binds_too(journal: Journal, rules: RuleBook, take: Import) -> None:
    take({"foro": "RJ, br-am"}, base=BRAZIL, row=IN_SP + "10/03/2026", region="BR")
    (told,) = answers(journal, rules).values()
    # 14:00 in São Paulo; 13:00 for the law of Amazonas.
    assert told.allow and facts(journal).told.declared == ("BR-RJ", "BR-AM")
    (phone,) = facts(journal).file.phones
    late = replace(
        facts(journal).request(phone, Purpose.COLLECTION, guard_s=0.0), at=NOON + timedelta(hours=5, minutes=30)
    )
    assert "BR-11" in decide(late, rules).rules


@pytest.mark.parametrize(("signed", "allowed"), [("", False), ("sim", False), ("não", True), ("talvez", False)])
def test_old_debts_are_called_only_for_creditors_known_not_to_have_signed(
    journal: Journal, rules: RuleBook, take: Import, signed: str, allowed: bool
) -> None:
    take({"SARB": signed}, base=BRAZIL, row=IN_SP + "10/03/2019", region="BR")
    (told,) = answers(journal, rules).values()
    assert told.allow is allowed and (allowed or told.rules == ("BR-04",))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Sim", "yes"), ("NÃO", "no"), ("voz", "voice"), ("SMS/e-mail", "sms,email"), ("email + voz", "voice,email"),
        ("ligações e sms", "voice,sms"), ("talvez", None), ("voz, fax", None), ("", None), (";", None),
    ],
)  # fmt: skip
def test_what_a_cell_of_consent_says(text: str, kept: str | None) -> None:
    assert consents.told(text) == kept


def test_consent_dates_from_when_it_was_told_where_nobody_gives_its_day(
    journal: Journal, rules: RuleBook, clock: ManualClock, take: Import
) -> None:
    take({"consent": "yes", "consent_source": "agreement 12"})
    (one, *_) = facts(journal).told.consents or ()
    assert one.at == NOON
    clock.advance(-86_400.0)
    assert not any(decision.allow for decision in answers(journal, rules).values())
