"""Guards `transcribe` against recordings and manifests as strangers have them: read right, or one line says why."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from voiceagent.audio.wav import encode, interleave
from voiceagent.base.errors import BadInputError
from voiceagent.cli.main import main
from voiceagent.speech.offline import read_wav

AGENT, DEBTOR = b"\1\0" * 800, b"\5\0" * 800
ASKED = {"wav": "one.wav", "language": "pt-BR", "expect": ["date"], "today": "2026-11-18"}


@pytest.mark.parametrize(
    ("channel", "heard"),
    [(None, DEBTOR), ("left", AGENT), ("1", AGENT), ("right", DEBTOR), ("2", DEBTOR), ("both", b"\3\0" * 800)],
)
def test_of_a_stereo_recording_the_debtors_side_is_heard_unless_another_is_named(
    tmp_path: Path, channel: str | None, heard: bytes
) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(encode(interleave(AGENT, DEBTOR), channels=2))
    assert read_wav(path, channel) == heard


@pytest.mark.parametrize(("channels", "channel"), [(3, None), (2, "3"), (1, "right"), (2, "²"), (2, "")])
def test_a_channel_that_cannot_be_told_is_asked_for(tmp_path: Path, channels: int, channel: str | None) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(encode(bytes(960), channels=channels))
    with pytest.raises(BadInputError, match=rf"{channels} channel\(s\): name one .*{channels} or both"):
        read_wav(path, channel)


@pytest.fixture
def replies(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Answers to lines beside which `one.wav` lies; no model is there, so what was read well says `missing_part`."""
    (tmp_path / "batch").mkdir()
    (tmp_path / "batch" / "one.wav").write_bytes(encode(bytes(1600)))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    def ask(*lines: dict[str, object]) -> list[dict[str, object]]:
        batch = tmp_path / "batch" / "lines.jsonl"
        batch.write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(json.dumps(line) for line in lines).encode())
        assert main(["transcribe", "--models", str(tmp_path), "--batch", str(batch)]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return [json.loads(line) for line in out.splitlines()]

    return ask


def test_a_path_that_is_not_here_counts_from_the_manifest(replies, tmp_path: Path) -> None:
    (found,) = replies({"id": 1, **ASKED})
    assert found["error"]["code"] == "missing_part"
    Path("one.wav").write_bytes(b"")
    (found,) = replies({"id": 1, **ASKED})
    assert "one.wav is an empty file" in found["error"]["message"], "what is here comes first"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"expect": ["dates"]}, "`expect` names 'dates': use "),
        ({"expect": "date"}, "`expect` must be a list"),
        ({"among": ["dizpute"]}, "`among` names 'dizpute': use "),
        ({"phrases": "sim"}, "`phrases` must be a list"),
        ({"language": "fr"}, "pt-BR, es or en"),
        ({"region": "brasil"}, "`region` must be a country code"),
        ({"channel": [1]}, "`channel` must be "),
        ({"digits": 0}, "`digits` must be a number from 1 to 20, or two as in 3-11, not 0"),
        ({"digits": "11-3"}, "`digits` must be "),
        ({"digits": [3, 4, 5]}, "`digits` must be "),
        ({"digits": {"from": 3}}, "`digits` must be "),
        ({"channel": 2}, "1 channel(s): name one"),
        ({"wav": "gone.wav"}, "cannot read gone.wav"),
        ({"wav": "."}, "Is a directory"),
        ({"wav": "x" * 5000}, os.strerror(36)),
        ({"wav": "lines.jsonl"}, "lines.jsonl is not a WAV file; convert it"),
        ({"wav": None}, "`wav` must be the path"),
    ],
)
def test_a_line_that_cannot_be_heard_says_why_and_the_batch_goes_on(
    replies, wrong: dict[str, object], told: str
) -> None:
    bad, good = replies({"id": "bad", **ASKED, **wrong}, {"id": "good", **ASKED})
    assert (bad["id"], bad["error"]["code"]) == ("bad", "bad_input")
    assert told in bad["error"]["message"] and "\n" not in bad["error"]["message"]
    assert good["error"]["code"] == "missing_part"


@pytest.mark.parametrize("digits", [3, "3", "3-11", [3, 11], None, ""])
def test_how_many_digits_are_asked_for_is_told_in_any_usual_form(replies, digits: object) -> None:
    (found,) = replies({"id": 1, **ASKED, "digits": digits})
    assert found["error"]["code"] == "missing_part"
