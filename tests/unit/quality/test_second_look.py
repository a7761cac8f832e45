"""Guards second looks: what is heard otherwise goes to a person at once; none is forgotten, none is taken twice."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.quality.conftest import Parrot
from tests.web.shop import Shop
from voiceagent import cases, dialer
from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.cases.kinds import LookVerdict, PromiseStatus, ReviewOutcome
from voiceagent.cases.replay import check
from voiceagent.cases.reviews import decide, reviews, waiting
from voiceagent.cases.store import earliest_open_promises, promises
from voiceagent.cases.tables import PROJECTED
from voiceagent.dialer.tables import campaign
from voiceagent.kpi.report import report
from voiceagent.quality.calls import load_call
from voiceagent.quality.looking import ELSEWHERE, Looking
from voiceagent.quality.second_look import confirming

AGREES = [("Sim, pode confirmar.",), ("Dia quinze de dezembro.",), ("Consigo parcelar em três vezes.",)]


def looking(shop: Shop, *heard: tuple[str, ...]) -> tuple[Looking, Parrot]:
    parrot = Parrot(list(heard))
    return Looking(shop.journal, shop.directory, shop.directory, listener=lambda models: parrot), parrot


def statuses(shop: Shop) -> set[PromiseStatus]:
    with shop.db.read() as connection:
        return {row["status"] for row in promises(connection)}


def test_what_an_agreement_rests_on_is_the_yes_and_the_last_word_on_each_value(shop: Shop) -> None:
    call = shop.promised_call()
    with shop.db.read() as connection:
        kept = load_call(connection, call)
    assert [(term, turn.n) for term, turn in confirming(kept.turns, 5)] == [("yes", 5), ("date", 4), ("instalments", 3)]
    assert not kept.turns[1].spoken, "an identity answer is never listened to again"


def test_a_promise_heard_the_same_stays_open_and_is_not_looked_at_again(shop: Shop) -> None:
    shop.promised_call()
    first, parrot = looking(shop, *AGREES)
    assert first.once() == 1
    assert first.done == {LookVerdict.AGREED: 1} and not first.doubtful
    assert parrot.asked == 3
    assert statuses(shop) == {PromiseStatus.OPEN}
    second, parrot = looking(shop, ("não",))
    assert second.once() == 0 and parrot.asked == 0


@pytest.mark.parametrize(
    ("heard", "doubted"),
    [
        ([("Não, não confirmo.",), *AGREES[1:]], {"yes": "differs"}),
        ([("Sing!", "Chegue!"), *AGREES[1:]], {"yes": "unheard"}),
        ([AGREES[0], ("Dia treze de dezembro.",), AGREES[2]], {"date": "differs"}),
        ([*AGREES[:2], ("Consigo parcelar em seis vezes.",)], {"instalments": "differs"}),
    ],
)
def test_what_was_heard_otherwise_goes_to_a_person(
    shop: Shop, heard: list[tuple[str, ...]], doubted: dict[str, str]
) -> None:
    shop.promised_call()
    looks, _ = looking(shop, *heard)
    looks.once()
    assert statuses(shop) == {PromiseStatus.UNDER_REVIEW}
    with shop.db.read() as connection:
        (one,) = reviews(connection, shop.journal.tenant_id)
        assert {term: verdict for term, verdict in one["terms"].items() if verdict != "agreed"} == doubted
        assert one["due_at"] > shop.clock.now()
        assert len(one["words"]) == 3
        (total,) = report(connection)
        # Who promised is not dunned meanwhile.
        assert one["case_id"] in earliest_open_promises(connection, [one["case_id"]])
    assert total.kpis["doubt_rate"].as_json() == {"value": 1.0, "numerator": 1, "denominator": 1}


def test_the_likeliest_reading_that_says_anything_decides(shop: Shop) -> None:
    shop.promised_call()
    looks, _ = looking(
        shop, ("Sing!", "Sim."), ("Nujia.", "Dia quinze de dezembro."), ("Em três vezes.", "Em seis vezes.")
    )
    looks.once()
    assert looks.done == {LookVerdict.AGREED: 1}


def test_a_value_that_cannot_be_read_again_is_no_doubt(shop: Shop) -> None:
    shop.promised_call()
    looks, _ = looking(shop, AGREES[0], ("Chiado.",), AGREES[2])
    looks.once()
    assert looks.done == {LookVerdict.UNHEARD: 1}
    assert statuses(shop) == {PromiseStatus.OPEN}


def test_a_promise_without_its_recording_goes_to_a_person_once_nobody_else_can_have_it(shop: Shop) -> None:
    call = shop.promised_call()
    (shop.directory / f"{call}.wav").unlink()
    looks, parrot = looking(shop, *AGREES)
    assert looks.once() == 0
    shop.clock.advance(ELSEWHERE.total_seconds() + 1)
    assert looks.once() == 1 and parrot.asked == 0
    assert statuses(shop) == {PromiseStatus.UNDER_REVIEW}


@pytest.mark.parametrize("sound", [b"", b"RIFF", b"RIFF\x24\x00\x00\x00WAVEfmt "])
def test_a_broken_recording_stops_nobody_behind_it(shop: Shop, sound: bytes) -> None:
    broken = shop.promised_call(0)
    (shop.directory / f"{broken}.wav").write_bytes(sound)
    shop.promised_call(1)
    looks, _ = looking(shop, *AGREES)
    assert looks.once() == 2
    assert looks.done == {LookVerdict.UNHEARD: 1, LookVerdict.AGREED: 1}


def test_a_recording_that_ends_before_the_yes_proves_nothing(shop: Shop) -> None:
    kept = shop.directory / f"{shop.promised_call()}.wav"
    kept.write_bytes(kept.read_bytes()[:5000])
    looks, parrot = looking(shop, *AGREES)
    assert looks.once() == 1 and parrot.asked == 0
    assert statuses(shop) == {PromiseStatus.UNDER_REVIEW}


def test_a_look_that_was_interrupted_is_taken_again(shop: Shop) -> None:
    shop.promised_call()

    class Dies(Parrot):
        def readings(self, pcm: bytes, language: str) -> tuple[str, ...]:
            raise KeyboardInterrupt

    dying = Looking(shop.journal, shop.directory, shop.directory, listener=lambda models: Dies())
    with pytest.raises(KeyboardInterrupt):
        dying.once()
    with shop.db.read() as connection:
        assert len(waiting(connection, shop.journal.tenant_id)) == 1
    looks, _ = looking(shop, *AGREES)
    assert looks.once() == 1


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(ReviewOutcome.CONFIRMED, PromiseStatus.OPEN), (ReviewOutcome.CANCELLED, PromiseStatus.CANCELLED)],
)
def test_a_person_decides_once_and_the_journal_says_who(
    shop: Shop, outcome: ReviewOutcome, status: PromiseStatus
) -> None:
    shop.promised_call()
    looking(shop, ("Não.",), *AGREES[1:])[0].once()
    with shop.db.read() as connection:
        (one,) = reviews(connection, shop.journal.tenant_id)
    decide(shop.journal, one["agreement_id"], outcome, actor="ana", note="ouvi a gravação")
    assert statuses(shop) == {status}
    with shop.db.read() as connection:
        assert reviews(connection, shop.journal.tenant_id) == []
        (decided,) = reviews(connection, shop.journal.tenant_id, undecided=False)
    assert (decided["outcome"], decided["decided_by"]) == (outcome, "ana")
    with pytest.raises(BadInputError, match="by ana already"):
        decide(shop.journal, one["agreement_id"], ReviewOutcome.CANCELLED, actor="rui")
    sound = check(shop.db, [*cases.PROJECTIONS, *dialer.PROJECTIONS], [*PROJECTED, campaign])
    assert sound.sound, sound


def test_only_what_is_under_review_can_be_decided(shop: Shop) -> None:
    shop.promised_call()
    looking(shop, *AGREES)[0].once()
    for agreement in (uuid.uuid4(), *_agreements(shop)):
        with pytest.raises(BadInputError, match="not under review"):
            decide(shop.journal, agreement, ReviewOutcome.CONFIRMED, actor="ana")


def test_calls_that_go_on_and_promises_already_kept_do_not_wait(shop: Shop) -> None:
    call = shop.dial(0)
    shop.answer(call)
    shop.promise(call, 0)
    with shop.db.read() as connection:
        assert waiting(connection, shop.journal.tenant_id) == []
    shop.end(call, "PTP", 40, human=True, right_party=True)
    with shop.db.read() as connection:
        (one,) = waiting(connection, shop.journal.tenant_id)
    assert one.path is None and one.made_at + timedelta(seconds=2) <= shop.clock.now()


def test_the_command_line_shows_and_decides(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from voiceagent.cli.main import main

    monkeypatch.setenv("VOICEAGENT_HOME", str(tmp_path))
    monkeypatch.setenv("VOICEAGENT_DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    shop.promised_call()
    looking(shop, ("Não.",), *AGREES[1:])[0].once()
    assert main(["promises", "reviews", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["reviews"]
    assert row["terms"]["yes"] == "differs" and row["words"][0]["second"] == ["Não."]
    assert main(["promises", "confirm", row["id"], "--by", "ana"]) == 0
    assert "stands" in capsys.readouterr().out
    assert main(["promises", "cancel", row["id"], "--by", "ana"]) == 1
    assert main(["promises", "cancel", "seven", "--by", "ana"]) == 2
    assert main(["promises", "reviews"]) == 0
    assert "no promise" in capsys.readouterr().err


def _agreements(shop: Shop) -> set[uuid.UUID]:
    with shop.db.read() as connection:
        return {row["agreement_id"] for row in promises(connection)}


def test_what_cannot_be_looked_at_now_is_looked_at_later(shop: Shop) -> None:
    shop.promised_call()
    parrot = Parrot(list(AGREES))
    tries: list[str] = []

    def listener(models: Path) -> Parrot:
        tries.append("asked")
        if len(tries) < 3:
            raise MissingPartError("no model yet: run `voiceagent models install whisper-base`")
        return parrot

    class Rounds(threading.Event):
        """Set after so many waits, each of them over at once."""

        left = 5

        def wait(self, timeout: float | None = None) -> bool:
            self.left -= 1
            if not self.left:
                self.set()
            return self.is_set()

    looks = Looking(shop.journal, shop.directory, shop.directory, listener=listener)
    looks.forever(Rounds())
    assert len(tries) == 3 and looks.done == {LookVerdict.AGREED: 1}


def test_a_model_without_work_is_let_go(shop: Shop) -> None:
    shop.promised_call()
    opened: list[str] = []

    def listener(models: Path) -> Parrot:
        opened.append("opened")
        return Parrot(list(AGREES))

    looks = Looking(shop.journal, shop.directory, shop.directory, listener=listener)

    class Later(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            shop.clock.advance(400)
            if len(opened) == 1 and looks.done.total() == 1 and not looks._ear:
                shop.promised_call(1)
            if looks.done.total() == 2:
                self.set()
            return self.is_set()

    looks.forever(Later())
    assert len(opened) == 2
