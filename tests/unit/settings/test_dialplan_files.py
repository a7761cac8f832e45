"""Guards what people write: YAML without surprises, absurd debtors refused with file and line, asks and offers."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceagent.base.errors import BadInputError
from voiceagent.settings.dialplans import load_case, load_policy, policy_path, script_path
from voiceagent.settings.yamltext import parse_yaml

DIALPLANS = Path(__file__).resolve().parents[3] / "dialplans"
DEBTOR = """name: Ana Reis
document: 12345678909
birth_date: 1985-03-15
language: pt-BR
debts:
  - {contract: 77, creditor: Loja Aurora, original: "900.00", charges: "300.00", due: 2026-03-10}
"""


def test_words_stay_words() -> None:
    data = parse_yaml("on: yes\nat: 10:30\nday: 2026-11-18\nn: 012\nt: true\nnone: ~\n", "x").data
    assert data == {"on": "yes", "at": "10:30", "day": "2026-11-18", "n": "012", "t": True, "none": None}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2\n", "x:2: the key 'a' is written twice"),
        ("a: [1\nb: 2\n", "x:2"),
        ("a: !!python/object:os.system 1\n", "x:1"),
        ("? [1]\n: 2\n", "a key must be a plain word"),
        ("[" * 60 + "]" * 60, "nested too deeply"),
    ],
)
def test_bad_yaml_is_named_with_its_line(text: str, says: str) -> None:
    with pytest.raises(BadInputError, match=None) as failure:
        parse_yaml(text, "x")
    assert says in failure.value.message


def test_aliases_of_aliases_do_not_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(BadInputError, match="too"):
        parse_yaml("\n".join(lines), "bomb")


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "debtor.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_debtor_file_in_yaml_or_json(tmp_path: Path) -> None:
    case = load_case(write(tmp_path, DEBTOR))
    assert (case.name, case.region, str(case.total), case.debts[0].contract) == ("Ana Reis", "BR", "1200.00", "77")
    json_text = (
        '{"name": "Ana", "debts": [{"contract": "1", "creditor": "L", "original": "10.00", "due": "2026-01-02"}]}'
    )
    assert str(load_case(write(tmp_path, json_text)).total) == "10.00"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"900.00"', '"0.00"', "more than zero"),
        ('"900.00"', '"-5.00"', "more than zero"),
        ('"900.00"', '"900.001"', "not an amount"),
        ('"900.00"', '"R$ 900"', "not an amount"),
        ('"900.00"', '"90000000000.00"', "cannot be right"),
        ('"300.00"', '"-1.00"', "zero or more"),
        ("2026-03-10", "1996-03-10", "too old"),
        ("2026-03-10", "2026-02-30", "debts.0.due"),
        ("1985-03-15", "2026-03-15", "birth_date"),
        ("name: Ana Reis", "name: ' '", "name is empty"),
        ("name: Ana Reis", "nome: Ana Reis", "debtor.yaml:1: nome: unknown key"),
        ("language: pt-BR", "language: fr", "debtor.yaml:4: language"),
        ("language: pt-BR", "language: pt-BR\nregion: ZZ", "unknown region"),
        ("creditor: Loja Aurora, ", "", "creditor: missing"),
    ],
)
def test_absurd_debtors_are_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in DEBTOR
    with pytest.raises(BadInputError) as failure:
        load_case(write(tmp_path, DEBTOR.replace(old, new, 1)))
    assert says in failure.value.message and "\n" not in failure.value.message


def test_two_creditors_are_two_cases(tmp_path: Path) -> None:
    other = '  - {contract: 78, creditor: Banco Serra, original: "1.00", due: 2026-03-10}\n'
    with pytest.raises(BadInputError, match="one creditor"):
        load_case(write(tmp_path, DEBTOR + other))


@pytest.mark.parametrize("path", sorted((DIALPLANS / "policies").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_policies_load(path: Path) -> None:
    assert load_policy(path).policy == path.stem


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("percent: 60", "percent: 160", "less than or equal to 100"),
        ("percent: 60", "percent: 10", "tiers must go down"),
        ("floor: {on: charges, percent: 80}", "floor: {on: total, percent: 80}", "the same part"),
        ("currency: BRL", "currency: XYZ", "unknown currency"),
        ("min: 2", "min: 5", "open_with"),
        ("rounds: 4", "rounds: many", "rounds"),
        ("roll: next", "roll: sideways", "roll"),
    ],
)
def test_unsound_policies_are_refused_with_their_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (DIALPLANS / "policies" / "demo-br.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadInputError) as failure:
        load_policy(path)
    assert says in failure.value.message and f"{path}:" in failure.value.message


def test_what_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(BadInputError, match="negotiation"):
        script_path(DIALPLANS, "sales", "pt-BR")
    with pytest.raises(BadInputError, match="no policy at"):
        policy_path(DIALPLANS, "nothing")
