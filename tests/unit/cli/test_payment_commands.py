"""Guards `pix` and `boleto` as others' programs meet them: lines in and out, names of fields, exits, and their page."""

from __future__ import annotations

import io
import json
import re
import shlex
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.cli.batch import answer
from voiceagent.cli.main import build_parser, main
from voiceagent.payments.asked import SYNONYMS
from voiceagent.payments.pixwire import read_pix, write_pix
from voiceagent.payments.slipwire import read_boleto, write_boleto
from voiceagent.settings.paths import ROOT

PAGE = (ROOT / "docs" / "payments.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^echo '(\{.*\})' \| (voiceagent .*)\n(\{.*\})$", PAGE, re.MULTILINE)
BARCODE = "00197166100000250000000001234567000000000017"
LINE = "00190.00009 01234.567004 00000.000174 7 16610000025000"
PIX = {"key": "financeiro@exemplo.com.br", "name": "Credor Exemplo SA", "city": "São Paulo"}
PARSER = build_parser()
PARTS = {"bank": "001", "free_field": "0" * 25}


def asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, *lines: object
) -> list[dict[str, object]]:
    """What a batch answers; a line that is no text is written as JSON."""
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    args = PARSER.parse_args([*shlex.split(command), "--batch", "-"])
    assert args.run(args) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(("request_", "command", "reply"), EXAMPLES)
def test_every_example_of_the_page_is_answered_as_it_says(
    request_: str, command: str, reply: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(request_))
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out.strip() == reply


def test_the_page_has_an_example_of_everything_names_every_synonym_and_explains_every_code() -> None:
    assert {tuple(command.split()[1:3]) for _, command, _ in EXAMPLES} == {
        (noun, verb) for noun in ("pix", "boleto") for verb in ("encode", "decode")
    }
    assert dict(re.findall(r"^\| `(\w+)` \| (`.*`) \|$", PAGE, re.MULTILINE)) == {
        name: ", ".join(f"`{other}`" for other in others.split()) for name, others in SYNONYMS.items()
    }
    told = PAGE.partition("## Errors")[2].partition("## In code")[0]
    modules = "".join(path.read_text() for path in (ROOT / "voiceagent" / "payments").glob("*.py"))
    raised = set(re.findall(r'"((?:pix|boleto)_[a-z_]+)"', modules))
    assert {code for code in re.findall(r"`(\w+)`", told) if code.startswith(("pix", "boleto"))} == raised


def test_answers_come_in_order_with_their_ids_and_a_bad_line_spoils_only_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = asked(
        capsys, monkeypatch, "boleto decode", {"id": "a", "linha": LINE}, "{", {"id": 2, "barcode": BARCODE[:-1] + "8"},
        {"id": 3}, {"id": [4], "barcode": BARCODE, "case": "D1"},
    )  # fmt: skip
    assert [reply["id"] for reply in replies] == ["a", None, 2, 3, [4]]
    codes = [reply.get("error", {}).get("code") for reply in replies]
    assert codes == [None, "bad_json", "boleto_check_digit", "bad_input", None]
    assert replies[0]["barcode"] == replies[4]["barcode"] == BARCODE


def test_every_other_name_of_a_field_is_taken() -> None:
    asked_for = PIX | {
        "amount": "1.00",
        "txid": "A1",
        "description": "x",
        "postal_code": "01310100",
        "initiation": "12",
    }
    answer = write_pix(asked_for)
    for name, value in asked_for.items():
        for other in SYNONYMS[name].split():
            rest = {key: kept for key, kept in asked_for.items() if key != name}
            assert write_pix(rest | {other: value}) == answer


