"""Guards the models and say commands: JSON alone on stdout, one line for each failure, the right exit codes."""

from __future__ import annotations

import json

import pytest

from voiceagent.cli.main import main
from voiceagent.cli.phrasebanks import bank_texts, scripted_languages
from voiceagent.speech.bank import bank_jobs
from voiceagent.speech.installed import phrases_directory
from voiceagent.speech.synthesis import say as mouth
from voiceagent.speech.synthesis.cache import PhraseCache


def test_list_as_json_names_every_model_and_its_licence(tmp_path, capsys):
    assert main(["models", "list", "--json", "--models", str(tmp_path)]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["models"]}
    assert rows["whisper-base"]["installed"] is False
    assert rows["vosk-ko-test"]["default"] == "never"
    assert all(row["licence"] and row["sources"] for row in rows.values())


def test_list_says_of_every_language_how_whole_its_phrase_bank_is(tmp_path, capsys):
    def listed(*options):
        assert main(["models", "list", *options, "--models", str(tmp_path)]) == 0
        return capsys.readouterr().out

    texts = bank_texts("es")
    jobs = {(voice, text) for voice, text in bank_jobs(tmp_path, "es", texts) if text.strip()}
    cache = PhraseCache(phrases_directory(tmp_path))
    for voice, text in sorted(jobs, key=lambda job: job[1])[1:]:
        cache.put(voice, text, b"\0\0", bank=True)
    banks = {row["language"]: row for row in json.loads(listed("--json"))["banks"]}
    assert banks.keys() == set(scripted_languages())
    assert banks["es"] | {"told": ""} == {
        "language": "es", "state": "partial", "told": "", "voice": next(iter(jobs))[0].name,
        "phrases": len(jobs), "missing": 1,
    }  # fmt: skip
    assert (banks["pt-BR"]["state"], banks["pt-BR"]["missing"]) == ("-", banks["pt-BR"]["phrases"])
    assert banks["es"]["told"].endswith("voiceagent models install --bank es")
    for voice, text in jobs:
        cache.put(voice, text, b"\0\0", bank=True)
    shown = listed()
    assert f"es           {len(jobs)} of {len(jobs)} phrases" in shown and "--bank es" not in shown


def test_a_script_that_cannot_be_read_spoils_its_banks_line_only(tmp_path, capsys, monkeypatch):
    (tmp_path / "dialplans" / "negotiation").mkdir(parents=True)
    (tmp_path / "dialplans" / "negotiation" / "es.yaml").write_text("states: [")
    monkeypatch.setenv("VOICEAGENT_DIALPLANS", str(tmp_path / "dialplans"))
    assert main(["models", "list", "--json", "--models", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["language"], row["state"]) for row in found["banks"]] == [("es", "problem")] and found["models"]


def test_an_unfinished_installation_is_shown(tmp_path, capsys):
    (tmp_path / "kokoro").mkdir()
    assert main(["models", "list", "--models", str(tmp_path)]) == 0
    assert "models install kokoro" in capsys.readouterr().out
    assert main(["models", "verify", "--models", str(tmp_path)]) == 1
    assert "unfinished" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["models", "verify"], "models install"),
        (["models", "verify", "whisper-base"], "not installed"),
        (["models", "install", "nope"], "no model 'nope'"),
        (["models", "install", "--phrases", "{tmp}/none.txt"], "cannot read"),
        (["models", "install", "--phrases", "{tmp}/bad.txt"], "line 2: write VOICE<tab>TEXT"),
        (["models", "install", "--phrases", "{tmp}/kokoro.txt"], "models install kokoro"),
    ],
)
def test_failures_are_one_line_and_exit_1(tmp_path, capsys, command, says):
    (tmp_path / "bad.txt").write_text("# voices\nno tab here\n")
    (tmp_path / "kokoro.txt").write_text("pm_alex\tSim, sou eu.\n")
    arguments = [word.format(tmp=tmp_path) for word in command]
    assert main([*arguments, "--models", str(tmp_path / "models")]) == 1
    error = capsys.readouterr().err.strip()
    assert says in error
    assert len(error.splitlines()) == 1


def test_nothing_but_a_wav_is_written_over(tmp_path, capsys):
    notes = tmp_path / "notes.txt"
    notes.write_text("call Ana back")
    assert main(["say", "--language", "pt-BR", "Bom dia", "-o", str(notes)]) == 1
    assert "is no WAV" in capsys.readouterr().err and notes.read_text() == "call Ana back"


@pytest.mark.parametrize(("voice", "told"), [([], 1), (["--voice", "roa/pt-br"], 0)])
def test_the_plain_voice_is_told_where_the_natural_one_is_expected(tmp_path, capsys, monkeypatch, voice, told):
    async def silence(*words):
        return b"\0\0"

    monkeypatch.setattr(mouth, "say", silence)
    out = tmp_path / "x.wav"
    assert main(["say", "--language", "pt-BR", "Bom dia", *voice, "-o", str(out), "--models", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert shown.err.count("voiceagent models install") == shown.err.count("\n") == told and shown.out == ""


def test_nothing_to_say_is_refused(tmp_path, capsys):
    assert main(["say", "--language", "pt-BR", "  ", "-o", str(tmp_path / "x.wav")]) == 1
    assert "nothing to say" in capsys.readouterr().err
    assert not (tmp_path / "x.wav").exists()


def test_the_bank_of_a_scripted_language_holds_carriers_and_values():
    assert "pt-BR" in scripted_languages()
    texts = bank_texts("pt-BR")
    assert {"um", "dois"} <= set(texts)
    assert any(len(text.split()) > 5 for text in texts), "whole sentences of the script"
    assert not any("{" in text for text in texts)
