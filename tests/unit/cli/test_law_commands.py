"""Guards comply, optouts import, segments and privacy as people run them: exit codes, one line of failure, one JSON."""

from __future__ import annotations

import json
import stat
import uuid
from pathlib import Path

import pytest

from voiceagent.cases.recordings import Due
from voiceagent.cli.main import main

LIST = (
    "cpf;nome;telefone;contrato;credor;valor;vencimento;uf;score;x_plano\n"
    "52998224725;Ana Inventada;11955550161;C-1;Banco Exemplo;900,00;10/03/2026;SP;700;ouro\n"
    "11144477735;Beto Inventado;21955550162;C-2;Banco Exemplo;50,00;10/04/2026;RJ;abc;prata\n"
)
STOPS = "telefone;cpf;canal;prova\n11955550161;;;carta 12\n;390.533.447-05;sms;\nabc;;;\n;11144477735;fax;\n"
CARD = "name: c\nversion: '1'\nbase: 500\nlines:\n- {when: state = SP, points: 50, reason: near}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.setenv("VOICEAGENT_HOME", str(tmp_path / "home"))
    for name in ("VOICEAGENT_DATABASE_URL", "VOICEAGENT_CONFIG", "VOICEAGENT_DIALPLANS"):
        monkeypatch.delenv(name, raising=False)
    for name, text in (("lista.csv", LIST), ("stops.csv", STOPS), ("card.yaml", CARD)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert main(["lists", "import", str(tmp_path / "lista.csv"), "--campaign", "nov"]) == 0
    capsys.readouterr()
    return tmp_path


def say(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> tuple[int, str, str]:
    code = main([str(word) for word in argv])
    out, err = capsys.readouterr()
    return code, out, err


def test_lists_of_stops(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = json.loads(say(capsys, "optouts", "import", home / "stops.csv", "--json")[1])
    assert (first["rows"], first["added"], first["known"], first["rejected"]) == (4, 2, 0, 2)
    refused = Path(first["rejected_file"]).read_text(encoding="utf-8-sig")
    assert "E_PHONE" in refused and "E_CHANNEL" in refused and ",fax," in refused
    again = json.loads(say(capsys, "optouts", "import", home / "stops.csv", "--json")[1])
    assert (again["added"], again["known"]) == (0, 2)
    listed = json.loads(say(capsys, "optouts", "list", "--json")[1])["optouts"]
    assert {(stop["scope"], stop["proved"], stop["erased"]) for stop in listed} == {
        ("number", True, False), ("channel", False, True),
    }  # fmt: skip
    (case,) = json.loads(say(capsys, "explain", "+5511955550161", "--json")[1])["cases"]
    assert not case["callable"] and case["numbers"][0]["rules"][0] == "opt_out"
    (home / "wrong.csv").write_text("nome;idade\nAna;30\n", encoding="utf-8")
    code, _, err = say(capsys, "optouts", "import", home / "wrong.csv")
    assert code == 1 and "no column of numbers or documents" in err


def test_a_list_of_stops_needs_only_its_own_columns(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "procon.csv").write_text("Number;Canal\n+5511955550177;\n11955550188;voz\nabc;\n", encoding="utf-8")
    done = json.loads(say(capsys, "optouts", "import", home / "procon.csv", "--json")[1])
    assert (done["rows"], done["added"], done["rejected"]) == (3, 2, 1)


def test_a_row_stops_all_that_it_names_and_tells_what_of_it_cannot_be_read(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list exported from elsewhere has several telephones beside the document: none of them may be called."""
    (home / "whole.csv").write_text(
        "cpf;nome;telefone1;telefone2\n"
        "39053344705;Caio;11955550171;11955550172 / 11955550173\n"
        "52998224725;Ana;11955550161;abc\n"
        "39053344705;Caio;;11955550171\n"
        ";Nobody;/;\n",
        encoding="utf-8",
    )
    done = json.loads(say(capsys, "optouts", "import", home / "whole.csv", "--json")[1])
    assert (done["rows"], done["added"], done["known"], done["rejected"]) == (4, 1, 1, 2)
    refused = Path(done["rejected_file"]).read_text(encoding="utf-8-sig")
    assert ",abc," in refused and "E_EMPTY" in refused
    listed = json.loads(say(capsys, "optouts", "list", "--json")[1])["optouts"]
    assert {stop["number"] for stop in listed if stop["scope"] == "number"} == {
        "+5511955550171", "+5511955550172", "+5511955550173", "+5511955550161",
    }  # fmt: skip
    assert [stop["name"] for stop in listed if stop["scope"] == "person" and not stop["erased"]] == ["Ana Inventada"]
    assert len(listed) == 6
    again = json.loads(say(capsys, "optouts", "import", home / "whole.csv", "--json")[1])
    assert (again["added"], again["known"], again["rejected"]) == (0, 2, 2)


def test_a_stop_by_document_waits_for_who_comes_with_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = say(capsys, "optouts", "add", "390.533.447-05", "--source", "letter", "--proof", "letter 12")
    assert code == 0 and "nobody has this document yet" in err
    (listed,) = json.loads(say(capsys, "optouts", "list", "--json")[1])["optouts"]
    assert (listed["scope"], listed["source"], listed["proved"]) == ("person", "letter", True)
    (home / "later.csv").write_text(
        LIST.partition("\n")[0] + "\n39053344705;Caio;11955550163;C-3;Banco Exemplo;1,00;10/03/2026;SP;1;x\n",
        encoding="utf-8",
    )
    assert say(capsys, "lists", "import", home / "later.csv", "--campaign", "nov")[0] == 0
    (case,) = json.loads(say(capsys, "explain", "39053344705", "--json")[1])["cases"]
    assert not case["callable"] and case["numbers"][0]["rules"][0] == "cease"
    assert say(capsys, "optouts", "revoke", listed["id"])[0] == 0
    (case,) = json.loads(say(capsys, "explain", "39053344705", "--json")[1])["cases"]
    assert case["numbers"][0]["rules"][:1] != ["cease"]
    for nobody in ("390.533.447-06", "11987650001", "maria"):
        code, _, err = say(capsys, "optouts", "add", nobody)
        assert code == 1 and "nobody is known by that" in err


def test_segments_from_filter_to_campaign(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert say(capsys, "segments", "save", "sp", "state = SP and not opted_out", "--per-week", "2")[0] == 0
    shown = json.loads(say(capsys, "segments", "show", "sp", "--json")[1])
    assert (shown["cases"], shown["balance"], shown["intensity"]) == (1, {"BRL": "900.00"}, {"per_week": 2})
    assert json.loads(say(capsys, "segments", "count", "x.plano = OURO", "--json")[1])["cases"] == 1
    assert json.loads(say(capsys, "segments", "count", "sp", "--json")[1])["cases"] == 1
    code, out, err = say(capsys, "segments", "count", "balanse > 3")
    assert (code, out) == (
        1,
        "",
    ) and err == "voiceagent: column 1: there is no field 'balanse': did you mean balance?\n"
    assert json.loads(say(capsys, "segments", "score", "debts > 0", "--imported", "--json")[1]) == {
        "scored": 1, "refused": 0,
    }  # fmt: skip
    assert json.loads(say(capsys, "segments", "score", "debts > 0", "--card", home / "card.yaml", "--json")[1]) == {
        "scored": 2, "refused": 0,
    }  # fmt: skip
    assert json.loads(say(capsys, "segments", "count", "score = 550", "--json")[1])["cases"] == 1
    assert say(capsys, "campaigns", "create", "dez")[0] == 0
    enrolled = json.loads(say(capsys, "segments", "enroll", "sp", "dez", "--json")[1])
    assert (enrolled["cases"], enrolled["new"], enrolled["weighed"]) == (1, 1, 1)
    assert "sp  1 cases" in say(capsys, "segments", "list")[1]
    assert "days_overdue" in say(capsys, "segments", "fields")[1]
    assert say(capsys, "segments", "drop", "sp")[0] == 0
    assert say(capsys, "segments", "show", "sp")[0] == 1


def test_a_person_is_given_out_held_and_erased(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = home / "ana.json"
    code, out, err = say(capsys, "privacy", "export", "529.982.247-25", "-o", target, "--reason", "letter")
    assert (code, out) == (0, "") and "personal data" in err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    told = json.loads(target.read_text(encoding="utf-8"))
    assert told["person"]["name"] == "Ana Inventada" and told["phone"][0]["purpose"] == "collection"
    assert {row["value"] for row in told["attribute"]} == {"700", "ouro"} and told["provenance"]
    assert told["access"][0]["what"] == "personal_data.exported"
    assert say(capsys, "explain", "52998224725")[0] == 0
    looked, _ = json.loads(say(capsys, "privacy", "access", "52998224725", "--json")[1])["access"]
    assert looked["what"] == "personal_data.shown" and looked["who"].startswith("cli:")
    assert say(capsys, "privacy", "hold", "52998224725")[0] == 1
    assert say(capsys, "privacy", "hold", "52998224725", "--reason", "lawsuit 1")[0] == 0
    code, _, err = say(capsys, "privacy", "erase", "52998224725", "--reason", "asked")
    assert code == 1 and "lawsuit 1" in err
    assert say(capsys, "privacy", "hold", "52998224725", "--lift")[0] == 0
    erased = json.loads(say(capsys, "privacy", "erase", "52998224725", "--reason", "asked", "--json")[1])
    assert erased["erased"] >= 1 and erased["recordings_left"] == 0
    code, _, err = say(capsys, "privacy", "export", "52998224725")
    assert code == 1 and "nobody is known" in err
    listed = json.loads(say(capsys, "privacy", "access", "--json")[1])["access"]
    assert [row["what"] for row in listed] == ["private.erased", "personal_data.shown", "personal_data.exported"]
    gone = json.loads(say(capsys, "privacy", "export", erased["person"])[1])
    assert gone["person"]["name"] is None and "ouro" not in json.dumps(gone)
    assert "the person was erased" in say(capsys, "explain", gone["debt_case"][0]["id"])[1]
    assert say(capsys, "db", "check")[0] == 0


def test_an_erasure_says_how_many_recordings_lie_elsewhere(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    erased = ("privacy", "erase", "52998224725", "--reason", "asked")
    elsewhere = [Due(uuid.uuid4(), uuid.uuid4(), f"{n}.wav", "elsewhere-1") for n in range(2)]
    monkeypatch.setattr("voiceagent.cases.recordings.of_person", lambda connection, person_id: elsewhere)
    assert "; 2 recordings are not on this machine" in say(capsys, *erased)[1]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"channel": "voice"}, "at"),
        ({"at": "2026-11-18T10:00:00", "channel": "voice"}, "at"),
        ({"at": "2026-11-18T10:00:00-03:00", "channel": "fax"}, "channel"),
        ({"at": "2026-11-18T10:00:00-03:00"}, "channel"),
        ({"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "purpose": "sales"}, "purpose"),
        ({"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "number": 5511}, "number"),
        ({"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "case": {"days_overdue": 4.5}}, "case.days_overdue"),
        (
            {"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "history": [{"kind": "attempt"}]},
            "history[0].at",
        ),
        (
            {"at": "2026-11-18T10:00:00-03:00", "channel": "voice",
             "history": [{"at": "2026-11-18T09:00:00-03:00", "kind": "message"}]},
            "history[0].channel",
        ),
        ({"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "guard_s": float("nan")}, "guard_s"),
        ({"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "address": "SP"}, "address"),
        ({"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "intensity": {"per_day": -1}}, "intensity.per_day"),
    ],
)  # fmt: skip
def test_a_bad_line_is_an_error_and_the_batch_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: dict[str, object], field: str
) -> None:
    good = {"id": "b", "at": "2026-11-18T10:00:00-03:00", "channel": "voice", "number": "+5511987654321"}
    batch = tmp_path / "batch.jsonl"
    batch.write_text("\n".join(json.dumps(one) for one in ({"id": "a", **line}, good)), encoding="utf-8")
    code, out, _ = say(capsys, "comply", "--batch", batch)
    bad, fine = map(json.loads, out.splitlines())
    assert code == 0 and bad["id"] == "a" and set(bad["error"]) == {"code", "message"}
    assert f"field {field}" in bad["error"]["message"]
    assert fine == {"id": "b", "allow": True, "rules": [], "retry_at": None}