@pytest.mark.parametrize(
    ("line", "code", "names"),
    [
        ({"name": "A", "city": "B"}, "pix_account", "key"),
        (PIX | {"url": "pix.example.com/qr"}, "pix_account", "key"),
        (PIX | {"ammount": "1.00"}, "bad_input", "ammount"),
        (PIX | {"nome": "B"}, "bad_input", "name"),
        (PIX | {"name": ""}, "bad_input", "name"),
        (PIX | {"name": 5}, "bad_input", "name"),
        (PIX | {"name": "A" * 26}, "pix_length", "name"),
        (PIX | {"city": "São José dos Campos"}, "pix_length", "city"),
        (PIX | {"name": "A\nB"}, "pix_text", "name"),
        (PIX | {"amount": "0.00"}, "pix_amount", "0.01"),
        (PIX | {"amount": "1,50"}, "pix_amount", "1200.50"),
        (PIX | {"amount": "1.005"}, "pix_amount", "1200.50"),
        (PIX | {"amount": True}, "bad_input", "amount"),
        (PIX | {"amount": 1e30}, "pix_amount", "1200.50"),
        (PIX | {"txid": "a-b"}, "pix_txid", "25"),
        (PIX | {"txid": "á"}, "pix_txid", "25"),
        (PIX | {"currency": "USD"}, "bad_input", "currency"),
        (PIX | {"key_type": "cpf"}, "pix_key", "cpf"),
        (PIX | {"kind": "dynamic"}, "pix_account", "url"),
        (PIX | {"description": "x" * 49}, "pix_length", "1 characters shorter"),
        ({"url": "pix.example.com/qr", "name": "A", "city": "B", "amount": "1.00"}, "pix_account", "amount"),
        ({"url": "pix.example.com/qr", "name": "A", "city": "B", "txid": "A1"}, "pix_account", "txid"),
        ({"url": "http://pix.example.com/qr", "name": "A", "city": "B"}, "pix_url", "https"),
        ({"url": f"pix.example.com/{'a' * 62}", "name": "A", "city": "B"}, "pix_url", "77"),
    ],
)
def test_what_cannot_become_a_pix_code_is_answered_with_what_to_do(
    line: dict[str, object], code: str, names: str,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (reply,) = asked(capsys, monkeypatch, "pix encode", {"id": 1} | line)
    assert reply["error"]["code"] == code
    assert names in reply["error"]["message"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({}, "bad_input"),
        ({"bank": "001"}, "bad_input"),
        (PARTS | {"code": BARCODE}, "bad_input"),
        (PARTS | {"due": "15/12/2026"}, "bad_input"),
        (PARTS | {"due": 20261215}, "bad_input"),
        (PARTS | {"due": "2026-02-30"}, "bad_input"),
        (PARTS | {"due": "1999-12-31"}, "boleto_due"),
        (PARTS | {"amount": "-1.00"}, "boleto_amount"),
        (PARTS | {"amount": "100000000.00"}, "boleto_amount"),
        (PARTS | {"bank": "0001"}, "boleto_bank"),
        (PARTS | {"free_field": "1"}, "boleto_free_field"),
        ({"barcode": int(BARCODE)}, "bad_input"),
    ],
)
def test_what_cannot_become_a_slip_is_refused(
    line: dict[str, object], code: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (reply,) = asked(capsys, monkeypatch, "boleto encode", {"id": 1} | line)
    assert reply["error"]["code"] == code


def test_a_slip_made_of_parts_says_that_no_bank_knows_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, turned = asked(
        capsys, monkeypatch, "boleto encode --today 2026-11-18", PARTS | {"bank": 1, "amount": 0}, {"barcode": BARCODE}
    )
    assert (parts["registered"], parts["bank"], parts["amount"], parts["due"]) == (False, "001", None, None)
    assert (turned["registered"], turned["linha"], turned["due"]) == (None, LINE, "2026-12-15")


def test_options_beside_a_batch_hold_for_lines_that_do_not_say_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"key": PIX["key"]}
    ours, own = asked(capsys, monkeypatch, "pix encode --name Casa --city Recife", key, key | {"name": "Outra"})
    assert (ours["name"], own["name"], own["city"]) == ("Casa", "Outra", "Recife")


def test_today_of_the_line_comes_before_the_option(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ({"code": BARCODE}, {"code": BARCODE, "today": "2001-01-01"})
    first, second = asked(capsys, monkeypatch, "boleto decode --today 2051-01-01", *lines)
    assert (first["due"], second["due"]) == ("2051-08-06", "2002-04-25")


def test_by_hand_the_code_alone_is_printed_and_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pix", "encode", "--key", PIX["key"], "--name", PIX["name"], "--city", PIX["city"]]) == 0
    code = capsys.readouterr().out.strip()
    assert main(["pix", "decode", code, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["payload"] == code
    assert main(["boleto", "encode", "--bank", "1", "--free-field", "0" * 25]) == 0
    said = capsys.readouterr()
    assert "for tests only" in said.err
    assert main(["boleto", "decode", *said.out.splitlines()[1].split()]) == 0
    assert "bank: 001" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("pix decode 000201", 1),
        ("boleto decode 1234", 1),
        ("pix encode --key a@exemplo.com.br", 1),
        ("pix decode", 2),
        ("pix encode", 2),
        ("boleto decode", 2),
        ("boleto encode --today 2026-11-18", 2),
    ],
)
def test_a_refusal_is_one_line_and_its_exit_tells_usage_from_failure(
    words: str, left: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(shlex.split(words)) == left
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


_NAMES = st.sampled_from(["code", "key", "url", "name", "city", "amount", "txid", "bank", "due", "free_field", "today"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from([BARCODE, LINE]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(_NAMES, _VALUES, max_size=5))
def test_no_line_ends_a_batch(line: dict[str, object]) -> None:
    today = date(2026, 11, 18)
    text = json.dumps({"id": 7} | line)
    for handle in (
        write_pix,
        read_pix,
        lambda asked: write_boleto(asked, today),
        lambda asked: read_boleto(asked, today),
    ):
        reply = answer(text, handle)
        assert reply["id"] == 7
        assert "\n" not in reply.get("error", {}).get("message", "")
