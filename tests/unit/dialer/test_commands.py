"""Guards the commands as people run them: exit codes, one line of failure, one JSON document and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voiceagent.cli.main import main

LIST = (
    "cpf;nome;telefone;contrato;credor;valor;vencimento;uf\n"
    "52998224725;Maria Inventada;11955550161;C-1;Banco Exemplo;900,00;10/03/2026;SP\n"
    "11144477736;Zé Inventado;11955550163;C-3;Banco Exemplo;50,00;10/04/2026;SP\n"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICEAGENT_HOME", str(tmp_path / "home"))
    for name in ("VOICEAGENT_DATABASE_URL", "VOICEAGENT_CONFIG", "VOICEAGENT_DIALPLANS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "lista.csv").write_text(LIST, encoding="utf-8")
    return tmp_path


def say(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = main(list(argv))
    out, err = capsys.readouterr()
    return code, out, err


def test_from_file_to_campaign_to_stop(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = say(capsys, "lists", "import", str(home / "lista.csv"), "--campaign", "nov", "--json")
    report = json.loads(out)
    assert (code, err) == (0, "") and report["rows"] == 2 and report["imported"] == 1 and report["rejected"] == 1
    assert {"file", "sha256", "updated", "duplicates", "rejected_file", "batch"} <= set(report)
    assert Path(report["rejected_file"]).is_file()
    weighed = report["admitted"]
    assert weighed["weighed"] == 1 == weighed["allowed"] + weighed["waiting"] and weighed["stopped"] == 0
    again = json.loads(say(capsys, "lists", "import", str(home / "lista.csv"), "--campaign", "dez", "--json")[1])
    assert (again["repeated"], again["enrolled"], again["admitted"]["weighed"]) == (True, 1, 1)
    assert say(capsys, "campaigns", "start", "nov")[0] == 0
    code, out, _ = say(capsys, "explain", "+5511955550161", "--json")
    (case,) = json.loads(out)["cases"]
    assert code == 0 and case["name"] == "Maria Inventada" and case["numbers"][0]["mode_allows"]
    code, out, _ = say(capsys, "explain", "529.982.247-25")
    assert code == 0 and "Maria Inventada" in out and "+5511955550161" not in out
    stop = json.loads(say(capsys, "optouts", "add", "+5511955550161", "--json")[1])["stops"][0]
    (case,) = json.loads(say(capsys, "explain", "+5511955550161", "--json")[1])["cases"]
    assert not case["callable"] and case["numbers"][0]["rules"][0] == "opt_out"
    assert json.loads(say(capsys, "optouts", "list", "--json")[1])["optouts"][0]["id"] == stop
    assert say(capsys, "optouts", "revoke", stop)[0] == 0
    assert json.loads(say(capsys, "optouts", "list", "--json")[1]) == {"optouts": []}
    assert json.loads(say(capsys, "callbacks", "list", "--json")[1]) == {"callbacks": []}
    assert json.loads(say(capsys, "promises", "list", "--json")[1]) == {"promises": []}
    assert say(capsys, "lists", "undo", report["batch"])[0] == 0
    assert "taken back" in say(capsys, "lists", "list")[1]


def test_a_file_that_is_no_list_makes_no_database(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, content in (("empty.csv", b""), ("binary.csv", b"\x00" * 64), ("absent.csv", None)):
        if content is not None:
            (home / name).write_bytes(content)
        code, out, err = say(capsys, "lists", "import", str(home / name), "--json")
        assert code == 1 and out == "" and err.count("\n") == 1 and name in err
    assert not (home / "home").exists()


def test_commands_before_the_first_list_say_what_to_do(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (["lists", "list"], ["callbacks", "list"], ["promises", "list"], ["explain", "+5511955550161"]):
        code, out, err = say(capsys, *argv)
        assert code == 1 and out == "" and err.count("\n") == 1 and "voiceagent db upgrade" in err


@pytest.mark.parametrize(
    "argv",
    [
        ["lists", "import", "x.csv", "--region", "XX"],
        ["lists", "import", "x.csv", "--language", "tlh"],
        ["campaigns", "create", "nov", "--language", "tlh"],
    ],
)
def test_bad_usage_is_exit_2(home: Path, capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    code, out, err = say(capsys, *argv)
    assert code == 2 and out == "" and err.count("\n") == 1


def test_comply_answers_every_line_in_order(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"at": "2026-11-19T20:00:00-03:00", "channel": "voice", "purpose": "collection", "number": "+5511987654321"}
    lines = [
        json.dumps({"id": "a", **asked}),
        "not json",
        json.dumps({"id": "b", **asked, "at": "2026-11-19T19:59:00-03:00"}),
        json.dumps({"id": "c", **asked, "channel": "pigeon"}),
    ]
    (home / "batch").write_text("\n".join(lines), encoding="utf-8")
    code, out, err = say(capsys, "comply", "--batch", str(home / "batch"))
    answers = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert answers[0] == {"id": "a", "allow": False, "rules": ["BR-10"], "retry_at": "2026-11-21T08:00:00-03:00"}
    assert answers[1]["error"]["code"] == "bad_json"
    assert answers[2] == {"id": "b", "allow": True, "rules": [], "retry_at": None}
    assert answers[3]["id"] == "c" and "channel" in answers[3]["error"]["message"]


def test_comply_without_readable_rules_denies_everything(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEAGENT_DIALPLANS", str(home / "nowhere"))
    asked = {"id": 1, "at": "2026-11-18T10:00:00-03:00", "channel": "voice", "number": "+5511987654321"}
    (home / "batch").write_text(json.dumps(asked), encoding="utf-8")
    code, out, err = say(capsys, "comply", "--batch", str(home / "batch"))
    assert code == 0 and json.loads(out) == {"id": 1, "allow": False, "rules": ["fail_closed"], "retry_at": None}
    assert "every contact is denied" in err


def test_a_saved_mapping_reads_a_list(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "outra.csv"
    path.write_text(
        "Nº do cliente;Nome;Fone;Contrato;Saldo;Vencimento;Gerente\n"
        "52998224725;Maria Inventada;11955550161;C-1;900,00;10/03/2026;Zé\n",
        encoding="utf-8",
    )
    code, out, err = say(capsys, "lists", "import", str(path), "--creditor", "Banco Exemplo")
    assert code == 1 and "lacks columns: cpf_cnpj" in err and "--column" in err and out == ""
    saved = (
        "--column",
        "Nº do cliente=document",
        "--column",
        "Gerente=attribute:gerente",
        "--creditor",
        "Banco Exemplo",
    )
    code, out, _ = say(capsys, "lists", "mapping", "save", "banco", *saved, "--json")
    assert code == 0 and json.loads(out)["columns"] == {"n_do_cliente": "document", "gerente": "attribute:gerente"}
    code, out, _ = say(capsys, "lists", "import", str(path), "--mapping", "banco", "--dry-run", "--json")
    report = json.loads(out)
    assert code == 0 and report["imported"] == 1 and report["preview"][0]["attributes"] == {"gerente": "Zé"}
    assert say(capsys, "lists", "list")[1] == ""
    code, out, _ = say(capsys, "lists", "import", str(path), "--mapping", "banco")
    assert code == 0 and "1 rows: 1 imported" in out
    assert [one["name"] for one in json.loads(say(capsys, "lists", "mapping", "list", "--json")[1])["mappings"]] == [
        "banco"
    ]
    assert "creditor = Banco Exemplo" in say(capsys, "lists", "mapping", "show", "banco")[1]


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("import", "lista.csv", "--column", "x"), 2, "HEADER=FIELD"),
        (("import", "lista.csv", "--column", "cpf=nonsense"), 1, "no field 'nonsense'"),
        (("import", "lista.csv", "--delimiter", ";;"), 2, "one character"),
        (("import", "lista.csv", "--region", "ZZ"), 2, "unknown region"),
        (("import", "lista.csv", "--mapping", "nada"), 1, "no mapping 'nada'"),
        (("mapping", "save", "a b"), 1, "name"),
        (("undo", "nada"), 1, "no list nada"),
    ],
)
def test_mistakes_are_told_in_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...], code: int, complaint: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(home)
    assert say(capsys, "lists", "import", "lista.csv")[0] == 0
    found, out, err = say(capsys, "lists", *words)
    assert (found, out) == (code, "") and complaint in err and err.count("\n") == 1


def test_a_trunk_keeps_what_is_not_said_anew(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        say(capsys, "campaigns", "trunks", "--set", "wires", "--channels", "30", "--caller-ids", "+551133330000")[0]
        == 0
    )
    (trunk,) = json.loads(say(capsys, "campaigns", "trunks", "--set", "wires", "--cps", "2", "--json")[1])["trunks"]
    assert trunk == {
        "name": "wires", "max_channels": 30, "calls_per_second": 2.0, "caller_ids": ["+551133330000"],
    }  # fmt: skip
    code, out, err = say(capsys, "campaigns", "trunks", "--channels", "5")
    assert code == 2 and out == "" and "which trunk" in err


def test_too_many_short_calls_are_for_people_to_look_at(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert say(capsys, "campaigns", "create", "nov")[0] == 0
    monkeypatch.setattr("voiceagent.dialer.floor.short_calls", lambda *asked, **back: (700, 1000))
    code, out, _ = say(capsys, "campaigns", "check")
    assert code == 1 and "700 of 1000 calls" in out
    assert "short_calls" in json.loads(say(capsys, "campaigns", "check", "--json")[1])
    monkeypatch.setenv("VOICEAGENT_GUARDS__SHORT_ALARM", "0.75")
    assert say(capsys, "campaigns", "check")[0] == 0


def test_who_asks_what_stands_still_is_told_how_to_go_on(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert say(capsys, "campaigns", "create", "nov")[0] == 0
    assert "in draft, nobody is called; to begin: voiceagent campaigns start" in say(capsys, "campaigns", "status")[1]
    assert say(capsys, "campaigns", "start", "nov")[0] == 0
    assert say(capsys, "campaigns", "trunks", "--set", "wires")[0] == 0
    assert "no worker is at work: start voiceagent up" in say(capsys, "campaigns", "status")[1]
    for which, mend in ((["--all"], "resume --all"), (["--trunk", "wires"], "resume --trunk wires")):
        assert say(capsys, "campaigns", "stop", *which, "--reason", "wrong prompt")[0] == 0
        out = say(capsys, "campaigns", "status")[1]
        assert out.count(mend) == 2, "beside the switch, and where it holds the campaign"
        code, out, _ = say(capsys, "campaigns", "check")
        assert code == 1 and mend in out
        assert say(capsys, "campaigns", "resume", *which)[0] == 0
    assert say(capsys, "campaigns", "check")[0] == 0
    assert say(capsys, "campaigns", "pause", "nov", "--reason", "lunch")[0] == 0
    assert "paused: lunch; to go on: voiceagent campaigns start nov" in say(capsys, "campaigns", "status")[1]
    code, out, err = say(capsys, "campaigns", "set", "nov", "--zone", "Europe/Lisbon")
    assert code == 2 and out == "" and "nothing to change" in err


def test_status_is_of_all_campaigns_or_of_the_one_that_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("nov", "dec"):
        assert say(capsys, "campaigns", "create", name)[0] == 0

    def told(*name: str) -> list[str]:
        return [one["name"] for one in json.loads(say(capsys, "campaigns", "status", *name, "--json")[1])["campaigns"]]

    assert (told(), told("nov")) == (["dec", "nov"], ["nov"])
    assert "dec" not in say(capsys, "campaigns", "status", "nov")[1]
    code, out, err = say(capsys, "campaigns", "status", "now")
    assert code == 1 and out == "" and "no campaign 'now': see voiceagent campaigns list" in err
