"""Guards chat, offer and script check as programs: their JSON, their exit codes, their one-line failures."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from voiceagent.cli.main import main

DEBTOR = """name: Ana Reis
document: "98765432100"
birth_date: 1990-07-02
language: pt-BR
state: SP
phones: ["+5511987654321"]
debts:
  - {contract: "77", creditor: Loja Aurora, original: "900.00", charges: "300.00", due: 2026-03-10}
"""
ASK = {"instalments": 3, "first_due": "2026-12-15"}


@pytest.fixture
def debtor(tmp_path: Path) -> Path:
    path = tmp_path / "debtor.yaml"
    path.write_text(DEBTOR, encoding="utf-8")
    return path


def chat(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lines: str, *options: str
) -> list[dict[str, object]]:
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert main(["chat", "--json", "--today", "2026-11-18", *options]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_chat_is_one_json_line_for_each_turn_of_the_agent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], debtor: Path
) -> None:
    spoken = "sou eu\ndois de julho\nem três vezes\ndia quinze\nisso, pode confirmar\npode mandar\nsobrou uma linha\n"
    turns = chat(monkeypatch, capsys, spoken, "--language", "pt-BR", "--debtor", str(debtor))
    assert [turn["state"] for turn in turns] == [
        "greet", "ask_birth", "probe", "granted_instalments", "read_back_even", "deliver_text", "close"
    ]  # fmt: skip
    assert [turn["verified"] for turn in turns] == [False, False, True, True, True, True, True]
    (promise,) = turns[-2]["effects"]  # type: ignore[misc]
    delivery, hangup = turns[-1]["effects"]  # type: ignore[misc]
    assert promise["type"] == "promise" and promise["amount"] == "1200.00"
    assert promise["instalments"][0] == {"due": "2026-12-15", "amount": "400.00"}
    assert (delivery["kind"], delivery["channel"], delivery["destination"]) == ("send_payment", "sms", "+5511987654321")
    assert hangup == {"type": "hangup", "disposition": "PTP"}
    assert "Ana Reis" in str(turns[0]["say"]) and "Aurora" not in str(turns[0]["say"])


def test_the_end_of_stdin_is_the_debtor_hanging_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = chat(monkeypatch, capsys, "/keys 1\n")
    assert turns[-1]["effects"] == [{"type": "hangup", "disposition": "HUP"}]


def test_an_empty_line_is_silence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    turns = chat(monkeypatch, capsys, "\n\n\n")
    assert turns[-1]["effects"] == [
        {"type": "rung", "step": "give_up", "silent": True}, {"type": "hangup", "disposition": "SIL"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chat", "--language", "fr"], "no language 'fr'"),
        (["chat", "--script", "sales"], "no script 'sales'"),
        (["chat", "--debtor", "nowhere.yaml"], "cannot read nowhere.yaml"),
        (["chat", "--today", "18/11/2026"], "write it like 2026-11-18"),
        (["offer", "--policy", "demo-br"], "--debt"),
        (["script", "check", "nowhere"], "no such file"),
    ],
)
def test_failures_are_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert main(arguments) in (1, 2)
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


def test_offer_answers_a_proposal(tmp_path: Path, debtor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = tmp_path / "ask.json"
    ask.write_text(json.dumps(ASK))
    command = ["offer", "--policy", "demo-br", "--debt", str(debtor), "--today", "2026-11-18", "--json"]
    assert main([*command, "--ask", str(ask)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["kind"], answer["total"], answer["reason"], answer["final"]) == (
        "instalments", "1200.00", "as_asked", False
    )  # fmt: skip
    assert [payment["due"] for payment in answer["instalments"]] == ["2026-12-15", "2027-01-15", "2027-02-15"]


def test_refused_offers_are_given_back_as_they_were_printed(
    tmp_path: Path, debtor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["offer", "--policy", "demo-br", "--debt", str(debtor), "--today", "2026-11-18", "--json"]
    refused: list[dict[str, object]] = []
    ask = tmp_path / "ask.json"
    for _ in range(6):
        ask.write_text(json.dumps({"rejected": refused}))
        assert main([*command, "--ask", str(ask)]) == 0
        answer = json.loads(capsys.readouterr().out)
        if answer["kind"] == "none":
            break
        assert answer not in refused
        refused.append(answer)
    assert [offer["total"] for offer in refused] == ["1110.00", "1020.00", "1200.00", "1140.00"]


def test_a_bad_line_of_a_batch_is_an_error_object(
    tmp_path: Path, debtor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    debts = [{"contract": "1", "creditor": "L", "original": "100.00", "due": "2026-01-05"}]
    good = {"id": 1, "debt": {"name": "Ana", "debts": debts}, "today": "2026-11-18"}
    bad = {"id": 2, "debt": {"name": "Ana", "debts": []}, "today": "2026-11-18"}
    worse = {"id": 3, "debt": str(debtor), "today": "2026-11-18", "ask": {"total": "-1"}}
    lines = tmp_path / "lines"
    lines.write_text("\n".join([json.dumps(good), json.dumps(bad), "{", json.dumps(worse)]))
    assert main(["offer", "--policy", "demo-br", "--batch", str(lines)]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers[0]["id"] == 1 and answers[0]["kind"] == "cash"
    assert [answer.get("error", {}).get("code") for answer in answers[1:]] == ["bad_input", "bad_json", "bad_input"]


def test_script_check_names_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["script", "check"]) == 0
    capsys.readouterr()
    path = tmp_path / "broken.yaml"
    path.write_text("script: broken\nlanguage: pt-BR\n")
    assert main(["script", "check", str(path)]) == 1
    assert f"{path}:1: version: missing" in capsys.readouterr().err
    assert main(["script", "check", str(path), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["sound"] is False and report["findings"][0]["error"] is True


def test_a_caller_takes_up_the_offer_that_was_left_open(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, debtor: Path
) -> None:
    ask = tmp_path / "ask.json"
    ask.write_text(json.dumps(ASK))
    command = ["offer", "--policy", "demo-br", "--debt", str(debtor), "--today", "2026-11-18", "--json"]
    assert main([*command, "--ask", str(ask)]) == 0
    left = tmp_path / "offer.json"
    left.write_text(capsys.readouterr().out)
    spoken = "nove oito sete\ndois de julho\naceito\n"
    options = ("--direction", "inbound", "--open-offer", str(left), "--later", "--debtor", str(debtor))
    turns = chat(monkeypatch, capsys, spoken, *options)
    assert [turn["state"] for turn in turns] == [
        "find_document", "ask_birth", "offer_instalments", "ask_date", "ask_date"
    ]  # fmt: skip
    assert "Ana Reis" not in str(turns[0]["say"]) and "três parcelas de quatrocentos reais" in str(turns[2]["say"])


def test_an_agreed_call_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    turns = chat(monkeypatch, capsys, "sou eu\n", "--direction", "callback")
    assert "como combinado" in str(turns[0]["say"]) and turns[1]["state"] == "ask_birth"


@pytest.mark.parametrize("command", [["understand", "sim"], ["transcribe", "answer.wav"]])
@pytest.mark.parametrize(("option", "word"), [("--expect", "amout"), ("--among", "dizpute")])
def test_a_mistyped_question_is_refused_rather_than_left_unasked(
    capsys: pytest.CaptureFixture[str], command: list[str], option: str, word: str
) -> None:
    assert main([*command, option, f"date,{word}" if option == "--expect" else word]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and f"{option} {word}: one of " in err
